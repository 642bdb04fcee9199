"""Whose grid areas are whose: a party answers for the areas and lines it runs, the hub's operator sees all."""

from __future__ import annotations

from gateway.hub.ports import Principal
from gateway.messages.codes import Role
from gateway.messages.masterdata import MasterData

GRID_OPERATORS = (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)
"""The roles that answer for the values of a grid area."""


def own_areas(master: MasterData, reader: Principal, now: int) -> frozenset[str]:
    """The grid areas and lines a party runs at an instant; every one for the hub's operator."""
    registered = {area.code for area in master.grid_areas}
    if reader.role is Role.HUB:
        return frozenset(registered | set(master.areas.names))
    return frozenset(code for code in registered if master.grid_operator(code, now) == reader.party)


def runs_area(master: MasterData, reader: Principal, area: str, now: int) -> bool:
    """Whether a reader answers for a grid area or line."""
    return area in own_areas(master, reader, now)


def areas_of(master: MasterData, reader: Principal, wanted: str, now: int) -> frozenset[str] | None:
    """The grid areas whose values a reader answers for, or the one it asks for; None where that is not one of them."""
    answers = reader.role in (Role.HUB, *GRID_OPERATORS)
    own = own_areas(master, reader, now) if answers else frozenset()
    return own & {wanted} or None if wanted else own
