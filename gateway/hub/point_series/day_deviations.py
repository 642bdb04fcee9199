"""The steps of a point's day that differ from what the balance holds: their energy, or whose it is (FI-4.3, DH-200).

The balance holds what was known when the day's window ended, or what an earlier run booked. Energy that stood with the
wrong supplier is taken from that one and given to the right one, as far as each answers for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.point_series.bookings import BookedStep
from gateway.hub.point_series.calculation import GROSS
from gateway.hub.point_series.prices import PriceCurve
from gateway.hub.point_series.supply_history import SupplyHistory, supplier_at
from gateway.hub.series.reading import registered_at
from gateway.hub.series.step_sums import Values
from gateway.hub.tables_point_series import deviation, deviation_run
from gateway.markets.closing import ClosingTerms
from gateway.messages.agreements import SupplyChain
from gateway.messages.codes import DeviationCause, Flow, MeteringPointType, Unit
from gateway.messages.masterdata import KINDS
from gateway.messages.times import Interval, numbered_day
from gateway.settlement.balance_deviations import StepDeviation

COUNTED_KINDS = (GROSS, series_kind(Unit.KWH, Flow.NET_OUT), series_kind(Unit.KWH, Flow.NET_IN))
"""Series that may count in the balance: what is calculated of a point counts before what it measured (FI-7.1)."""

_PRODUCTION = KINDS.index(MeteringPointType.PRODUCTION)


class PointDay(NamedTuple):
    """A local day of a point, by its number."""

    point: int
    day: int

    @property
    def date(self) -> date:
        """The day as a date."""
        return numbered_day(self.day)


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
        booked = self._booked(one.point, day)
        moments = dict(zip(*self._moments(now), strict=True))
        columns = (now.starts, now.ends, now.quantities, now.transactions)
        for start, end, energy, version in zip(*(column.tolist() for column in columns), strict=True):
            before = booked.get(start) or self._share(one, held, Interval(start, end))
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

    def _held(self, one: PointDay, day: Interval) -> Values:
        """A day as known when its window ended."""
        closed = transaction_at(self.connection, self.terms.window_end(one.date) * MICROSECONDS - 1)
        return self._values(one, day, closed)

    def _share(self, one: PointDay, held: Values, step: Interval) -> _Share:
        """What was known of a step when the window ended: energy, and with whom."""
        first, last = np.searchsorted(held.starts, (step.start, step.end))
        chain = supplier_at(self.history.held(one.point, one.date), step.start)
        return _Share(chain, int(held.quantities[first:last].sum()))

    def _booked(self, point: int, day: Interval) -> dict[int, _Share]:
        """What the newest run that booked a step left: energy, and with whom."""
        ended = self.terms.window_end(self.office.profile.zone.day(day.start)) * MICROSECONDS
        wanted = (
            sa.select(deviation.c.start, deviation.c.new, deviation.c.supplier)
            .join(deviation_run)
            .where(deviation.c.point == point, deviation.c.start >= day.start, deviation.c.start < day.end)
            .where(deviation_run.c.at >= ended)  # what came before a day was reopened has been taken back
            .order_by(deviation.c.transaction, sa.func.abs(deviation.c.new))
        )
        found: dict[int, _Share] = {}
        for row in self.connection.execute(wanted):
            found[row.start] = _Share(self.history.chain_of(point, row.supplier, row.start), row.new)
        return found

    def _values(self, one: PointDay, day: Interval, as_of: int | None) -> Values:
        """What counts of a point's day as known at a version: its own energy, or what is calculated of that."""
        points, store, zone = np.array([one.point], dtype=np.int64), self.office.store, self.office.profile.zone
        found = Values.joined([])
        for kind in COUNTED_KINDS:
            runs = store.read(self.connection, points, day, kind=kind, as_of=as_of).runs[0]
            calculated = Values.joined([Values.of(run, zone) for run in runs])
            known = calculated if kind == GROSS else calculated.where(~calculated.is_missing)
            found = _laid_over(found, known)
        return replace(found, quantities=np.where(found.is_missing, 0, found.quantities))

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


def _laid_over(below: Values, above: Values) -> Values:
    """Values, and others over them where those are known."""
    if not len(below) or not len(above):
        return above if len(above) else below
    after = np.searchsorted(above.ends, below.starts, side="right")
    is_covered = (after < len(above)) & (above.starts[np.minimum(after, len(above) - 1)] < below.ends)
    joined = Values.joined([below.where(~is_covered), above])
    order = np.argsort(joined.starts, kind="stable")
    return Values(
        joined.starts[order],
        joined.ends[order],
        joined.quantities[order],
        joined.qualities[order],
        joined.transactions[order],
    )


def _moved(before: _Share, after: _Share) -> Iterator[tuple[_Share, int, int, DeviationCause]]:
    """What a step is booked as: with whom, Wh before and after, and why."""
    if before.party == after.party or not before.energy:
        if before.energy != after.energy:
            yield after, before.energy, after.energy, DeviationCause.METERED_DATA
        return
    yield before, before.energy, 0, DeviationCause.SUPPLIER
    if after.energy:
        yield after, 0, after.energy, DeviationCause.SUPPLIER
