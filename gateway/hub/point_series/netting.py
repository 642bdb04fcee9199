"""The duty of netting: follow the store, calculate what changed, one commit at a time."""

from __future__ import annotations

from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.point_series.calculation import GROSS, Calculation
from gateway.hub.point_series.followed import new_segments, note_looked
from gateway.hub.point_series.sites import sites_of
from gateway.hub.tables_point_series import calculation

NAME = "netting"
_SEGMENTS = 200
"""Segments looked through in one commit."""


def follow(office: Office) -> int:
    """Calculate what has changed since the last time; how many series were stored."""
    stored = 0
    while True:
        with office.database.read() as connection:
            if not new_segments(connection, NAME, (GROSS,), 1):
                return stored
        with office.database.write() as connection:
            at = office.clock.micros()
            transaction = allocate(connection, at)
            office.refresh(connection)
            changed = new_segments(connection, NAME, (GROSS,), _SEGMENTS)
            if changed:
                sites = sites_of(office.points)
                stored += Calculation(office, connection, sites, transaction, at).carry_out(changed)
                connection.execute(calculation.insert().values(transaction=transaction, process=NAME))
                note_looked(connection, NAME, changed[-1].id)
