"""What customers and third parties can do: implements `gateway.hub.access_ports.CustomerAccess` (D1 §3.5)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy.engine import Connection

from gateway.hub import clients
from gateway.hub.access_ports import (
    AccessEvent,
    AccessRecordPage,
    CustomerPointPage,
    Grant,
    GrantedPoint,
    GrantedPointPage,
    GrantPage,
    GrantWish,
)
from gateway.hub.customers import grants, links
from gateway.hub.customers.points import CustomerPoints, joined
from gateway.hub.database import allocate
from gateway.hub.masterdata.cells import Manner
from gateway.hub.message_summaries import is_storable
from gateway.hub.office import Office
from gateway.hub.ports import ImportReport, Page, PointSeries, Principal, Refused, SeriesQuery
from gateway.hub.series.reading import read_visible
from gateway.messages.codes import Role
from gateway.messages.findings import Finding
from gateway.messages.identifiers import is_point_id, point_id, point_key
from gateway.messages.masterdata import MasterData
from gateway.messages.times import Interval

Found = tuple[PointSeries, ...] | Refused | None
_Reads = dict[tuple[str, str], Sequence[tuple[str, Interval]]]
"""What was read, by (grant id, customer)."""


class CustomerDesk:
    """Serves customers and third parties from the hub's office."""

    def __init__(self, office: Office, manner: Manner) -> None:
        self._office = office
        self._manner = manner

    # --- whose a point is -----------------------------------------------------------------------------------------

    async def import_links(self, registrar: Principal, file: str, content: bytes) -> ImportReport:
        """Take a file of customers as a whole or not at all."""
        return await asyncio.to_thread(links.import_links, self._office, registrar, file, content, self._manner)

    async def points(self, customer: Principal, page: Page) -> CustomerPointPage:
        """The customer's own metering points."""
        return await self._office.database.reading(lambda connection: self.own(connection, customer.party).page(page))

    async def series(self, customer: Principal, query: SeriesQuery) -> Found:
        """Values of the customer's points in its own times."""

        def read(connection: Connection) -> Found:
            return read_visible(self._office, connection, query, self.own(connection, customer.party).parts)

        return await self._office.database.reading(read)

    def own(self, connection: Connection, customer: str) -> CustomerPoints:
        """The points of a customer as registered now."""
        return CustomerPoints.of(connection, self._office.refresh(connection), customer)

    # --- grants ---------------------------------------------------------------------------------------------------

    async def grant(self, customer: Principal, wish: GrantWish) -> Grant | Refused:
        """Let a third party see values.

        Findings: `unknown-third-party` (no client acts for it as third party), `not-your-point` (not the customer's
        at any time of the period), `no-points`, `too-many-points`, `grant-over` (it would have ended already),
        `grant-too-long`.
        """
        return await asyncio.to_thread(self._grant, customer, wish)

    async def grants(self, customer: Principal, page: Page) -> GrantPage:
        """What the customer has granted."""
        return await self._office.database.reading(grants.page, customer.party, page)

    async def revoke(self, customer: Principal, grant_id: str) -> Grant | None:
        """Take a grant back, at once and for good; taking it back again changes nothing."""
        return await asyncio.to_thread(self._revoke, customer, grant_id)

    async def accesses(self, customer: Principal, page: Page) -> AccessRecordPage:
        """What is on record about the customer's grants."""
        return await self._office.database.reading(grants.records, customer.party, page)

    def _grant(self, customer: Principal, wish: GrantWish) -> Grant | Refused:
        office, now = self._office, self._office.clock.now()
        policy, zone = office.profile.access.grants, office.profile.zone
        data = policy.quotation_period(zone, now) if wish.data is None else wish.data
        valid_until = policy.valid_until(now) if wish.valid_until is None else wish.valid_until
        with office.database.read() as connection:
            own = self.own(connection, customer.party)
            points = wish.points or tuple(point_id(key) for key in own.numbers() if own.parts(key, data))
            wanted = Grant(office.new_id(), customer.party, wish.third_party, points, data, now, valid_until)
            findings = (*self._party_findings(connection, wanted), *self._point_findings(own, wanted))
        if findings:
            return Refused(findings)
        with office.database.write() as connection:
            transaction = allocate(connection, office.clock.micros())
            kept = replace(wanted, points=tuple(dict.fromkeys(points)))
            grants.keep(connection, transaction, kept)
            read = [(point, data) for point in kept.points]
            grants.note(connection, transaction, customer, AccessEvent.GRANTED, {(kept.id, kept.customer): read})
            found = grants.find(connection, customer.party, kept.id)
        if found is None:
            raise LookupError(kept.id)
        return found

    def _party_findings(self, connection: Connection, wanted: Grant) -> Iterable[Finding]:
        if clients.find_by_party(connection, wanted.third_party, Role.THIRD_PARTY) is None:
            yield _refusal("unknown-third-party", f"nobody acts for {wanted.third_party} as third party", "third_party")
        now, policy = wanted.granted_at, self._office.profile.access.grants
        if wanted.valid_until <= now:
            yield _refusal("grant-over", "the grant would have ended already", "valid_until")
        if wanted.valid_until > policy.latest_end(now):
            text = f"a grant may be valid for {policy.longest_days} days at most"
            yield _refusal("grant-too-long", text, "valid_until")

    def _point_findings(self, own: CustomerPoints, wanted: Grant) -> Iterable[Finding]:
        most = self._office.profile.access.grants.most_points
        if not wanted.points:
            yield _refusal("no-points", "no metering point is yours in this period", "points")
        if len(wanted.points) > most:
            yield _refusal("too-many-points", f"a grant may name {most} metering points at most", "points")
            return
        for number, point in enumerate(wanted.points):
            if not is_point_id(point) or not own.parts(point_key(point), wanted.data):
                yield _refusal("not-your-point", "this metering point is not yours in the period", f"points/{number}")

    def _revoke(self, customer: Principal, grant_id: str) -> Grant | None:
        if not is_storable(grant_id):
            return None
        with self._office.database.write() as connection:
            transaction = allocate(connection, self._office.clock.micros())
            found = grants.find(connection, customer.party, grant_id)
            if found is None or found.revoked_at is not None:
                return found
            grants.revoke(connection, transaction, grant_id)
            grants.note(connection, transaction, customer, AccessEvent.REVOKED, {(grant_id, customer.party): ()})
            return grants.find(connection, customer.party, grant_id)

    # --- third parties --------------------------------------------------------------------------------------------

    async def granted_points(self, third_party: Principal, page: Page) -> GrantedPointPage:
        """What the third party may read now; the read is put on record."""
        return await asyncio.to_thread(self._granted_points, third_party, page)

    async def granted_series(self, third_party: Principal, query: SeriesQuery) -> Found:
        """Values under the grants in force now, put on record before they are given."""
        return await asyncio.to_thread(self._granted_series, third_party, query)

    def _granted_points(self, third_party: Principal, page: Page) -> GrantedPointPage:
        while True:
            with self._office.database.read() as connection:
                now = self._office.clock.now()
                found, after = grants.readable_points(connection, third_party.party, now, page)
                usable = _Usable(connection, self._office.refresh(connection), found)
            shown = [
                GrantedPoint(grant.id, grant.customer, point, part, grant.valid_until)
                for grant in found
                for point in grant.points
                for part in usable.parts_of(grant, point_key(point))
            ]
            reads: _Reads = {(one.grant_id, one.customer): () for one in shown}
            if self._put_on_record(third_party, AccessEvent.POINTS_READ, reads):
                return GrantedPointPage(tuple(shown), after)

    def _granted_series(self, third_party: Principal, query: SeriesQuery) -> Found:
        points = [point_key(point) for point in query.points if is_point_id(point)]
        while True:
            with self._office.database.read() as connection:
                now = self._office.clock.now()
                found = grants.in_force(connection, third_party.party, now, points)
                usable = _Usable(connection, self._office.refresh(connection), found)
                series = read_visible(self._office, connection, query, usable.parts)
            if not isinstance(series, tuple):
                return series
            reads = usable.reads(points, Interval(query.start, query.end))
            if self._put_on_record(third_party, AccessEvent.SERIES_READ, reads):
                return series

    def _put_on_record(self, who: Principal, event: AccessEvent, reads: _Reads) -> bool:
        """Note a read, unless a grant it stands on has ended or been taken back since: then it must be read anew.

        A revocation waits for the same turn to write, so what is given out was granted when it was put on record.
        """
        if not reads:
            return True
        with self._office.database.write() as connection:
            transaction = allocate(connection, self._office.clock.micros())
            if not grants.are_in_force(connection, [grant_id for grant_id, _ in reads], self._office.clock.now()):
                return False
            grants.note(connection, transaction, who, event, reads)
        return True


