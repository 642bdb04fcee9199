"""The list of a party's messages, in and out, newest first, page by page.

A page is found by its place (keyset), never by counting, so that messages that arrive meanwhile shift nothing. The
order is by instant of receipt or closing, then by number.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import queues
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import listed, on_driver
from gateway.hub.journal import OutcomeState
from gateway.hub.message_summaries import (
    INCOMING,
    OUTGOING,
    incoming_summary,
    is_own_incoming,
    is_own_outgoing,
    is_storable,
    outgoing_summary,
)
from gateway.hub.office import Office
from gateway.hub.outgoing import Deliveries, Missing, Settled
from gateway.hub.ports import Direction, MessageFilter, MessagePage, MessageSummary, Page, Principal
from gateway.hub.tables_exchange import bundle, bundle_part, journal, outcome, outgoing, transaction_id
from gateway.messages.identifiers import is_point_id, point_key
from gateway.processes.distribution import DistributionState

LOOKED_THROUGH = 1000
"""Most messages one call looks through for a metering point: a page may be short or empty and yet go on."""

_CURSOR = re.compile(r"([0-9a-f]{1,15})\.([01])\.([0-9a-f]{1,15})", re.ASCII)


class _Side(IntEnum):
    """Which of the two lists a message stands in; of two of one instant, the incoming one is the newer."""

    OUT = 0
    IN = 1


class _Place(NamedTuple):
    """Where a message stands in the order: microseconds, list, its number there."""

    at: int
    side: _Side
    number: int

    @classmethod
    def of(cls, cursor: str) -> _Place | None:
        """The place a cursor stands for; None for one that we did not make."""
        match = _CURSOR.fullmatch(cursor)
        return cls(int(match[1], 16), _Side(int(match[2])), int(match[3], 16)) if match else None

    def cursor(self) -> str:
        """The place as text, good as part of an address."""
        return f"{self.at:x}.{self.side:d}.{self.number:x}"


class _Found(NamedTuple):
    """A message and its place."""

    place: _Place
    summary: MessageSummary


def messages(
    office: Office, connection: Connection, reader: Principal, wanted: MessageFilter, page: Page
) -> MessagePage:
    """The reader's own messages in and out, newest first; for the hub's operator, everybody's.

    With a metering point, a message is listed when one of its series is the point's: of incoming ones, those whose
    ids were accepted; of outgoing ones, those that deliver, answer or reject a series of the point. One call looks
    through at most LOOKED_THROUGH messages, so a page may hold fewer than asked for and still have an `after`.

    A cursor that we did not make starts from the newest: a reader then sees messages twice and misses none.
    """
    if not all(is_storable(text) for text in (wanted.state, wanted.metering_point) if text):
        return MessagePage(())
    most = LOOKED_THROUGH if wanted.metering_point else page.limit
    behind = _Place.of(page.after)
    found: list[_Found] = []
    if wanted.direction is not Direction.OUT:
        found += _incoming(office, connection, _rows_in(reader, wanted), (behind, most + 1))
    if wanted.direction is not Direction.IN:
        found += _outgoing(office, connection, _rows_out(office, reader, wanted), (behind, most + 1))
    found.sort(key=lambda one: one.place, reverse=True)
    looked_at, goes_on = found[:most], len(found) > most
    hits = looked_at
    if wanted.metering_point:
        hits = _about(connection, looked_at, wanted.metering_point)
    shown = hits[: page.limit]
    after = ""
    if len(hits) > len(shown):
        after = shown[-1].place.cursor()
    elif goes_on:
        after = looked_at[-1].place.cursor()
    return MessagePage(tuple(one.summary for one in shown), after)


_Window = tuple[_Place | None, int]


def _incoming(office: Office, connection: Connection, rows: sa.Select[Any], window: _Window) -> list[_Found]:
    statement = _windowed(rows, (journal.c.received_at, journal.c.id), _Side.IN, window)
    return [
        _Found(_Place(row.received_at, _Side.IN, row.id), incoming_summary(office.profile, row))
        for row in connection.execute(statement)
    ]


def _outgoing(office: Office, connection: Connection, rows: sa.Select[Any], window: _Window) -> list[_Found]:
    statement = _windowed(rows, (bundle.c.closed_at, bundle.c.id), _Side.OUT, window)
    return [
        _Found(_Place(row.closed_at, _Side.OUT, row.id), outgoing_summary(office.profile, row))
        for row in connection.execute(statement)
    ]


def _windowed(
    rows: sa.Select[Any], order: tuple[sa.Column[int], sa.Column[int]], side: _Side, window: _Window
) -> sa.Select[Any]:
    """The newest rows of one list behind a place of the whole order."""
    behind, most = window
    at, number = order
    if behind is not None:
        if side == behind.side:
            rows = rows.where((at < behind.at) | ((at == behind.at) & (number < behind.number)))
        else:
            rows = rows.where(at <= behind.at if side < behind.side else at < behind.at)
    return rows.order_by(at.desc(), number.desc()).limit(most)


def _rows_in(reader: Principal, wanted: MessageFilter) -> sa.Select[Any]:
    rows = INCOMING.where(is_own_incoming(reader), *_between(journal.c.received_at, wanted))
    if wanted.kind is not None:
        rows = rows.where(journal.c.kind == wanted.kind.value)
    if wanted.state == OutcomeState.PENDING:
        return rows.where(outcome.c.state.is_(None))
    return rows.where(outcome.c.state == wanted.state) if wanted.state else rows


def _rows_out(office: Office, reader: Principal, wanted: MessageFilter) -> sa.Select[Any]:
    rows = OUTGOING.where(is_own_outgoing(office.profile, reader), *_between(bundle.c.closed_at, wanted))
    if wanted.kind is not None:
        rows = rows.where(bundle.c.kind == wanted.kind.value)
    peeked, dequeued = bundle.c.peeked_at.is_not(None), bundle.c.dequeued_at.is_not(None)
    match wanted.state:
        case "":
            return rows
        case DistributionState.BUNDLED.value:
            return rows.where(~peeked, ~dequeued)
        case DistributionState.PEEKED.value:
            return rows.where(peeked, ~dequeued)
        case DistributionState.DEQUEUED.value:
            return rows.where(dequeued)
        case _:
            return rows.where(sa.false())


def _between(at: sa.Column[int], wanted: MessageFilter) -> list[sa.ColumnElement[bool]]:
    bounds: list[sa.ColumnElement[bool]] = []
    if wanted.start is not None:
        bounds.append(at >= wanted.start * MICROSECONDS)
    if wanted.end is not None:
        bounds.append(at < wanted.end * MICROSECONDS)
    return bounds


def _about(connection: Connection, found: Sequence[_Found], point: str) -> list[_Found]:
    """Those of the messages that speak of a metering point."""
    numbers = {side: [one.place.number for one in found if one.place.side == side] for side in _Side}
    statement = on_driver(connection, "select distinct message from transaction_id where point = ? and message in (*)")
    bound = (point, listed(connection, numbers[_Side.IN]))
    hits = {(_Side.IN, number) for number in connection.exec_driver_sql(statement, bound).scalars()}
    causes = _causing_series(connection, numbers[_Side.OUT], point)
    for one in found:
        transactions = causes.get(one.place.number) if one.place.side == _Side.OUT else None
        if transactions and _speaks_of(connection, one.summary.message_id, point, transactions):
            hits.add((_Side.OUT, one.place.number))
    return [one for one in found if (one.place.side, one.place.number) in hits]


def _causing_series(connection: Connection, bundles: Sequence[int], point: str) -> dict[int, set[str]]:
    """For each bundle that a message about the point brought about: that message's transactions of the point."""
    wanted = (
        sa.select(bundle_part.c.bundle, transaction_id.c.transaction_id)
        .join(outgoing, outgoing.c.id == bundle_part.c.outgoing)
        .join(transaction_id, transaction_id.c.message == outgoing.c.message)
        .where(bundle_part.c.bundle.in_(bundles), transaction_id.c.point == point)
    )
    causes: dict[int, set[str]] = {}
    for number, transaction in connection.execute(wanted):
        causes.setdefault(number, set()).add(transaction)
    return causes


def _speaks_of(connection: Connection, message_id: str, point: str, transactions: set[str]) -> bool:
    """Whether a bundle itself holds a series of the point; the message behind it may have gone to several parties."""
    found = queues.find(connection, message_id)
    if found is None:
        return False
    content = queues.content(connection, found)
    if isinstance(content, Deliveries | Missing):
        return is_point_id(point) and point_key(point) in content.point.tolist()
    if isinstance(content, Settled):
        return False
    return any(item.transaction in transactions for item in content.items)
