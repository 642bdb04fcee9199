"""Segments: what one transaction accepted for one period, as rows x count values in packed chunks. Append-only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, on_driver
from gateway.hub.segment_codec import (
    CHUNK_ROWS,
    Points,
    Qualities,
    Quantities,
    pack_points,
    pack_qualities,
    pack_quantities,
    unpack_points,
    unpack_qualities,
    unpack_quality_row,
    unpack_quantities,
    unpack_quantity_row,
)
from gateway.messages.times import MarketZone

_CHUNKS = 65_536  # chunk id = segment * _CHUNKS + number
_INSERT_SEGMENT = (
    'insert into segment (id, "transaction", kind, resolution, start, finish, count, rows, chunk_rows, points) '
    "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_CHUNK = "insert into chunk (id, quantity, quality) values (?, ?, ?)"
_SELECT_SEGMENTS = (
    'select id, "transaction", kind, resolution, start, finish, count, rows, chunk_rows from segment where id in (*)'
)
_SELECT_NEW = (
    'select id, "transaction", kind, resolution, start, finish, count, rows, chunk_rows, points '
    "from segment where id > ? and id <= ? order by id"
)
_SELECT_POINTS = "select id, points from segment where id in (*)"
_SELECT_CHUNKS = "select id, quantity, quality from chunk where id in (*)"


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

    def days(self, zone: MarketZone) -> range:
        """The local days it touches, as days since 1970-01-01."""
        first, last = zone.day_numbers(np.array([self.start, self.finish - 1])).tolist()
        return range(first, last + 1)


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
    segment = int(connection.exec_driver_sql("select coalesce(max(id), 0) from segment").scalar_one())
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
        chunks.extend((segment * _CHUNKS + number, *blocks) for number, blocks in enumerate(packed))
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
    if rows > CHUNK_ROWS * _CHUNKS:
        raise ValueError(f"{rows} rows are more than a segment holds")
    finish = zone.end(whole.resolution, whole.start, count)
    points = pack_points(whole.points)
    resolution = str(whole.resolution)
    return whole.kind, resolution, whole.start, finish, count, rows, CHUNK_ROWS, points


def _insert(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if len(rows) == 1:
        connection.exec_driver_sql(on_driver(connection, statement), rows[0])
    else:
        connection.exec_driver_sql(on_driver(connection, statement), list(rows))


def load_segments(connection: Connection, ids: Sequence[int]) -> dict[int, Segment]:
    """What is common to the rows of these segments, by id."""
    return {row[0]: Segment(*row) for row in _select(connection, _SELECT_SEGMENTS, listed(connection, ids))}


def load_points(connection: Connection, after: int, through: int) -> list[tuple[Segment, Points]]:
    """Segments with after < id <= through, in order, each with its metering points by row."""
    rows = _select(connection, _SELECT_NEW, after, through)
    return [(Segment(*row[:-1]), unpack_points(row[-1])) for row in rows]


def load_points_of(connection: Connection, ids: Sequence[int]) -> dict[int, Points]:
    """The metering points of these segments by row."""
    return {row[0]: unpack_points(row[1]) for row in _select(connection, _SELECT_POINTS, listed(connection, ids))}


def _select(connection: Connection, statement: str, *bound: object) -> Sequence[Any]:
    return connection.exec_driver_sql(on_driver(connection, statement), bound).all()


def load_wholes(connection: Connection, segments: Sequence[Segment]) -> dict[int, tuple[Quantities, Qualities]]:
    """All values of the segments, by id: quantity int64[rows, count], quality uint8[rows, count]."""
    chunks = {one.id: [_chunk_of(one, row) for row in range(0, one.rows, one.chunk_rows)] for one in segments}
    blocks = _load_blocks(connection, [number for numbers in chunks.values() for number in numbers])
    wholes: dict[int, tuple[Quantities, Qualities]] = {}
    for one in segments:
        opened = [_open(blocks.pop(number), one.count) for number in chunks[one.id]]
        wholes[one.id] = (
            np.concatenate([quantity for quantity, _ in opened]),
            np.concatenate([quality for _, quality in opened]),
        )
    return wholes


def load_rows(
    connection: Connection, segments: Mapping[int, Segment], wanted: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], SegmentRow]:
    """Rows by (segment, row); every chunk is fetched and opened once.

    `segments` holds the segment of each wanted row.
    """
    by_chunk = sorted((_chunk_of(segments[segment], row), segment, row) for segment, row in set(wanted))
    blocks = _load_blocks(connection, [number for number, _ in groupby(by_chunk, lambda item: item[0])])
    rows: dict[tuple[int, int], SegmentRow] = {}
    for number, members in groupby(by_chunk, lambda item: item[0]):
        of_chunk = [(segment, row) for _, segment, row in members]
        segment = segments[of_chunk[0][0]]
        for row, quantity, quality in _open_rows(segment, blocks[number], [row for _, row in of_chunk]):
            rows[segment.id, row] = SegmentRow(segment, row, quantity, quality)
    return rows


def load_matrix(
    connection: Connection,
    segments: Mapping[int, Segment],
    places: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> tuple[Quantities, Qualities]:
    """Rows at places = (segments, rows), all of one count, in that order: quantity int64[n, count], quality uint8."""
    wanted = [
        (_chunk_of(segments[one], row), one, row) for one, row in zip(*map(np.ndarray.tolist, places), strict=True)
    ]
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    blocks = _load_blocks(connection, sorted({number for number, _, _ in wanted}))
    count = segments[wanted[0][1]].count
    quantity = np.empty((len(wanted), count), dtype=np.int64)
    quality = np.empty((len(wanted), count), dtype=np.uint8)
    for number, members in groupby(order, lambda at: wanted[at][0]):
        into = list(members)
        first = number % _CHUNKS * segments[wanted[into[0]][1]].chunk_rows
        from_rows = [wanted[at][2] - first for at in into]
        opened = _open(blocks[number], count)
        quantity[into], quality[into] = opened[0][from_rows], opened[1][from_rows]
    return quantity, quality


def _chunk_of(segment: Segment, row: int) -> int:
    return segment.id * _CHUNKS + row // segment.chunk_rows


def _load_blocks(connection: Connection, ids: list[int]) -> dict[int, tuple[bytes, bytes]]:
    return {row[0]: (row[1], row[2]) for row in _select(connection, _SELECT_CHUNKS, listed(connection, ids))}


def _open_rows(
    segment: Segment, blocks: tuple[bytes, bytes], rows: list[int]
) -> Iterator[tuple[int, npt.NDArray[np.int64], npt.NDArray[np.uint8]]]:
    """Rows of one chunk; a single one is picked out, several are worth opening the whole."""
    first = rows[0] // segment.chunk_rows * segment.chunk_rows
    if len(rows) == 1:
        place = rows[0] - first
        yield (
            rows[0],
            unpack_quantity_row(blocks[0], segment.count, place),
            unpack_quality_row(blocks[1], segment.count, place),
        )
        return
    quantity, quality = _open(blocks, segment.count)
    for row in rows:
        yield row, quantity[row - first], quality[row - first]


def _open(blocks: tuple[bytes, bytes], count: int) -> tuple[Quantities, Qualities]:
    quantity = unpack_quantities(blocks[0], count)
    return quantity, unpack_qualities(blocks[1], (len(quantity), count))
