"""The series store: accepted values as append-only segments, read as known at any version.

Nothing is ever updated: the version of a value is the transaction that brought it, a correction is a later segment,
and what was known at T is the latest version up to T of every step (house rule 3.2). Quantities are int64 thousandths
of the unit, qualities uint8, instants epoch seconds UTC, intervals half-open, metering points their own numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, on_driver
from gateway.hub.series import day_scan
from gateway.hub.series.current_values import CurrentReader, CurrentValues, nothing_accepted
from gateway.hub.series.day_scan import Batch, DayPlan, DayView, StoredBatch
from gateway.hub.series.merge import Run, merged
from gateway.hub.series.point_index import BUILD_SEGMENTS, PointIndex, progress
from gateway.hub.series.recent_segments import NOWHERE, Places
from gateway.hub.series.segment_codec import Points
from gateway.hub.series.segment_reading import SegmentCatalogue, load_rows
from gateway.hub.series.segments import Segment, SegmentInput, SegmentRef, SegmentRow, SeriesPeriod, append_segments
from gateway.messages.series import Mask
from gateway.messages.times import STEP_SECONDS, Interval, MarketZone

__all__ = ["Batch", "CurrentValues", "SeriesColumns", "SeriesStore", "SeriesVersion"]

_ALWAYS = 2**62
_PIECED = 4096  # points laid over each other at a time


@dataclass(frozen=True, slots=True)
class SeriesColumns:
    """What is known of several metering points: runs[i] are those of points[i], in time order; gaps are unknown."""

    points: Points
    runs: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True, slots=True)
class SeriesVersion:
    """One delivery of values of a point: the transaction, when it was received (epoch microseconds), its values."""

    transaction: int
    received_at: int
    run: Run


class SeriesStore:
    """The series of one database. Threads may share it."""

    def __init__(self, zone: MarketZone) -> None:
        self.zone = zone
        self._index = PointIndex(zone)
        self._catalogue = SegmentCatalogue()

    def append(self, connection: Connection, transaction: int, inputs: Sequence[SegmentInput]) -> list[SegmentRef]:
        """Store the inputs as versions of `transaction`, which this connection allocated; says where each was put."""
        return append_segments(connection, transaction, inputs, self.zone)

    def read(
        self,
        connection: Connection,
        points: Points,
        interval: Interval,
        *,
        kind: int = 0,
        as_of: int | None = None,
    ) -> SeriesColumns:
        """Values of the points whose step begins within the interval, as known at transaction `as_of` (None: now)."""
        distinct, inverse = np.unique(points, return_inverse=True)
        rows = self._rows_of(connection, kind, distinct, (interval, as_of))
        runs = [merged(of_point, interval, self.zone) for of_point in rows]
        return SeriesColumns(points, tuple(runs[number] for number in inverse.tolist()))

    def versions(self, connection: Connection, point: int, interval: Interval, *, kind: int = 0) -> list[SeriesVersion]:
        """Every delivery of values of a point in the interval, oldest first, superseded ones included (D1 §4.1.5)."""
        (rows,) = self._rows_of(connection, kind, np.array([point], dtype=np.int64), (interval, None))
        runs = [(row.segment.transaction, run) for row in rows for run in merged([row], interval, self.zone)]
        statement = on_driver(connection, 'select id, committed_at from "transaction" where id in (*)')
        bound = listed(connection, [number for number, _ in runs])
        received: dict[int, int] = {row[0]: row[1] for row in connection.exec_driver_sql(statement, (bound,))}
        return [SeriesVersion(number, received[number], run) for number, run in runs]

    def rows_of(
        self,
        connection: Connection,
        points: Points,
        interval: Interval,
        *,
        kind: int = 0,
        as_of: int | None = None,
    ) -> list[list[SegmentRow]]:
        """For each of the points, distinct and ascending, its stored rows that touch the interval, oldest first."""
        return self._rows_of(connection, kind, points, (interval, as_of))

    def before(self, connection: Connection, segment: Segment, points: Points) -> SeriesColumns:
        """What was known of points over the span of a segment just before that was stored."""
        interval = Interval(segment.start, segment.finish)
        distinct, inverse = np.unique(points, return_inverse=True)
        rows = self._rows_of(connection, segment.kind, distinct, (interval, segment.transaction))
        runs = [merged([row for row in of if row.segment.id < segment.id], interval, self.zone) for of in rows]
        return SeriesColumns(points, tuple(runs[number] for number in inverse.tolist()))

    def delivered(
        self, connection: Connection, points: Points, interval: Interval, *, kind: int = 0, as_of: int | None = None
    ) -> Mask:
        """For which of the points, distinct and ascending, anything at all is known in an interval."""
        places, _ = self._places(connection, kind, points, (interval, as_of))
        found = np.zeros(len(points), dtype=bool)
        found[places.position] = True
        return found

    def current(self, connection: Connection, period: SeriesPeriod, points: Points) -> CurrentValues:
        """Which values of the points are accepted already in the period."""
        interval = Interval(period.start, self.zone.end(period.resolution, period.start, period.count))
        distinct, inverse = _in_order(points)
        values = nothing_accepted(len(distinct), period.count)
        places, found = self._places(connection, period.kind, distinct, (interval, None))
        if len(places):
            CurrentReader(connection, period, self.zone).fill(values, places, found)
        return values if inverse is None else values[inverse]

    def rows(self, connection: Connection, places: Sequence[tuple[int, int]]) -> list[SegmentRow]:
        """Series by (segment, row), in the order asked; every chunk is opened once."""
        if not places:
            return []
        known = self._catalogue.get(connection, sorted({segment for segment, _ in places}))
        return load_rows(connection, known, places)

    def scan(
        self, connection: Connection, day: Interval, *, kind: int = 0, as_of: int | None = None
    ) -> Iterator[Batch]:
        """All values of a local day as known at `as_of`, in batches of int64; every value comes once."""
        plan = self.day_plan(connection, DayView(day, kind, _ALWAYS if as_of is None else as_of))
        return (batch.widened() for batch in self.planned(connection, plan))

    def day_plan(self, connection: Connection, view: DayView) -> DayPlan:
        """Which rows of which segments hold the values of a local day; it may be read in shares."""
        (number,) = self.zone.day_numbers(np.array([view.day.start])).tolist()
        ids = self._index.segments_of(connection, view.kind, number)
        known = self._catalogue.get(connection, ids)
        newest_first = [known[one] for one in reversed(ids) if known[one].transaction <= view.as_of]
        return day_scan.plan_day(connection, newest_first, view, self.zone)

    def planned(self, connection: Connection, plan: DayPlan) -> Iterator[StoredBatch]:
        """The values a plan or a share of it names, each once, quantities in the width they are stored in."""
        yield from day_scan.whole_batches(connection, plan)
        view = plan.view
        for first in range(0, len(plan.pieced), _PIECED):
            points = plan.pieced[first : first + _PIECED]
            series = self.read(connection, points, view.day, kind=view.kind, as_of=view.as_of)
            yield from day_scan.run_batches(points, series.runs)

    def build_index(self, connection: Connection, limit: int = BUILD_SEGMENTS) -> int:
        """Index at most `limit` pending segments in a write transaction; returns how many stay pending."""
        return self._index.build(connection, limit)

    def index_pending(self, connection: Connection) -> int:
        """Segments not yet in the index; BUILD_SEGMENTS of them are worth a build."""
        return progress(connection).pending

    def rebuild_index(self, connection: Connection) -> None:
        """Make the index anew from the segments."""
        self._index.rebuild(connection)

    def _places(
        self, connection: Connection, kind: int, points: Points, view: tuple[Interval, int | None]
    ) -> tuple[Places, dict[int, Segment]]:
        """Places of rows that touch the interval as known at a version, with their segments; points sorted.

        The interval is first widened to whole steps, so that what supersedes any of them is there.
        """
        interval, as_of = view
        if interval.end <= interval.start or not len(points):
            return NOWHERE, {}
        days = self.zone.days_of(interval.start, interval.end)
        places = self._index.find(connection, kind, days, points)
        if not len(places):
            return places, {}
        latest = _ALWAYS if as_of is None else as_of
        loaded = self._catalogue.get(connection, np.unique(places.segment).tolist())
        found = {
            number: one
            for number, one in loaded.items()
            if one.transaction <= latest and one.start < interval.end and interval.start < one.finish
        }
        spans = [_whole_steps(one, interval, self.zone) for one in found.values()]
        wide = Interval(
            min((span.start for span in spans), default=interval.start),
            max((span.end for span in spans), default=interval.end),
        )
        if wide.start < interval.start or interval.end < wide.end:
            wide = Interval(min(wide.start, interval.start), max(wide.end, interval.end))
            return self._places(connection, kind, points, (wide, as_of))
        kept = places if len(found) == len(loaded) else places.where(np.isin(places.segment, list(found)))
        return kept, found

    def _rows_of(
        self, connection: Connection, kind: int, points: Points, view: tuple[Interval, int | None]
    ) -> list[list[SegmentRow]]:
        """For each of the sorted points its rows that touch the interval, oldest version first."""
        places, found = self._places(connection, kind, points, view)
        if not len(places):
            return [[] for _ in points]
        by_point: list[list[SegmentRow]] = [[] for _ in points]
        for position, row in zip(places.position.tolist(), load_rows(connection, found, places.rows()), strict=True):
            by_point[position].append(row)
        return by_point


def _in_order(points: Points) -> tuple[Points, Points | None]:
    """The points distinct and ascending, and the place of each among them; None where they stand so already."""
    if (points[1:] > points[:-1]).all():
        return points, None
    return np.unique(points, return_inverse=True)


def _whole_steps(segment: Segment, interval: Interval, zone: MarketZone) -> Interval:
    """The span of the segment's steps that share any moment with the interval."""
    start, end = max(segment.start, interval.start), min(segment.finish, interval.end)
    if seconds := STEP_SECONDS.get(segment.resolution):
        before = (start - segment.start) % seconds
        return Interval(start - before, end + (segment.start - end) % seconds)
    bounds = np.append(zone.step_starts(segment.resolution, segment.start, segment.count), segment.finish)
    first = np.searchsorted(bounds, start, side="right") - 1
    return Interval(int(bounds[first]), int(bounds[np.searchsorted(bounds, end)]))
