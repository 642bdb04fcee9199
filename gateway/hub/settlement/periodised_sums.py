"""What readings of profile-settled points come to in a month, beside what was distributed (D1 §3.2.2 table 1).

Sums are of the very quantities each point shows: every reading is spread over its whole period first, in blocks of
columns, and cut to the month then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.own_areas import areas_of
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_settlement import PeriodisedKind, PeriodisedRow, PeriodisedSums
from gateway.hub.readings.deadlines import read_by_meter
from gateway.hub.readings.store import ReadingColumns, standing_over
from gateway.hub.settlement.calculation import BASES
from gateway.hub.settlement.fixed_curves import FixedCurve, FixedCurves
from gateway.hub.settlement.periodisation import curve_over
from gateway.hub.settlement.snapshots import newest_by_day
from gateway.messages.codes import Role
from gateway.messages.findings import Finding
from gateway.messages.masterdata import MasterData, Rows
from gateway.messages.series import Quantities
from gateway.messages.settlement_masterdata import Tariffs
from gateway.messages.times import Instants, Interval, day_number, numbered_day
from gateway.settlement.results import ResultKind
from gateway.settlement.spreading import spread

MOST_READINGS = 200_000
"""Most reading periods of one answer: spreading one of a year takes less than a fifth of a millisecond."""

_BLOCK = 16
"""Readings spread at once: as many as fit the processor's caches."""

_ALL = ""
"""Stands for all points of a supplier, whatever tariffs they pay."""


def periodised_sums(
    office: Office, connection: Connection, reader: Principal, month: date, grid_area: str
) -> PeriodisedSums | Refused | None:
    """Sums of a month by supplier and tariff, and what they differ by from what was distributed.

    A grid operator gets those of everybody in its area, a supplier its own. None where the area is unknown or the
    reader has nothing to do with it. Finding `too-many-readings`.
    """
    master = office.refresh(connection)
    supplier = _supplier(office, master, reader, grid_area)
    if supplier is None:
        return None
    sums = _Month(office, connection, master, (month, grid_area, supplier))
    readings = sums.readings()
    if len(readings.point) > MOST_READINGS:
        text = f"more than {MOST_READINGS} readings of {grid_area} reach into the month"
        return Refused((Finding("too-many-readings", text, rule="too-many-readings", target="grid_area"),))
    sums.add(readings)
    return sums.rows()


def _supplier(office: Office, master: MasterData, reader: Principal, grid_area: str) -> str | None:
    """Whose sums a reader sees in an area: empty is everybody's, None nobody's."""
    if areas_of(master, reader, grid_area, office.clock.now()) and grid_area:
        return ""
    is_known = grid_area in {area.code for area in master.grid_areas}
    return reader.party if is_known and reader.role is Role.ENERGY_SUPPLIER else None


class _Part(NamedTuple):
    """A part of a reading period under one version of its point: row of master data, [start, end)."""

    row: int
    start: int
    end: int


Path = tuple[tuple[str, Interval], ...]
"""The grid areas a reading period leads through."""


@dataclass
class _Spread:
    """What was added up so far.

    Attributes:
        sums: Wh of every step of the month by supplier and tariff.
        covered: seconds of the month that readings cover, by row of master data.
        waits_for: the earliest day that one of them waits for.
    """

    sums: dict[tuple[str, str], Quantities] = field(default_factory=dict)
    covered: dict[int, int] = field(default_factory=dict)
    waits_for: date | None = None


