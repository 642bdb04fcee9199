"""Which values of a period are accepted already: what tells a correction from a first delivery (D1 §4.1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.series.merge import Run, merged
from gateway.hub.series.recent_segments import Places
from gateway.hub.series.segment_codec import Qualities, Quantities
from gateway.hub.series.segment_reading import load_matrix, load_rows
from gateway.hub.series.segments import Segment, SegmentRow, SeriesPeriod
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.times import Interval, MarketZone

_MISSING = int(Quality.MISSING)


@dataclass(frozen=True, slots=True)
class CurrentValues:
    """Which values of a period are accepted already, and which they are.

    Attributes:
        known: bool[n], whether anything at all was ever stored for the point in the period.
        quantity: int64[n, count]; 0 where there is none, or where it was accepted in another resolution.
        quality: uint8[n, count]; 0 likewise.
        has_value: bool[n, count], whether an accepted value that is not missing covers any of the step.
    """

    known: npt.NDArray[np.bool_]
    quantity: Quantities
    quality: Qualities
    has_value: npt.NDArray[np.bool_]

    def __getitem__(self, rows: npt.NDArray[np.int64]) -> CurrentValues:
        """The values of these rows, in their order."""
        return CurrentValues(self.known[rows], self.quantity[rows], self.quality[rows], self.has_value[rows])


def nothing_accepted(points: int, count: int) -> CurrentValues:
    """What is known of points that never delivered."""
    shape = (points, count)
    return CurrentValues(
        np.zeros(points, dtype=bool),
        np.zeros(shape, dtype=np.int64),
        np.zeros(shape, dtype=np.uint8),
        np.zeros(shape, dtype=bool),
    )


class CurrentReader:
    """Fills CurrentValues of one period from the places where its points were found."""

    def __init__(self, connection: Connection, period: SeriesPeriod, zone: MarketZone) -> None:
        self._connection = connection
        self._period = period
        self._zone = zone
        self._interval = Interval(period.start, zone.end(period.resolution, period.start, period.count))

    def fill(self, values: CurrentValues, places: Places, segments: Mapping[int, Segment]) -> None:
        """Points whose last delivery is of this very period are copied as a matrix, the few others laid over."""
        last = np.append(places.position[1:] != places.position[:-1], True)
        tail = places.where(last)
        same = [number for number, one in segments.items() if self._is_same(one)]
        alike = np.isin(tail.segment, same)
        self._copy(values, tail.where(alike), segments)
        if alike.all():
            return
        others = places.where(np.isin(places.position, tail.position[~alike]))
        by_point: dict[int, list[SegmentRow]] = {}
        for position, row in zip(
            others.position.tolist(), load_rows(self._connection, segments, others.rows()), strict=True
        ):
            by_point.setdefault(position, []).append(row)
        for position, of_point in by_point.items():
            self._lay_over(values, position, of_point)

    def _is_same(self, segment: Segment) -> bool:
        span = (segment.start, segment.finish) == (self._interval.start, self._interval.end)
        return span and segment.resolution == self._period.resolution

    def _copy(self, values: CurrentValues, places: Places, segments: Mapping[int, Segment]) -> None:
        if not len(places):
            return
        quantity, quality = load_matrix(self._connection, segments, places.rows())
        values.known[places.position] = True
        values.quantity[places.position] = quantity
        values.quality[places.position] = quality
        values.has_value[places.position] = _is_there(quality)

    def _lay_over(self, values: CurrentValues, position: int, rows: list[SegmentRow]) -> None:
        values.known[position] = any(
            row.segment.start < self._interval.end and self._interval.start < row.segment.finish for row in rows
        )
        first = min(row.segment.start for row in rows)
        for run in merged(rows, Interval(first, self._interval.end), self._zone):
            self._note(values, position, run)

    def _note(self, values: CurrentValues, position: int, run: Run) -> None:
        count = self._period.count
        bounds = np.append(
            self._zone.step_starts(self._period.resolution, self._period.start, count), self._interval.end
        )
        starts = run.starts(self._zone)
        low = np.searchsorted(bounds, starts, side="right") - 1
        high = np.searchsorted(bounds, np.append(starts[1:], run.finish), side="left")
        for step in np.flatnonzero(_is_there(run.quality) & (high > 0) & (low < count)).tolist():
            values.has_value[position, max(low[step], 0) : min(high[step], count)] = True
        if run.resolution == self._period.resolution:
            same = np.flatnonzero((low >= 0) & (low < count))
            same = same[bounds[low[same]] == starts[same]]
            values.quantity[position, low[same]] = run.quantity[same]
            values.quality[position, low[same]] = run.quality[same]


def _is_there(quality: Qualities) -> npt.NDArray[np.bool_]:
    """Which values are not missing, corrected or not."""
    there: npt.NDArray[np.bool_] = (quality & ~np.uint8(CORRECTED_FLAG)) != _MISSING
    return there
