"""One message as a line: how a journal entry or a bundle of a queue is summed up for whoever may see it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gateway.hub.clock import MICROSECONDS
from gateway.hub.journal import OutcomeState
from gateway.hub.ports import Direction, MessageSummary, Principal
from gateway.hub.tables_exchange import bundle, journal, outcome, rendering
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Dialect, DocumentKind, Role, wire_form
from gateway.processes.distribution import DistributionState

LONGEST_ID = 64
"""Characters of a message id that an outcome keeps."""

INCOMING: sa.Select[Any] = (
    sa.select(
        journal.c.id,
        journal.c.received_at,
        journal.c.party,
        journal.c.kind,
        journal.c.dialect,
        outcome.c.at.label("concluded_at"),
        outcome.c.state,
        outcome.c.message_id,
        outcome.c.series,
    )
    .select_from(journal.outerjoin(outcome, outcome.c.message == journal.c.id))
    .where(journal.c.direction == Direction.IN.value)
)
"""Entries that came in, with what became of them: nothing yet while they are pending."""

_FIRST_DIALECT = (
    sa.select(sa.func.min(rendering.c.dialect)).where(rendering.c.bundle == bundle.c.id).correlate(bundle)
).scalar_subquery()

OUTGOING: sa.Select[Any] = sa.select(bundle, _FIRST_DIALECT.label("dialect"))
"""Closed documents of the receivers' queues, with a dialect each has left in; none before it is peeked."""


def is_own_incoming(reader: Principal) -> sa.ColumnElement[bool]:
    """Entries the reader sent; for the hub's operator, every one."""
    return sa.true() if reader.role is Role.HUB else journal.c.party == reader.party


def is_own_outgoing(profile: MarketProfile, reader: Principal) -> sa.ColumnElement[bool]:
    """Bundles of the queue the reader reads; for the hub's operator, every one."""
    if reader.role is Role.HUB:
        return sa.true()
    return sa.and_(bundle.c.party == reader.party, bundle.c.role == profile.queue_role(reader.role).value)


def incoming_summary(profile: MarketProfile, row: sa.Row[Any]) -> MessageSummary:
    """A row of INCOMING as a line. Its message id is empty while nobody has read that far."""
    return MessageSummary(
        message_id=row.message_id or "",
        direction=Direction.IN,
        kind=DocumentKind(row.kind) if row.kind else None,
        dialect=wire_form(row.dialect),
        sender=row.party,
        receiver=profile.hub,
        state=row.state or OutcomeState.PENDING.value,
        at=row.received_at // MICROSECONDS,
        series=row.series or 0,
    )


def outgoing_summary(profile: MarketProfile, row: sa.Row[Any]) -> MessageSummary:
    """A row of OUTGOING as a line; a document that nobody has peeked at yet is said to be CIM XML."""
    return MessageSummary(
        message_id=row.message_id,
        direction=Direction.OUT,
        kind=DocumentKind(row.kind),
        dialect=Dialect(row.dialect or Dialect.CIM_XML),
        sender=profile.hub,
        receiver=row.party,
        state=bundle_state(row).value,
        at=row.closed_at // MICROSECONDS,
        series=row.series,
    )


def bundle_state(row: sa.Row[Any]) -> DistributionState:
    """Where a bundle stands, by its marks."""
    if row.dequeued_at is not None:
        return DistributionState.DEQUEUED
    return DistributionState.BUNDLED if row.peeked_at is None else DistributionState.PEEKED


def is_storable(text: str, longest: int = LONGEST_ID) -> bool:
    """Whether a stranger's text can be a stored id at all: PostgreSQL refuses to compare with a NUL."""
    return 0 < len(text) <= longest and text.isprintable()
