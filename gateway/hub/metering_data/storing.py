"""Metering data into the series store: each flow and unit a series of its own, and beside it when it was read.

What is said of one flow never touches another (EE-1.8); what is said again is a later version and marked as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import READING_TIMES, PeriodGroup, period_groups
from gateway.hub.series.segments import SegmentInput, SegmentRef
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask, SeriesTable
from gateway.messages.times import DAY, NO_INSTANT, Instants, Interval, MarketZone

_FEW = 64
"""Periods of a message up to which each is looked up by itself."""

_LONGEST_STEP = 2 * DAY
"""More than a day of 25 hours."""

Stored = tuple[SegmentInput, SegmentRef]
"""What was given to the store, and where it was put."""


@dataclass(frozen=True, slots=True)
class MeteringStore:
    """The series store within one transaction."""

    office: Office
    connection: Connection
    transaction: int

    def append(self, table: SeriesTable, keys: Rows) -> Sequence[Stored]:
        """Store series of metering data as the latest versions of their intervals; `keys` are their points' numbers."""
        groups = period_groups(table, keys, range(len(table)))
        met = self._met_by_span(groups) if len(groups) > _FEW else [self._met(group) for group in groups]
        inputs: list[SegmentInput] = []
        for group, again in zip(groups, met, strict=True):
            marked = np.where(again, group.quality | CORRECTED_FLAG, group.quality) if again.any() else None
            inputs += [group.as_input(marked), _reading_times(table, group)]
        refs = self.office.store.append(self.connection, self.transaction, inputs)
        return list(zip(inputs, refs, strict=True))

    def _met(self, group: PeriodGroup) -> Mask:
        """Where an accepted value stands already, bool[n, count]."""
        return self.office.store.current(self.connection, group.period, group.points).has_value

    def _met_by_span(self, groups: Sequence[PeriodGroup]) -> list[Mask]:
        """As `_met` of each group, for a message full of gaps: what stands in the whole span is read once."""
        zone = self.office.profile.zone
        spans: dict[int, dict[int, tuple[Instants, Instants]]] = {}
        for kind in {group.period.kind for group in groups}:
            of_kind = [group for group in groups if group.period.kind == kind]
            ends = [zone.end(one.period.resolution, one.period.start, one.period.count) for one in of_kind]
            span = Interval(min(one.period.start for one in of_kind), max(ends))
            points = np.unique(np.concatenate([one.points for one in of_kind]))
            series = self.office.store.read(self.connection, points, _widened(span), kind=kind)
            spans[kind] = {
                point: (np.array([run.start for run in runs]), np.array([run.finish for run in runs]))
                for point, runs in zip(points.tolist(), series.runs, strict=True)
            }
        return [_touched(group, spans[group.period.kind], zone) for group in groups]


def _widened(span: Interval) -> Interval:
    """A span and what may reach into it: a step begun before."""
    return Interval(span.start - _LONGEST_STEP, span.end)


def _touched(group: PeriodGroup, standing: Mapping[int, tuple[Instants, Instants]], zone: MarketZone) -> Mask:
    """Where a step of a group touches any of the spans that stand, by point: their starts and ends, in order."""
    period = group.period
    starts = zone.step_starts(period.resolution, period.start, period.count)
    ends = np.append(starts[1:], zone.end(period.resolution, period.start, period.count))
    touched = np.zeros((len(group.points), period.count), dtype=np.bool_)
    for row, point in enumerate(group.points.tolist()):
        begin, finish = standing[point]
        if len(begin):
            place = np.searchsorted(finish, starts, side="right")
            touched[row] = (place < len(begin)) & (begin[np.minimum(place, len(begin) - 1)] < ends)
    return touched


def _reading_times(table: SeriesTable, group: PeriodGroup) -> SegmentInput:
    """When the values of a group were read.

    Where that is not stated it is kept as missing, for an instant stated earlier is of an earlier version.
    """
    period = group.period
    shape = (len(group.rows), period.count)
    read_at = np.full(shape, NO_INSTANT, dtype=np.int64)
    if table.read_at is not None:
        places = table.offsets[np.asarray(group.rows)][:, None] + np.arange(period.count)
        read_at = table.read_at[places]
    stated = read_at != NO_INSTANT
    return SegmentInput(
        period.kind + READING_TIMES,
        period.resolution,
        period.start,
        group.points,
        np.where(stated, read_at, 0),
        np.where(stated, np.uint8(Quality.MEASURED), np.uint8(Quality.MISSING)),
    )
