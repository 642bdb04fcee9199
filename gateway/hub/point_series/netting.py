"""The duty of netting: follow the store and the imports, calculate what changed, one commit at a time."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.point_series.calculation import GROSS, Calculation
from gateway.hub.point_series.followed import new_segments, note_looked
from gateway.hub.point_series.site_changes import has_news, note_changed_relations, take_due
from gateway.hub.point_series.sites import sites_of
from gateway.hub.tables_point_series import calculation

NAME = "netting"
_SEGMENTS = 200
"""Segments looked through in one commit."""


def follow(office: Office) -> int:
    """Calculate what has changed since the last time; how many series were stored."""
    return _follow_store(office) + _follow_imports(office)


def _follow_store(office: Office) -> int:
    """Values that came in."""
    stored = 0
    while True:
        with office.database.read() as connection:
            if not new_segments(connection, NAME, (GROSS,), 1):
                return stored
        with office.database.write() as connection:
            work = _work(office, connection)
            changed = new_segments(connection, NAME, (GROSS,), _SEGMENTS)
            if changed:
                stored += work.carry_out(changed)
                note_looked(connection, NAME, changed[-1].id)


def _follow_imports(office: Office) -> int:
    """Sites and communities that are others than when their data came, over what is stored."""
    with office.database.read() as connection:
        if not has_news(connection):
            return 0
    with office.database.write() as connection:
        note_changed_relations(office, connection)
    stored = 0
    while True:
        with office.database.write() as connection:
            due = take_due(connection, office.profile.zone)
            if not due:
                return stored
            stored += _work(office, connection).carry_out_anew(due)


def _work(office: Office, connection: Connection) -> Calculation:
    """A calculation as a transaction of its own, with what is known now."""
    at = office.clock.micros()
    transaction = allocate(connection, at)
    office.refresh(connection)
    connection.execute(calculation.insert().values(transaction=transaction, process=NAME))
    return Calculation(office, connection, sites_of(office.points), transaction, at)
