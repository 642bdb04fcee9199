"""The error report of a message: findings with the metering point and the accounting interval each stands at."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import journal
from gateway.hub.database import run_many
from gateway.hub.journal import WHOLE_MESSAGE
from gateway.hub.metering_data.documents import Letter
from gateway.hub.tables_exchange import finding
from gateway.hub.tables_metering_data import finding_place
from gateway.messages.findings import Finding
from gateway.messages.metering_status import ReportedError

_LONGEST_POINT = 35
_PLACE = "insert into finding_place (message, ordinal, metering_point, period_start) values (?, ?, ?, ?)"


def note_errors(connection: Connection, letter: Letter, at: int, errors: Sequence[ReportedError]) -> None:
    """Keep what was found in a message; `at` in microseconds.

    A finding's number is that of its metering point among those with findings, for the statistics count by it.
    """
    if not errors:
        return
    points = {
        one: number for number, one in enumerate(dict.fromkeys(e.metering_point for e in errors if e.metering_point))
    }
    found = [(points.get(error.metering_point, WHOLE_MESSAGE), error.finding) for error in errors]
    journal.note_findings(connection, letter.number, at, letter.principal.party, found)
    places = [
        (letter.number, ordinal, _storable(error.metering_point), error.period_start)
        for ordinal, error in enumerate(errors)
    ]
    run_many(connection, _PLACE, places)


def errors_of(connection: Connection, messages: Sequence[int]) -> dict[int, list[ReportedError]]:
    """What was found in messages, by their numbers, in the order of the document."""
    place = finding_place.c
    wanted = (
        sa.select(finding.c.message, finding.c.content, place.metering_point, place.period_start)
        .join(finding_place, sa.and_(place.message == finding.c.message, place.ordinal == finding.c.ordinal))
        .where(finding.c.message.in_(messages))
        .order_by(finding.c.message, finding.c.ordinal)
    )
    found: dict[int, list[ReportedError]] = {}
    for row in connection.execute(wanted):
        told = ReportedError(_decoder.decode(row.content), row.metering_point, row.period_start)
        found.setdefault(row.message, []).append(told)
    return found


_decoder = msgspec.json.Decoder(Finding)


def _storable(point: str) -> str:
    """A stranger's text as a database takes it: PostgreSQL keeps no NUL."""
    return point.replace("\0", "")[:_LONGEST_POINT]
