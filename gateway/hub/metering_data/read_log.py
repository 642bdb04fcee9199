"""Reads of metering data put on record before they are answered, and shown to who may see them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.ports import Page, Principal
from gateway.hub.ports_metering_search import ReadRecord, ReadRecordPage
from gateway.hub.tables import transaction as commits
from gateway.hub.tables_reads import metering_data_read as table
from gateway.markets.agreements import AccessGround
from gateway.messages.codes import Role
from gateway.messages.identifiers import point_id
from gateway.messages.times import Interval

_WHOLE = re.compile(r"[0-9]{1,18}")


class Read(NamedTuple):
    """One metering point's data read on one ground."""

    point: int
    data: Interval
    ground: AccessGround


def note_reads(
    connection: Connection, transaction: int, who: Principal, reads: Iterable[Read], purpose: str = ""
) -> None:
    """Put reads on record."""
    rows = [
        {
            "transaction": transaction,
            "metering_point": read.point,
            "data_from": read.data.start,
            "data_to": read.data.end,
            "party": who.party,
            "role": who.role.value,
            "client": who.client_id,
            "ground": read.ground.value,
            "purpose": purpose,
        }
        for read in reads
    ]
    if rows:
        connection.execute(sa.insert(table), rows)


def read_page(connection: Connection, point: int, times: Sequence[Interval], window: Page) -> ReadRecordPage:
    """One window of the reads of a point's data in some of its times, newest first; an unreadable cursor gives none."""
    wanted = sa.select(table, commits.c.committed_at).join(commits, commits.c.id == table.c.transaction)
    shared = [(table.c.data_from < time.end) & (table.c.data_to > time.start) for time in times]
    wanted = wanted.where(table.c.metering_point == point, sa.or_(sa.false(), *shared)).order_by(table.c.id.desc())
    if window.after:
        if not _WHOLE.fullmatch(window.after):
            return ReadRecordPage(())
        wanted = wanted.where(table.c.id < int(window.after))
    rows = connection.execute(wanted.limit(window.limit + 1)).all()
    shown = rows[: window.limit]
    return ReadRecordPage(tuple(map(_record, shown)), str(shown[-1].id) if len(rows) > len(shown) else "")


def _record(row: sa.Row[Any]) -> ReadRecord:
    return ReadRecord(
        at=row.committed_at // MICROSECONDS,
        metering_point=point_id(row.metering_point),
        data=Interval(row.data_from, row.data_to),
        party=row.party,
        role=Role(row.role),
        client=row.client,
        ground=AccessGround(row.ground),
        purpose=row.purpose,
    )
