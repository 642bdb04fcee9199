"""Whose grid areas are whose: a grid operator answers for its own, the hub's operator sees all."""

from __future__ import annotations

from gateway.hub.ports import Principal
from gateway.messages.codes import Role
from gateway.messages.masterdata import MasterData

GRID_OPERATORS = (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)
"""The roles that answer for a grid area."""


def areas_of(master: MasterData, reader: Principal, wanted: str, now: int) -> frozenset[str] | None:
    """The grid areas a reader answers for, or the one it asks for; None where that one is unknown or not its own."""
    everything = {area.code for area in master.grid_areas} | set(master.areas.names)
    if reader.role not in (Role.HUB, *GRID_OPERATORS):
        everything = set()
    elif reader.role is not Role.HUB:
        everything = {code for code in everything if master.grid_operator(code, now) == reader.party}
    if not wanted:
        return frozenset(everything)
    return frozenset({wanted}) if wanted in everything else None
