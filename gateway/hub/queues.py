"""Receivers' queues: what waits is bundled, peeked and dequeued, one queue per (party, role).

Every move is a step of the distribution process; a bundle is one instance, for its series share every event. Peek is
idempotent: the oldest bundle stays the same until its owner dequeues it. Only the owner can.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from gateway.hub.clock import MICROSECONDS
from gateway.hub.outgoing import Address, Content, Deliveries, joined, part_of, unpack
from gateway.hub.tables_exchange import bundle, bundle_part, outgoing, rendering
from gateway.messages.codes import Category, DocumentKind, Role
from gateway.messages.findings import Finding
from gateway.processes.distribution import DISTRIBUTION, DistributionState
from gateway.processes.events import Actor, BundleLimits, BundleWeighed, DequeueAsked, Event, Failed, Peeked
from gateway.processes.machine import Transition

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Queue:
    """A receiver's queue."""

    party: str
    role: Role

    @property
    def owner(self) -> Actor:
        """Its owner as the process knows one."""
        return Actor(self.party, self.role.value)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A closed document of a queue, without its bytes."""

    id: int
    message_id: str
    queue: Queue
    kind: DocumentKind
    process_type: str
    document_role: str
    related_message: str
    closed_at: int
    series: int
    state: DistributionState
    was_peeked: bool

    @property
    def is_dequeued(self) -> bool:
        """Whether its owner has taken it."""
        return self.state is DistributionState.DEQUEUED


def lock(connection: Connection, queue: Queue) -> None:
    """Let no other writer touch the queue until the commit; SQLite has only one writer anyway."""
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(f"{queue.party}/{queue.role.value}".encode())
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def oldest(connection: Connection, queue: Queue, category: Category | None) -> Bundle | None:
    """The oldest closed bundle that its owner has not dequeued; without a category, of both."""
    wanted = (
        sa.select(bundle)
        .where(bundle.c.party == queue.party, bundle.c.role == queue.role.value)
        .where(bundle.c.dequeued_at.is_(None), bundle.c.failed_at.is_(None))
        .order_by(bundle.c.created_at, bundle.c.id)
        .limit(1)
    )
    if category is not None:
        wanted = wanted.where(bundle.c.category == category.value)
    row = connection.execute(wanted).first()
    return None if row is None else _bundle(row)


def find(connection: Connection, message_id: str) -> Bundle | None:
    """A bundle by its message id, whoever owns it."""
    row = connection.execute(sa.select(bundle).where(bundle.c.message_id == message_id)).first()
    return None if row is None else _bundle(row)


def close_next(
    connection: Connection,
    queue: Queue,
    category: Category | None,
    closing: tuple[BundleLimits, int, Callable[[], str]],
) -> Bundle | None:
    """Close the oldest bundle that is full, heavy or old enough; None while nothing may leave yet.

    `closing` is the market's limits, the moment in microseconds, and where new message ids come from.
    """
    limits, at, new_id = closing
    for group in _waiting_groups(connection, queue, category):
        rows = _waiting(connection, group, limits.transactions)
        parts, series, points = _fill(rows, limits)
        whole = sum(row.series - row.bundled for row in rows)
        event = BundleWeighed(
            transactions=limits.transactions if group.alone else series,
            points=points,
            next_points=limits.points if whole > series else 0,
            age=max(0, at - rows[0].created_at) // MICROSECONDS,
            limits=limits,
        )
        if _step(DistributionState.QUEUED, event).to is DistributionState.BUNDLED:
            return _close(connection, group, parts, (rows[0].created_at, at, series, points, new_id()))
    return None


def peeked(connection: Connection, found: Bundle, reader: Actor, at: int, *, rendered: bool) -> bool:
    """Let a reader see a bundle: False when the queue is not its own, and nothing changes."""
    transition = _step(found.state, Peeked(found.queue.owner, reader, rendered))
    if "refuse-stranger" in {effect.name for effect in transition.effects}:
        return False
    connection.execute(
        bundle.update().where(bundle.c.id == found.id).values(peeked_at=sa.func.coalesce(bundle.c.peeked_at, at))
    )
    return True


def dequeued(connection: Connection, message_id: str, reader: Actor, at: int) -> bool:
    """Take a bundle off its queue: only its owner can, and only once it has been peeked."""
    found = find(connection, message_id)
    if found is None:
        return False
    outcome = DISTRIBUTION.step(found.state, DequeueAsked(found.queue.owner, reader))
    if not isinstance(outcome, Transition) or outcome.to is not DistributionState.DEQUEUED:
        return False
    changed = connection.execute(
        bundle.update().where(bundle.c.id == found.id, bundle.c.dequeued_at.is_(None)).values(dequeued_at=at)
    )
    return changed.rowcount == 1


def failed(connection: Connection, found: Bundle, reason: Finding, at: int) -> bool:
    """Take a bundle out of its queue that cannot be handed over; False for one that has been peeked already.

    The operator sees the reason; the journal and the series store keep all that the bundle was made of.
    """
    outcome = DISTRIBUTION.step(found.state, Failed(reason))
    if not isinstance(outcome, Transition):
        return False
    log.error("document %s for %s failed: %s", found.message_id, found.queue.party, reason.text)
    connection.execute(bundle.update().where(bundle.c.id == found.id).values(failed_at=at))
    return True


def content(connection: Connection, found: Bundle) -> Content:
    """What a bundle holds, in order."""
    wanted = (
        sa.select(outgoing.c.payload, bundle_part.c.first, bundle_part.c.last)
        .join(outgoing, outgoing.c.id == bundle_part.c.outgoing)
        .where(bundle_part.c.bundle == found.id)
        .order_by(bundle_part.c.ordinal)
    )
    return joined([part_of(unpack(row.payload), row.first, row.last) for row in connection.execute(wanted)])


def rendered_message(connection: Connection, found: Bundle, dialect: str) -> int | None:
    """The journal's entry of a bundle as it left in a dialect, None when it never has."""
    wanted = sa.select(rendering.c.message).where(rendering.c.bundle == found.id, rendering.c.dialect == dialect)
    return connection.execute(wanted).scalar()


