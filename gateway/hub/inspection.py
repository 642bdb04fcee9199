"""Looking into the exchange: where a message stands, what waits in the queues, what was rejected and why.

Everything here reads and changes nothing. What a reader neither sent nor has in its own queue does not exist for it;
the hub's operator (`Role.HUB`) sees everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import journal, queues, step_log
from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.values import RejectionCount
from gateway.hub.journal import OutcomeState
from gateway.hub.message_pages import messages
from gateway.hub.message_summaries import (
    INCOMING,
    OUTGOING,
    bundle_state,
    incoming_summary,
    is_own_incoming,
    is_own_outgoing,
    is_storable,
    outgoing_summary,
)
from gateway.hub.office import Office
from gateway.hub.outgoing import Content, Deliveries, Missing, Rejection, Settled, series_id
from gateway.hub.ports import HistoryEntry, MessageStatus, Principal, SeriesStatus
from gateway.hub.queue_lengths import queue_lengths
from gateway.hub.rejection_statistics import rejection_statistics
from gateway.hub.step_log import Step
from gateway.hub.tables_exchange import bundle, outcome, transaction_id
from gateway.hub.tables_exchange import journal as entries
from gateway.messages.findings import Finding
from gateway.messages.identifiers import point_id
from gateway.processes.distribution import DistributionState
from gateway.processes.events import BundleWeighed, DequeueAsked, Peeked
from gateway.processes.registry import PROCESSES

__all__ = [
    "RejectionCount",
    "message_status",
    "messages",
    "queue_lengths",
    "rejection_statistics",
]

RECEIVED = "Received"
CONCLUDED = "Concluded"
QUEUED = "Queued"


def message_status(office: Office, connection: Connection, reader: Principal, wanted: str) -> MessageStatus | None:
    """Where a message stands that the reader sent or that was bundled for its queue, by the message's own id.

    An id that was sent several times shows the message that was accepted, or else the newest. A message that failed
    before its id was read has none to be found by; it stands in the list of messages.
    """
    if not is_storable(wanted):
        return None
    sent = _sent(connection, reader, wanted)
    if sent is not None and sent.state == OutcomeState.ACCEPTED:
        return _incoming_status(office, connection, sent)
    of_queue = OUTGOING.where(bundle.c.message_id == wanted, is_own_outgoing(office.profile, reader))
    received = connection.execute(of_queue).first()
    if received is not None:
        return _outgoing_status(office, connection, received)
    return None if sent is None else _incoming_status(office, connection, sent)


def _sent(connection: Connection, reader: Principal, wanted: str) -> sa.Row[Any] | None:
    accepted_first = sa.case((outcome.c.state == OutcomeState.ACCEPTED.value, 0), else_=1)
    found = INCOMING.where(outcome.c.message_id == wanted, is_own_incoming(reader))
    return connection.execute(found.order_by(accepted_first, entries.c.id.desc()).limit(1)).first()


def _incoming_status(office: Office, connection: Connection, row: sa.Row[Any]) -> MessageStatus:
    summary = incoming_summary(office.profile, row)
    found = journal.findings_of(connection, row.id)
    series = _incoming_series(connection, row.id, summary.state, found)
    about_series = range(len(series))
    return MessageStatus(
        summary,
        (
            HistoryEntry(summary.at, RECEIVED, OutcomeState.PENDING.value, "In the journal."),
            HistoryEntry(row.concluded_at // MICROSECONDS, CONCLUDED, summary.state),
        ),
        tuple(finding for number, finding in found if number not in about_series),
        series,
    )


def _incoming_series(
    connection: Connection, message: int, state: str, found: Iterable[tuple[int, Finding]]
) -> tuple[SeriesStatus, ...]:
    """The series of a message whose ids were accepted, in its order; none of a message refused as a whole."""
    ids = transaction_id.c
    wanted = sa.select(ids.number, ids.transaction_id, ids.point).where(ids.message == message).order_by(ids.number)
    rows = connection.execute(wanted).all()
    histories = series_histories(step_log.steps_of(connection, message), len(rows))
    findings: dict[int, list[Finding]] = {}
    for number, finding in found:
        findings.setdefault(number, []).append(finding)
    return tuple(
        SeriesStatus(
            transaction_id=row.transaction_id,
            metering_point=row.point,
            state=histories[row.number][-1].state if histories[row.number] else state,
            findings=tuple(findings.get(row.number, ())),
            history=tuple(histories[row.number]),
        )
        for row in rows
    )


def series_histories(steps: Iterable[Step], count: int) -> list[list[HistoryEntry]]:
    """The steps of each of a message's series, in order; steps that series share are one entry they share."""
    histories: list[list[HistoryEntry]] = [[] for _ in range(count)]
    for step in steps:
        meaning = PROCESSES[step.process, step.version].states(step.state).meaning
        entry = HistoryEntry(step.at // MICROSECONDS, step.event, step.state, meaning)
        for number in range(count) if step.series is None else step.series:
            histories[number].append(entry)
    return histories


def _outgoing_status(office: Office, connection: Connection, row: sa.Row[Any]) -> MessageStatus:
    found = queues.find(connection, row.message_id)
    state = bundle_state(row)
    series = () if found is None else _outgoing_series(row.message_id, state, queues.content(connection, found))
    moves = (
        (row.created_at, QUEUED, DistributionState.QUEUED),
        (row.closed_at, BundleWeighed.__name__, DistributionState.BUNDLED),
        (row.peeked_at, Peeked.__name__, DistributionState.PEEKED),
        (row.dequeued_at, DequeueAsked.__name__, DistributionState.DEQUEUED),
    )
    history = (
        HistoryEntry(at // MICROSECONDS, event, to.value, to.meaning) for at, event, to in moves if at is not None
    )
    return MessageStatus(outgoing_summary(office.profile, row), tuple(history), (), series)


def _outgoing_series(message_id: str, state: DistributionState, content: Content) -> tuple[SeriesStatus, ...]:
    """The series of a bundle; an answer or rejection goes by the receiver's own transaction that it speaks of."""
    if isinstance(content, Deliveries | Missing):
        return tuple(
            SeriesStatus(series_id(message_id, number), point_id(point), state.value)
            for number, point in enumerate(content.point.tolist())
        )
    if isinstance(content, Settled):
        return tuple(
            SeriesStatus(series_id(message_id, number), "", state.value) for number in range(len(content.items))
        )
    return tuple(
        SeriesStatus(
            item.transaction,
            item.point or "",
            state.value,
            _reasons(item.reasons) if isinstance(item, Rejection) else (),
        )
        for item in content.items
    )


def _reasons(reasons: Sequence[tuple[str, str | None]]) -> tuple[Finding, ...]:
    return tuple(Finding(code=code, text=text or "") for code, text in reasons)
