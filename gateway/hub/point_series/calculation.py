"""Netting and sharing carried out: inputs read from the store, results stored beside them and sent to who is entitled.

Whatever input changes, the steps it touches are calculated and sent anew; the gross series stay as they are (FI-7.1).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.comparison import compare, is_met
from gateway.hub.delivery import DeliveryDesk, Stored
from gateway.hub.office import Office
from gateway.hub.outgoing import Cause, enqueue
from gateway.hub.period_groups import STATUS_BITS, PeriodGroup, period_groups, series_kind
from gateway.hub.point_series.followed import NewSegment
from gateway.hub.point_series.site_changes import ChangedRelation
from gateway.hub.point_series.sites import Pair, Sites
from gateway.hub.series.step_sums import Values, step_bounds, summed
from gateway.hub.supplier_rights import SupplierRights
from gateway.messages.codes import Flow, MeteringPointType, Product, Quality, Resolution, Role, Unit
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import RESOLUTIONS
from gateway.messages.point_details import CommunityMember
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import Instants, Interval
from gateway.rules.batch import Sender
from gateway.settlement.communities import share
from gateway.settlement.netting import Energy, net
from gateway.settlement.statuses import weakest

GROSS = series_kind(Unit.KWH)
_HOURLY = RESOLUTIONS.index(Resolution.HOUR)
_WITHDRAWN_AS = {
    Flow.NET_OUT: (MeteringPointType.NET_CONSUMPTION, MeteringPointType.COLLECTIVE_NET_CONSUMPTION),
    Flow.NET_IN: (MeteringPointType.NET_PRODUCTION, MeteringPointType.COLLECTIVE_NET_PRODUCTION),
}
"""What a series was sent as: of a site, of a community."""


class Calculated(NamedTuple):
    """One point's calculated energy over the steps of a part of a day."""

    point: int
    flow: Flow
    point_type: MeteringPointType
    step: Resolution
    bounds: Instants
    energy: Energy


