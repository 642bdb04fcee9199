"""Balance deviations: what changed of accounting points after their balance window, booked once (FI-4.3, FI-6.1).

A run looks at everything stored since the last one. Of each day of a point that changed outside its window it compares
the values of now with those the balance holds: those known when the window ended, or those an earlier run booked. A
step without a price waits for it. Exchange points and production units are settled privately and never booked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate, transaction_at
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.point_series.calculation import GROSS
from gateway.hub.point_series.followed import NewSegment, new_segments, note_looked
from gateway.hub.point_series.prices import PriceCurve, prices_of
from gateway.hub.point_series.sites import sites_of
from gateway.hub.series.reading import registered_at
from gateway.hub.series.step_sums import Values
from gateway.hub.supplier_rights import SupplyChains
from gateway.hub.tables_point_series import deviation, deviation_run, deviation_summary, deviation_waiting
from gateway.markets.closing import ClosingTerms, supplied_parts
from gateway.messages.codes import DeviationCause, Flow, MeteringPointType, PointClass, Unit
from gateway.messages.masterdata import KINDS, NONE, Rows
from gateway.messages.point_details import CLASSES
from gateway.messages.times import DAY, Interval, to_datetime
from gateway.settlement.balance_deviations import StepDeviation, summaries

NAME = "deviations"
KINDS_LOOKED_AT = (GROSS, series_kind(Unit.KWH, Flow.NET_OUT), series_kind(Unit.KWH, Flow.NET_IN))
_SEGMENTS = 5000
_ACCOUNTING = CLASSES.index(PointClass.ACCOUNTING_POINT)
_EXCHANGE = KINDS.index(MeteringPointType.EXCHANGE)
_PRODUCTION = KINDS.index(MeteringPointType.PRODUCTION)


class PointDay(NamedTuple):
    """A local day of one series of a point, by its number."""

    point: int
    kind: int
    day: int


class _Step(NamedTuple):
    """A step that differs from what the balance holds."""

    point: int
    start: int
    length: int
    found: StepDeviation


def run_deviations(office: Office, terms: ClosingTerms) -> int:
    """One run in one commit; its number."""
    with office.database.write() as connection:
        at = office.clock.micros()
        transaction = allocate(connection, at)
        connection.execute(deviation_run.insert().values(transaction=transaction, at=at))
        office.refresh(connection)
        _Run(office, connection, terms, transaction).carry_out()
    return transaction


@dataclass(frozen=True)
class _Run:
    """One run."""

    office: Office
    connection: Connection
    terms: ClosingTerms
    transaction: int

    def carry_out(self) -> None:
        """Find what changed, book what has a price, sum it up."""
        days = self._waiting() | self._changed()
        waiting: set[PointDay] = set()
        booked: list[_Step] = []
        for number in sorted({one.day for one in days}):
            of_day = sorted(one for one in days if one.day == number)
            curve = self._curve(number)
            for one in of_day:
                for step in self._steps(one, curve):
                    if step is None:
                        waiting.add(one)
                    else:
                        booked.append(step)
        self._keep(booked, waiting)

    # --- which days -----------------------------------------------------------------------------------------------

    def _waiting(self) -> set[PointDay]:
        rows = self.connection.execute(sa.select(deviation_waiting)).all()
        self.connection.execute(deviation_waiting.delete())
        return {PointDay(row.point, row.kind, row.day) for row in rows}

    def _changed(self) -> set[PointDay]:
        """Days of accounting points of which something was stored after their window."""
        found: set[PointDay] = set()
        calculated = sites_of(self.office.points).points
        while segments := new_segments(self.connection, NAME, KINDS_LOOKED_AT, _SEGMENTS):
            for segment in segments:
                numbers = list(self._closed_days(segment))
                if not numbers:
                    continue
                points = segment.points
                if segment.kind == GROSS:
                    points = points[~np.isin(points, calculated)]
                points = points[self._is_accounting(points, segment.start)]
                found |= {PointDay(point, segment.kind, day) for point in points.tolist() for day in numbers}
            note_looked(self.connection, NAME, segments[-1].id)
        return found

    def _closed_days(self, segment: NewSegment) -> Iterator[int]:
        zone = self.office.profile.zone
        for number in zone.days_of(segment.start, segment.finish):
            if self.terms.window_end(_date(number)) * MICROSECONDS <= segment.committed_at:
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

    # --- what of them ---------------------------------------------------------------------------------------------

    def _curve(self, number: int) -> PriceCurve:
        day = self.office.profile.zone.day_interval(_date(number))
        return PriceCurve(prices_of(self.connection, day), day)

    def _steps(self, one: PointDay, curve: PriceCurve) -> Iterator[_Step | None]:
        """The steps of a day that differ from what the balance holds, as far as their supplier answers for them.

        None stands for a step that waits for its price.
        """
        day = self.office.profile.zone.day_interval(_date(one.day))
        closed = transaction_at(self.connection, self.terms.window_end(_date(one.day)) * MICROSECONDS - 1)
        now, then = self._values(one, day, None), self._values(one, day, closed)
        known = dict(zip(then.starts.tolist(), np.where(then.is_missing, 0, then.quantities).tolist(), strict=True))
        known |= self._booked(one.point, day)
        moments = dict(zip(*self._moments(now), strict=True))
        columns = (now.starts, now.ends, np.where(now.is_missing, 0, now.quantities), now.transactions)
        for start, end, new, version in zip(*(column.tolist() for column in columns), strict=True):
            old = known.get(start, 0)
            if new == old:
                continue
            place, price = self._place(one.point, start, moments[version]), curve.price(start, end - start)
            if place is not None and price is None:
                yield None
            elif place is not None and price is not None:
                yield _Step(one.point, start, end - start, StepDeviation(*place, old, new, price))

    def _values(self, one: PointDay, day: Interval, as_of: int | None) -> Values:
        points, store = np.array([one.point], dtype=np.int64), self.office.store
        runs = store.read(self.connection, points, day, kind=one.kind, as_of=as_of).runs[0]
        return Values.joined([Values.of(run, self.office.profile.zone) for run in runs])

    def _moments(self, values: Values) -> tuple[list[int], list[int]]:
        """When the versions of values were stored, in seconds."""
        numbers = np.unique(values.transactions)
        return numbers.tolist(), registered_at(self.connection, numbers).tolist()

    def _booked(self, point: int, day: Interval) -> dict[int, int]:
        """What earlier runs booked of a point's day: the newest by step."""
        wanted = (
            sa.select(deviation.c.start, deviation.c.new)
            .where(deviation.c.point == point, deviation.c.start >= day.start, deviation.c.start < day.end)
            .order_by(deviation.c.transaction)
        )
        return {row.start: row.new for row in self.connection.execute(wanted)}

    def _place(self, point: int, start: int, reported_at: int) -> tuple[str, str, bool] | None:
        """Supplier, grid area and whether it produces; None where no supplier answers for the step (FI-4.2)."""
        master = self.office.master
        chains = SupplyChains(master, self.office.agreements(self.connection)).of(point)
        chain = next((chain for _, _, chain in supplied_parts(chains, start, start + 1)), None)
        located = master.locate(np.array([point]), np.array([start]), np.array([start + 1]))
        if chain is None or not located.number[0] or not self.terms.is_responsible(chain, reported_at):
            return None
        row = int(located.first[0])
        area = master.areas.names[master.points.grid_area[row]]
        return chain.party, area, bool(master.points.kind[row] == _PRODUCTION)

    # --- what becomes of it ---------------------------------------------------------------------------------------

    def _keep(self, booked: Iterable[_Step], waiting: Iterable[PointDay]) -> None:
        steps = list(booked)
        rows = [self._row(step) for step in steps]
        if rows:
            self.connection.execute(deviation.insert(), rows)
        if late := [one._asdict() for one in sorted(waiting)]:
            self.connection.execute(deviation_waiting.insert(), late)
        totals = summaries([step.found for step in steps], self._loss_suppliers())
        if totals:
            named = [one._asdict() | {"type": one.type.value, "transaction": self.transaction} for one in totals]
            self.connection.execute(deviation_summary.insert(), named)

    def _row(self, step: _Step) -> dict[str, object]:
        found = step.found
        return {
            "transaction": self.transaction,
            "point": step.point,
            "start": step.start,
            "length": step.length,
            "old": found.old,
            "new": found.new,
            "price": found.price,
            "supplier": found.supplier,
            "grid_area": found.grid_area,
            "is_production": found.is_production,
            "cause": DeviationCause.METERED_DATA.value,
        }

    def _loss_suppliers(self) -> dict[str, str]:
        """Who supplies the losses of each grid area now."""
        office, now = self.office, self.office.clock.now()
        facts = office.settlement_facts(self.connection, self.transaction)
        found: dict[str, str] = {}
        for loss in facts.grid_loss:
            if loss.valid_from <= now < loss.valid_to:
                versions = office.master.versions(loss.metering_point, Interval(now, now + 1))
                if versions and versions[0].energy_supplier is not None:
                    found.setdefault(loss.grid_area, versions[0].energy_supplier)
        return found


def _date(number: int) -> date:
    return to_datetime(number * DAY).date()
