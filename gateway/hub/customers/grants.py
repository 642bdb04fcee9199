"""Grants of customers: given, taken back, looked up; and the record of everything done under them (D1 §3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.access_ports import AccessEvent, AccessRecord, AccessRecordPage, Grant, GrantPage
from gateway.hub.clock import MICROSECONDS
from gateway.hub.message_summaries import is_storable
from gateway.hub.ports import Page, Principal
from gateway.hub.tables import transaction as commits
from gateway.hub.tables_access import access_grant, access_record, grant_revocation, granted_point
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.times import Interval

_WHOLE = re.compile(r"[0-9]{1,18}")
_AT_ONCE = 500

_given = commits.alias("given")
_taken = commits.alias("taken")
_GRANTS = (
    sa.select(access_grant, _given.c.committed_at.label("granted_at"), _taken.c.committed_at.label("revoked_at"))
    .join(_given, _given.c.id == access_grant.c.transaction)
    .outerjoin(grant_revocation, grant_revocation.c.grant_id == access_grant.c.id)
    .outerjoin(_taken, _taken.c.id == grant_revocation.c.transaction)
)
"""Grants with the instants, in epoch microseconds, at which they were given and taken back."""


def keep(connection: Connection, transaction: int, grant: Grant) -> None:
    """Store a grant; its `granted_at` and `revoked_at` are those of transactions and not stored with it."""
    connection.execute(
        sa.insert(access_grant).values(
            id=grant.id,
            transaction=transaction,
            customer=grant.customer,
            third_party=grant.third_party,
            data_from=grant.data.start,
            data_to=grant.data.end,
            valid_until=grant.valid_until,
        )
    )
    values = [{"grant_id": grant.id, "metering_point": point_key(point)} for point in grant.points]
    connection.execute(sa.insert(granted_point), values)


def revoke(connection: Connection, transaction: int, grant_id: str) -> None:
    """Store that a grant was taken back."""
    connection.execute(sa.insert(grant_revocation).values(grant_id=grant_id, transaction=transaction))


def find(connection: Connection, customer: str, grant_id: str) -> Grant | None:
    """A grant of a customer by its id."""
    wanted = _GRANTS.where(access_grant.c.customer == customer, access_grant.c.id == grant_id)
    return next(iter(_with_points(connection, connection.execute(wanted).all())), None)


def page(connection: Connection, customer: str, window: Page) -> GrantPage:
    """One window of a customer's grants, newest first; an unreadable cursor gives none."""
    wanted = _GRANTS.where(access_grant.c.customer == customer).order_by(access_grant.c.transaction.desc())
    if window.after:
        if not _WHOLE.fullmatch(window.after):
            return GrantPage(())
        wanted = wanted.where(access_grant.c.transaction < int(window.after))
    rows = connection.execute(wanted.limit(window.limit + 1)).all()
    shown = rows[: window.limit]
    after = str(shown[-1].transaction) if len(rows) > len(shown) else ""
    return GrantPage(tuple(_with_points(connection, shown)), after)


def in_force(connection: Connection, third_party: str, now: int, points: Iterable[int]) -> list[Grant]:
    """The grants a third party may read under at an instant that name one of the points; each with those points."""
    rows: dict[str, sa.Row[Any]] = {}
    named: dict[str, list[int]] = {}
    for some in _portions(sorted(set(points))):
        conditions = (*_readable(third_party, now), granted_point.c.metering_point.in_(some))
        joined = _GRANTS.join(granted_point, granted_point.c.grant_id == access_grant.c.id)
        for row in connection.execute(joined.add_columns(granted_point.c.metering_point).where(*conditions)):
            rows[row.id] = row
            named.setdefault(row.id, []).append(row.metering_point)
    return [_grant(row, named[grant_id]) for grant_id, row in rows.items()]


def readable_points(connection: Connection, third_party: str, now: int, window: Page) -> tuple[list[Grant], str]:
    """One window of the points a third party may read under its grants, one point each, in order; and the cursor."""
    place = (granted_point.c.metering_point, access_grant.c.id)
    wanted = _GRANTS.join(granted_point, granted_point.c.grant_id == access_grant.c.id)
    wanted = wanted.add_columns(granted_point.c.metering_point).where(*_readable(third_party, now)).order_by(*place)
    if window.after:
        point, _, grant_id = window.after.partition("-")
        if not _WHOLE.fullmatch(point) or not is_storable(grant_id):
            return [], ""
        wanted = wanted.where(
            sa.tuple_(*place) > sa.tuple_(sa.literal(int(point), sa.BigInteger), sa.literal(grant_id))
        )
    rows = connection.execute(wanted.limit(window.limit + 1)).all()
    shown = rows[: window.limit]
    after = f"{shown[-1].metering_point}-{shown[-1].id}" if len(rows) > len(shown) else ""
    return [_grant(row, [row.metering_point]) for row in shown], after


