"""Which points' values go to which sums over which steps: the plan that a settlement carries out.

A plan is columns of rows (point, group, first, last). A point may stand in several rows, one after another when it
changes supplier within the interval, or beside each other when it pays several tariffs. What the groups mean stands
in a table of keys beside the plan.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.masterdata import Codes, Rows
from gateway.messages.series import Mask
from gateway.messages.times import HOUR, Instants, Interval

QUARTER = 900

Counts = npt.NDArray[np.int32]


class PlanRows(NamedTuple):
    """Rows of a plan as they come: point, group and [first, last) each in a column of one length."""

    point: Rows
    group: Codes
    first: Instants
    last: Instants


class Groups(NamedTuple):
    """Groups of rows that are alike in some columns of codes: each column by group, and the group of each row."""

    columns: tuple[Codes, ...]
    group: Codes

    @classmethod
    def of(cls, *columns: Codes | Rows) -> Groups:
        """Groups in order of the columns. Codes are -1 (none) or more; they are sorted as one number for each row."""
        sizes = [int(column.max(initial=-1)) + 2 for column in columns]
        joint = np.zeros(len(columns[0]), dtype=np.int64)
        for column, size in zip(columns, sizes, strict=True):
            joint = joint * size + (column + 1)
        found, group = np.unique(joint, return_inverse=True)
        split: list[Codes] = []
        for size in reversed(sizes):
            found, code = np.divmod(found, size)
            split.append((code - 1).astype(np.int32))
        return cls(tuple(reversed(split)), group.astype(np.int32))

    @property
    def number(self) -> int:
        """How many groups there are."""
        return len(self.columns[0])


class Pairs(NamedTuple):
    """Rows of a batch beside the rows of the plan that take their values."""

    batch_row: Rows
    plan_row: Rows


@dataclass(frozen=True)
class Plan:
    """What is summed into what over one interval of whole hours.

    Attributes:
        interval: [start, end).
        groups: how many groups there are; they are numbered from 0.
        point, group, first, last: the rows, sorted by (point, first); [first, last) lies within the interval and begins
            and ends with a quarter.
        joint_hours: whether a point has one quality for the hour of its four quarters, as the hourly results of
            dk-settlement-dh3 rule 3 have; otherwise each quarter contributes its own.
    """

    interval: Interval
    groups: int
    point: Rows
    group: Codes
    first: Instants
    last: Instants
    joint_hours: bool = False

    @classmethod
    def of(cls, interval: Interval, rows: PlanRows, groups: int, joint_hours: bool = False) -> Plan:
        """A plan of rows in any order, each cut to the interval; what then is empty is left out.

        A row takes the steps that begin while it holds, so a bound between two quarters moves to the later.
        """
        if interval.start % HOUR or interval.end % HOUR or interval.end <= interval.start:
            raise ValueError("a settlement interval is one or more whole hours")
        first = -(-np.maximum(rows.first, interval.start) // QUARTER) * QUARTER
        last = -(-np.minimum(rows.last, interval.end) // QUARTER) * QUARTER
        kept = np.flatnonzero(first < last)
        kept = kept[np.lexsort((first[kept], rows.point[kept]))]
        return cls(interval, groups, rows.point[kept], rows.group[kept], first[kept], last[kept], joint_hours)

    @property
    def quarters(self) -> int:
        """How many quarters the interval has: 92, 96 or 100 a local day."""
        return (self.interval.end - self.interval.start) // QUARTER

    @cached_property
    def points(self) -> Rows:
        """The points of the plan, ascending."""
        return self.point[self._row_of_point]

    @cached_property
    def _row_of_point(self) -> Rows:
        return np.flatnonzero(np.diff(self.point, prepend=self.point[:1] - 1))

    @cached_property
    def _rows_by_point(self) -> Rows:
        return np.diff(self._row_of_point, append=len(self.point))

    @cached_property
    def has_one_row_each(self) -> bool:
        """Whether no point stands in more than one row."""
        return len(self.points) == len(self.point)

    @cached_property
    def is_whole(self) -> bool:
        """Whether every row lasts the whole interval."""
        return bool((self.first == self.interval.start).all() and (self.last == self.interval.end).all())

    def pairs(self, points: Rows) -> Pairs:
        """Which rows of the plan take the values of which batch rows; points the plan does not know are left out."""
        if not len(self.point):
            nothing = np.empty(0, dtype=np.int64)
            return Pairs(nothing, nothing)
        order = np.argsort(points)  # looking up sorted points is several times faster than in order of arrival
        wanted = points[order]
        found = np.minimum(np.searchsorted(self.points, wanted), len(self.points) - 1)
        place = np.empty_like(order)
        place[order] = np.where(self.points[found] == wanted, found, -1)
        batch_row = np.flatnonzero(place >= 0)
        place = place[batch_row]
        if self.has_one_row_each:
            return Pairs(batch_row, place)
        number = self._rows_by_point[place]
        within = np.arange(int(number.sum())) - np.repeat(np.cumsum(number) - number, number)
        return Pairs(np.repeat(batch_row, number), np.repeat(self._row_of_point[place], number) + within)

    @cached_property
    def expected(self) -> Counts:
        """How many values each group awaits: int32[groups, quarters], with joint hours int32[groups, hours]."""
        step = HOUR if self.joint_hours else QUARTER
        begins = (self.first - self.interval.start) // step
        ends = -(-(self.last - self.interval.start) // step)
        columns = (self.interval.end - self.interval.start) // step + 1
        cells = self.groups * columns
        place = self.group.astype(np.int64) * columns
        change = np.bincount(place + begins, minlength=cells) - np.bincount(place + ends, minlength=cells)
        return np.cumsum(change.reshape(self.groups, columns)[:, :-1], axis=1, dtype=np.int32)

    @property
    def awaits(self) -> Mask:
        """Where each group awaits any value, in the steps of `expected`."""
        return np.greater(self.expected, 0)