@dataclass(frozen=True)
class Calculation:
    """One carrying-out, in one transaction; `at` in microseconds."""

    office: Office
    connection: Connection
    sites: Sites
    transaction: int
    at: int

    def carry_out(self, changed: Iterable[NewSegment]) -> int:
        """Calculate everything that changed segments touch; how many series were stored."""
        touched = (
            (point, Interval(segment.start, segment.finish))
            for segment in changed
            for point in segment.points[np.isin(segment.points, self.sites.points)].tolist()
        )
        return self._store(self._results(touched))

    def carry_out_anew(self, changed: Iterable[ChangedRelation]) -> int:
        """Calculate over stored data what is related otherwise now; how many series were stored.

        What was calculated of a point and is so no more is stated as missing: its gross series counts again.
        """
        relations = list(changed)
        if not relations:
            return 0
        parts = [(one, part) for one in relations for _, part in self._days(Interval(one.start, one.end))]
        results = self._results(self._stored(relations))
        zone = self.office.profile.zone
        given = {(one.point, one.flow, zone.day(int(one.bounds[0]))) for one in results}
        return self._store([*results, *self._withdrawn(parts, given)])

    def _results(self, touched: Iterable[tuple[int, Interval]]) -> list[Calculated]:
        """What is calculated of points over spans, wherever any of its input is known."""
        due: dict[tuple[str, str | int], dict[date, Interval]] = {}
        for point, span in touched:
            for work in self._works(point):
                for day, part in self._days(span):
                    known = due.setdefault(work, {}).get(day, part)
                    due[work][day] = Interval(min(known.start, part.start), max(known.end, part.end))
        results = [
            result
            for (sort, name), days in sorted(due.items(), key=str)
            for day, part in sorted(days.items())
            for result in (self._shared(str(name), day, part) if sort == "community" else self._netted(name, day, part))
        ]
        return [one for one in results if (one.energy.quality != Quality.MISSING).any()]

    def _works(self, point: int) -> Iterator[tuple[str, str | int]]:
        for pair in self.sites.pairs.get(point, ()):
            yield "site", pair.consumption
        for community in self.sites.communities.get(point, ()):
            yield "community", community

    def _days(self, span: Interval) -> Iterator[tuple[date, Interval]]:
        zone = self.office.profile.zone
        day, last = zone.day(span.start), zone.day(span.end - 1)
        while day <= last:
            common = zone.day_interval(day).common(span)
            if common is not None:
                yield day, common
            day += timedelta(days=1)

    def _stored(self, relations: Sequence[ChangedRelation]) -> Iterator[tuple[int, Interval]]:
        """The parts of what is related otherwise, by point and day, over which values of its own are stored."""
        whole = Interval(min(one.start for one in relations), max(one.end for one in relations))
        keys = np.array(sorted({one.point for one in relations}), dtype=np.int64)
        runs = dict(
            zip(keys.tolist(), self.office.store.read(self.connection, keys, whole, kind=GROSS).runs, strict=True)
        )
        for one in relations:
            for run in runs[one.point]:
                common = Interval(run.start, run.finish).common(Interval(one.start, one.end))
                if common is not None:
                    yield one.point, common

    def _withdrawn(
        self, parts: Iterable[tuple[ChangedRelation, Interval]], given: Container[tuple[int, Flow, date]]
    ) -> Iterator[Calculated]:
        """What stands of calculated series that are calculated no more, as missing."""
        zone = self.office.profile.zone
        for relation, part in parts:
            for flow, types in _WITHDRAWN_AS.items():
                if (relation.point, flow, zone.day(part.start)) in given:
                    continue
                keys, kind = np.array([relation.point], dtype=np.int64), series_kind(Unit.KWH, flow)
                for run in self.office.store.read(self.connection, keys, part, kind=kind).runs[0]:
                    if not ((run.quality & STATUS_BITS) == Quality.MISSING).all():
                        nothing = Energy(np.zeros_like(run.quantity), np.full_like(run.quality, Quality.MISSING))
                        bounds = np.append(run.starts(zone), run.finish)
                        point_type = types[relation.was_shared]
                        yield Calculated(relation.point, flow, point_type, Resolution(run.resolution), bounds, nothing)

    # --- what is calculated ---------------------------------------------------------------------------------------

    def _netted(self, consumption: str | int, day: date, part: Interval) -> Iterator[Calculated]:
        """A site's netted series, but for what a community takes further."""
        midnight = self.office.profile.zone.midnight(day)
        pair = self.sites.pair(int(consumption), midnight)
        if pair is None:
            return
        step, bounds = self._steps(day, part, (pair.consumption, pair.production))
        found = net(self._gross(pair.consumption, bounds), self._gross(pair.production, bounds))
        results = (
            (pair.consumption, Flow.NET_OUT, MeteringPointType.NET_CONSUMPTION, found.consumption),
            (pair.production, Flow.NET_IN, MeteringPointType.NET_PRODUCTION, found.production),
        )
        for point, flow, point_type, energy in results:
            if not self.sites.is_shared(point, midnight):
                yield Calculated(point, flow, point_type, step, bounds, energy)

    def _shared(self, community: str, day: date, part: Interval) -> Iterator[Calculated]:
        """A community's members and what is left of its production."""
        midnight = self.office.profile.zone.midnight(day)
        members = self.sites.shared_by(community, midnight)
        if not members:
            return
        points = [point_key(one.metering_point) for one in members]
        production = point_key(members[0].production_point)
        beside = [p for p in (*points, production) for pair in self.sites.pairs.get(p, ()) for p in pair[:2]]
        step, bounds = self._steps(day, part, (*points, production, *beside))
        shares = np.array([one.share for one in members], dtype=np.int64)
        used = [self._own(point, midnight, bounds) for point in points]
        found = share(self._own(production, midnight, bounds), used, shares)
        for place, point in enumerate(points):
            energy = Energy(found.consumption[place], found.quality[place])
            kind = MeteringPointType.COLLECTIVE_NET_CONSUMPTION
            yield Calculated(point, Flow.NET_OUT, kind, step, bounds, energy)
        for target, places in _surplus_places(members, production).items():
            energy = Energy(found.surplus[places].sum(axis=0), weakest(found.quality[places]))
            kind = MeteringPointType.COLLECTIVE_NET_PRODUCTION
            yield Calculated(target, Flow.NET_IN, kind, step, bounds, energy)

    def _own(self, point: int, midnight: int, bounds: Instants) -> Energy:
        """A point's energy as a community sees it: netted where its site is."""
        pair: Pair | None = self.sites.pair(point, midnight)
        if pair is None:
            return self._gross(point, bounds)
        found = net(self._gross(pair.consumption, bounds), self._gross(pair.production, bounds))
        return found.consumption if point == pair.consumption else found.production

    def _steps(self, day: date, part: Interval, points: Iterable[int]) -> tuple[Resolution, Instants]:
        """The imbalance period of a day, or the hour where a point has hourly values, which are never split."""
        profile, master = self.office.profile, self.office.master
        keys = np.array(sorted(set(points)), dtype=np.int64)
        start = np.full(len(keys), profile.zone.midnight(day), dtype=np.int64)
        located = master.locate(keys, start, start + 1)
        hourly = master.points.resolution[located.first[located.number > 0]] == _HOURLY
        step = Resolution.HOUR if hourly.any() else profile.settlement_resolution(day)
        return step, step_bounds(profile.zone, step, part)

    def _gross(self, point: int, bounds: Instants) -> Energy:
        """A point's own values in the steps of `bounds`."""
        span, zone = Interval(int(bounds[0]), int(bounds[-1])), self.office.profile.zone
        keys = np.array([point], dtype=np.int64)
        runs = self.office.store.read(self.connection, keys, span, kind=GROSS).runs[0]
        sums = summed(Values.joined([Values.of(run, zone) for run in runs]), bounds)
        quantity = np.zeros(len(bounds) - 1, dtype=np.int64)
        quality = np.full(len(bounds) - 1, Quality.MISSING, dtype=np.uint8)
        places = np.searchsorted(bounds, sums.starts)
        quantity[places], quality[places] = sums.quantities, sums.qualities & STATUS_BITS
        return Energy(quantity, quality)

    # --- what becomes of it ---------------------------------------------------------------------------------------

    def _store(self, results: list[Calculated]) -> int:
        """Store what differs from what is known, and send it on."""
        office, profile = self.office, self.office.profile
        if not results or profile.closing is None:
            return 0
        table = SeriesTable.of(self._series(number, one) for number, one in enumerate(results))
        sender = Sender(profile.hub, Role.HUB)
        batch = profile.batch(table, office.master, sender, self.at // MICROSECONDS, office.points.details)
        rights = SupplierRights(office, self.connection, profile.closing, batch)
        desk, stored = DeliveryDesk(profile, batch, frozenset(), rights), 0
        for group in period_groups(batch.series, batch.keys, range(len(table))):
            new, quality = self._new_rows(group)
            if not len(new):
                continue
            part = group.only(new.tolist())
            refs = office.store.append(self.connection, self.transaction, [part.as_input(quality[new])])
            desk.stored(Stored(part, refs[0].segment, refs[0].first_row))
            desk.publish(part.rows)
            stored += len(new)
        cause = Cause(None, self.transaction, self.at)
        (deliveries,) = desk.deliveries([range(len(table))])
        enqueue(self.connection, [(cause, *delivery) for delivery in deliveries])
        return stored

    def _new_rows(self, group: PeriodGroup) -> tuple[np.ndarray, np.ndarray]:
        """Which rows of a group say anything new, and the qualities to store."""
        current = self.office.store.current(self.connection, group.period, group.points)
        found = compare(group, current, np.ones(group.quantity.shape, dtype=np.bool_))
        return np.flatnonzero(~is_met(current) | ~found.unchanged.all(axis=1)), found.quality

    def _series(self, number: int, one: Calculated) -> Series:
        count = len(one.bounds) - 1
        period = Period(
            one.step,
            int(one.bounds[0]),
            int(one.bounds[-1]),
            np.arange(1, count + 1, dtype=np.int32),
            one.energy.quantity,
            one.energy.quality,
        )
        return Series(
            transaction=str(number),
            point=point_id(one.point),
            point_type=one.point_type,
            unit=Unit.KWH,
            period=period,
            registered_at=self.at // MICROSECONDS,
            product=Product.ACTIVE_ENERGY,
            flow=one.flow,
        )


def _surplus_places(members: Iterable[CommunityMember], production: int) -> dict[int, list[int]]:
    """Where surplus goes: members by the key of their own surplus point, else together at the production point."""
    places: dict[int, list[int]] = {}
    for place, one in enumerate(members):
        target = production if one.surplus_point is None else point_key(one.surplus_point)
        places.setdefault(target, []).append(place)
    return places
