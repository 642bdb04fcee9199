"""The audit trail of one value: everything ever said of it, when, and by which message of whom (D1 §4.1.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS, rights
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import listed, on_driver
from gateway.hub.journal import OutcomeState
from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.hub.ports import Principal, ValueVersion
from gateway.hub.series.store import SeriesVersion
from gateway.hub.step_log import Step, steps_of
from gateway.hub.tables_exchange import journal, outcome
from gateway.hub.tables_point_series import calculation
from gateway.markets.series_terms import SeriesTerms
from gateway.messages.codes import Flow, Quality, Unit
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Interval
from gateway.messages.units import SCALES
from gateway.processes.correction import CorrectionState
from gateway.processes.submission import SubmissionState

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
    received_at: int | None = None
    editor: str = ""


_UNKNOWN = _Origin("", "")


class _Series(NamedTuple):
    """Where a key's series stands: its number in the store and its kind."""

    point: str
    key: int
    kind: int


def value_versions(  # noqa: PLR0913 - who asks for which version of what
    office: Office,
    connection: Connection,
    reader: Principal,
    point: str,
    at: int,
    *,
    sort: tuple[Unit | None, Flow | None] = (None, None),
) -> tuple[ValueVersion, ...] | None:
    """Every version of the value whose interval begins at `at`, oldest first, with the status its sender gave it.

    None when the point is unknown or the reader may not see it at that instant. Values of every resolution that begin
    there are versions of it. Several messages share a transaction where they were committed as a group: the version
    is that of the message which stored a series of this point, and where several did, they are told apart by order.
    """
    unit, flow = sort
    if not is_point_id(point):
        return None
    master, now = office.refresh(connection), office.clock.now()
    key, instant = point_key(point), Interval(at, at + 1)
    right = next((one for one in rights(office.profile, master, reader, key, (ALWAYS, now)) if one.contains(at)), None)
    known = master.versions(point, instant)
    if right is None or not known:
        return None
    series = _Series(point, key, series_kind(_stored_unit(office.profile.series, known[0].unit, unit), flow))
    found = office.store.versions(connection, key, instant, kind=series.kind)
    origins = _origins(office, connection, series, found)
    said = zip(found, origins, strict=True)
    return tuple(_told(version, origin) for version, origin in said if version.run.finish <= right.end)


def _told(version: SeriesVersion, origin: _Origin) -> ValueVersion:
    quality = int(version.run.quality[0])
    return ValueVersion(
        transaction=version.transaction,
        registered_at=version.received_at // MICROSECONDS,
        quantity=NO_QUANTITY if quality & STATUS_BITS == Quality.MISSING else int(version.run.quantity[0]),
        quality=quality,
        message_id=origin.message_id,
        sender=origin.sender,
        received_at=origin.received_at,
        editor=origin.editor,
    )


def _origins(office: Office, connection: Connection, series: _Series, found: Sequence[SeriesVersion]) -> list[_Origin]:
    """Who said each version, in the order given: versions come by transaction, and so do those who said them."""
    numbers = list(dict.fromkeys(version.transaction for version in found))
    stored = _stored_series(connection, numbers, series.point)
    origins: list[_Origin] = []
    for number in numbers:
        own = [version for version in found if version.transaction == number]
        senders = stored.get(number, [_UNKNOWN])
        if len(set(senders)) > 1:
            origins += _told_apart(office, connection, series, (own, senders))
        else:
            origins += senders[:1] * len(own)
    return origins


def _told_apart(
    office: Office, connection: Connection, series: _Series, wanted: tuple[list[SeriesVersion], list[_Origin]]
) -> list[_Origin]:
    """Who said each of one transaction's versions of the value, when several messages stored series of the point.

    They are stored in the order of the messages and of their place in them, so the n-th delivery of the transaction
    is the n-th series that was stored.
    """
    own, senders = wanted
    everything = office.store.versions(connection, series.key, ALWAYS, kind=series.kind)
    deliveries = [one.run for one in everything if one.transaction == own[0].transaction]
    if len(deliveries) != len(senders):
        return [_UNKNOWN] * len(own)
    at, zone = own[0].run.start, office.profile.zone
    return [who for run, who in zip(deliveries, senders, strict=True) if at in run.starts(zone)]


def _stored_series(connection: Connection, transactions: Sequence[int], point: str) -> dict[int, list[_Origin]]:
    """Who sent the series of a point that transactions stored, by transaction and in the order they were stored.

    The messages are asked for first and alone: joined at once, a database may start from every series there is.
    """
    columns = (outcome.c.message, outcome.c.transaction, outcome.c.message_id, journal.c.received_at, journal.c.client)
    messages = (
        sa.select(*columns)
        .select_from(outcome.join(journal, journal.c.id == outcome.c.message))
        .where(outcome.c.transaction.in_(transactions), outcome.c.state == OutcomeState.ACCEPTED.value)
    )
    accepted = {row.message: row for row in connection.execute(messages)}
    statement = on_driver(
        connection,
        "select message, number, sender from transaction_id where point = ? and message in (*)"
        " order by message, number",
    )
    bound = (point, listed(connection, list(accepted)))
    stored: dict[int, list[_Origin]] = {}
    for message, number, sender in connection.exec_driver_sql(statement, bound).all():
        if _final_state(steps_of(connection, message), number) in _STORED:
            row = accepted[message]
            origin = _Origin(row.message_id, sender, row.received_at // MICROSECONDS, row.client)
            stored.setdefault(row.transaction, []).append(origin)
    made = sa.select(calculation).where(calculation.c.transaction.in_(transactions))
    for row in connection.execute(made):
        stored.setdefault(row.transaction, [_Origin("", "", None, row.process)])
    return stored


def _stored_unit(terms: SeriesTerms, registered: Unit, wanted: Unit | None) -> Unit:
    """The unit in which the store holds the series asked for."""
    unit = wanted or registered
    return SCALES[unit].base if terms.in_base_units and unit in SCALES else unit


def _final_state(steps: Sequence[Step], number: int) -> str:
    """Where a series of a message ended."""
    return next((step.state for step in reversed(steps) if step.series is None or number in step.series), "")
