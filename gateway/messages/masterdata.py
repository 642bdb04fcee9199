"""Master data: who is who and which metering point is what, with dated versions, as one immutable view.

The view is columns sorted by (metering point, valid_from), so that the rules look at a thousand points at once and a
nation fits in memory. When a fact holds is `[valid_from, valid_to)`; when it was known (`registered_at`) is chosen by
whoever builds the view (`gateway.hub.masterdata.registry`), which never forgets an older registration.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import (
    ConnectionState,
    MeteringPointType,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.times import Instants, Interval

FOREVER = 2**62
"""`valid_to` of a fact without an end."""

Codes = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]

NONE = -1
"""Code of a fact a version does not state."""


class MeteringPointVersion(NamedTuple):
    """What a metering point is over [valid_from, valid_to), instants."""

    metering_point: str
    kind: MeteringPointType
    grid_area: str
    valid_from: int
    valid_to: int = FOREVER
    subtype: Subtype = Subtype.PHYSICAL
    settlement_method: SettlementMethod | None = None
    connection_state: ConnectionState = ConnectionState.CONNECTED
    resolution: Resolution = Resolution.QUARTER
    unit: Unit = Unit.KWH
    energy_supplier: str | None = None
    balance_responsible: str | None = None
    parent: str | None = None
    from_grid_area: str | None = None
    to_grid_area: str | None = None


class PartyRole(NamedTuple):
    """A role a party holds over [valid_from, valid_to)."""

    party: str
    role: Role
    name: str = ""
    valid_from: int = 0
    valid_to: int = FOREVER


class GridArea(NamedTuple):
    """A metering grid area and its grid operator over [valid_from, valid_to)."""

    code: str
    grid_operator: str
    name: str = ""
    valid_from: int = 0
    valid_to: int = FOREVER


class Delegation(NamedTuple):
    """A party lets another act or receive for it in one process and grid area (Regulation D1 §3.4).

    `process` is a `DelegatedProcess`; the greatest `sequence` in force counts.
    """

    process: str
    grid_area: str
    from_party: str
    from_role: Role
    to_party: str
    to_role: Role
    valid_from: int = 0
    valid_to: int = FOREVER
    sequence: int = 0


class CustomerLink(NamedTuple):
    """Who the customer of a metering point is over [valid_from, valid_to) (D1 §3.5); None where it has none."""

    metering_point: str
    customer: str | None
    valid_from: int
    valid_to: int = FOREVER


class Names:
    """Small codes for the names of one list: int32 in a column, text outside."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.names: list[str] = []
        self._codes: dict[str, int] = {}
        for name in known:
            self.code(name)

    def code(self, name: str | None) -> int:
        """The code of a name, given at first sight; NONE for no name."""
        if name is None:
            return NONE
        found = self._codes.get(name)
        if found is None:
            found = self._codes[name] = len(self.names)
            self.names.append(name)
        return found

    def find(self, name: str | None) -> int:
        """The code of a name, NONE when unknown."""
        return NONE if name is None else self._codes.get(name, NONE)

    def name(self, code: int) -> str | None:
        """The name behind a code."""
        return None if code == NONE else self.names[code]


@dataclass(frozen=True)
class PointColumns:
    """Metering point versions as columns, sorted by (point, valid_from); codes are places in the enum or `Names`."""

    point: Rows
    valid_from: Instants
    valid_to: Instants
    kind: Codes
    subtype: Codes
    settlement_method: Codes
    connection_state: Codes
    resolution: Codes
    unit: Codes
    grid_area: Codes
    energy_supplier: Codes
    balance_responsible: Codes
    from_grid_area: Codes
    to_grid_area: Codes
    parent: Rows


KINDS: tuple[MeteringPointType, ...] = tuple(MeteringPointType)
SUBTYPES: tuple[Subtype, ...] = tuple(Subtype)
METHODS: tuple[SettlementMethod, ...] = tuple(SettlementMethod)
STATES: tuple[ConnectionState, ...] = tuple(ConnectionState)
RESOLUTIONS: tuple[Resolution, ...] = tuple(Resolution)
UNITS: tuple[Unit, ...] = tuple(Unit)


