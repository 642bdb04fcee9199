"""All values of a local day: newest segment first, the first seen of each point wins.

That holds for segments that cover the day in steps that fit it. Points of which a part of the day came on its own (a
partial correction, a month's value) are few; they are laid over each other one by one and come last.

What counts is decided once, as a plan. The plan can be cut into shares, read by other processes with their own
connections: it names segments and a version, and neither ever changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.series.merge import Run
from gateway.hub.series.segment_codec import Points, Qualities, Quantities
from gateway.hub.series.segment_reading import load_points_of, load_wholes
from gateway.hub.series.segments import Segment
from gateway.messages.series import Integers
from gateway.messages.times import Interval, MarketZone

_GROUP_ROWS = 16_384
_PIECED_COST = 20_000
"""Values of whole segments that are read in the time it takes to lay over one point."""


@dataclass(frozen=True)
class StoredBatch:
    """Values of several points over the same steps, as they are stored.

    Attributes:
        resolution: the length of the steps.
        start: instant of the first step.
        points: int64[n].
        quantity: [n, count] thousandths, of any width; 0 where missing.
        quality: uint8[n, count].
        transaction: int64[n, count] or int64[n, 1], the version of each value.
    """

    resolution: str
    start: int
    points: Points
    quantity: Integers
    quality: Qualities
    transaction: npt.NDArray[np.int64]

    def without(self, points: Points) -> StoredBatch:
        """All but some points."""
        kept = ~np.isin(self.points, points)
        if kept.all():
            return self
        values = self.quantity[kept], self.quality[kept], self.transaction[kept]
        return StoredBatch(self.resolution, self.start, self.points[kept], *values)

    def widened(self) -> Batch:
        """The same with a column of its own for everything, for who calculates with them."""
        transaction = np.broadcast_to(self.transaction, self.quantity.shape)
        quantity = self.quantity.astype(np.int64, copy=False)
        return Batch(self.resolution, self.start, self.points, quantity, self.quality, transaction)


@dataclass(frozen=True)
class Batch(StoredBatch):
    """Values of several points over the same steps: quantity and transaction are int64[n, count]."""

    quantity: Quantities


class Covering(NamedTuple):
    """Rows of a segment that count, and which of its steps make up the day."""

    segment: Segment
    rows: npt.NDArray[np.int64]
    steps: slice

    @property
    def values(self) -> int:
        """How many values are read."""
        return self.segment.rows * self.segment.count


@dataclass(frozen=True, slots=True)
class DayView:
    """Which values of a day are meant: its interval, their kind, and the version as of which they are known."""

    day: Interval
    kind: int
    as_of: int


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What to take for a day: rows of the segments that cover it, and the points that need laying over."""

    view: DayView
    whole: Sequence[Covering]
    pieced: Points

    @property
    def values(self) -> int:
        """About how many values are to be read."""
        return sum(one.values for one in self.whole) + len(self.pieced) * _PIECED_COST

    def shares(self, number: int) -> list[DayPlan]:
        """The plan in so many parts of about the same size, none of them empty."""
        ends = np.cumsum([one.values for one in self.whole])
        place = (ends - 1) * number // ends[-1:]
        pieced = np.array_split(self.pieced, number)
        wholes: list[list[Covering]] = [[] for _ in range(number)]
        for share, one in zip(place.tolist(), self.whole, strict=True):
            wholes[share].append(one)
        shares = (DayPlan(self.view, *parts) for parts in zip(wholes, pieced, strict=True))
        return [share for share in shares if share.whole or len(share.pieced)]


def plan_day(connection: Connection, segments: Iterable[Segment], view: DayView, zone: MarketZone) -> DayPlan:
    """Decide for each point of the day which row counts; segments newest first."""
    day = view.day
    fitting = [(segment, _steps_of(segment, day, zone)) for segment in segments]
    points = load_points_of(connection, [segment.id for segment, _ in fitting])
    partial = [points[segment.id] for segment, steps in fitting if steps is None]
    pieced = np.unique(np.concatenate(partial)) if partial else np.empty(0, dtype=np.int64)
    covering = [(segment, steps) for segment, steps in fitting if steps is not None]
    if not covering:
        return DayPlan(view, [], pieced)
    newest_first = np.concatenate([points[segment.id][::-1] for segment, _ in covering])
    wins = np.zeros(len(newest_first), dtype=bool)
    wins[np.unique(newest_first, return_index=True)[1]] = True
    if len(pieced):
        wins &= ~np.isin(newest_first, pieced)
    whole, first = [], 0
    for segment, steps in covering:
        rows = np.flatnonzero(wins[first : first + segment.rows][::-1])
        first += segment.rows
        if len(rows):
            whole.append(Covering(segment, rows, steps))
    return DayPlan(view, whole, pieced)


def whole_batches(connection: Connection, plan: DayPlan) -> Iterator[StoredBatch]:
    """The values of the segments that cover the day, in the width they are stored in."""
    for group in _groups(plan.whole):
        values = load_wholes(connection, [segment for segment, _, _ in group])
        points = load_points_of(connection, [segment.id for segment, _, _ in group])
        for segment, rows, steps in group:
            quantity, quality = values.pop(segment.id)
            quantity, quality = quantity[:, steps], quality[:, steps]
            named = points[segment.id]
            if len(rows) < segment.rows:
                quantity, quality, named = quantity[rows], quality[rows], named[rows]
            transaction = np.full((len(named), 1), segment.transaction)
            yield StoredBatch(segment.resolution, plan.view.day.start, named, quantity, quality, transaction)


def run_batches(points: Points, runs: Sequence[Sequence[Run]]) -> Iterator[Batch]:
    """Runs of single points as batches of those over the same steps."""
    alike: dict[tuple[str, int, int], list[tuple[int, Run]]] = {}
    for point, of_point in zip(points.tolist(), runs, strict=True):
        for run in of_point:
            alike.setdefault((run.resolution, run.start, len(run.quantity)), []).append((point, run))
    for (resolution, start, _), members in alike.items():
        yield Batch(
            resolution,
            start,
            np.array([point for point, _ in members], dtype=np.int64),
            np.stack([run.quantity for _, run in members]),
            np.stack([run.quality for _, run in members]),
            np.stack([run.transaction for _, run in members]),
        )


def _steps_of(segment: Segment, day: Interval, zone: MarketZone) -> slice | None:
    """The steps of a segment that make up the day exactly; None when they do not."""
    if segment.start > day.start or segment.finish < day.end:
        return None
    bounds = np.append(zone.step_starts(segment.resolution, segment.start, segment.count), segment.finish)
    first, last = np.searchsorted(bounds, (day.start, day.end)).tolist()
    return slice(first, last) if bounds[first] == day.start and bounds[last] == day.end else None


def _groups(whole: Sequence[Covering]) -> Iterator[list[Covering]]:
    """Neighbours together, up to a number of rows: one query fetches them all."""
    group: list[Covering] = []
    rows = 0
    for one in whole:
        if group and rows + one.segment.rows > _GROUP_ROWS:
            yield group
            group, rows = [], 0
        group.append(one)
        rows += one.segment.rows
    if group:
        yield group
