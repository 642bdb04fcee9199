"""Key figures of each grid area and day of operation (Regulation D1 §4.1.2, §4.1.5, appendix 7).

A figure counts the values the hub had at the instant the market names, by when it received them; while that instant is
still to come, it is provisional and as of now. Which points were active is asked of the master data known now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.day_values import Block, read_again, scanned
from gateway.hub.control.delivery import Delivery, delivered
from gateway.hub.control.expected import expected_values
from gateway.hub.control.values import DayQuery, Kpi, KpiValue
from gateway.hub.database import transaction_at
from gateway.hub.masterdata.settlement_registry import loss_points
from gateway.hub.office import Office
from gateway.hub.own_areas import areas_of
from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.ports import Principal
from gateway.hub.rejection_statistics import rejected_series
from gateway.messages.codes import CORRECTED_FLAG, Resolution, Role
from gateway.messages.identifiers import is_point_id
from gateway.messages.masterdata import MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.times import Interval
from gateway.rules.batch import DeadlineGroup


def kpis(office: Office, connection: Connection, reader: Principal, query: DayQuery) -> tuple[KpiValue, ...] | None:
    """The figures of the reader's grid areas, by day, area and figure; None for an area that is not its own.

    Days that have not ended have none; without days it is yesterday. The estimated share is breached above the limit,
    compared exactly: 5.000 % pass.
    """
    now, zone = office.clock.now(), office.profile.zone
    master = office.refresh(connection)
    areas = areas_of(master, reader, query.grid_area, now)
    if areas is None:
        return None
    today = zone.day(now)
    start, end = query.start or today - timedelta(days=1), min(query.end or today, today)
    days = (start + timedelta(days=number) for number in range((end - start).days))
    found = [value for day in days for value in _Day(office, connection, master, areas, day).values()]
    if start < end:
        span = Interval(zone.midnight(start), zone.midnight(end))
        rejections = _rejections(office, connection, master, span)
        found += [value for value in rejections if _concerns(value, reader, areas, query.grid_area)]
    order = list(Kpi)
    return tuple(sorted(found, key=lambda value: (value.day, value.grid_area, order.index(value.kpi))))


def _rejections(office: Office, connection: Connection, master: MasterData, interval: Interval) -> Iterator[KpiValue]:
    """Rejected series by the day of the decision and the grid area of their point on it, each series once."""
    now, zone = office.clock.now(), office.profile.zone
    counted: Counter[tuple[date, str, str]] = Counter()
    for rejected, number in rejected_series(office, connection, interval).items():
        day = zone.day_interval(rejected.day)
        versions = master.versions(rejected.point, day) if is_point_id(rejected.point) else []
        area = versions[0].grid_area if versions else ""
        counted[rejected.day, area, master.grid_operator(area, now) or "" if area else rejected.party] += number
    for (of, area, operator), number in counted.items():
        decided = min(zone.day_interval(of).end, now)
        yield KpiValue(of, area, operator, Kpi.REJECTED_SERIES, decided, decided < now, number, 0)


def _concerns(value: KpiValue, reader: Principal, areas: frozenset[str], wanted: str) -> bool:
    """Whether rejections are of the reader's areas, or of points nobody knows and sent by itself."""
    if value.grid_area:
        return value.grid_area in areas
    return not wanted and (reader.role is Role.HUB or value.grid_operator == reader.party)


class _Look(NamedTuple):
    """An instant at which a day is looked at: the one the market names, or now while that is to come."""

    at: int
    is_final: bool


