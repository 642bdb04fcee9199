"""The steps of a point's day that differ from what the balance holds: their energy, or whose it is (FI-4.3, DH-200).

The balance holds what was known when the day's window ended, or what an earlier run booked. Energy that stood with the
wrong supplier is taken from that one and given to the right one, as far as each answers for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from gateway.messages.masterdata import KINDS, Rows
from gateway.messages.series import Quantities
from gateway.messages.times import Interval
from gateway.settlement.balance_deviations import StepDeviation

COUNTED_KINDS = (GROSS, series_kind(Unit.KWH, Flow.NET_OUT), series_kind(Unit.KWH, Flow.NET_IN))
"""Series that may count in the balance: what is calculated of a point counts before what it measured (FI-7.1)."""

_PRODUCTION = KINDS.index(MeteringPointType.PRODUCTION)


class PointDay(NamedTuple):
    """A local day of a point, by its number."""

    point: int
    day: int


class _Share(NamedTuple):
    """Energy of a step and whose it is."""

    chain: SupplyChain | None
    energy: int

    @property
    def party(self) -> str | None:
        """The supplier."""
        return None if self.chain is None else self.chain.party


class _Compared(NamedTuple):
    """A point's day as it is now, and what the balance holds of it.

    Attributes:
        now: what counts of it now.
        held: Wh known of each step of `now` when the window ended.
        booked: what an earlier run left of a step.
    """

    point: int
    day: date
    now: Values
    held: Quantities
    booked: Mapping[int, _Share]


@dataclass(frozen=True)
class DayDeviations:
    """Compares days of points with the balance, in one view."""

    office: Office
    connection: Connection
    terms: ClosingTerms
    history: SupplyHistory

    def of(self, day: date, points: Rows, curve: PriceCurve) -> Iterator[tuple[int, BookedStep | None]]:
        """The steps of points, ascending, that differ from the balance; None for one that waits for its price."""
        span = self.office.profile.zone.day_interval(day)
        closed = transaction_at(self.connection, self.terms.window_end(day) * MICROSECONDS - 1)
        now, then = self._values(points, span, None), self._values(points, span, closed)
        moments, booked = self._moments(now), self._booked(points, span)
        for point, values, known in zip(points.tolist(), now, then, strict=True):
            one = _Compared(point, day, values, _energy(known, values), booked.get(point, {}))
            for step in self._steps(one, moments, curve):
                yield point, step

    def _steps(self, one: _Compared, moments: Mapping[int, int], curve: PriceCurve) -> Iterator[BookedStep | None]:
        was, chains = self.history.held(one.point, one.day), self.history.now(one.point)
        differs = (one.now.quantities != one.held) | (was != chains) | np.isin(one.now.starts, list(one.booked))
        now = one.now.where(differs)
        columns = (now.starts, now.ends, now.quantities, now.transactions, one.held[differs])
        for start, end, energy, version, held in zip(*(column.tolist() for column in columns), strict=True):
            before = one.booked.get(start) or _Share(supplier_at(was, start), held)
            for share, old, new, cause in _moved(before, _Share(supplier_at(chains, start), energy)):
                at = moments[version] if cause is DeviationCause.METERED_DATA else self.history.changed_at(one.point)
                place = self._place(one.point, start, share, at)
                price = curve.price(start, end - start)
                if place is not None and price is None:
                    yield None
                elif place is not None and price is not None:
                    yield BookedStep(one.point, start, end - start, StepDeviation(*place, old, new, price), cause)

    # --- what is known, and what the balance holds ----------------------------------------------------------------

    def _values(self, points: Rows, day: Interval, as_of: int | None) -> list[Values]:
        """What counts of points on a day as known at a version: their own energy, or what is calculated of that."""
        store, zone = self.office.store, self.office.profile.zone
        found = [Values.joined([]) for _ in points]
        for kind in COUNTED_KINDS:
            series = store.read(self.connection, points, day, kind=kind, as_of=as_of).runs
            for place, runs in enumerate(series):
                known = Values.joined([Values.of(run, zone) for run in runs])
                found[place] = _laid_over(found[place], known if kind == GROSS else known.where(~known.is_missing))
        return [replace(one, quantities=np.where(one.is_missing, 0, one.quantities)) for one in found]

    def _booked(self, points: Rows, day: Interval) -> dict[int, dict[int, _Share]]:
        """What the newest run that booked a step left, by point and start: energy, and with whom."""
        ended = self.terms.window_end(self.office.profile.zone.day(day.start)) * MICROSECONDS
        wanted = (
            sa.select(deviation.c.point, deviation.c.start, deviation.c.new, deviation.c.supplier)
            .join(deviation_run)
            .where(deviation.c.point.in_(points.tolist()))
            .where(deviation.c.start >= day.start, deviation.c.start < day.end)
            .where(deviation_run.c.at >= ended)  # what came before a day was reopened has been taken back
            .order_by(deviation.c.transaction, sa.func.abs(deviation.c.new))
        )
        found: dict[int, dict[int, _Share]] = {}
        for row in self.connection.execute(wanted):
            unknown = SupplyChain(row.supplier, row.start, row.start)
            chain = self.history.chain_of(row.point, row.supplier, row.start) or unknown
            found.setdefault(row.point, {})[row.start] = _Share(chain, row.new)
        return found

    def _moments(self, values: Sequence[Values]) -> dict[int, int]:
        """When the versions of values were stored, in seconds."""
        numbers = np.unique(np.concatenate([one.transactions for one in values]))
        return dict(zip(numbers.tolist(), registered_at(self.connection, numbers).tolist(), strict=True))

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


def _energy(known: Values, steps: Values) -> Quantities:
    """The energy of values in each of some steps."""
    total = np.append(0, np.cumsum(known.quantities))
    first, last = np.searchsorted(known.starts, steps.starts), np.searchsorted(known.starts, steps.ends)
    energy: Quantities = total[last] - total[first]
    return energy


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
