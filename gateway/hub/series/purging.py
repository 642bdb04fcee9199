"""Old values taken out of the store: whole segments, each with a record of what it was.

A segment goes with its last day, and with it all the index knows of it: an index row never points to a segment that is
gone. One that supersedes an older segment goes after that, so that no value comes to light again. The newest segment
stays, whose number says where the next one stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, run, run_many
from gateway.hub.series.segment_reading import load_points_of, load_segments
from gateway.hub.series.segments import CHUNKS, Segment
from gateway.messages.times import MarketZone

_DAYS = "select distinct day, kind from segment_day where day < ? order by day, kind"
_OF_DAY = "select segment from segment_day where day = ? and kind = ? order by segment"
_NEWEST = "select coalesce(max(id), 0) from segment"
_HASHED = "select quantity, quality from chunk where id >= ? and id < ? order by id"
_OLDER = "select distinct segment from segment_day where day in (*) and kind = ? and segment < ?"
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


def takeable(
    connection: Connection, one: DayOfKind, stored_before: int, zone: MarketZone, gone: Set[int] = frozenset()
) -> list[Segment]:
    """The segments that end with a day and may go; those in `gone` are taken for gone already.

    They were stored before a transaction that something still refers to, and supersede nothing that stays: its values
    would come to light again. What an older segment holds back goes once that has gone.
    """
    ids = [row[0] for row in run(connection, _OF_DAY, one).fetchall() if row[0] not in gone]
    newest = run(connection, _NEWEST).fetchall()[0][0]
    found: list[Segment] = []
    for segment in sorted(load_segments(connection, ids).values(), key=lambda segment: segment.id):
        is_old = segment.days(zone)[-1] == one.day and segment.transaction < stored_before and segment.id != newest
        if is_old and not _supersedes(connection, segment, zone, gone | {other.id for other in found}):
            found.append(segment)
    return found


def _supersedes(connection: Connection, segment: Segment, zone: MarketZone, gone: Set[int]) -> bool:
    """Whether a segment has points in common with an older one on any of its days."""
    bound = (listed(connection, segment.days(zone)), segment.kind, segment.id)
    rows = run(connection, _OLDER, bound).fetchall()
    older = [row[0] for row in rows if row[0] not in gone]
    if not older:
        return False
    points = load_points_of(connection, [segment.id, *older])
    own = points.pop(segment.id)
    return any(np.isin(own, theirs).any() for theirs in points.values())


def counted(segments: Iterable[Segment]) -> Taken:
    """How much whole segments hold."""
    sizes = [(one.rows, one.rows * one.count) for one in segments]
    return Taken(len(sizes), sum(rows for rows, _ in sizes), sum(values for _, values in sizes))


def take_out(connection: Connection, segments: Sequence[Segment], zone: MarketZone, purge: int) -> None:
    """Take whole segments of one kind out, and out of the index, under the transaction of a purge."""
    days = sorted({day for segment in segments for day in segment.days(zone)})
    bound = (listed(connection, days), segments[0].kind, listed(connection, [segment.id for segment in segments]))
    for statement in (_FORGET_POINTS, _FORGET_DAYS):
        run(connection, statement, bound)
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
