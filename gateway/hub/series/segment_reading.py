"""Segments read back: what their rows share, their metering points, their values. Every chunk is opened once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, own_transaction, run
from gateway.hub.series.segment_codec import (
    PickedRows,
    Points,
    Qualities,
    Quantities,
    unpack_points,
    unpack_qualities,
    unpack_quantities,
)
from gateway.hub.series.segments import Segment, SegmentRow
from gateway.messages.series import Integers

_SELECT_SEGMENTS = (
    'select id, "transaction", kind, resolution, start, finish, count, rows, chunk_rows from segment where id in (*)'
)
_SELECT_NEW = (
    'select id, "transaction", kind, resolution, start, finish, count, rows, chunk_rows, points '
    "from segment where id > ? and id <= ? order by id"
)
_SELECT_POINTS = "select id, points from segment where id in (*)"
_SELECT_CHUNKS = "select id, quantity, quality from chunk where id in (*)"
_SELECT_QUALITIES = "select id, quality from chunk where id in (*)"
_REMEMBERED = 65_536


class SegmentCatalogue:
    """What the rows of each segment share, remembered: a committed segment never changes. Threads may share it."""

    def __init__(self) -> None:
        self._known: dict[int, Segment] = {}

    def get(self, connection: Connection, ids: Sequence[int]) -> dict[int, Segment]:
        """The segments by id."""
        found = {one: segment for one in ids if (segment := self._known.get(one))}
        if len(found) < len(ids):
            loaded = load_segments(connection, [one for one in ids if one not in found])
            self._remember(connection, loaded)
            found |= loaded
        return found

    def _remember(self, connection: Connection, loaded: Mapping[int, Segment]) -> None:
        """All but those this connection may still roll back, which would free their numbers."""
        if len(self._known) + len(loaded) > _REMEMBERED:
            self._known = {}
        own = own_transaction(connection)
        self._known |= {number: one for number, one in loaded.items() if own is None or one.transaction < own}


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


def load_wholes(connection: Connection, segments: Sequence[Segment]) -> dict[int, tuple[Integers, Qualities]]:
    """All values of the segments, by id: quantity [rows, count] in the width stored, quality uint8[rows, count]."""
    chunks = {one.id: _chunks_of(one) for one in segments}
    blocks = _load_blocks(connection, [number for numbers in chunks.values() for number in numbers])
    wholes: dict[int, tuple[Integers, Qualities]] = {}
    for one in segments:
        quantities, qualities = zip(*(blocks.pop(number) for number in chunks[one.id]), strict=True)
        shape = one.rows, one.count
        wholes[one.id] = unpack_quantities(quantities, one.count), unpack_qualities(qualities, shape, one.chunk_rows)
    return wholes


def load_qualities(connection: Connection, segments: Sequence[Segment]) -> dict[int, Qualities]:
    """The qualities of the segments alone, by id: uint8[rows, count]."""
    chunks = {one.id: _chunks_of(one) for one in segments}
    wanted = sorted(number for numbers in chunks.values() for number in numbers)
    blocks = {row[0]: row[1] for row in _select(connection, _SELECT_QUALITIES, listed(connection, wanted))}
    return {
        one.id: unpack_qualities([blocks[number] for number in chunks[one.id]], (one.rows, one.count), one.chunk_rows)
        for one in segments
    }


def load_rows(
    connection: Connection, segments: Mapping[int, Segment], wanted: Sequence[tuple[int, int]]
) -> list[SegmentRow]:
    """Rows by (segment, row) in the order wanted; `segments` holds the segment of each."""
    rows: list[SegmentRow | None] = [None] * len(wanted)
    for picked, order in _picked(connection, segments, wanted):
        for at, quantity, quality in zip(order, picked.quantities(), picked.qualities(), strict=True):
            segment, row = wanted[at]
            rows[at] = SegmentRow(segments[segment], row, quantity, quality)
    return [row for row in rows if row is not None]


def load_matrix(
    connection: Connection, segments: Mapping[int, Segment], wanted: Sequence[tuple[int, int]]
) -> tuple[Quantities, Qualities]:
    """Rows by (segment, row), all of one count, in the order wanted: quantity int64[n, count], quality uint8."""
    ((picked, order),) = _picked(connection, segments, wanted)
    back = np.argsort(order)
    return picked.quantities()[back], picked.qualities()[back]


def _picked(
    connection: Connection, segments: Mapping[int, Segment], wanted: Sequence[tuple[int, int]]
) -> Iterable[tuple[PickedRows, list[int]]]:
    """The rows wanted, those of one count together, and the order in which they were picked."""
    by_chunk: dict[int, list[int]] = {}
    for at, (segment, row) in enumerate(wanted):
        by_chunk.setdefault(segments[segment].chunk_of(row), []).append(at)
    blocks = _load_blocks(connection, sorted(by_chunk))
    picked: dict[int, tuple[PickedRows, list[int]]] = {}
    for chunk, members in by_chunk.items():
        one = segments[wanted[members[0]][0]]
        if one.count not in picked:
            picked[one.count] = (PickedRows(one.count), [])
        rows, order = picked[one.count]
        rows.pick(blocks[chunk], [wanted[at][1] % one.chunk_rows for at in members])
        order += members
    return picked.values()


def _chunks_of(segment: Segment) -> list[int]:
    return [segment.chunk_of(row) for row in range(0, segment.rows, segment.chunk_rows)]


def _load_blocks(connection: Connection, ids: list[int]) -> dict[int, tuple[bytes, bytes]]:
    return {row[0]: (row[1], row[2]) for row in _select(connection, _SELECT_CHUNKS, listed(connection, ids))}


def _select(connection: Connection, statement: str, *bound: object) -> Sequence[Any]:
    return run(connection, statement, bound).fetchall()
