"""Message and transaction ids a sender has used: unique per sender, for ever, settled by the primary key.

Two copies of one message may race through two processes; whoever commits first owns the id, the other's insert fails
on the key, and its second look finds the id taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import run, run_many
from gateway.hub.tables_exchange import message_id

_AMONG_SQLITE = (
    "select transaction_id from transaction_id where sender = ? and transaction_id in (select value from json_each(?))"
)
_AMONG_POSTGRESQL = "select transaction_id from transaction_id where sender = ? and transaction_id = any(?::text[])"


def is_message_used(connection: Connection, sender: str, wanted: str) -> bool:
    """Whether the sender has used the message id before."""
    statement = "select 1 from message_id where sender = ? and message_id = ?"
    return run(connection, statement, (sender, wanted)).fetchone() is not None


def used_transactions(connection: Connection, sender: str, wanted: Sequence[str]) -> set[str]:
    """Which of the transaction ids the sender has used before."""
    is_sqlite = connection.dialect.name == "sqlite"
    listed = msgspec.json.encode(wanted).decode() if is_sqlite else list(wanted)
    statement = _AMONG_SQLITE if is_sqlite else _AMONG_POSTGRESQL
    return {row[0] for row in run(connection, statement, (sender, listed)).fetchall()}


def claim(
    connection: Connection, sender: str, message: tuple[int, str], transactions: Sequence[str], points: Sequence[str]
) -> None:
    """Take the ids of a message (journal number, message id) and of its series; taken ids violate the key."""
    number, own_id = message
    run(
        connection,
        "insert into message_id (sender, message_id, message) values (?, ?, ?)",
        (sender, own_id, number),
    )
    if not transactions:
        return
    if connection.dialect.name == "postgresql" and len(transactions) > 1:
        run(
            connection,
            "insert into transaction_id (sender, transaction_id, message, number, point)"
            " select ?, given.id, ?, given.place - 1, given.point"
            " from unnest(?::text[], ?::text[]) with ordinality as given(id, point, place)",
            (sender, number, list(transactions), list(points)),
        )
        return
    rows = [(sender, own, number, i, point) for i, (own, point) in enumerate(zip(transactions, points, strict=True))]
    run_many(
        connection,
        "insert into transaction_id (sender, transaction_id, message, number, point) values (?, ?, ?, ?, ?)",
        rows,
    )


def message_of(connection: Connection, sender: str, wanted: str) -> int | None:
    """The journal's number of a sender's message."""
    known = sa.select(message_id.c.message).where(message_id.c.sender == sender, message_id.c.message_id == wanted)
    return connection.execute(known).scalar()