class Located(NamedTuple):
    """Where the versions of n points that overlap n intervals stand: rows `first[i] : first[i] + number[i]`."""

    first: Rows
    number: Rows


@dataclass(frozen=True)
class MasterData:
    """Everything the market knows of its parties and points, as known at one moment."""

    points: PointColumns
    areas: Names
    parties: Names
    grid_areas: tuple[GridArea, ...] = ()
    roles: tuple[PartyRole, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    transaction: int = 0
    """The hub's transaction this view was built at; 0 for one read from files."""
    _operators: dict[str, list[GridArea]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for area in self.grid_areas:
            self._operators.setdefault(area.code, []).append(area)

    def locate(self, points: Rows, start: Instants, end: Instants) -> Located:
        """Versions of each point that overlap its [start, end); none where the point or the span is unknown."""
        columns = self.points
        first = np.searchsorted(columns.point, points, side="left")
        last = np.searchsorted(columns.point, points, side="right")
        versions = last - first
        if len(columns.point) == 0 or int(versions.max(initial=0)) <= 1:
            row = np.minimum(first, max(len(columns.point) - 1, 0))
            hit = versions == 1
            if len(columns.point):
                hit &= (columns.valid_from[row] < end) & (columns.valid_to[row] > start)
            return Located(first, hit.astype(np.int64))
        for i in np.flatnonzero(versions > 1).tolist():
            span = slice(int(first[i]), int(last[i]))
            low = np.searchsorted(columns.valid_to[span], start[i], side="right")
            high = np.searchsorted(columns.valid_from[span], end[i], side="left")
            first[i], versions[i] = first[i] + low, max(high - low, 0)
        single = np.flatnonzero(versions == 1)
        row = first[single]
        versions[single] = (columns.valid_from[row] < end[single]) & (columns.valid_to[row] > start[single])
        return Located(first, versions)

    def version(self, row: int) -> MeteringPointVersion:
        """One version as a value, for wording and for one-by-one work."""
        c = self.points
        parent = int(c.parent[row])
        return MeteringPointVersion(
            metering_point=point_id(int(c.point[row])),
            kind=KINDS[c.kind[row]],
            grid_area=self.areas.names[c.grid_area[row]],
            valid_from=int(c.valid_from[row]),
            valid_to=int(c.valid_to[row]),
            subtype=SUBTYPES[c.subtype[row]],
            settlement_method=None if c.settlement_method[row] == NONE else METHODS[c.settlement_method[row]],
            connection_state=STATES[c.connection_state[row]],
            resolution=RESOLUTIONS[c.resolution[row]],
            unit=UNITS[c.unit[row]],
            energy_supplier=self.parties.name(int(c.energy_supplier[row])),
            balance_responsible=self.parties.name(int(c.balance_responsible[row])),
            parent=None if parent == NONE else point_id(parent),
            from_grid_area=self.areas.name(int(c.from_grid_area[row])),
            to_grid_area=self.areas.name(int(c.to_grid_area[row])),
        )

    def versions(self, point: str | int, interval: Interval | None = None) -> list[MeteringPointVersion]:
        """Versions of a point in order of time, all or those that overlap the interval."""
        key = np.array([point_key(point) if isinstance(point, str) else point], dtype=np.int64)
        span = interval or Interval(-FOREVER, FOREVER)
        located = self.locate(key, np.array([span.start]), np.array([span.end]))
        first = int(located.first[0])
        return [self.version(row) for row in range(first, first + int(located.number[0]))]

    def grid_operator(self, area: str | None, at: int) -> str | None:
        """The party that runs a grid area at an instant."""
        for version in self._operators.get(area or "", ()):
            if version.valid_from <= at < version.valid_to:
                return version.grid_operator
        return None

    def holders(self, role: Role, at: int) -> tuple[str, ...]:
        """Parties that hold a role at an instant."""
        return tuple(r.party for r in self._roles_of.get(role, ()) if r.valid_from <= at < r.valid_to)

    def holds(self, party: str, role: Role, at: int) -> bool:
        """Whether a party holds a role at an instant."""
        return party in self.holders(role, at)

    @cached_property
    def _roles_of(self) -> dict[Role, list[PartyRole]]:
        found: dict[Role, list[PartyRole]] = {}
        for role in self.roles:
            found.setdefault(role.role, []).append(role)
        return found

    def delegations_at(self, process: str, at: int) -> list[Delegation]:
        """Delegations of a process in force at an instant; the greatest sequence of each (area, party, role) counts."""
        latest: dict[tuple[str, str, Role], Delegation] = {}
        for item in self.delegations:
            if item.process == process and item.valid_from <= at < item.valid_to:
                key = (item.grid_area, item.from_party, item.from_role)
                if key not in latest or latest[key].sequence <= item.sequence:
                    latest[key] = item
        return list(latest.values())

    def with_points(self, versions: Iterable[MeteringPointVersion]) -> MasterData:
        """This view after the whole timelines of some points were stated anew."""
        areas, parties = Names(self.areas.names), Names(self.parties.names)
        stated = _columns(list(versions), areas, parties)
        if not len(stated.point):
            return self
        kept = ~np.isin(self.points.point, stated.point)
        joined = {
            name: np.concatenate((column[kept], getattr(stated, name))) for name, column in vars(self.points).items()
        }
        order = np.lexsort((joined["valid_from"], joined["point"]))
        points = PointColumns(**{name: column[order] for name, column in joined.items()})
        return replace(self, points=points, areas=areas, parties=parties)

    @classmethod
    def build(
        cls,
        points: Iterable[MeteringPointVersion],
        grid_areas: Sequence[GridArea] = (),
        roles: Sequence[PartyRole] = (),
        delegations: Sequence[Delegation] = (),
        transaction: int = 0,
    ) -> MasterData:
        """A view from single versions."""
        areas, parties = Names(area.code for area in grid_areas), Names(role.party for role in roles)
        rows = sorted(points, key=lambda version: (point_key(version.metering_point), version.valid_from))
        return cls(
            _columns(rows, areas, parties),
            areas,
            parties,
            tuple(grid_areas),
            tuple(roles),
            tuple(delegations),
            transaction,
        )


def _columns(rows: list[MeteringPointVersion], areas: Names, parties: Names) -> PointColumns:
    kinds, subtypes, methods = Names(KINDS), Names(SUBTYPES), Names(METHODS)
    states, resolutions, units = Names(STATES), Names(RESOLUTIONS), Names(UNITS)

    def codes(values: Iterable[int]) -> Codes:
        return np.fromiter(values, dtype=np.int32, count=len(rows))

    def numbers(values: Iterable[int]) -> Rows:
        return np.fromiter(values, dtype=np.int64, count=len(rows))

    return PointColumns(
        point=numbers(point_key(v.metering_point) for v in rows),
        valid_from=numbers(v.valid_from for v in rows),
        valid_to=numbers(v.valid_to for v in rows),
        kind=codes(kinds.code(v.kind) for v in rows),
        subtype=codes(subtypes.code(v.subtype) for v in rows),
        settlement_method=codes(methods.code(v.settlement_method) for v in rows),
        connection_state=codes(states.code(v.connection_state) for v in rows),
        resolution=codes(resolutions.code(v.resolution) for v in rows),
        unit=codes(units.code(v.unit) for v in rows),
        grid_area=codes(areas.code(v.grid_area) for v in rows),
        energy_supplier=codes(parties.code(v.energy_supplier) for v in rows),
        balance_responsible=codes(parties.code(v.balance_responsible) for v in rows),
        from_grid_area=codes(areas.code(v.from_grid_area) for v in rows),
        to_grid_area=codes(areas.code(v.to_grid_area) for v in rows),
        parent=numbers(NONE if v.parent is None else point_key(v.parent) for v in rows),
    )
