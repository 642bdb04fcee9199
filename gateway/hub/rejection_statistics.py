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
from gateway.hub.tables_exchange import finding
from gateway.messages.findings import Severity
from gateway.messages.times import Interval

_AT_ONCE = 10_000
_MESSAGES = 100  # each may hold a thousand series
_QUARTER = 900  # seconds; no local day anywhere begins within one


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
    """Rejected series and refused messages decided in an interval, of one sender or of all, in order of day.

    Remarks that refuse nothing do not count.
    """
    counted: dict[tuple[date, str, str], set[tuple[int, int]]] = {}
    for day, row in _refusals(office, connection, party, interval):
        counted.setdefault((day, row.party, row.code), set()).add((row.message, row.number))
    return tuple(sorted(_count(key, refused) for key, refused in counted.items()))


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
    weight = msgspec.json.Decoder(_Weight)
    days: dict[int, date] = {}
    for row in connection.execute(wanted, execution_options={"yield_per": _AT_ONCE}):
        if weight.decode(row.content).severity is not Severity.ERROR:
            continue
        quarter = row.at // (_QUARTER * MICROSECONDS)
        if quarter not in days:
            days[quarter] = office.profile.zone.day(quarter * _QUARTER)
        yield days[quarter], row


def _count(key: tuple[date, str, str], refused: set[tuple[int, int]]) -> RejectionCount:
    messages = sum(number == WHOLE_MESSAGE for _, number in refused)
    return RejectionCount(*key, series=len(refused) - messages, messages=messages)