class _Day:
    """One day of operation of some grid areas."""

    def __init__(
        self, office: Office, connection: Connection, master: MasterData, areas: frozenset[str], day: date
    ) -> None:
        self._office, self._connection, self._day = office, connection, day
        self._now = office.clock.now()
        interval = office.profile.zone.day_interval(day)
        expected = expected_values(office.profile.control, master, interval, loss_points(connection))
        self._expected = expected.in_areas(areas)
        self._known: dict[int, Delivery] = {}

    def values(self) -> Iterator[KpiValue]:
        """Every figure of the day, but for rejections, which are of the day they were decided."""
        if not len(self._expected):
            return
        times, day, expected = self._office.profile.timetable, self._day, self._expected
        flex_limit = self._look(times.collection_limit(day, DeadlineGroup.FLEX))
        found = self._delivered(flex_limit)
        limit = self._office.profile.number("estimated-share", day)
        flex = expected.is_flex
        yield from self._share(Kpi.ESTIMATED_FLEX, flex_limit, (found.estimated, expected.count, flex), limit)
        yield from self._share(Kpi.MISSING_FLEX, flex_limit, (found.missing, expected.count, flex))
        looks = (
            (Kpi.COMPLETE_EARLY, times.early_look(day)),
            (Kpi.COMPLETE_HOURLY, times.collection_limit(day, DeadlineGroup.HOURLY)),
            (Kpi.COMPLETE_FLEX, times.collection_limit(day, DeadlineGroup.FLEX)),
        )
        for kpi, instant in looks:
            yield from self._timeliness(kpi, self._look(instant))
        if times.fixation(day) < self._now:
            changed = self._changed_since(times.fixation(day))
            yield from self._share(Kpi.CORRECTED_AFTER_FIXATION, _Look(self._now, False), (changed, expected.count))
        aged = self._end_of_estimates()
        if aged <= self._now:
            still = self._delivered(_Look(self._now, False)).estimated
            yield from self._share(Kpi.ESTIMATED_TOO_LONG, _Look(self._now, False), (still, expected.count))

    def _look(self, instant: int) -> _Look:
        return _Look(min(instant, self._now), instant < self._now)

    def _delivered(self, look: _Look) -> Delivery:
        """What was there; looks between which nothing was received are one scan."""
        version = self._version(look.at)
        if version not in self._known:
            self._known[version] = delivered(self._connection, self._office.store, self._expected, version)
        return self._known[version]

    def _version(self, at: int) -> int:
        return transaction_at(self._connection, at * MICROSECONDS)

    def _end_of_estimates(self) -> int:
        """When an estimate of the day has stood for as long as it may."""
        zone, months = self._office.profile.zone, self._office.profile.number("estimate-months", self._day)
        return zone.end(Resolution.MONTH, zone.midnight(self._day), months)

    def _timeliness(self, kpi: Kpi, look: _Look) -> Iterator[KpiValue]:
        """Complete points of all; a point with two versions in a day is complete when both are."""
        lacking = self._delivered(look).missing > 0
        points, codes = self._expected.point, self._expected.area
        first = np.append(True, (points[1:] != points[:-1]) | (codes[1:] != codes[:-1]))
        complete = np.zeros(len(points), dtype=np.int64)
        starts = np.flatnonzero(first)
        complete[starts] = ~np.logical_or.reduceat(lacking, starts)
        yield from self._share(kpi, look, (complete, first.astype(np.int64)))

    def _changed_since(self, fixation: int) -> Rows:
        """How many values of each entry were corrected after fixation and are another now than they were then."""
        store, expected, version = self._office.store, self._expected, self._version(fixation)
        changed = np.zeros(len(expected), dtype=np.int64)
        suspects = [
            block for block in scanned(self._connection, store, expected, None) for block in _corrected(block, version)
        ]
        if not suspects:
            return changed
        entries = np.concatenate([block.entries for block in suspects])
        before = {
            entry: (block.quantity[row], block.quality[row] & STATUS_BITS)
            for block in read_again(self._connection, store, expected, (entries, version))
            for row, entry in enumerate(block.entries.tolist())
        }
        for block in suspects:
            now = block.quality & STATUS_BITS
            is_new = _is_corrected_after(block, version)
            for row, entry in enumerate(block.entries.tolist()):
                if entry in before:
                    quantity, status = before[entry]
                    is_new[row] &= (quantity != block.quantity[row]) | (status != now[row])
            inside = block.inside(expected)
            changed[block.entries] = np.count_nonzero(is_new if inside is None else is_new & inside, axis=1)
        return changed

    def _share(
        self, kpi: Kpi, look: _Look, columns: tuple[Rows, Rows] | tuple[Rows, Rows, Mask], limit: int | None = None
    ) -> Iterator[KpiValue]:
        """Counts and totals by grid area, of all entries or of those a mask keeps; areas without any are left out."""
        area, (count, total, *mask) = self._expected.area, columns
        if mask:
            area, count, total = area[mask[0]], count[mask[0]], total[mask[0]]
        areas = self._expected.master.areas
        counts, totals = (np.bincount(area, column, len(areas.names)).astype(np.int64) for column in (count, total))
        for code in np.flatnonzero(totals).tolist():
            name = areas.names[code]
            operator = self._expected.master.grid_operator(name, self._now) or ""
            yield KpiValue(self._day, name, operator, kpi, *look, int(counts[code]), int(totals[code]), limit)


def _is_corrected_after(block: Block, version: int) -> Mask:
    corrected: Mask = (block.transaction > version) & (block.quality & CORRECTED_FLAG != 0)
    return corrected


def _corrected(block: Block, version: int) -> Iterable[Block]:
    """The rows of a block in which any value was corrected after a version."""
    if not (block.quality & CORRECTED_FLAG).any():
        return ()
    rows = np.flatnonzero(_is_corrected_after(block, version).any(axis=1))
    return (block.where(rows),) if len(rows) else ()