def keep_rendering(connection: Connection, found: Bundle, dialect: str, message: int) -> None:
    """Remember under which journal entry a bundle left in a dialect."""
    connection.execute(rendering.insert().values(bundle=found.id, dialect=dialect, message=message))


def _step(state: DistributionState, event: Event) -> Transition[DistributionState]:
    outcome = DISTRIBUTION.step(state, event)
    if not isinstance(outcome, Transition):
        raise TypeError(outcome.finding.text)
    return outcome


def _bundle(row: Row[Any]) -> Bundle:
    state = DistributionState.BUNDLED
    if row.failed_at is not None:
        state = DistributionState.FAILED
    elif row.dequeued_at is not None:
        state = DistributionState.DEQUEUED
    elif row.peeked_at is not None:
        state = DistributionState.PEEKED
    queue = Queue(row.party, Role(row.role))
    kind = DocumentKind(row.kind)
    return Bundle(
        row.id,
        row.message_id,
        queue,
        kind,
        row.process_type,
        row.document_role,
        row.related_message,
        row.closed_at,
        row.series,
        state,
        row.peeked_at is not None,
    )


@dataclass(frozen=True, slots=True)
class _Group(Address):
    """Waiting rows that may share a document; an answer is a group of its own."""

    only: int = 0


_SHARED = (
    outgoing.c.category,
    outgoing.c.kind,
    outgoing.c.process_type,
    outgoing.c.document_role,
    outgoing.c.related_message,
)


def _is_waiting(queue: Queue) -> sa.ColumnElement[bool]:
    return sa.and_(
        outgoing.c.party == queue.party,
        outgoing.c.role == queue.role.value,
        sa.text("bundled < series"),
    )


def _waiting_groups(connection: Connection, queue: Queue, category: Category | None) -> Iterator[_Group]:
    """Groups of waiting rows, the one with the oldest row first."""
    only = sa.case((outgoing.c.alone == 1, outgoing.c.id), else_=0).label("only")
    wanted = (
        sa.select(*_SHARED, only, sa.func.min(outgoing.c.id).label("oldest"))
        .where(_is_waiting(queue))
        .group_by(*_SHARED, only)
        .order_by("oldest")
    )
    if category is not None:
        wanted = wanted.where(outgoing.c.category == category.value)
    for row in connection.execute(wanted).all():
        yield _Group(
            queue.party,
            queue.role,
            Category(row.category),
            DocumentKind(row.kind),
            row.process_type,
            row.document_role,
            row.related_message,
            bool(row.only),
            row.only,
        )


def _waiting(connection: Connection, group: _Group, most: int) -> list[Row[Any]]:
    """Rows of a group in order, as many as one bundle could take and one more."""
    wanted = sa.select(outgoing).where(_is_waiting(Queue(group.party, group.role)))
    wanted = (
        wanted.where(outgoing.c.id == group.only)
        if group.alone
        else wanted.where(
            outgoing.c.alone == 0,
            outgoing.c.category == group.category.value,
            outgoing.c.kind == group.kind.value,
            outgoing.c.process_type == group.process_type,
            outgoing.c.document_role == group.document_role,
            outgoing.c.related_message == group.related_message,
        )
    )
    return list(connection.execute(wanted.order_by(outgoing.c.id).limit(most + 1)))


_Part = tuple[int, int, int]


def _fill(rows: list[Row[Any]], limits: BundleLimits) -> tuple[list[_Part], int, int]:
    """Series in order until a limit is reached: parts (row, first, last), their series and points.

    A series with more points than a bundle may have gets a bundle of its own.
    """
    parts: list[_Part] = []
    series = points = 0
    for row in rows:
        first = last = row.bundled
        for size in _sizes(row)[first:]:
            if series and (series >= limits.transactions or points + size > limits.points):
                break
            series, points, last = series + 1, points + size, last + 1
        if last > first:
            parts.append((row.id, first, last))
        if last < row.series:
            break
    return parts, series, points


def _sizes(row: Row[Any]) -> list[int]:
    """Points of each series of an outgoing row."""
    unpacked = unpack(row.payload)
    return unpacked.count.tolist() if isinstance(unpacked, Deliveries) else [0] * len(unpacked)


def _close(connection: Connection, group: _Group, parts: list[_Part], facts: tuple[int, int, int, int, str]) -> Bundle:
    created_at, closed_at, series, points, message_id = facts
    number = connection.execute(
        bundle.insert()
        .values(
            message_id=message_id,
            party=group.party,
            role=group.role.value,
            category=group.category.value,
            kind=group.kind.value,
            process_type=group.process_type,
            document_role=group.document_role,
            related_message=group.related_message,
            created_at=created_at,
            closed_at=closed_at,
            series=series,
            points=points,
        )
        .returning(bundle.c.id)
    ).scalar_one()
    for ordinal, (row, first, last) in enumerate(parts):
        connection.execute(
            bundle_part.insert().values(bundle=number, ordinal=ordinal, outgoing=row, first=first, last=last)
        )
        connection.execute(outgoing.update().where(outgoing.c.id == row).values(bundled=last))
    found = connection.execute(sa.select(bundle).where(bundle.c.id == number)).one()
    return _bundle(found)
