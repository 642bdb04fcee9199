"""Old values taken out of the store: whole segments, each with a record of what it was.

A segment goes with its last day, and with it all the index knows of it: an index row never points to a segment that is
gone. The newest segment stays, whose number says where the next one stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.hub.database import listed, on_driver, run, run_many
from gateway.hub.series.segment_reading import load_segments
from gateway.hub.series.segments import CHUNKS, Segment
from gateway.messages.times import MarketZone

_DAYS = "select distinct day, kind from segment_day where day < ? order by day, kind"
_OF_DAY = "select segment from segment_day where day = ? and kind = ? order by segment"
_NEWEST = "select coalesce(max(id), 0) from segment"
_HASHED = "select quantity, quality from chunk where id >= ? and id < ? order by id"
_FORGET_POINTS = "delete from point_index where day in (*) and kind = ? and segment in (*)"
_FORGET_DAYS = "delete from segment_day where day in (*) and kind = ? and segment in (*)"
_RECORD = (
    'insert into purged_segment (id, "transaction", kind, resolution, start, finish, count, rows, sha256, purge)'
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class DayOfKind(NamedTuple):
    """A local day, by its number, of one sort of series."""

    day: int
    kind: int


class Taken(NamedTuple):
    """What was taken out of the store.

    Attributes:
        segments, series, values: whole segments, their rows, and the steps of these.
    """

    segments: int = 0
    series: int = 0
    values: int = 0

    def plus(self, other: Taken) -> Taken:
        """Both together."""
        return Taken(*(one + more for one, more in zip(self, other, strict=True)))


def old_days(connection: Connection, before: int) -> list[DayOfKind]:
    """The indexed days before one, by its number, in order."""
    return [DayOfKind(*row) for row in run(connection, _DAYS, (before,)).fetchall()]


def takeable(connection: Connection, one: DayOfKind, stored_before: int, zone: MarketZone) -> list[Segment]:
    """The segments that end with a day and may go: stored before a transaction that something still refers to."""
    ids = [row[0] for row in run(connection, _OF_DAY, one).fetchall()]
    newest = run(connection, _NEWEST).fetchall()[0][0]
    return [
        segment
        for segment in load_segments(connection, ids).values()
        if segment.days(zone)[-1] == one.day and segment.transaction < stored_before and segment.id != newest
    ]


def counted(segments: Iterable[Segment]) -> Taken:
    """How much whole segments hold."""
    sizes = [(one.rows, one.rows * one.count) for one in segments]
    return Taken(len(sizes), sum(rows for rows, _ in sizes), sum(values for _, values in sizes))


def take_out(connection: Connection, segments: Sequence[Segment], zone: MarketZone, purge: int) -> None:
    """Take whole segments of one kind out, and out of the index, under the transaction of a purge."""
    days = sorted({day for segment in segments for day in segment.days(zone)})
    bound = (listed(connection, days), segments[0].kind, listed(connection, [segment.id for segment in segments]))
    for statement in (_FORGET_POINTS, _FORGET_DAYS):
        connection.exec_driver_sql(on_driver(connection, statement), bound)
    records = [
        (s.id, s.transaction, s.kind, s.resolution, s.start, s.finish, s.count, s.rows, _hash(connection, s), purge)
        for s in segments
    ]
    run_many(connection, _RECORD, records)
    chunks = [(segment.id * CHUNKS, (segment.id + 1) * CHUNKS) for segment in segments]
    run_many(connection, "delete from chunk where id >= ? and id < ?", chunks)
    run_many(connection, "delete from segment where id = ?", [(segment.id,) for segment in segments])


def _hash(connection: Connection, segment: Segment) -> bytes:
    """SHA-256 of a segment's metering points and chunks as they were stored."""
    found = hashlib.sha256()
    points = run(connection, "select points from segment where id = ?", (segment.id,)).fetchall()
    chunks = run(connection, _HASHED, (segment.id * CHUNKS, (segment.id + 1) * CHUNKS)).fetchall()
    for row in (*points, *chunks):
        for block in row:
            found.update(bytes(block))
    return found.digest()
