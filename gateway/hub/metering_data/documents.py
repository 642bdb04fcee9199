"""Messages of metering data by the UUID of their sender: claimed once and for ever, open until their final state.

Two copies of one message may race through two processes; whoever commits first owns the UUID, the other's insert fails
on the primary key, and its second look finds the UUID used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, run, run_many
from gateway.hub.journal import StoredEntry
from gateway.hub.ports import Principal
from gateway.hub.ports_metering_data import MeteringDataSubmission
from gateway.hub.tables_metering_data import metering_document
from gateway.messages.codes import Commodity, FeedForm
from gateway.messages.metering_status import ProcessingState

_CLAIM = (
    "insert into metering_document (sender, document_id, message, created_at, commodity, state)"
    " values (?, ?, ?, ?, ?, 'processing')"
)
_FINISH = "update metering_document set state = ?, finished_at = ? where message = ? and finished_at is null"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message at the door; `at` is when it came, microseconds."""

    principal: Principal
    submission: MeteringDataSubmission
    at: int

    @property
    def key(self) -> tuple[str, str]:
        """Whose message under which UUID."""
        return self.principal.party, self.submission.document_id


@dataclass(frozen=True, slots=True)
class Letter(Arrival):
    """One message as the journal numbered it."""

    number: int


def used(connection: Connection, wanted: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of the given (sender, UUID) have been used before."""
    key = metering_document.c
    pairs = sa.tuple_(key.sender, key.document_id).in_(list(wanted))
    return {
        (row.sender, row.document_id) for row in connection.execute(sa.select(key.sender, key.document_id).where(pairs))
    }


def claim(connection: Connection, letters: Sequence[Letter]) -> None:
    """Take the UUIDs of messages, which are in processing from now on; a used one violates the key."""
    rows = [
        (one.principal.party, one.submission.document_id, one.number, one.at, one.submission.commodity.value)
        for one in letters
    ]
    if rows:
        run_many(connection, _CLAIM, rows)


def finish(connection: Connection, at: int, states: Iterable[tuple[int, ProcessingState]]) -> None:
    """Mark messages, by their numbers, as having reached their final state; `at` in microseconds."""
    rows = [(state.value, at, number) for number, state in states]
    if rows:
        run_many(connection, _FINISH, rows)


def state_of(connection: Connection, number: int) -> ProcessingState:
    """Where a message stands."""
    statement = sa.select(metering_document.c.state).where(metering_document.c.message == number)
    return ProcessingState(connection.execute(statement).scalar_one())


def open_among(connection: Connection, numbers: Sequence[int]) -> set[int]:
    """Which of the messages are still in processing."""
    statement = "select message from metering_document where finished_at is null and message in (*)"
    return {row[0] for row in run(connection, statement, (listed(connection, numbers),)).fetchall()}


def open_before(connection: Connection, number: int, senders: Iterable[str], most: int) -> list[tuple[int, str]]:
    """Messages of some senders that stand before a number in the journal and are still in processing.

    The first so many in order, as number and sender.
    """
    column = metering_document.c
    wanted = sa.select(column.message, column.sender).where(column.finished_at.is_(None), column.message < number)
    found = connection.execute(wanted.where(column.sender.in_(list(senders))).order_by(column.message).limit(most))
    return [(row.message, row.sender) for row in found]


def open_since(connection: Connection, before: int, most: int) -> list[tuple[int, str]]:
    """Messages that came before an instant (microseconds) and are still in processing.

    The first so many in order of the journal, as number and sender.
    """
    column = metering_document.c
    wanted = sa.select(column.message, column.sender).where(column.finished_at.is_(None), column.created_at < before)
    return [(row.message, row.sender) for row in connection.execute(wanted.order_by(column.message).limit(most))]


def letter_of(connection: Connection, entry: StoredEntry) -> Letter:
    """A message as it came, from the journal."""
    claimed = connection.execute(sa.select(metering_document).where(metering_document.c.message == entry.id)).one()
    submission = MeteringDataSubmission(
        document_id=claimed.document_id,
        form=FeedForm(entry.dialect),
        commodity=Commodity(claimed.commodity),
        body=entry.body,
        correlation_id=entry.correlation,
    )
    return Letter(entry.principal, submission, entry.received_at, entry.id)
