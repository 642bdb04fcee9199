"""Which values a day of operation should bring: the steps of every active metering point, from master data alone.

Active is a connected point of 15 or 60 minutes that is neither calculated nor profile settled consumption, which is
read by the year, nor left out by the market's settings. A point counts for the part of the day in which it is so.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from gateway.markets.policies import ControlPolicy
from gateway.messages.codes import ConnectionState, MeteringPointType, SettlementMethod, Subtype
from gateway.messages.masterdata import (
    KINDS,
    METHODS,
    RESOLUTIONS,
    STATES,
    SUBTYPES,
    Codes,
    MasterData,
    PointColumns,
    Rows,
)
from gateway.messages.series import Mask
from gateway.messages.times import STEP_SECONDS, Instants, Interval
from gateway.rules.deadlines import deadline_groups

_CONSUMPTION = KINDS.index(MeteringPointType.CONSUMPTION)
_FLEX, _PROFILED = (METHODS.index(method) for method in (SettlementMethod.FLEX, SettlementMethod.PROFILED))
_CONNECTED = STATES.index(ConnectionState.CONNECTED)
_CALCULATED = SUBTYPES.index(Subtype.CALCULATED)
_SECONDS = np.array([STEP_SECONDS.get(resolution, 0) for resolution in RESOLUTIONS], dtype=np.int64)


NO_POINTS: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class Expected:
    """The values a day should bring: one entry for each version of a point, by point and time. Columns of one length.

    Attributes:
        day: the local day.
        master: the master data in force on it; `row` counts in its columns.
        row: int64, the version.
        group: int64 of `DeadlineGroup`; a child's is its parent's.
        step: int64, seconds of a step.
        first, last: int64, its steps [first, last), counted from the beginning of the day.
    """

    day: Interval
    master: MasterData
    row: Rows
    group: Rows
    step: Rows
    first: Rows
    last: Rows

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def point(self) -> Rows:
        """Metering points by their keys, ascending."""
        found: Rows = self.master.points.point[self.row]
        return found

    @cached_property
    def area(self) -> Codes:
        """Codes of grid areas."""
        found: Codes = self.master.points.grid_area[self.row]
        return found

    @cached_property
    def sort(self) -> Codes:
        """The store's kind of series: the code of the unit."""
        found: Codes = self.master.points.unit[self.row]
        return found

    @cached_property
    def is_flex(self) -> Mask:
        """Flex settled consumption itself, without its children."""
        columns = self.master.points
        flex: Mask = (columns.kind[self.row] == _CONSUMPTION) & (columns.settlement_method[self.row] == _FLEX)
        return flex

    @cached_property
    def is_whole(self) -> bool:
        """Whether every entry is of the whole day."""
        steps = (self.day.end - self.day.start) // self.step
        return bool((self.first == 0).all() and (self.last == steps).all())

    @property
    def count(self) -> Rows:
        """How many values each entry should bring."""
        return self.last - self.first

    def where(self, mask: Mask) -> Expected:
        """The entries the mask keeps."""
        columns = (self.row, self.group, self.step, self.first, self.last)
        return Expected(self.day, self.master, *(column[mask] for column in columns))

    def in_areas(self, areas: frozenset[str] | None) -> Expected:
        """The entries of some grid areas; None is all."""
        if areas is None:
            return self
        codes = [code for code in map(self.master.areas.find, sorted(areas)) if code >= 0]
        return self.where(np.isin(self.area, codes))


def expected_values(
    policy: ControlPolicy, master: MasterData, day: Interval, loss_points: Rows = NO_POINTS
) -> Expected:
    """What a local day should bring by the master data, which may hold more than the day's.

    Nobody sends for the points on which the loss of a grid is booked.
    """
    master = in_force(master, day)
    columns = master.points
    seconds = _SECONDS[columns.resolution]
    active = (columns.connection_state == _CONNECTED) & (columns.subtype != _CALCULATED) & (seconds > 0)
    active &= ~policy.left_out_types[columns.kind]
    active &= (columns.kind != _CONSUMPTION) | (columns.settlement_method != _PROFILED)
    active &= ~np.isin(columns.point, np.union1d(policy.left_out_points, loss_points))
    row = np.flatnonzero(active)
    step = seconds[row]
    start: Instants = np.maximum(columns.valid_from[row], day.start)
    first = -((day.start - start) // step)
    last = (np.minimum(columns.valid_to[row], day.end) - day.start) // step
    kept = first < last
    row, step, first, last, start = row[kept], step[kept], first[kept], last[kept], start[kept]
    return Expected(day, master, row, deadline_groups(master, row, start), step, first, last)


def in_force(master: MasterData, interval: Interval) -> MasterData:
    """The master data with the versions of metering points alone that hold at any moment of an interval."""
    columns = master.points
    kept = (columns.valid_from < interval.end) & (columns.valid_to > interval.start)
    if kept.all():
        return master
    return replace(master, points=PointColumns(*(getattr(columns, field.name)[kept] for field in fields(columns))))
