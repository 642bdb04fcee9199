"""What a sender is told of its own messages: their states, and the error report of each (EE-1.2, EE-1.4)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.metering_data.errors import errors_of
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_metering_data import NumberedPage, StatusPage, StatusQuery
from gateway.hub.tables_exchange import journal
from gateway.hub.tables_metering_data import metering_document
from gateway.messages.codes import Commodity, FeedForm, Role
from gateway.messages.findings import Finding
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState, ReportedError
from gateway.messages.times import DAY

_COLUMNS = metering_document.c


def statuses(
    office: Office, connection: Connection, reader: Principal, query: StatusQuery, page: NumberedPage
) -> StatusPage | Refused:
    """One page of the reader's own messages, in the order they came, as long as the market shows them."""
    if findings := _refusals(office, query):
        return Refused(findings)
    wanted = _wanted(office, reader, query)
    total = connection.execute(sa.select(sa.func.count()).select_from(metering_document).where(*wanted)).scalar_one()
    rows = connection.execute(
        sa.select(metering_document, journal.c.role, journal.c.dialect)
        .join(journal, journal.c.id == _COLUMNS.message)
        .where(*wanted)
        .order_by(_COLUMNS.created_at, _COLUMNS.message)
        .limit(page.size)
        .offset(page.page * page.size)
    ).all()
    errors = errors_of(connection, [row.message for row in rows if row.finished_at is not None])
    return StatusPage(tuple(_status(row, errors.get(row.message, ())) for row in rows), total)


def status_of(connection: Connection, number: int) -> MeteringDataStatus:
    """The status of one message by its number in the journal."""
    row = connection.execute(
        sa.select(metering_document, journal.c.role, journal.c.dialect)
        .join(journal, journal.c.id == _COLUMNS.message)
        .where(_COLUMNS.message == number)
    ).one()
    return _status(row, errors_of(connection, [number]).get(number, ()))


def _refusals(office: Office, query: StatusQuery) -> tuple[Finding, ...]:
    start, end = query.created_from, query.created_to
    if start is None or end is None:
        return ()
    longest = office.profile.metering_data.desk_terms(office.clock.now()).longest_window
    if start >= end:
        return (office.profile.finding("status-window-backwards"),)
    if end - start > longest:
        return (office.profile.finding("status-window-too-long", days=longest // DAY),)
    return ()


def _wanted(office: Office, reader: Principal, query: StatusQuery) -> list[sa.ColumnElement[bool]]:
    now = office.clock.now()
    shown_since = now - office.profile.metering_data.desk_terms(now).shown_seconds
    start = shown_since if query.created_from is None else max(query.created_from, shown_since)
    wanted = [_COLUMNS.sender == reader.party, _COLUMNS.created_at >= start * MICROSECONDS]
    if query.created_to is not None:
        wanted.append(_COLUMNS.created_at < query.created_to * MICROSECONDS)
    if query.document_id is not None:
        wanted.append(_COLUMNS.document_id == query.document_id)
    if query.state is not None:
        wanted.append(_COLUMNS.state == query.state.value)
    if query.commodity is not None:
        wanted.append(_COLUMNS.commodity == query.commodity.value)
    return wanted


def _status(row: sa.Row[Any], errors: tuple[ReportedError, ...] | list[ReportedError]) -> MeteringDataStatus:
    return MeteringDataStatus(
        document_id=row.document_id,
        sender=row.sender,
        role=Role(row.role),
        commodity=Commodity(row.commodity),
        form=FeedForm(row.dialect),
        created_at=row.created_at,
        finished_at=row.finished_at,
        state=ProcessingState(row.state),
        errors=tuple(errors),
    )
