"""Series that superseded accepted values between two versions, in the order they were stored (D1 §4.1.5, §4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import run
from gateway.hub.series.segment_codec import Points, Qualities, Quantities
from gateway.hub.series.segment_reading import load_matrix, load_points_of, load_qualities, load_segments
from gateway.hub.series.segments import Segment
from gateway.messages.codes import CORRECTED_FLAG

_AT_ONCE = 64
_AFTER = 'select id, "transaction" from segment where id > ? order by id limit 1'
_NEWEST = "select coalesce(max(id), 0) from segment"


@dataclass(frozen=True, slots=True)
class CorrectedRows:
    """Rows of one segment in which some value carries the mark of a correction.

    Attributes:
        segment: where they stand.
        row: int64[n], their rows, ascending.
        point: int64[n], their metering points.
        quantity, quality: their values, n x count.
    """

    segment: Segment
    row: Points
    point: Points
    quantity: Quantities
    quality: Qualities

    def where(self, rows: slice) -> CorrectedRows:
        """Some of the rows."""
        return CorrectedRows(self.segment, self.row[rows], self.point[rows], self.quantity[rows], self.quality[rows])


def first_segment_after(connection: Connection, transaction: int) -> int:
    """The first segment stored by a later transaction; segments are numbered in the order of transactions."""
    low, high = 0, int(run(connection, _NEWEST).fetchall()[0][0])
    while low < high:
        middle = (low + high) // 2
        number, stored_by = run(connection, _AFTER, (middle,)).fetchall()[0]
        if stored_by <= transaction:
            low = number
        else:
            high = middle
    return low + 1


def corrected_rows(connection: Connection, numbers: range, through: int) -> Iterator[CorrectedRows]:
    """Corrected rows of segments by number, in their order, up to those of transaction `through`."""
    for first in range(0, len(numbers), _AT_ONCE):
        ids = numbers[first : first + _AT_ONCE]
        loaded = load_segments(connection, ids)  # without those purged
        segments = [one for one in loaded.values() if one.transaction <= through]
        qualities = load_qualities(connection, segments)
        marked = {number: (quality & CORRECTED_FLAG).any(axis=1) for number, quality in qualities.items()}
        wanted = sorted((one for one in segments if marked[one.id].any()), key=lambda one: one.id)
        points = load_points_of(connection, [one.id for one in wanted])
        for one in wanted:
            rows = np.flatnonzero(marked[one.id])
            quantity, quality = load_matrix(connection, {one.id: one}, [(one.id, row) for row in rows.tolist()])
            yield CorrectedRows(one, rows, points[one.id][rows], quantity, quality)
        if len(segments) < len(loaded):
            return
