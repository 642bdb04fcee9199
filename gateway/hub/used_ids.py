"""Message and transaction ids a sender has used: unique per sender, for ever, settled by the primary key.

Two copies of one message may race through two processes; whoever commits first owns the id, the other's insert fails
on the key, and its second look finds the id taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy.engine import Connection

from gateway.hub.database import run, run_many

_LONGEST_POINT = 35

_AMONG = {
    ("message_id", True): (
        "select message_id from message_id where sender = ? and message_id in (select value from json_each(?))"
    ),
    ("message_id", False): "select message_id from message_id where sender = ? and message_id = any(?::text[])",
    ("transaction_id", True): (
        "select transaction_id from transaction_id"
        " where sender = ? and transaction_id in (select value from json_each(?))"
    ),
    ("transaction_id", False): (
        "select transaction_id from transaction_id where sender = ? and transaction_id = any(?::text[])"
    ),
}
"""Which of many ids are there, by table and whether the database is SQLite."""


def used_messages(connection: Connection, sender: str, wanted: Sequence[str]) -> set[str]:
    """Which of the message ids the sender has used before."""
    return _among(connection, "message_id", sender, wanted)


def used_transactions(connection: Connection, sender: str, wanted: Sequence[str]) -> set[str]:
    """Which of the transaction ids the sender has used before."""
    return _among(connection, "transaction_id", sender, wanted)


def _among(connection: Connection, table: str, sender: str, wanted: Sequence[str]) -> set[str]:
    is_sqlite = connection.dialect.name == "sqlite"
    listed = msgspec.json.encode(wanted).decode() if is_sqlite else list(wanted)
    return {row[0] for row in run(connection, _AMONG[table, is_sqlite], (sender, listed)).fetchall()}


def claim(
    connection: Connection,
    sender: str,
    messages: Sequence[tuple[int, str]],
    series: Sequence[tuple[str, int, int, str]],
) -> None:
    """Take the ids of messages (journal number, id) and of their series; taken ids violate the key.

    A series is its transaction id, the journal number of its message, its place there and its metering point, of
    which a wrong one may be longer than there is room for.
    """
    series = [(own, message, place, point[:_LONGEST_POINT]) for own, message, place, point in series]
    run_many(
        connection,
        "insert into message_id (sender, message_id, message) values (?, ?, ?)",
        [(sender, own_id, number) for number, own_id in messages],
    )
    if not series:
        return
    if connection.dialect.name == "postgresql":
        run(
            connection,
            "insert into transaction_id (sender, transaction_id, message, number, point)"
            " select ?, given.* from unnest(?::text[], ?::bigint[], ?::int[], ?::text[]) as given",
            (sender, *(list(column) for column in zip(*series, strict=True))),
        )
        return
    run_many(
        connection,
        "insert into transaction_id (sender, transaction_id, message, number, point) values (?, ?, ?, ?, ?)",
        [(sender, *one) for one in series],
    )
