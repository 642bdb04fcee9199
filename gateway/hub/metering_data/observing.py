"""A metering point's values as they stood at an instant: as stored by then, as read by then, or as they are now.

Every version of a value was stored with the instant it was read at, or with the statement that nobody said when. A
value without one counts as read when it was stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.metering_data.stored_intervals import MEASURES, StoredPart
from gateway.hub.office import Office
from gateway.hub.period_groups import READING_TIMES, STATUS_BITS, series_kind
from gateway.hub.ports_metering_search import Observation, ObservationType
from gateway.hub.series.merge import merged, step_bounds
from gateway.hub.series.segments import SegmentRow
from gateway.messages.codes import Commodity, Quality
from gateway.messages.identifiers import point_id
from gateway.messages.series import Mask
from gateway.messages.times import Interval


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads values as they stood at one instant.

    Attributes:
        office, connection: where from.
        commodity: which measures a point may have.
        observation: when; None is now.
    """

    office: Office
    connection: Connection
    commodity: Commodity
    observation: Observation | None

    def values(self, point: int, interval: Interval) -> Iterator[StoredPart]:
        """What is known of a point's intervals that begin in an interval, with the instants they were read at."""
        zone = self.office.profile.zone
        for measure in MEASURES[self.commodity]:
            kind = series_kind(measure.unit, measure.flow)
            rows, read = self._rows(point, interval, kind), self._rows(point, interval, kind + READING_TIMES)
            if self.observation is not None and self.observation.type is ObservationType.READING_TIME:
                rows, read = self._read_by(rows, read, self.observation.at)
            for number, of_kind in ((kind, rows), (kind + READING_TIMES, read)):
                for run in merged(of_kind, interval, zone):
                    starts = run.starts(zone)
                    yield StoredPart(point_id(point), number, run.resolution, starts, run.quantity, run.quality)

    def _rows(self, point: int, interval: Interval, kind: int) -> list[SegmentRow]:
        as_of = None
        if self.observation is not None and self.observation.type is ObservationType.SNAPSHOT_TIME:
            as_of = transaction_at(self.connection, self.observation.at)
        points = np.array([point], dtype=np.int64)
        (rows,) = self.office.store.rows_of(self.connection, points, interval, kind=kind, as_of=as_of)
        return rows

    def _read_by(
        self, rows: Sequence[SegmentRow], read: Sequence[SegmentRow], at: int
    ) -> tuple[list[SegmentRow], list[SegmentRow]]:
        """Of every version the steps that had been read by an instant, in microseconds, as rows of their own."""
        stored_by = transaction_at(self.connection, at)
        times = {_version(row): row for row in read}
        kept: list[SegmentRow] = []
        kept_times: list[SegmentRow] = []
        for row in rows:
            known = times.get(_version(row))
            was_read = np.full(row.segment.count, row.segment.transaction <= stored_by)
            if known is not None:
                stated = (known.quality & STATUS_BITS) != Quality.MISSING
                was_read = np.where(stated, known.quantity * MICROSECONDS <= at, was_read)
            kept += self._steps(row, was_read)
            kept_times += [] if known is None else self._steps(known, was_read)
        return kept, kept_times

    def _steps(self, row: SegmentRow, wanted: Mask) -> Iterator[SegmentRow]:
        """The wanted steps of a row: what follows each other is a row of its own."""
        if wanted.all():
            yield row
            return
        bounds = step_bounds(row, self.office.profile.zone)
        edges = np.flatnonzero(np.diff(wanted, prepend=False, append=False)).tolist()
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            segment = replace(row.segment, start=int(bounds[first]), finish=int(bounds[last]), count=last - first)
            yield SegmentRow(segment, row.row, row.quantity[first:last], row.quality[first:last])


def _version(row: SegmentRow) -> tuple[int, str, int, int]:
    """What a row of values and that of their reading instants have in common."""
    segment = row.segment
    return segment.transaction, segment.resolution, segment.start, segment.count
