"""Values of many metering points as columns, sorted by point and time, and how single ones are found among them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import DAY, Instants, MarketZone

NOWHERE = -1
"""Place of what is not there."""

_SPAN = 2**34
"""More than any instant or day number of a file; what keeps pairs of point and number apart in one int64."""


class PairIndex:
    """Finds pairs (metering point, number) in columns sorted by both, in which no pair stands twice."""

    def __init__(self, point: Rows, number: Rows) -> None:
        self._points = np.unique(point)
        self._pairs = np.searchsorted(self._points, point) * _SPAN + number

    def find(self, point: Rows, number: Rows) -> Rows:
        """Place of each pair, NOWHERE where it is not."""
        place = self.at_or_before(point, number)
        if not len(self._pairs):
            return place
        is_there = (place != NOWHERE) & (self._pairs[place] == self._codes(point) * _SPAN + number)
        found: Rows = np.where(is_there, place, NOWHERE)
        return found

    def at_or_before(self, point: Rows, number: Rows) -> Rows:
        """Place of the last pair of each point that does not exceed the number, NOWHERE where there is none."""
        if not len(self._pairs):
            return np.full(len(point), NOWHERE, dtype=np.int64)
        codes = self._codes(point)
        place = np.searchsorted(self._pairs, codes * _SPAN + number, side="right") - 1
        is_same = (place >= 0) & (self._pairs[place] // _SPAN == codes) & self.knows(point)
        found: Rows = np.where(is_same, place, NOWHERE)
        return found

    def knows(self, point: Rows) -> Mask:
        """Which points occur at all."""
        known: Mask = np.isin(point, self._points)
        return known

    def _codes(self, point: Rows) -> Rows:
        codes: Rows = np.searchsorted(self._points, point)
        return codes


@dataclass(frozen=True)
class PointValues:
    """Values by step, sorted by (point, start); build it with `of`.

    Attributes:
        point: int64[n], the points' numbers.
        start: int64[n], instants at which the steps begin.
        quantity: int64[n], thousandths of the unit; NO_QUANTITY where there is none.
        quality: uint8[n] of `Quality`.
        line: int64[n], the line of the file each came from; 0 where it came from none.
    """

    point: Rows
    start: Instants
    quantity: Quantities
    quality: Qualities
    line: Rows

    @classmethod
    def of(
        cls, point: Rows, start: Instants, quantity: Quantities, quality: Qualities, line: Rows | None = None
    ) -> PointValues:
        """Values in any order; a later one of the same step replaces an earlier one."""
        lines = np.zeros(len(point), dtype=np.int64) if line is None else line
        order = np.lexsort((start, point))
        is_last = np.ones(len(order), dtype=np.bool_)
        same = (np.diff(point[order]) == 0) & (np.diff(start[order]) == 0)
        is_last[:-1][same] = False
        kept = order[is_last]
        return cls(point[kept], start[kept], quantity[kept], quality[kept], lines[kept])

    @classmethod
    def none(cls) -> PointValues:
        """No values."""
        empty = np.empty(0, dtype=np.int64)
        return cls(empty, empty, empty, np.empty(0, dtype=np.uint8), empty)

    def __len__(self) -> int:
        return len(self.point)

    @cached_property
    def index(self) -> PairIndex:
        """Finds steps by point and start."""
        return PairIndex(self.point, self.start)

    @cached_property
    def is_measured(self) -> Mask:
        """Which values were measured; a value without quality is."""
        stated = (self.quality == Quality.MEASURED) | (self.quality == Quality.ABSENT)
        measured: Mask = stated & (self.quantity != NO_QUANTITY)
        return measured

    def joined(self, later: PointValues) -> PointValues:
        """These values and later ones, which replace those of the same step."""
        columns = ("point", "start", "quantity", "quality", "line")
        return PointValues.of(*(np.concatenate([getattr(self, name), getattr(later, name)]) for name in columns))

    def taken(self, mask: Mask) -> PointValues:
        """The values a mask holds for."""
        return PointValues(self.point[mask], self.start[mask], self.quantity[mask], self.quality[mask], self.line[mask])


@dataclass(frozen=True)
class PointDays:
    """Local days of metering points with what is known of each, sorted by (point, day).

    Attributes:
        point: int64[k].
        day: int64[k], local days since 1970-01-01.
        measured: int64[k], how many values were measured; 0 also where any value of the day was not.
        energy: int64[k], thousandths of the unit measured on the day.
        step: int64[k], seconds of the shortest distance between two values; 0 for a single one.
    """

    point: Rows
    day: Rows
    measured: Rows
    energy: Quantities
    step: Rows
    index: PairIndex
    zone: MarketZone

    @classmethod
    def of(cls, values: PointValues, zone: MarketZone) -> PointDays:
        """The days that some values fall on."""
        day = zone.day_numbers(values.start)
        if not len(values):
            return cls(day, day, day, day, day, PairIndex(day, day), zone)
        begins = np.ones(len(values), dtype=np.bool_)
        begins[1:] = (np.diff(values.point) != 0) | (np.diff(day) != 0)
        first = np.flatnonzero(begins)
        counts = np.diff(np.append(first, len(values)))
        measured = np.add.reduceat(values.is_measured.astype(np.int64), first)
        energy = np.add.reduceat(np.where(values.is_measured, values.quantity, 0), first)
        distance = np.diff(values.start, append=values.start[-1:] + DAY)
        distance[np.append(first[1:], len(values)) - 1] = 2 * DAY
        step = np.minimum.reduceat(distance, first)
        point, days = values.point[first], day[first]
        return cls(
            point,
            days,
            np.where(measured == counts, measured, 0),
            energy,
            np.where(step < DAY, step, 0),
            PairIndex(point, days),
            zone,
        )

    def complete(self, point: Rows, day: Rows, step: Rows) -> Rows:
        """Place of each point's day if it was measured in every step of the given length; NOWHERE otherwise."""
        place = self.index.find(point, day)
        if not len(self.point):
            return place
        expected = day_seconds(self.zone, day) // step
        is_complete = (place != NOWHERE) & (self.measured[place] == expected) & (self.step[place] == step)
        found: Rows = np.where(is_complete, place, NOWHERE)
        return found


def day_seconds(zone: MarketZone, day: Rows) -> Rows:
    """How long local days are: 23, 24 or 25 hours."""
    seconds: Rows = midnights(zone, day + 1) - midnights(zone, day)
    return seconds


def midnights(zone: MarketZone, day: Rows) -> Instants:
    """The instants at which local days begin."""
    return instants_of(zone, day * DAY)


def instants_of(zone: MarketZone, wall: Instants) -> Instants:
    """The instants at which the market's clocks show given times, as seconds since 1970-01-01T00:00 of that clock.

    A time that occurs twice means the first; one that a clock change leaves out goes on from the hour before it, so
    that `zone.wall_seconds` of it is another time.
    """
    times, back = np.unique(wall, return_inverse=True)
    # The offset is that of the day before or that of the day after; the earlier instant that shows the time is meant.
    early = times - (zone.wall_seconds(times - DAY) - (times - DAY))
    late = times - (zone.wall_seconds(times + DAY) - (times + DAY))
    first, second = np.minimum(early, late), np.maximum(early, late)
    shows = zone.wall_seconds(first) == times
    found: Instants = np.where(shows, first, np.where(zone.wall_seconds(second) == times, second, early))
    return found[back]
