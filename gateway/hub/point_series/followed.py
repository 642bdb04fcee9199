"""The series store followed: what has been stored since a calculation last looked, in the order it was stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import run
from gateway.hub.series.segment_codec import unpack_points
from gateway.hub.tables import segment, transaction
from gateway.hub.tables_point_series import follower
from gateway.messages.masterdata import Rows


class NewSegment(NamedTuple):
    """A segment of the store: one kind of series of some points over [start, finish).

    Attributes:
        committed_at: when it was stored, epoch microseconds.
        points: int64 keys.
    """

    id: int
    committed_at: int
    kind: int
    start: int
    finish: int
    points: Rows


def looked_through(connection: Connection, name: str) -> int:
    """The last segment, or import, a calculation has looked at; 0 before the first."""
    found = connection.execute(sa.select(follower.c.reached).where(follower.c.name == name)).scalar()
    return int(found or 0)


def new_segments(connection: Connection, name: str, kinds: Sequence[int], most: int) -> list[NewSegment]:
    """The segments of some kinds that a calculation has not looked at, oldest first."""
    wanted = (
        sa.select(segment, transaction.c.committed_at)
        .join(transaction, transaction.c.id == segment.c.transaction)
        .where(segment.c.id > looked_through(connection, name), segment.c.kind.in_(list(kinds)))
        .order_by(segment.c.id)
        .limit(most)
    )
    return [
        NewSegment(row.id, row.committed_at, row.kind, row.start, row.finish, unpack_points(row.points))
        for row in connection.execute(wanted)
    ]


def note_looked(connection: Connection, name: str, last: int) -> None:
    """Note up to which segment, or import, a calculation has looked."""
    run(
        connection,
        "insert into follower (name, reached) values (?, ?)"
        " on conflict (name) do update set reached = excluded.reached",
        (name, last),
    )