class _Month:
    """One month of one grid area, for one supplier or for all of them."""

    def __init__(
        self, office: Office, connection: Connection, master: MasterData, wanted: tuple[date, str, str]
    ) -> None:
        self._office, self._connection, self._master = office, connection, master
        self._month, self._area, self._supplier = wanted
        zone = office.profile.zone
        self._days = [numbered_day(number) for number in _days_of(self._month)]
        self._span = Interval(zone.midnight(self._days[0]), zone.day_interval(self._days[-1]).end)
        self._curves = FixedCurves(zone, connection)
        self._owing = self._find_owing()
        self._starts = self._steps()
        self._spread = _Spread()

    def _find_owing(self) -> Rows:
        """Versions of the area's points that owe readings in the month."""
        columns = self._master.points
        mine = read_by_meter(self._office, self._master)
        mine &= columns.grid_area == self._master.areas.find(self._area)
        mine &= (columns.valid_from < self._span.end) & (columns.valid_to > self._span.start)
        if self._supplier:
            mine &= columns.energy_supplier == self._master.parties.find(self._supplier)
        return np.flatnonzero(mine)

    def _steps(self) -> Instants:
        """The steps of the month, of a day as it was fixed or else as it will be."""
        zone, found = self._office.profile.zone, []
        self._curves.prepare(self._area, self._span)
        for day in self._days:
            span = zone.day_interval(day)
            fixed = self._curves.over(self._area, span)
            if isinstance(fixed, date):
                resolution = self._office.profile.settlement_resolution(day)
                found.append(zone.step_starts(resolution, span.start, zone.steps(resolution, span) or 0))
            else:
                found.append(fixed.starts)
        return np.concatenate(found)

    def readings(self) -> ReadingColumns:
        """The readings that reach into the month, one more than are answered at the most."""
        points = np.unique(self._master.points.point[self._owing])
        return standing_over(self._connection, points, self._span, MOST_READINGS + 1)

    # --- adding up ------------------------------------------------------------------------------------------------

    def add(self, readings: ReadingColumns) -> None:
        """Spread readings, all of one way through the areas at once, and add them to the sums they belong to."""
        if len(readings.point):
            self._curves.prepare(self._area, Interval(int(readings.start.min()), int(readings.end.max())))
        facts = self._office.settlement_facts(self._connection, self._master.transaction)
        paid = _Paid(facts.tariffs, tuple(facts.tariff_ids.names), readings.point)
        parts = list(self._parts(readings))
        alike: dict[Path, list[int]] = {}
        for place, own in enumerate(parts):
            alike.setdefault(self._path(own), []).append(place)
        for path, places in alike.items():
            fixed = curve_over(self._curves, list(path))
            if isinstance(fixed, date):
                self._spread.waits_for = min(fixed, self._spread.waits_for or fixed)
                continue
            if not len(fixed.starts):  # master data were changed beneath the readings: they lie in no grid area
                continue
            for first in range(0, len(places), _BLOCK):
                block = places[first : first + _BLOCK]
                quantity = spread(readings.consumption[block], fixed.curve)
                for row, place in enumerate(block):
                    self._add_one(parts[place], paid.by(place), (fixed, quantity[row]))

    def _parts(self, readings: ReadingColumns) -> Iterator[tuple[_Part, ...]]:
        """Each reading period cut where its point becomes another."""
        located = self._master.locate(readings.point, readings.start, readings.end)
        columns = self._master.points
        bounds = zip(readings.start.tolist(), readings.end.tolist(), strict=True)
        for (start, end), first, number in zip(bounds, located.first.tolist(), located.number.tolist(), strict=True):
            yield tuple(
                _Part(row, max(start, int(columns.valid_from[row])), min(end, int(columns.valid_to[row])))
                for row in range(first, first + number)
            )

    def _path(self, parts: tuple[_Part, ...]) -> Path:
        names, area = self._master.areas.names, self._master.points.grid_area
        return tuple((names[area[part.row]], Interval(part.start, part.end)) for part in parts)

    def _add_one(self, parts: tuple[_Part, ...], paid: list[tuple[str, Interval]], values: _Values) -> None:
        """Add a reading to its supplier's sums: in all, and by every tariff as long as it is paid."""
        columns, parties = self._master.points, self._master.parties
        area = self._master.areas.find(self._area)
        for part in parts:
            own = self._span.common(Interval(part.start, part.end))
            supplier = parties.name(int(columns.energy_supplier[part.row])) or ""
            if own is None or columns.grid_area[part.row] != area or self._supplier not in ("", supplier):
                continue
            self._spread.covered[part.row] = self._spread.covered.get(part.row, 0) + own.end - own.start
            for tariff, span in ((_ALL, own), *paid):
                shared = own.common(span)
                if shared is not None:
                    self._add_values((supplier, tariff), shared, values)

    def _add_values(self, key: tuple[str, str], span: Interval, values: _Values) -> None:
        fixed, quantity = values
        low, high = np.searchsorted(fixed.starts, (span.start, span.end)).tolist()
        if key not in self._spread.sums:
            self._spread.sums[key] = np.zeros(len(self._starts), dtype=np.int64)
        if low < high:
            begin = int(np.searchsorted(self._starts, fixed.starts[low]))
            self._spread.sums[key][begin : begin + high - low] += quantity[low:high]

    # --- what it comes to -------------------------------------------------------------------------------------------

    def rows(self) -> PeriodisedSums:
        """The month as it is answered."""
        lacking, distributed = self._lacking(), self._distributed()
        suppliers = sorted(lacking.keys() | distributed.keys() | {supplier for supplier, _ in self._spread.sums})
        nothing = np.zeros(len(self._starts), dtype=np.int64)
        sums = {(supplier, _ALL): nothing for supplier in suppliers} | self._spread.sums
        rows = [
            PeriodisedRow(PeriodisedKind.PERIODISED, supplier, tariff, lacking.get(supplier, 0), quantity)
            for (supplier, tariff), quantity in sorted(sums.items(), key=lambda item: item[0])
        ]
        for supplier, quantity in sorted(distributed.items()):
            open_points = lacking.get(supplier, 0)
            rows.append(PeriodisedRow(PeriodisedKind.DISTRIBUTED, supplier, _ALL, open_points, quantity))
            if not open_points:
                rest = sums[supplier, _ALL] - quantity
                rows.append(PeriodisedRow(PeriodisedKind.RECONCILIATION, supplier, _ALL, 0, rest))
        return PeriodisedSums(self._month, self._area, self._starts, tuple(rows), self._spread.waits_for)

    def _lacking(self) -> dict[str, int]:
        """How many points of each supplier have time in the month that no spread reading covers; 0 counts too."""
        columns, rows = self._master.points, self._owing
        owed = np.minimum(columns.valid_to[rows], self._span.end) - np.maximum(
            columns.valid_from[rows], self._span.start
        )
        covered = np.array([self._spread.covered.get(row, 0) for row in rows.tolist()], dtype=np.int64)
        pairs = np.stack([columns.energy_supplier[rows].astype(np.int64), columns.point[rows]])
        every = {self._master.parties.name(code) or "": 0 for code in np.unique(pairs[0]).tolist()}
        for code in np.unique(pairs[:, covered < owed], axis=1)[0].tolist():
            every[self._master.parties.name(code) or ""] += 1
        return every

    def _distributed(self) -> dict[str, Quantities]:
        """Distributed consumption of the month by supplier as settled last; none before all of its days are fixed."""
        bounds = (self._days[0], self._days[-1])
        filed = list(newest_by_day(self._connection, self._area, bounds, *BASES))
        found: dict[str, Quantities] = {}
        if len(filed) < len(self._days):
            return found
        for one in filed:
            table = one.results.tables.get(ResultKind.DISTRIBUTED_PER_SUPPLIER)
            begin = int(np.searchsorted(self._starts, one.results.start))
            for row, key in enumerate(table.keys if table else ()):
                supplier = key.supplier or ""
                if table is not None and self._supplier in ("", supplier):
                    sums = found.setdefault(supplier, np.zeros(len(self._starts), dtype=np.int64))
                    sums[begin : begin + one.results.steps] += table.quantity[row]
        return found


_Values = tuple[FixedCurve, Quantities]
"""The steps of a reading period, and what of the reading falls to each."""


class _Paid:
    """Which tariffs the points of readings pay, and when."""

    def __init__(self, tariffs: Tariffs, names: tuple[str, ...], points: Rows) -> None:
        self._tariffs, self._names = tariffs, names
        self._first = np.searchsorted(tariffs.point, points, side="left")
        self._last = np.searchsorted(tariffs.point, points, side="right")

    def by(self, place: int) -> list[tuple[str, Interval]]:
        """The tariffs of the point at a place."""
        own, rows = self._tariffs, range(int(self._first[place]), int(self._last[place]))
        return [
            (self._names[own.tariff[row]], Interval(int(own.valid_from[row]), int(own.valid_to[row]))) for row in rows
        ]


def _days_of(month: date) -> range:
    first = month.replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return range(day_number(first), day_number(following))
