"""What a sender owes of some days: a series for each metering point of its own and each local day (D1 §4.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import MeteringPointType, SettlementMethod, Subtype, Unit
from gateway.messages.masterdata import METHODS, RESOLUTIONS, SUBTYPES, MasterData, Rows
from gateway.messages.series import Mask, Quantities
from gateway.messages.times import HOUR, STEP_SECONDS, Instants, Interval, MarketZone
from gateway.preparation.point_values import NOWHERE, PairIndex, midnights
from gateway.rules.batch import KIND_CODES, NO_LIMIT, UNIT_CODES, MarketFacts, Sender
from gateway.rules.parties import has_say

_CONSUMPTION = KIND_CODES[MeteringPointType.CONSUMPTION]
_PROFILED = METHODS.index(SettlementMethod.PROFILED)
_CALCULATED = SUBTYPES.index(Subtype.CALCULATED)
_STEPS = np.array([STEP_SECONDS.get(resolution, 0) for resolution in RESOLUTIONS], dtype=np.int64)


class Assignment(NamedTuple):
    """What is to be prepared: whose series, by which master data and market facts, over [start, end)."""

    master: MasterData
    facts: MarketFacts
    sender: Sender
    interval: Interval
    now: int


@dataclass(frozen=True)
class DueSeries:
    """Series that are due, sorted by (point, start); the steps of all rows stand flat behind each other.

    Attributes:
        master: the master data.
        zone: the market's local time.
        version: int64[n], the row of the master data that holds.
        start, end: int64[n], instants [start, end) within one local day.
        day: int64[n], that day, since 1970-01-01.
        facts: what the market says.
    """

    master: MasterData
    zone: MarketZone
    version: Rows
    start: Instants
    end: Instants
    day: Rows
    facts: MarketFacts

    def __len__(self) -> int:
        return len(self.version)

    @cached_property
    def point(self) -> Rows:
        """The points' numbers, int64[n]."""
        return self.master.points.point[self.version]

    @cached_property
    def step(self) -> Rows:
        """Seconds of a step, int64[n]."""
        steps: Rows = _STEPS[self.master.points.resolution[self.version]]
        return steps

    @cached_property
    def counts(self) -> Rows:
        """Steps of each row, one begun included, int64[n]."""
        counts: Rows = -((self.start - self.end) // self.step)
        return counts

    @cached_property
    def offsets(self) -> Rows:
        """Row i's steps are `offsets[i]:offsets[i + 1]`, int64[n + 1]."""
        offsets = np.zeros(len(self) + 1, dtype=np.int64)
        np.cumsum(self.counts, out=offsets[1:])
        return offsets

    @cached_property
    def row(self) -> Rows:
        """The row of every step, int64[m]."""
        rows: Rows = np.repeat(np.arange(len(self)), self.counts)
        return rows

    @cached_property
    def step_start(self) -> Instants:
        """The instant at which every step begins, int64[m]."""
        place = np.arange(len(self.row)) - self.offsets[self.row]
        starts: Instants = self.start[self.row] + place * self.step[self.row]
        return starts

    @cached_property
    def limit(self) -> Quantities:
        """The most a step of each row may hold, int64[n] thousandths: by D1 table 4, or what can be written at all."""
        columns, numbers = self.master.points, self.facts.numbers
        hourly = numbers.greatest_per_hour[columns.kind[self.version], columns.settlement_method[self.version] + 1]
        is_limited = (columns.unit[self.version] == UNIT_CODES[Unit.KWH]) & (hourly < NO_LIMIT)
        writable = 10**numbers.integer_digits * 1000 - 1
        limits: Quantities = np.where(is_limited, hourly // (HOUR // self.step), writable)
        return limits

    @cached_property
    def is_profiled(self) -> Mask:
        """Rows of profile settled consumption, bool[n]."""
        return _is_profiled(self.master)[self.version]

    @cached_property
    def rows_index(self) -> PairIndex:
        """Finds rows by point and start."""
        return PairIndex(self.point, self.start)

    def place(self, point: Rows, instant: Instants) -> tuple[Rows, Mask]:
        """The step each (point, instant) falls in, NOWHERE outside all rows; and whether it begins there."""
        row = self.rows_index.at_or_before(point, instant)
        if not len(self):
            return row, np.zeros(len(row), dtype=np.bool_)
        inside = (row != NOWHERE) & (instant < self.end[row])
        steps, rest = np.divmod(instant - self.start[row], self.step[row])
        return np.where(inside, self.offsets[row] + steps, NOWHERE), inside & (rest == 0)


def due_series(assignment: Assignment, stated: Rows) -> DueSeries:
    """The series a sender owes over an interval.

    Due are the points of its own grid areas, or of those delegated to it, that stand in the grid, are not calculated
    by the hub and have values of 15 or 60 minutes. A profile settled point owes no daily values (D1 §5.1.1): its
    series are due only where values are stated for it.

    Args:
        assignment: whose series over which interval.
        stated: numbers of the points for which there are values.
    """
    master, facts, _, interval, _ = assignment
    columns, zone = master.points, facts.zone
    is_due = may_send(assignment) & ~_rests(assignment)
    is_due &= ~_is_profiled(master) | np.isin(columns.point, stated)
    is_due &= (columns.valid_from < interval.end) & (columns.valid_to > interval.start)
    versions = np.flatnonzero(is_due)
    days = np.array(zone.days_of(interval.start, interval.end))
    begins = np.maximum(midnights(zone, days), interval.start)
    ends = np.minimum(midnights(zone, days + 1), interval.end)
    version, place = np.repeat(versions, len(days)), np.tile(np.arange(len(days)), len(versions))
    start = np.maximum(columns.valid_from[version], begins[place])
    end = np.minimum(columns.valid_to[version], ends[place])
    kept = start < end
    version, start, end, place = version[kept], start[kept], end[kept], place[kept]
    return DueSeries(master, zone, version, start, end, days[place], facts)


def why_not_due(assignment: Assignment, point: int) -> str:
    """Why values of a point are not sent, in words that follow `it is`."""
    master, _, _, interval, _ = assignment
    key, span = np.array([point]), (np.array([interval.start]), np.array([interval.end]))
    located = master.locate(key, *span)
    if not located.number[0]:
        return "unknown in the master data"
    rows = slice(int(located.first[0]), int(located.first[0] + located.number[0]))
    if not may_send(assignment)[rows].any():
        return "in the grid area of another grid operator"
    columns = master.points
    if (columns.subtype[rows] == _CALCULATED).all():
        return "calculated by the hub"
    if (_STEPS[columns.resolution[rows]] == 0).all():
        return f"a series of {RESOLUTIONS[columns.resolution[rows][0]]}, which is sent as it was read"
    return "not in the grid then"


def may_send(assignment: Assignment) -> Mask:
    """Which versions of the master data lie in a grid area the sender may send for, bool."""
    master, facts, sender, _, now = assignment
    own = [
        code
        for code, area in enumerate(master.areas.names)
        if has_say(master, sender, area, now, facts.sending_processes)
    ]
    mask: Mask = np.isin(master.points.grid_area, own)
    return mask


def _rests(assignment: Assignment) -> Mask:
    """Versions of which no 15 or 60 minute values are sent: calculated, not in the grid, monthly."""
    columns, accepted = assignment.master.points, assignment.facts.accepted
    in_grid = accepted.states[columns.connection_state]
    rests: Mask = (columns.subtype == _CALCULATED) | ~in_grid | (_STEPS[columns.resolution] == 0)
    return rests


def _is_profiled(master: MasterData) -> Mask:
    columns = master.points
    profiled: Mask = (columns.kind == _CONSUMPTION) & (columns.settlement_method == _PROFILED)
    return profiled
