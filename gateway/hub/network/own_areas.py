"""Whose networks are whose: a party answers for the grid areas and lines it runs, the hub's operator sees all."""

from __future__ import annotations

from gateway.hub.ports import Principal
from gateway.messages.codes import Role
from gateway.messages.masterdata import MasterData


def own_areas(master: MasterData, reader: Principal, now: int) -> frozenset[str]:
    """The grid areas and lines a party runs at an instant; every one for the hub's operator."""
    everything = {area.code for area in master.grid_areas} | set(master.areas.names)
    if reader.role is Role.HUB:
        return frozenset(everything)
    return frozenset(code for code in everything if master.grid_operator(code, now) == reader.party)


def runs_area(master: MasterData, reader: Principal, area: str, now: int) -> bool:
    """Whether a reader answers for a grid area or line."""
    return area in own_areas(master, reader, now)
