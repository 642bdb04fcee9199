"""The steps of a point's day that differ from what the balance holds: their energy, or whose it is (FI-4.3, DH-200).

The balance holds what was known when the day's window ended, or what an earlier run booked. Energy that stood with the
wrong supplier is taken from that one and given to the right one, as far as each answers for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.office import Office
from gateway.hub.point_series.calculation import GROSS
from gateway.hub.point_series.prices import PriceCurve
from gateway.hub.point_series.supply_history import SupplyHistory, supplier_at
from gateway.hub.series.reading import registered_at
from gateway.hub.series.step_sums import Values
from gateway.hub.tables_point_series import deviation
from gateway.markets.closing import ClosingTerms
from gateway.messages.agreements import SupplyChain
from gateway.messages.codes import DeviationCause, MeteringPointType
from gateway.messages.masterdata import KINDS
from gateway.messages.times import DAY, Interval, to_datetime
from gateway.settlement.balance_deviations import StepDeviation

_PRODUCTION = KINDS.index(MeteringPointType.PRODUCTION)


class PointDay(NamedTuple):
    """A local day of one series of a point, by its number."""

    point: int
    kind: int
    day: int

    @property
    def date(self) -> date:
        """The day as a date."""
        return to_datetime(self.day * DAY).date()


class BookedStep(NamedTuple):
    """What a run books of a step of a point."""

    point: int
    start: int
    length: int
    found: StepDeviation
    cause: DeviationCause


class _Share(NamedTuple):
    """Energy of a step and whose it is."""

    chain: SupplyChain | None
    energy: int

    @property
    def party(self) -> str | None:
        """The supplier."""
        return None if self.chain is None else self.chain.party


@dataclass(frozen=True)
class DayDeviations:
    """Compares days of points with the balance, in one view."""

    office: Office
    connection: Connection
    terms: ClosingTerms
    history: SupplyHistory

    def of(self, one: PointDay, curve: PriceCurve) -> Iterator[BookedStep | None]:
        """The steps of a day that differ from the balance; None stands for one that waits for its price."""
        day = self.office.profile.zone.day_interval(one.date)
        now, held = self._values(one, day, None), self._held(one, day)
        moments = dict(zip(*self._moments(now), strict=True))
        columns = (now.starts, now.ends, np.where(now.is_missing, 0, now.quantities), now.transactions)
        for start, end, energy, version in zip(*(column.tolist() for column in columns), strict=True):
            before = self._share(one, start, held.get(start, 0))
            after = _Share(supplier_at(self.history.now(one.point), start), energy)
            for share, old, new, cause in _moved(before, after):
                at = moments[version] if cause is DeviationCause.METERED_DATA else self.history.changed_at(one.point)
                place = self._place(one.point, start, share, at)
                price = curve.price(start, end - start)
                if place is not None and price is None:
                    yield None
                elif place is not None and price is not None:
                    yield BookedStep(one.point, start, end - start, StepDeviation(*place, old, new, price), cause)

    # --- what the balance holds -----------------------------------------------------------------------------------

    def _held(self, one: PointDay, day: Interval) -> dict[int, int | _Share]:
        """Energy by step as known when the window ended, or what earlier runs booked, and with whom."""
        closed = transaction_at(self.connection, self.terms.window_end(one.date) * MICROSECONDS - 1)
        held: dict[int, int | _Share] = {}
        for kind in dict.fromkeys((GROSS, one.kind)):  # what was not calculated then stood there as measured
            then = self._values(one._replace(kind=kind), day, closed)
            held |= zip(then.starts.tolist(), np.where(then.is_missing, 0, then.quantities).tolist(), strict=True)
        return held | self._booked(one.point, day)

    def _share(self, one: PointDay, start: int, held: int | _Share) -> _Share:
        if isinstance(held, _Share):
            return held
        return _Share(supplier_at(self.history.held(one.point, one.date), start), held)

    def _booked(self, point: int, day: Interval) -> dict[int, _Share]:
        """What the newest run that booked a step left: energy, and with whom."""
        wanted = (
            sa.select(deviation.c.start, deviation.c.new, deviation.c.supplier)
            .where(deviation.c.point == point, deviation.c.start >= day.start, deviation.c.start < day.end)
            .order_by(deviation.c.transaction, sa.func.abs(deviation.c.new))
        )
        found: dict[int, _Share] = {}
        for row in self.connection.execute(wanted):
            found[row.start] = _Share(self.history.chain_of(point, row.supplier, row.start), row.new)
        return found

    def _values(self, one: PointDay, day: Interval, as_of: int | None) -> Values:
        points, store = np.array([one.point], dtype=np.int64), self.office.store
        runs = store.read(self.connection, points, day, kind=one.kind, as_of=as_of).runs[0]
        return Values.joined([Values.of(run, self.office.profile.zone) for run in runs])

    def _moments(self, values: Values) -> tuple[list[int], list[int]]:
        """When the versions of values were stored, in seconds."""
        numbers = np.unique(values.transactions)
        return numbers.tolist(), registered_at(self.connection, numbers).tolist()

    def _place(self, point: int, start: int, share: _Share, reported_at: int) -> tuple[str, str, bool] | None:
        """Supplier, grid area and whether it produces; None where the supplier does not answer for it (FI-4.2)."""
        master = self.office.master
        located = master.locate(np.array([point]), np.array([start]), np.array([start + 1]))
        chain = share.chain
        if chain is None or not located.number[0] or not self.terms.is_responsible(chain, reported_at):
            return None
        row = int(located.first[0])
        area = master.areas.names[master.points.grid_area[row]]
        return chain.party, area, bool(master.points.kind[row] == _PRODUCTION)


def _moved(before: _Share, after: _Share) -> Iterator[tuple[_Share, int, int, DeviationCause]]:
    """What a step is booked as: with whom, Wh before and after, and why."""
    if before.party == after.party or not before.energy:
        if before.energy != after.energy:
            yield after, before.energy, after.energy, DeviationCause.METERED_DATA
        return
    yield before, before.energy, 0, DeviationCause.SUPPLIER
    if after.energy:
        yield after, 0, after.energy, DeviationCause.SUPPLIER
