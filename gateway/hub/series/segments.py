"""Segments: what one transaction accepted for one period, as rows x count values in packed chunks. Append-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import run, run_many
from gateway.hub.series.segment_codec import (
    CHUNK_ROWS,
    Points,
    Qualities,
    Quantities,
    pack_points,
    pack_qualities,
    pack_quantities,
)
from gateway.messages.times import MarketZone

CHUNKS = 65_536
"""Most chunks of a segment; the id of a chunk is segment * CHUNKS + its number."""
_INSERT_SEGMENT = (
    'insert into segment (id, "transaction", kind, resolution, start, finish, count, rows, chunk_rows, points) '
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_CHUNK = "insert into chunk (id, quantity, quality) values (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class SeriesPeriod:
    """What the series of a segment share: kind, resolution, instant of the first step, count of steps."""

    kind: int
    resolution: str
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class SegmentInput:
    """Series to append that share kind, resolution, start and count.

    Attributes:
        kind: which sort of series, as numbered by the caller; series of different kinds never meet.
        resolution: `PT15M`, `PT1H`, `P1D`, `P1M`, `P1Y`.
        start: instant of the first step.
        points: int64[n], the metering points as numbers.
        quantity: int64[n, count] thousandths of the unit; 0 where missing.
        quality: uint8[n, count] of Quality; the sender's status, with CORRECTED_FLAG where it superseded a value.
    """

    kind: int
    resolution: str
    start: int
    points: Points
    quantity: Quantities
    quality: Qualities

    @property
    def period(self) -> SeriesPeriod:
        """What its series share."""
        return SeriesPeriod(self.kind, self.resolution, self.start, self.quantity.shape[1])


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """Where an input was put: its row i is row `first_row + i` of the segment."""

    segment: int
    first_row: int
    rows: int


@dataclass(frozen=True, slots=True)
class Segment:
    """What all rows of a segment share: [start, finish) in `count` steps, stored by `transaction`."""

    id: int
    transaction: int
    kind: int
    resolution: str
    start: int
    finish: int
    count: int
    rows: int
    chunk_rows: int

    def chunk_of(self, row: int) -> int:
        """The id of the chunk a row stands in."""
        return self.id * CHUNKS + row // self.chunk_rows

    def days(self, zone: MarketZone) -> range:
        """The local days it touches, as days since 1970-01-01."""
        return zone.days_of(self.start, self.finish)


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One series as stored: the segment it stands in, its row, quantity int64[count], quality uint8[count]."""

    segment: Segment
    row: int
    quantity: Quantities
    quality: Qualities


def append_segments(
    connection: Connection, transaction: int, inputs: Sequence[SegmentInput], zone: MarketZone
) -> list[SegmentRef]:
    """Write the inputs in their order; of equal period and without a repeated point, they share one segment."""
    if not inputs:
        return []
    segment = int(run(connection, "select coalesce(max(id), 0) from segment").fetchall()[0][0])
    segments: list[tuple[object, ...]] = []
    chunks: list[tuple[int, bytes, bytes]] = []
    refs: list[SegmentRef] = [SegmentRef(0, 0, 0)] * len(inputs)
    for numbers in _shared_periods(inputs):
        segment += 1
        first_row = 0
        for number in numbers:
            rows = len(inputs[number].points)
            refs[number] = SegmentRef(segment, first_row, rows)
            first_row += rows
        whole = _joined([inputs[number] for number in numbers])
        segments.append((segment, transaction, *_segment_values(whole, zone)))
        packed = zip(pack_quantities(whole.quantity), pack_qualities(whole.quality), strict=True)
        chunks.extend((segment * CHUNKS + number, *blocks) for number, blocks in enumerate(packed))
    _insert(connection, _INSERT_SEGMENT, segments)
    _insert(connection, _INSERT_CHUNK, chunks)
    return refs


def _shared_periods(inputs: Sequence[SegmentInput]) -> list[list[int]]:
    """Which inputs become one segment each. A point that comes twice keeps every input apart, and so in order."""
    if len(inputs) == 1:
        return [[0]]
    points = np.concatenate([one.points for one in inputs])
    if len(np.unique(points)) < len(points):
        return [[number] for number in range(len(inputs))]
    groups: dict[SeriesPeriod, list[int]] = {}
    for number, one in enumerate(inputs):
        groups.setdefault(one.period, []).append(number)
    return list(groups.values())


def _joined(inputs: list[SegmentInput]) -> SegmentInput:
    first = inputs[0]
    if len(inputs) == 1:
        return first
    return SegmentInput(
        first.kind,
        first.resolution,
        first.start,
        np.concatenate([one.points for one in inputs]),
        np.concatenate([one.quantity for one in inputs]),
        np.concatenate([one.quality for one in inputs]),
    )


def _segment_values(whole: SegmentInput, zone: MarketZone) -> tuple[object, ...]:
    rows, count = whole.quantity.shape
    if not rows or not count or whole.quality.shape != (rows, count) or len(whole.points) != rows:
        raise ValueError(f"a segment is rows x count values, not {whole.quantity.shape} and {whole.quality.shape}")
    if rows > CHUNK_ROWS * CHUNKS:
        raise ValueError(f"{rows} rows are more than a segment holds")
    finish = zone.end(whole.resolution, whole.start, count)
    points = pack_points(whole.points)
    resolution = str(whole.resolution)
    return whole.kind, resolution, whole.start, finish, count, rows, CHUNK_ROWS, points


def _insert(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    run_many(connection, statement, rows)
