"""Streams of the feed: items added behind each other, counted per recipient and per stream.

Whoever adds holds the turn to write from `allocate` to the commit, so that numbers are in commit order: who has seen an
item has seen all before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy.engine import Connection

from gateway.hub.database import run, run_many
from gateway.hub.ports_feed import FeedReason, FeedResource
from gateway.markets.distribution import Receiver
from gateway.messages.codes import Commodity

REASONS: tuple[FeedReason, ...] = tuple(FeedReason)

_FIND = (
    "select r.number, r.last_id, s.number, s.last_place from feed_recipient r "
    "left join feed_stream s on s.recipient = r.number and s.resource = ? and s.commodity = ? "
    "where r.party = ? and r.role = ?"
)
_ADD_ITEM = 'insert into feed_item (stream, place, id, "transaction", reason, content) values (?, ?, ?, ?, ?, ?)'


class NewItem(NamedTuple):
    """What a recipient is to be told."""

    recipient: Receiver
    reason: FeedReason
    content: bytes


class _Counters(NamedTuple):
    recipient: int
    last_id: int
    stream: int
    last_place: int


def add_items(
    connection: Connection,
    transaction: int,
    about: tuple[FeedResource, Commodity],
    items: Iterable[NewItem],
) -> None:
    """Add items to the streams of their recipients, in the order given."""
    by_recipient: dict[Receiver, list[NewItem]] = {}
    for item in items:
        by_recipient.setdefault(item.recipient, []).append(item)
    for recipient, own in by_recipient.items():
        counters = _counters(connection, recipient, about)
        run_many(connection, _ADD_ITEM, list(_rows(counters, transaction, own)))
        run(
            connection,
            "update feed_recipient set last_id = ? where number = ?",
            (counters.last_id + len(own), counters.recipient),
        )
        run(
            connection,
            "update feed_stream set last_place = ? where number = ?",
            (counters.last_place + len(own), counters.stream),
        )


def _rows(counters: _Counters, transaction: int, items: Sequence[NewItem]) -> Iterator[tuple[object, ...]]:
    for number, item in enumerate(items, start=1):
        yield (
            counters.stream,
            counters.last_place + number,
            counters.last_id + number,
            transaction,
            REASONS.index(item.reason),
            item.content,
        )


def _counters(connection: Connection, recipient: Receiver, about: tuple[FeedResource, Commodity]) -> _Counters:
    """The counters of a stream; both recipient and stream begin with their first item."""
    resource, commodity = about
    key = (resource.value, commodity.value, recipient.party, recipient.role.value)
    found = run(connection, _FIND, key).fetchone()
    if found is None:
        number = _next(connection, "feed_recipient")
        values = (number, recipient.party, recipient.role.value, 0)
        run(connection, "insert into feed_recipient (number, party, role, last_id) values (?, ?, ?, ?)", values)
        found = (number, 0, None, None)
    if found[2] is None:
        stream = _next(connection, "feed_stream")
        run(
            connection,
            "insert into feed_stream (number, recipient, resource, commodity, last_place) values (?, ?, ?, ?, ?)",
            (stream, found[0], resource.value, commodity.value, 0),
        )
        found = (*found[:2], stream, 0)
    return _Counters(*found)


def _next(connection: Connection, table: str) -> int:
    return int(run(connection, f"select coalesce(max(number), 0) + 1 from {table}").fetchall()[0][0])  # noqa: S608


def purge(connection: Connection, before: int) -> int:
    """Take away some of the items of transactions before the given one, oldest first; says how many that were.

    Their ids are never used again.
    """
    done = 0
    for (stream,) in run(connection, "select number from feed_stream order by number").fetchall():
        bound = 'select min(place) from feed_item where stream = ? and "transaction" < ?'
        first = run(connection, bound, (stream, before)).fetchall()[0][0]
        if first is not None and done < PURGE_ITEMS:
            statement = 'delete from feed_item where stream = ? and place < ? and "transaction" < ?'
            done += run(connection, statement, (stream, first + PURGE_ITEMS, before)).rowcount
    return done


PURGE_ITEMS = 10_000
"""About how many items are taken away in one transaction, so that nobody waits long for the turn to write."""
