"""Statistics of rejections: what was refused to whom, by reason and day (Regulation D1 §4.1.5).

They are read from the findings themselves, which are never deleted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.values import RejectionCount
from gateway.hub.database import listed, on_driver
from gateway.hub.journal import WHOLE_MESSAGE
from gateway.hub.office import Office
from gateway.hub.tables import transaction
from gateway.hub.tables_exchange import finding
from gateway.hub.tables_readings import reading_finding, reading_message
from gateway.messages.findings import Severity
from gateway.messages.times import Interval

_AT_ONCE = 10_000
_MESSAGES = 100  # each may hold a thousand series
_QUARTER = 900  # seconds; no local day anywhere begins within one


_Refused = dict[tuple[date, str, str], set[tuple[int, int]]]
"""What was refused, by day, sender and reason: message or transaction, and the place in it."""


class RejectedOf(NamedTuple):
    """What rejected series are counted by; the point is empty where the series' id was not taken."""

    day: date
    party: str
    point: str


class _Weight(msgspec.Struct):
    """What of a finding counts here."""

    severity: Severity = Severity.ERROR


def rejection_statistics(
    office: Office, connection: Connection, party: str | None, interval: Interval
) -> tuple[RejectionCount, ...]:
    """Rejected series, readings and messages decided in an interval, of one sender or of all, in order of day.

    Remarks that refuse nothing do not count.
    """
    series, readings = _Refused(), _Refused()
    for day, row in _refusals(office, connection, party, interval):
        series.setdefault((day, row.party, row.code), set()).add((row.message, row.number))
    for day, row in _refused_readings(office, connection, party, interval):
        readings.setdefault((day, row.party, row.code), set()).add((row.transaction, row.place))
    keys = sorted(series.keys() | readings.keys())
    return tuple(_count(key, series.get(key, set()), len(readings.get(key, ()))) for key in keys)


def rejected_series(office: Office, connection: Connection, interval: Interval) -> Counter[RejectedOf]:
    """How many series were rejected in an interval, each once, by local day, sender and metering point."""
    senders: dict[int, dict[int, tuple[date, str]]] = {}
    for day, row in _refusals(office, connection, None, interval):
        if row.number != WHOLE_MESSAGE:
            senders.setdefault(row.message, {})[row.number] = (day, row.party)
    messages, counted = sorted(senders), Counter[RejectedOf]()
    named = on_driver(connection, "select message, number, point from transaction_id where message in (*)")
    for first in range(0, len(messages), _MESSAGES):
        some = messages[first : first + _MESSAGES]
        rows = connection.exec_driver_sql(named, (listed(connection, some),))
        points = {(message, number): point for message, number, point in rows}
        for message in some:
            for number, who in senders[message].items():
                counted[RejectedOf(*who, points.get((message, number), ""))] += 1
    return counted


def _refusals(
    office: Office, connection: Connection, party: str | None, interval: Interval
) -> Iterator[tuple[date, sa.Row[Any]]]:
    """Findings that refuse, decided in an interval, each with the local day."""
    wanted = sa.select(finding).where(
        finding.c.at >= interval.start * MICROSECONDS, finding.c.at < interval.end * MICROSECONDS
    )
    if party is not None:
        wanted = wanted.where(finding.c.party == party)
    return _refusing(office, connection, wanted)


def _refused_readings(
    office: Office, connection: Connection, party: str | None, interval: Interval
) -> Iterator[tuple[date, sa.Row[Any]]]:
    """Findings that refuse a reading or its cancellation, each with the local day."""
    at, mail = transaction.c.committed_at, reading_message
    wanted = (
        sa.select(reading_finding, mail.c.party, at.label("at"))
        .join(mail, mail.c.transaction == reading_finding.c.transaction)
        .join(transaction, transaction.c.id == mail.c.transaction)
        .where(at >= interval.start * MICROSECONDS, at < interval.end * MICROSECONDS)
    )
    if party is not None:
        wanted = wanted.where(mail.c.party == party)
    return _refusing(office, connection, wanted)


def _refusing(office: Office, connection: Connection, wanted: sa.Select[Any]) -> Iterator[tuple[date, sa.Row[Any]]]:
    """The findings of a statement that are no mere remarks, each with the local day of its `at`."""
    weight = msgspec.json.Decoder(_Weight)
    days: dict[int, date] = {}
    for row in connection.execute(wanted, execution_options={"yield_per": _AT_ONCE}):
        if weight.decode(row.content).severity is not Severity.ERROR:
            continue
        quarter = row.at // (_QUARTER * MICROSECONDS)
        if quarter not in days:
            days[quarter] = office.profile.zone.day(quarter * _QUARTER)
        yield days[quarter], row


def _count(key: tuple[date, str, str], refused: set[tuple[int, int]], readings: int) -> RejectionCount:
    messages = sum(number == WHOLE_MESSAGE for _, number in refused)
    return RejectionCount(*key, series=len(refused) - messages, messages=messages, readings=readings)
