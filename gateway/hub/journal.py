"""The journal: every document as it crossed the wire, kept before anyone parses it, and what became of it.

An entry is never changed. Its outcome is a second row, written once in the commit that carries out what it says; an
entry that came in and has none is pending, and a restart takes it up again.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

import msgspec
import sqlalchemy as sa
import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, run, run_many
from gateway.hub.ports import Direction, Principal, Submission
from gateway.hub.ports_metering_data import MeteringDataSubmission
from gateway.hub.tables_exchange import finding, journal, outcome, recovery
from gateway.messages.codes import Dialect, DocumentKind, NeutralForm, Role, WireForm, wire_form
from gateway.messages.findings import Finding

WHOLE_MESSAGE = -1
"""Number of the series a finding is about, when it is about the message."""

END_OF_TIME = 2**63 - 1
"""An instant in microseconds that every entry came before."""

_PACK_LEVEL = 1
_LARGE = 2**18
"""Bytes from which packing and digesting side by side is worth another thread."""


class OutcomeState(StrEnum):
    """What became of a journal entry."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    PARTLY_ACCEPTED = "partly"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as it crossed the wire, packed for the journal.

    Attributes:
        received_at: when it came or left, microseconds.
        principal: who sent it, or for whom it is.
        kind: what it was taken for; empty when that was never known.
        size, sha256: of the document's bytes.
        content: those bytes, zstd.
        envelope: the whole body the document came in, zstd; None where the document was the body.
    """

    received_at: int
    direction: Direction
    principal: Principal
    kind: DocumentKind
    dialect: WireForm
    correlation: str
    size: int
    sha256: bytes
    content: bytes
    envelope: bytes | None = None

    @classmethod
    def incoming(cls, principal: Principal, submission: Submission, at: int) -> Entry:
        """Pack what a party sent; `at` in microseconds."""
        form = (submission.kind, submission.dialect, submission.correlation_id)
        entry = cls._sealed(submission.body, (at, Direction.IN, principal), form)
        return replace(entry, envelope=_packed(submission.envelope)) if submission.envelope else entry

    @classmethod
    def metering_data(cls, principal: Principal, submission: MeteringDataSubmission, at: int) -> Entry:
        """Pack what a party sent by the interval; `at` in microseconds."""
        form = (DocumentKind.MEASURE_DATA, submission.form, submission.correlation_id)
        body = submission.body  # the second core is already reading it: hash and packing follow each other
        return cls(at, Direction.IN, principal, *form, len(body), _digest(body), _packed(body))

    @classmethod
    def outgoing(cls, reader: Principal, form: tuple[DocumentKind, Dialect], body: bytes, at: int) -> Entry:
        """Pack what a party receives; `at` in microseconds."""
        return cls._sealed(body, (at, Direction.OUT, reader), (*form, ""))

    @classmethod
    def _sealed(
        cls, body: bytes, crossing: tuple[int, Direction, Principal], form: tuple[DocumentKind, WireForm, str]
    ) -> Entry:
        if len(body) < _LARGE:
            return cls(*crossing, *form, len(body), _digest(body), _packed(body))
        digest = _aside.submit(_digest, body)  # both leave the interpreter to others while they work
        packed = _packed(body)
        return cls(*crossing, *form, len(body), digest.result(), packed)


class _Packer(threading.local):
    """A compressor for each thread: making one costs more than packing a small body."""

    def __init__(self) -> None:
        self.compress = zstandard.ZstdCompressor(level=_PACK_LEVEL).compress


_packer = _Packer()
_aside = ThreadPoolExecutor(2, "digest")


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _packed(body: bytes) -> bytes:
    return _packer.compress(body)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A journal entry as read back, its body unpacked."""

    id: int
    received_at: int
    principal: Principal
    kind: DocumentKind
    dialect: WireForm
    correlation: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry: its state, its own message id, process type and number of series once known."""

    state: OutcomeState
    message_id: str | None = None
    process_type: str | None = None
    series: int = 0
    transaction: int | None = None


_ENTER = (
    "insert into journal (id, received_at, direction, party, role, client, correlation, kind, dialect, size, sha256,"
    " content, envelope) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NUMBERS = "select nextval(pg_get_serial_sequence('journal', 'id')) from generate_series(1, ?)"
_OUTCOME = (
    'insert into outcome (message, at, "transaction", state, message_id, process_type, series)'
    " values (?, ?, ?, ?, ?, ?, ?)"
)
_FINDING = "insert into finding (message, ordinal, number, at, party, code, content) values (?, ?, ?, ?, ?, ?, ?)"


def enter(connection: Connection, entry: Entry) -> int:
    """Keep an entry; its number in the journal."""
    return enter_all(connection, [entry])[0]


def enter_all(connection: Connection, entries: Sequence[Entry]) -> list[int]:
    """Keep entries; their numbers in the journal, in order."""
    if connection.dialect.name == "postgresql":
        found = run(connection, _NUMBERS, (len(entries),)).fetchall()
        numbers = [int(row[0]) for row in found]
    else:
        newest = run(connection, "select coalesce(max(id), 0) from journal").fetchall()[0][0]
        numbers = list(range(newest + 1, newest + 1 + len(entries)))
    run_many(connection, _ENTER, [(number, *_row(entry)) for number, entry in zip(numbers, entries, strict=True)])
    return numbers


def _row(entry: Entry) -> tuple[object, ...]:
    who = entry.principal
    return (
        entry.received_at,
        entry.direction.value,
        who.party,
        who.role.value,
        who.client_id,
        entry.correlation,
        entry.kind.value,
        entry.dialect.value,
        entry.size,
        entry.sha256,
        entry.content,
        entry.envelope,
    )


def are_pending(connection: Connection, messages: Sequence[int]) -> bool:
    """Whether nobody has decided on any of the entries yet."""
    statement = "select 1 from outcome where message in (*)"
    return run(connection, statement, (listed(connection, messages),)).fetchone() is None


def conclude(connection: Connection, message: int, at: int, result: Outcome) -> None:
    """Write what became of an entry; `at` in microseconds."""
    conclude_all(connection, at, [(message, result)])


def conclude_all(connection: Connection, at: int, results: Sequence[tuple[int, Outcome]]) -> None:
    """Write what became of entries; `at` in microseconds."""
    rows = [
        (message, at, one.transaction, one.state.value, one.message_id, one.process_type, one.series)
        for message, one in results
    ]
    if rows:
        run_many(connection, _OUTCOME, rows)


def note_findings(
    connection: Connection, message: int, at: int, party: str, found: Iterable[tuple[int, Finding]]
) -> None:
    """Keep findings with the number of the series each is about; they are also the statistics of rejections."""
    rows = [
        (message, ordinal, number, at, party, item.code, msgspec.json.encode(item))
        for ordinal, (number, item) in enumerate(found)
    ]
    if rows:
        run_many(connection, _FINDING, rows)


def findings_of(connection: Connection, message: int) -> list[tuple[int, Finding]]:
    """Findings of a message with the number of their series, in the order they were found."""
    wanted = sa.select(finding.c.number, finding.c.content).where(finding.c.message == message)
    rows = connection.execute(wanted.order_by(finding.c.ordinal))
    return [(row.number, msgspec.json.decode(row.content, type=Finding)) for row in rows]


def unfinished(connection: Connection, before: int, most: int = 100) -> Sequence[int]:
    """Documents that came in before an instant in microseconds and have no outcome, oldest first.

    Metering data sent by the interval are not among them: their desk knows its own (`hub.metering_data.claims`).
    """
    finished = sa.select(recovery.c.message).scalar_subquery()
    wanted = (
        sa.select(journal.c.id)
        .outerjoin(outcome, outcome.c.message == journal.c.id)
        .where(journal.c.id > sa.func.coalesce(finished, 0), journal.c.direction == Direction.IN.value)
        .where(journal.c.received_at < before, outcome.c.message.is_(None))
        .where(journal.c.dialect.in_([form.value for form in (*Dialect, *NeutralForm)]))
        .order_by(journal.c.id)
        .limit(most)
    )
    return list(connection.execute(wanted).scalars())


def note_finished(connection: Connection, before: int) -> None:
    """Move the mark up to which every entry has its outcome, no further than what came before an instant.

    Entries are numbered in the order they were kept, not in the order they came: one that came earlier may stand
    behind one that is still under way, so the mark also stops at the first that is unfinished.
    """
    wanted = sa.select(journal.c.id).where(journal.c.received_at < before).order_by(journal.c.id.desc()).limit(1)
    newest = connection.execute(wanted).scalar()
    if newest is None:
        return
    first_open = unfinished(connection, END_OF_TIME, most=1)
    number = min([newest, *(message - 1 for message in first_open)])
    run(
        connection,
        "insert into recovery (one, message) values (1, ?) on conflict (one) do update set message = excluded.message",
        (number,),
    )


def read(connection: Connection, message: int) -> StoredEntry:
    """An entry with its body as it crossed the wire."""
    row = connection.execute(sa.select(journal).where(journal.c.id == message)).one()
    return StoredEntry(
        id=row.id,
        received_at=row.received_at,
        principal=Principal(row.party, Role(row.role), row.client),
        kind=DocumentKind(row.kind),
        dialect=wire_form(row.dialect),
        correlation=row.correlation,
        body=zstandard.ZstdDecompressor().decompress(row.content, max_output_size=row.size),
    )


def outcome_of(connection: Connection, message: int) -> Outcome | None:
    """What became of an entry, None while it is pending."""
    row = connection.execute(sa.select(outcome).where(outcome.c.message == message)).first()
    if row is None:
        return None
    return Outcome(OutcomeState(row.state), row.message_id, row.process_type, row.series, row.transaction)
