"""Balance deviations: what changed of accounting points after their balance window, booked once (FI-4.3, FI-6.1).

A run looks at everything stored since the last one, and at what imports since then say of suppliers. Each day of a
point that changed outside its window is compared with what the balance holds (`day_deviations`). A step without a price
waits for it. Exchange points and production units are settled privately and never booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.point_series.bookings import BookedStep, begin_run, keep_steps
from gateway.hub.point_series.day_deviations import COUNTED_KINDS, DayDeviations, PointDay
from gateway.hub.point_series.followed import NewSegment, looked_through, new_segments, note_looked
from gateway.hub.point_series.prices import PriceCurve, prices_of
from gateway.hub.point_series.supply_history import SupplyHistory
from gateway.hub.point_series.windows import terms_now
from gateway.hub.tables_point_series import deviation_waiting
from gateway.markets.closing import ClosingTerms
from gateway.messages.codes import MeteringPointType, PointClass
from gateway.messages.masterdata import KINDS, NONE, Rows
from gateway.messages.point_details import CLASSES
from gateway.messages.times import day_number, numbered_day

NAME = "deviations"
IMPORTS = "suppliers"
_SEGMENTS = 5000
_POINTS = 500
"""Points whose day is read at a time."""
_ACCOUNTING = CLASSES.index(PointClass.ACCOUNTING_POINT)
_EXCHANGE = KINDS.index(MeteringPointType.EXCHANGE)


def run_deviations(office: Office, terms: ClosingTerms) -> int:
    """One run in one commit; its number."""
    with office.database.read() as connection:  # what imports changed takes long to find, and holds nobody back here
        office.refresh(connection)
        history = SupplyHistory(office, connection, terms_now(connection, terms))
        moved = tuple(history.changed_since(looked_through(connection, IMPORTS)))
        newest_import = history.last_import
    with office.database.write() as connection:
        transaction = allocate(connection, office.clock.micros())
        begin_run(office, connection, transaction)
        office.refresh(connection)
        _Run(office, connection, terms_now(connection, terms), transaction).carry_out(moved)
        note_looked(connection, IMPORTS, newest_import)
    return transaction


@dataclass(frozen=True)
class _Run:
    """One run."""

    office: Office
    connection: Connection
    terms: ClosingTerms
    transaction: int

    def carry_out(self, moved: Iterable[tuple[int, date]]) -> None:
        """Find what changed, book what has a price, sum it up; `moved` are days of points whose supplier changed."""
        days: dict[int, list[int]] = {}
        for point, day in sorted(self._waiting() | self._changed() | self._moved(moved)):
            days.setdefault(day, []).append(point)
        found = DayDeviations(
            self.office, self.connection, self.terms, SupplyHistory(self.office, self.connection, self.terms)
        )
        waiting: set[PointDay] = set()
        booked: list[BookedStep] = []
        for number in sorted(days):
            span = self.office.profile.zone.day_interval(numbered_day(number))
            curve = PriceCurve(prices_of(self.connection, span), span)
            points = np.array(days[number], dtype=np.int64)
            for first in range(0, len(points), _POINTS):
                for point, step in found.of(numbered_day(number), points[first : first + _POINTS], curve):
                    if step is None:
                        waiting.add(PointDay(point, number))
                    else:
                        booked.append(step)
        self._keep(booked, waiting)

    # --- which days -----------------------------------------------------------------------------------------------

    def _waiting(self) -> set[PointDay]:
        rows = self.connection.execute(sa.select(deviation_waiting)).all()
        self.connection.execute(deviation_waiting.delete())
        return {PointDay(row.point, row.day) for row in rows}

    def _changed(self) -> set[PointDay]:
        """Days of accounting points of which something was stored after their window."""
        found: set[PointDay] = set()
        while segments := new_segments(self.connection, NAME, COUNTED_KINDS, _SEGMENTS):
            for segment in segments:
                numbers = list(self._closed_days(segment))
                if not numbers:
                    continue
                points = segment.points[self._is_accounting(segment.points, segment.start)]
                found |= {PointDay(point, day) for point in points.tolist() for day in numbers}
            note_looked(self.connection, NAME, segments[-1].id)
        return found

    def _moved(self, moved: Iterable[tuple[int, date]]) -> set[PointDay]:
        """Days of accounting points whose supplier changed."""
        by_day: dict[date, list[int]] = {}
        for point, day in moved:
            by_day.setdefault(day, []).append(point)
        found: set[PointDay] = set()
        for day, moved_then in by_day.items():
            points = np.array(moved_then, dtype=np.int64)
            accounting = points[self._is_accounting(points, self.office.profile.zone.midnight(day))]
            found.update(PointDay(point, day_number(day)) for point in accounting.tolist())
        return found

    def _closed_days(self, segment: NewSegment) -> Iterator[int]:
        zone = self.office.profile.zone
        for number in zone.days_of(segment.start, segment.finish):
            if self.terms.window_end(numbered_day(number)) * MICROSECONDS <= segment.committed_at:
                yield number

    def _is_accounting(self, points: Rows, instant: int) -> np.ndarray:
        """Accounting points: by their details, or by their type where they have none (FI-6.1)."""
        instants = np.full(len(points), instant, dtype=np.int64)
        master, details = self.office.master, self.office.points.details
        located = master.locate(points, instants, instants + 1)
        kind = np.where(located.number > 0, master.points.kind[np.where(located.number > 0, located.first, 0)], NONE)
        rows = details.rows_at(points, instants)
        by_class = np.ones(len(points), dtype=np.bool_)
        named = rows != NONE
        by_class[named] = details.point_class[rows[named]] == _ACCOUNTING
        accounting: np.ndarray = by_class & (kind != _EXCHANGE) & (kind != NONE)
        return accounting

    # --- what becomes of it ---------------------------------------------------------------------------------------

    def _keep(self, booked: Sequence[BookedStep], waiting: Iterable[PointDay]) -> None:
        keep_steps(self.office, self.connection, self.transaction, booked)
        if late := [one._asdict() for one in sorted(waiting)]:
            self.connection.execute(deviation_waiting.insert(), late)
