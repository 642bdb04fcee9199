"""All values of a local day, for settlement: newest segment first, the first seen of each point wins.

That holds for segments that cover the day in steps that fit it. Points of which a part of the day came on its own (a
partial correction, a month's value) are few; they are laid over each other one by one and come last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.series.merge import Run
from gateway.hub.series.segment_codec import Points, Qualities, Quantities
from gateway.hub.series.segment_reading import load_points_of, load_wholes
from gateway.hub.series.segments import Segment
from gateway.messages.times import Interval, MarketZone

_GROUP_ROWS = 16_384


@dataclass(frozen=True, slots=True)
class Batch:
    """Values of several points over the same steps.

    Attributes:
        resolution: the length of the steps.
        start: instant of the first step.
        points: int64[n].
        quantity: int64[n, count] thousandths; 0 where missing.
        quality: uint8[n, count].
        transaction: int64[n, count], the version of each value.
    """

    resolution: str
    start: int
    points: Points
    quantity: Quantities
    quality: Qualities
    transaction: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DayPlan:
    """What to take for a day: (segment, rows, steps) of those that cover it, and the points that need laying over."""

    day: Interval
    whole: list[tuple[Segment, npt.NDArray[np.int64], slice]]
    pieced: Points


def plan_day(connection: Connection, segments: Iterable[Segment], day: Interval, zone: MarketZone) -> DayPlan:
    """Decide for each point of the day which row counts; segments newest first."""
    fitting = [(segment, _steps_of(segment, day, zone)) for segment in segments]
    points = load_points_of(connection, [segment.id for segment, _ in fitting])
    partial = [points[segment.id] for segment, steps in fitting if steps is None]
    pieced = np.unique(np.concatenate(partial)) if partial else np.empty(0, dtype=np.int64)
    covering = [(segment, steps) for segment, steps in fitting if steps is not None]
    if not covering:
        return DayPlan(day, [], pieced)
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
            whole.append((segment, rows, steps))
    return DayPlan(day, whole, pieced)


def whole_batches(connection: Connection, plan: DayPlan) -> Iterator[Batch]:
    """The values of the segments that cover the day."""
    for group in _groups(plan.whole):
        values = load_wholes(connection, [segment for segment, _, _ in group])
        points = load_points_of(connection, [segment.id for segment, _, _ in group])
        for segment, rows, steps in group:
            quantity, quality = values.pop(segment.id)
            quantity, quality = quantity[:, steps], quality[:, steps]
            named = points[segment.id]
            if len(rows) < segment.rows:
                quantity, quality, named = quantity[rows], quality[rows], named[rows]
            transaction = np.broadcast_to(np.int64(segment.transaction), quantity.shape)
            yield Batch(segment.resolution, plan.day.start, named, quantity, quality, transaction)


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


def _groups(
    whole: list[tuple[Segment, npt.NDArray[np.int64], slice]],
) -> Iterator[list[tuple[Segment, npt.NDArray[np.int64], slice]]]:
    """Neighbours together, up to a number of rows: one query fetches them all."""
    group: list[tuple[Segment, npt.NDArray[np.int64], slice]] = []
    rows = 0
    for one in whole:
        if group and rows + one[0].rows > _GROUP_ROWS:
            yield group
            group, rows = [], 0
        group.append(one)
        rows += one[0].rows
    if group:
        yield group
