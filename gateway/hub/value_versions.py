"""The audit trail of one value: everything ever said of it, when, and by which message of whom (D1 §4.1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS, rights
from gateway.hub.journal import OutcomeState
from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.hub.ports import Principal, ValueVersion
from gateway.hub.series_store import SeriesVersion
from gateway.hub.step_log import Step, steps_of
from gateway.hub.tables_exchange import outcome, transaction_id
from gateway.messages.codes import Quality
from gateway.messages.identifiers import is_gsrn, point_key
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Interval
from gateway.processes.correction import CorrectionState
from gateway.processes.submission import SubmissionState

MICROSECONDS = 1_000_000

_STORED = {
    SubmissionState.DISTRIBUTED.value,
    SubmissionState.STORED.value,
    CorrectionState.CORRECTED.value,
    CorrectionState.DISTRIBUTED.value,
    CorrectionState.STORED.value,
}
"""Where a series ends whose values are in the store."""


class _Origin(NamedTuple):
    """A series as a party sent it; empty where nobody's message is known for a version."""

    message_id: str
    sender: str


_UNKNOWN = _Origin("", "")


class _Series(NamedTuple):
    """Where a key's series stands: its number in the store and its kind."""

    point: str
    key: int
    kind: int


def value_versions(
    office: Office, connection: Connection, reader: Principal, point: str, at: int
) -> tuple[ValueVersion, ...] | None:
    """Every version of the value whose interval begins at `at`, oldest first, with the status its sender gave it.

    None when the point is unknown or the reader may not see it at that instant. Values of every resolution that begin
    there are versions of it. Several messages share a transaction where they were committed as a group: the version
    is that of the message which stored a series of this point, and where several did, they are told apart by order.
    """
    if not is_gsrn(point):
        return None
    master, now = office.refresh(connection), office.clock.now()
    key, instant = point_key(point), Interval(at, at + 1)
    right = next((one for one in rights(office.profile, master, reader, key, (ALWAYS, now)) if one.contains(at)), None)
    known = master.versions(point, instant)
    if right is None or not known:
        return None
    series = _Series(point, key, series_kind(known[0].unit))
    found = office.store.versions(connection, key, instant, kind=series.kind)
    origins = _origins(office, connection, series, found)
    return tuple(
        ValueVersion(
            transaction=version.transaction,
            registered_at=version.received_at // MICROSECONDS,
            quantity=NO_QUANTITY if quality & STATUS_BITS == Quality.MISSING else int(version.run.quantity[0]),
            quality=quality,
            message_id=origin.message_id,
            sender=origin.sender,
        )
        for version, origin in zip(found, origins, strict=True)
        if version.run.finish <= right.end
        for quality in (int(version.run.quality[0]),)
    )


def _origins(office: Office, connection: Connection, series: _Series, found: Sequence[SeriesVersion]) -> list[_Origin]:
    """Who said each version, in the order given."""
    told: dict[int, list[_Origin]] = {}
    for version in found:
        if version.transaction not in told:
            told[version.transaction] = _of_transaction(office, connection, series, (version.transaction, found))
    taken: dict[int, int] = {}
    origins: list[_Origin] = []
    for version in found:
        place = taken.get(version.transaction, 0)
        taken[version.transaction] = place + 1
        origins.append(told[version.transaction][place])
    return origins


def _of_transaction(
    office: Office, connection: Connection, series: _Series, wanted: tuple[int, Sequence[SeriesVersion]]
) -> list[_Origin]:
    """Who said each of a transaction's versions of the value.

    Series of one point are stored in the order of their messages and of their place in them, so the n-th delivery of
    the transaction is the n-th series that was stored.
    """
    transaction, found = wanted
    own = [version for version in found if version.transaction == transaction]
    senders = _stored_series(connection, transaction, series.point)
    if len(set(senders)) <= 1:
        return [senders[0] if senders else _UNKNOWN] * len(own)
    everything = office.store.versions(connection, series.key, ALWAYS, kind=series.kind)
    deliveries = [one.run for one in everything if one.transaction == transaction]
    if len(deliveries) != len(senders):
        return [_UNKNOWN] * len(own)
    at = own[0].run.start
    zone = office.profile.zone
    return [who for run, who in zip(deliveries, senders, strict=True) if at in run.starts(zone)]


def _stored_series(connection: Connection, transaction: int, point: str) -> list[_Origin]:
    """Who sent the series of a point that a transaction stored, in the order they were stored."""
    wanted = (
        sa.select(outcome.c.message, outcome.c.message_id, transaction_id.c.sender, transaction_id.c.number)
        .join(transaction_id, transaction_id.c.message == outcome.c.message)
        .where(
            outcome.c.transaction == transaction,
            outcome.c.state == OutcomeState.ACCEPTED.value,
            transaction_id.c.point == point,
        )
        .order_by(outcome.c.message, transaction_id.c.number)
    )
    return [
        _Origin(row.message_id, row.sender)
        for row in connection.execute(wanted).all()
        if _final_state(steps_of(connection, row.message), row.number) in _STORED
    ]


def _final_state(steps: Sequence[Step], number: int) -> str:
    """Where a series of a message ended."""
    return next((step.state for step in reversed(steps) if step.series is None or number in step.series), "")
