"""Metering data into the series store: each flow and unit a series of its own, and beside it when it was read.

What is said of one flow never touches another (EE-1.8); what is said again is a later version and marked as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import READING_TIMES, PeriodGroup, period_groups
from gateway.hub.series.segments import SegmentInput, SegmentRef
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.masterdata import Rows
from gateway.messages.series import Qualities, SeriesTable
from gateway.messages.times import NO_INSTANT

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
        inputs: list[SegmentInput] = []
        for group in period_groups(table, keys, range(len(table))):
            inputs.append(group.as_input(self._marked(group)))
            inputs.append(_reading_times(table, group))
        refs = self.office.store.append(self.connection, self.transaction, inputs)
        return list(zip(inputs, refs, strict=True))

    def _marked(self, group: PeriodGroup) -> Qualities:
        """The sender's status of each value, with the mark where it supersedes an accepted one."""
        current = self.office.store.current(self.connection, group.period, group.points)
        if not current.has_value.any():
            return group.quality
        marked: Qualities = np.where(current.has_value, group.quality | CORRECTED_FLAG, group.quality)
        return marked


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