class _Usable:
    """What some grants let be seen: their points, in their period, while the points are the customer's."""

    def __init__(self, connection: Connection, master: MasterData, found: Sequence[Grant]) -> None:
        self._own = {
            customer: CustomerPoints.of(connection, master, customer)
            for customer in sorted({grant.customer for grant in found})
        }
        self._naming: dict[int, list[Grant]] = {}
        for grant in found:
            for point in grant.points:
                self._naming.setdefault(point_key(point), []).append(grant)

    def parts_of(self, grant: Grant, point: int) -> tuple[Interval, ...]:
        """The times of a point that one grant shows."""
        return self._own[grant.customer].parts(point, grant.data)

    def parts(self, point: int) -> tuple[Interval, ...]:
        """The times of a point that the grants show together."""
        return joined(part for grant in self._naming.get(point, ()) for part in self.parts_of(grant, point))

    def reads(self, points: Iterable[int], wanted: Interval) -> _Reads:
        """What a read of points in an interval takes from each grant."""
        found: dict[tuple[str, str], list[tuple[str, Interval]]] = {}
        for point in dict.fromkeys(points):
            for grant in self._naming.get(point, ()):
                for part in self.parts_of(grant, point):
                    common = part.common(wanted)
                    if common is not None:
                        found.setdefault((grant.id, grant.customer), []).append((point_id(point), common))
        return dict(found)


def _refusal(rule: str, text: str, path: str) -> Finding:
    return Finding(code=rule, text=text, path=path, rule=rule, clause="D1 §3.5")
