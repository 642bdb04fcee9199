"""Who supplied metering points: as the balance of a day holds it, and as is known now (FI-4.3).

What an import says of a supplier after a day's window changes nobody's balance; the day's energy that moved from one
supplier to another is a deviation.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_masterdata as masterdata
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import run
from gateway.hub.masterdata.agreement_registry import agreements_about
from gateway.hub.masterdata.registrations import newest
from gateway.hub.masterdata.registry import point_version_of
from gateway.hub.office import Office
from gateway.hub.supplier_rights import SupplyChains
from gateway.hub.tables import transaction
from gateway.markets.closing import ClosingTerms, supplied_parts
from gateway.messages.agreements import Agreements, SupplyChain
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import MasterData
from gateway.messages.times import Interval

Chains = tuple[SupplyChain, ...]

_TOUCHES = (
    'select "transaction" from metering_point where metering_point = ?'
    ' union select later."transaction" from agreement own'
    " join agreement later on later.agreement = own.agreement where own.metering_point = ?"
)
"""The imports that said something of who supplies a point; an agreement may have been about another point before."""

_TOUCHED = (
    'select point from (select metering_point as point, "transaction" as number from metering_point'
    ' union select own.metering_point, later."transaction" from agreement own'
    " join agreement later on later.agreement = own.agreement) as touched where point is not null"
    " group by point having max(number) > ? and min(number) < max(number)"
)
"""The points that an import after one touched, and another before that."""


@dataclass(frozen=True)
class SupplyHistory:
    """Suppliers of points at any import, read as they are asked for."""

    office: Office
    connection: Connection
    terms: ClosingTerms
    _touches: dict[int, list[int]] = field(default_factory=dict, repr=False)
    _known: dict[tuple[int, int], Chains] = field(default_factory=dict, repr=False)

    def now(self, point: int) -> Chains:
        """Who supplied a point, as is known now."""
        return self._chains.of(point)

    def held(self, point: int, day: date) -> Chains:
        """Who supplied a point, as was known when the window of a day ended."""
        return self._as_of(point, self._import_at_end(day))

    def chain_of(self, point: int, party: str, instant: int) -> SupplyChain | None:
        """The time of a party at a point around an instant, by the newest import that had it supply then."""
        for known in reversed(self._touches_of(point)):
            chain = supplier_at(self._as_of(point, known), instant)
            if chain is not None and chain.party == party:
                return chain
        return None

    def changed_at(self, point: int) -> int:
        """When it was last said who supplies a point."""
        numbers, moments = self._imports
        return moments[bisect_left(numbers, self._touches_of(point)[-1])] // MICROSECONDS

    @property
    def last_import(self) -> int:
        """The number of the newest import; 0 where there is none."""
        numbers, _ = self._imports
        return numbers[-1] if numbers else 0

    def changed_since(self, number: int) -> Iterator[tuple[int, date]]:
        """Days behind their window of which imports after one say something else of a point's supplier than before.

        A point that was not registered when the window ended had no values to be in the balance.
        """
        if self.last_import <= number:
            return
        days = self._closed_days
        for (point,) in run(self.connection, _TOUCHED, (number,)).fetchall():
            touches = self._touches_of(point)
            base = max(bisect_right(touches, number) - 1, 0)
            found: set[date] = set()
            for before, after in pairwise(touches[base:]):
                found.update(self._differing(point, before, after))
            yield from ((point, day) for day in days if day in found and self._import_at_end(day) >= touches[0])

    # --- which days -----------------------------------------------------------------------------------------------

    @cached_property
    def _closed_days(self) -> list[date]:
        """The days whose window ended since the first import, as far back as may be corrected."""
        zone, now = self.office.profile.zone, self.office.clock.now()
        today, begun = zone.day(now), zone.day(self._imports[1][0] // MICROSECONDS)
        first = max(self.office.profile.oldest_corrected(today), begun - timedelta(days=31))
        days = (first + timedelta(days=place) for place in range((today - first).days))
        return [day for day in days if self.terms.window_end(day) <= now]

    def _differing(self, point: int, before: int, after: int) -> Iterator[date]:
        """The closed days of which two imports say something else."""
        zone, days = self.office.profile.zone, self._closed_days
        if not days:
            return
        whole = Interval(zone.midnight(days[0]), zone.midnight(days[-1] + timedelta(days=1)))
        for part in _differences(self._as_of(point, before), self._as_of(point, after), whole):
            day = zone.day(part.start)
            while zone.midnight(day) < part.end:
                yield day
                day += timedelta(days=1)

    # --- what was known -------------------------------------------------------------------------------------------

    @cached_property
    def _chains(self) -> SupplyChains:
        return SupplyChains(self.office.master, self.office.agreements(self.connection))

    @cached_property
    def _imports(self) -> tuple[list[int], list[int]]:
        """All imports: their numbers, and when they were (microseconds)."""
        made = masterdata.master_data_import.c.transaction
        wanted = sa.select(made, transaction.c.committed_at).join(transaction, transaction.c.id == made).order_by(made)
        rows = self.connection.execute(wanted).all()
        return [row[0] for row in rows], [row[1] for row in rows]

    def _import_at_end(self, day: date) -> int:
        """The newest import when the window of a day ended; 0 where there was none."""
        numbers, moments = self._imports
        before = bisect_left(moments, self.terms.window_end(day) * MICROSECONDS)
        return numbers[before - 1] if before else 0

    def _touches_of(self, point: int) -> list[int]:
        """The imports that said something of who supplies a registered point, in order."""
        if point not in self._touches:
            found = run(self.connection, _TOUCHES, (point, point)).fetchall()
            self._touches[point] = sorted(number for (number,) in found)
        return self._touches[point]

    def _as_of(self, point: int, known: int) -> Chains:
        """Who supplied a point, as known at an import; nobody where it was not registered."""
        touches = self._touches_of(point)
        if not touches or touches[-1] <= known:
            return self.now(point)
        key = point, touches[bisect_right(touches, known) - 1] if touches[0] <= known else 0
        if key not in self._known:
            self._known[key] = self._read(*key)
        return self._known[key]

    def _read(self, point: int, known: int) -> Chains:
        agreed = agreements_about(self.connection, {point_id(point)}, known)
        points = masterdata.metering_point
        versions = self.connection.execute(newest(points, known).where(points.c.metering_point == point))
        master = MasterData.build(map(point_version_of, versions))
        return SupplyChains(master, Agreements.build(agreed)).of(point)


def supplier_at(chains: Chains, instant: int) -> SupplyChain | None:
    """Who supplied at an instant."""
    return next((chain for _, _, chain in supplied_parts(chains, instant, instant + 1)), None)


def _differences(one: Chains, other: Chains, span: Interval) -> Iterator[Interval]:
    """The parts of a span in which the suppliers of two chains differ."""
    bounds = {bound for chain in (*one, *other) for bound in (chain.start, chain.end) if span.start < bound < span.end}
    cuts = sorted({span.start, span.end, *bounds})
    for start, end in pairwise(cuts):
        parties = {chain and chain.party for chain in (supplier_at(one, start), supplier_at(other, start))}
        if len(parties) > 1:
            yield Interval(start, end)
