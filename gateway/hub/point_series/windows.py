"""Balance windows as they stand, and days the hub's operator reopens while their balance closes (DH-210).

What is corrected of a reopened day until its balance is closed for good enters the balance, whenever it came. What had
been booked as a deviation of it is taken back, row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.point_series.bookings import BookedStep, keep_run
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_point_series import BalanceWindow, Reopening
from gateway.hub.tables import transaction
from gateway.hub.tables_point_series import deviation, window_reopening
from gateway.markets.closing import ClosingTerms, WindowState
from gateway.messages.codes import DeviationCause
from gateway.messages.findings import Finding
from gateway.messages.times import day_number, numbered_day
from gateway.settlement.balance_deviations import StepDeviation


def terms_now(connection: Connection, terms: ClosingTerms) -> ClosingTerms:
    """A market's windows with the days that were reopened."""
    days = connection.execute(sa.select(window_reopening.c.day)).scalars()
    return replace(terms, reopened=frozenset(map(numbered_day, days)))


def windows(
    office: Office, connection: Connection, terms: ClosingTerms, days: Sequence[date]
) -> tuple[BalanceWindow, ...]:
    """The windows of days, where each stands now, and who reopened it."""
    now, current = office.clock.now(), terms_now(connection, terms)
    wanted = (
        sa.select(window_reopening, transaction.c.committed_at)
        .join(transaction, transaction.c.id == window_reopening.c.transaction)
        .where(window_reopening.c.day.in_([day_number(day) for day in days]))
    )
    reopened = {
        numbered_day(row.day): Reopening(row.committed_at // MICROSECONDS, row.client, row.reason)
        for row in connection.execute(wanted)
    }
    return tuple(BalanceWindow(current.window(day, now), reopened.get(day)) for day in days)


def reopen(
    office: Office, connection: Connection, terms: ClosingTerms, operator: Principal, wish: tuple[date, str]
) -> BalanceWindow | Refused:
    """Reopen a day that is closing, for a reason, and take back what was booked of it.

    Finding: `window-not-closing`.
    """
    (day, reason), at = wish, office.clock.micros()
    state = terms_now(connection, terms).window(day, at // MICROSECONDS).state
    if state is not WindowState.CLOSING:
        text = f"the balance of {day} is {state}; only one that is closing may be reopened"
        return Refused((Finding("BadRequest", text, "day", "window-not-closing", target="day"),))
    number = allocate(connection, at)
    connection.execute(
        window_reopening.insert().values(
            day=day_number(day), transaction=number, client=operator.client_id, reason=reason
        )
    )
    _take_back(office, connection, day, at)
    (window,) = windows(office, connection, terms, (day,))
    return window


def _take_back(office: Office, connection: Connection, day: date, at: int) -> None:
    """Book the opposite of what runs booked of a day: for each run one of its own."""
    span = office.profile.zone.day_interval(day)
    wanted = (
        sa.select(deviation)
        .where(deviation.c.start >= span.start, deviation.c.start < span.end)
        .order_by(deviation.c.transaction)
    )
    rows = connection.execute(wanted).all()
    for _, of_run in groupby(rows, key=lambda row: row.transaction):
        opposite = [
            BookedStep(
                row.point,
                row.start,
                row.length,
                StepDeviation(row.supplier, row.grid_area, row.is_production, row.new, row.old, row.price),
                DeviationCause.REOPENED,
            )
            for row in of_run
        ]
        keep_run(office, connection, allocate(connection, at), opposite)