def are_in_force(connection: Connection, grant_ids: Iterable[str], now: int) -> bool:
    """Whether none of the grants has ended or been taken back."""
    return all(
        not connection.execute(
            _GRANTS.where(
                access_grant.c.id.in_(some),
                sa.or_(access_grant.c.valid_until <= now, grant_revocation.c.grant_id.is_not(None)),
            ).limit(1)
        ).first()
        for some in _portions(list(grant_ids))
    )


def _readable(third_party: str, now: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        access_grant.c.third_party == third_party,
        access_grant.c.valid_until > now,
        grant_revocation.c.grant_id.is_(None),
    )


def _with_points(connection: Connection, rows: Sequence[sa.Row[Any]]) -> list[Grant]:
    points: dict[str, list[int]] = {row.id: [] for row in rows}
    for some in _portions(list(points)):
        wanted = sa.select(granted_point).where(granted_point.c.grant_id.in_(some))
        for grant_id, point in connection.execute(wanted.order_by(granted_point.c.metering_point)):
            points[grant_id].append(point)
    return [_grant(row, points[row.id]) for row in rows]


def _grant(row: sa.Row[Any], points: Sequence[int]) -> Grant:
    return Grant(
        id=row.id,
        customer=row.customer,
        third_party=row.third_party,
        points=tuple(map(point_id, points)),
        data=Interval(row.data_from, row.data_to),
        granted_at=row.granted_at // MICROSECONDS,
        valid_until=row.valid_until,
        revoked_at=None if row.revoked_at is None else row.revoked_at // MICROSECONDS,
    )


def _portions(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """A list in portions a statement can name."""
    return (values[first : first + _AT_ONCE] for first in range(0, len(values), _AT_ONCE))


# --- the record ---------------------------------------------------------------------------------------------------


def note(
    connection: Connection,
    transaction: int,
    who: Principal,
    event: AccessEvent,
    reads: Mapping[tuple[str, str], Sequence[tuple[str, Interval]]],
) -> None:
    """Put on record what somebody did under grants, by (grant id, customer): the points and periods, or only that."""
    known = {"transaction": transaction, "event": event.value, "party": who.party, "client": who.client_id}
    nothing = {"metering_point": None, "data_from": None, "data_to": None}
    values = [
        {**known, **nothing, "grant_id": grant_id, "customer": customer, **what}
        for (grant_id, customer), read in reads.items()
        for what in [
            {"metering_point": point_key(point), "data_from": span.start, "data_to": span.end} for point, span in read
        ]
        or [{}]
    ]
    if values:
        connection.execute(sa.insert(access_record), values)


def records(connection: Connection, customer: str, window: Page) -> AccessRecordPage:
    """One window of what is on record about a customer's grants, newest first; an unreadable cursor gives none."""
    wanted = sa.select(access_record, commits.c.committed_at).join(commits, commits.c.id == access_record.c.transaction)
    wanted = wanted.where(access_record.c.customer == customer).order_by(access_record.c.id.desc())
    if window.after:
        if not _WHOLE.fullmatch(window.after):
            return AccessRecordPage(())
        wanted = wanted.where(access_record.c.id < int(window.after))
    rows = connection.execute(wanted.limit(window.limit + 1)).all()
    shown = rows[: window.limit]
    return AccessRecordPage(tuple(map(_record, shown)), str(shown[-1].id) if len(rows) > len(shown) else "")


def _record(row: sa.Row[Any]) -> AccessRecord:
    return AccessRecord(
        at=row.committed_at // MICROSECONDS,
        event=AccessEvent(row.event),
        grant_id=row.grant_id,
        party=row.party,
        client=row.client,
        metering_point=None if row.metering_point is None else point_id(row.metering_point),
        data=None if row.data_from is None else Interval(row.data_from, row.data_to),
    )
