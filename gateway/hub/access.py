"""Who may see what: the one place where a party's right to a metering point is decided.

A right is a list of intervals, for it follows the dated master data: a supplier sees a point while it supplies it, a
child point while it supplies the parent (Regulation D1 §3.4, §6.1.1). Balance responsible parties see no metering
points (D1 §3.4, table 3). A delegate sees what its principal sees. What a party may not see does not exist for it.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.hub.ports import Principal
from gateway.messages.codes import DocumentKind, Role
from gateway.messages.masterdata import FOREVER, MasterData, MeteringPointVersion
from gateway.messages.times import Interval

_SEES_EVERY_POINT = frozenset({Role.HUB, Role.SYSTEM_OPERATOR, Role.ENERGY_AGENCY})
_GRID_ROLES = frozenset({Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE})
ALWAYS = Interval(-FOREVER, FOREVER)


def rights(master: MasterData, reader: Principal, point: str, wanted: Interval = ALWAYS, at: int = 0) -> list[Interval]:
    """The parts of `wanted` in which a reader may see a point's values, in order; empty where it may see nothing.

    `at` is the present instant: delegations and the grid operator's right to its area are those in force now.
    """
    parts: list[Interval] = []
    for version in master.versions(point, wanted):
        for who in _acting_for(master, reader, version.grid_area, at):
            parts.extend(_spans(master, who, version, at))
    cut = (Interval(max(part.start, wanted.start), min(part.end, wanted.end)) for part in parts)
    return _merged(part for part in cut if part.start < part.end)


def _acting_for(master: MasterData, reader: Principal, area: str, at: int) -> list[tuple[str, Role]]:
    """The reader itself and those who let it receive on their behalf in a grid area (D1 §3.4)."""
    principals = [(reader.party, reader.role)]
    for item in master.delegations_at(DocumentKind.MEASURE_DATA, at):
        if (item.to_party, item.to_role) == (reader.party, reader.role) and item.grid_area == area:
            principals.append((item.from_party, item.from_role))
    return principals


def _spans(master: MasterData, who: tuple[str, Role], version: MeteringPointVersion, at: int) -> list[Interval]:
    """When within a version a party may see the point in one role; a child point follows its parent's supplier."""
    party, role = who
    span = Interval(version.valid_from, version.valid_to)
    if role in _SEES_EVERY_POINT:
        return [span]
    if role in _GRID_ROLES:
        areas = (version.grid_area, version.from_grid_area, version.to_grid_area)
        return [span] if any(master.grid_operator(area, at) == party for area in areas) else []
    if role is not Role.ENERGY_SUPPLIER:
        return []
    if version.parent is None:
        return [span] if version.energy_supplier == party else []
    return [
        Interval(max(parent.valid_from, span.start), min(parent.valid_to, span.end))
        for parent in master.versions(version.parent, span)
        if parent.energy_supplier == party
    ]


def _merged(parts: Iterable[Interval]) -> list[Interval]:
    """Intervals in order, those that touch joined."""
    merged: list[Interval] = []
    for part in sorted(parts, key=lambda p: p.start):
        if merged and part.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, part.end))
        else:
            merged.append(part)
    return merged
