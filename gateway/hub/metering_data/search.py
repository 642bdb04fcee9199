"""Metering data searched by who may see them: now, as stored or as read by an instant, in pages and longer steps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import allocate
from gateway.hub.metering_data.longer_steps import in_steps, is_finer, longest_step
from gateway.hub.metering_data.observing import Observer
from gateway.hub.metering_data.read_log import Read, note_reads, read_page
from gateway.hub.metering_data.stored_intervals import StoredPart, intervals_of, window_of
from gateway.hub.office import Office
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.ports_metering_search import (
    MeteringDataAnswer,
    MeteringDataQuery,
    PointData,
    PointRefused,
    ReadRecordPage,
)
from gateway.markets.agreements import AccessFacts, Right
from gateway.markets.distribution import Receiver
from gateway.messages.codes import Commodity, Role, commodity_of
from gateway.messages.findings import Finding
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.metering_data import RESOLUTION_PLACES, MeteringData, interval_ends
from gateway.messages.times import DAY, Interval

_LONGEST_STEP = 2 * DAY
"""More than a stored interval is long: a day of 25 hours."""


class SearchDesk:
    """Implements `gateway.hub.ports_metering_search.MeteringDataSearch` over one office."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def search(
        self, reader: Principal, query: MeteringDataQuery, page: NumberedPage | None = None
    ) -> MeteringDataAnswer | Refused:
        """Metering data the reader may see (EE-3.1, EE-3.2), put on record before they are given.

        Findings of the query: `search-from-not-before-to`, `purpose-not-the-roles`, `consent-role`, `consent-over`.
        Of a point: `eic-syntax`, `no-access` (also where it is unknown), `commodity-differs-from-points`,
        `consent-customer-type`, `customer-required`, `step-finer-than-stored`.
        """
        findings = tuple(self._findings(reader, query))
        if findings:
            return Refused(findings)
        return await asyncio.to_thread(self._search, reader, query, page)

    async def reads(self, reader: Principal, metering_point: str, page: Page) -> ReadRecordPage | None:
        """Who read a point's data: for the hub's operator, and for a customer as far as the data are its own."""
        return await asyncio.to_thread(self._reads, reader, metering_point, page)

    # --- the query ----------------------------------------------------------------------------------------------------

    def _findings(self, reader: Principal, query: MeteringDataQuery) -> Iterator[Finding]:
        profile, access = self._office.profile, self._office.profile.agreement_access
        if query.end is not None and query.start >= query.end:
            yield profile.finding("search-from-not-before-to", "periodStart")
        words = access.purposes.get(reader.role, frozenset())
        if query.purpose is not None and query.purpose not in words and reader.role is not Role.HUB:
            listed = ", ".join(sorted(words)) or "none"
            yield profile.finding("purpose-not-the-roles", "purpose", purposes=listed)
        if query.legal_consent and reader.role not in access.consent_roles:
            yield profile.finding("consent-role", "legalConsent")
        elif query.legal_consent and not profile.number("legal-consent", profile.zone.day(self._office.clock.now())):
            yield profile.finding("consent-over", "legalConsent")

    # --- the answer ---------------------------------------------------------------------------------------------------

    def _search(self, reader: Principal, query: MeteringDataQuery, page: NumberedPage | None) -> MeteringDataAnswer:
        while True:
            with self._office.database.read() as connection:
                facts = self._facts(connection, query.commodity)
                asked = [_Asked(self._office, facts, reader, query, point) for point in dict.fromkeys(query.points)]
                outcomes = [one.outcome(connection, page) for one in asked]
            found = tuple(one for one in outcomes if isinstance(one, PointData))
            refused = tuple(one for one in outcomes if isinstance(one, PointRefused))
            reads = [read for one, outcome in zip(asked, outcomes, strict=True) for read in one.reads(outcome)]
            if self._put_on_record(reader, query, facts, reads):
                return MeteringDataAnswer(found, refused)

    def _put_on_record(
        self, reader: Principal, query: MeteringDataQuery, facts: AccessFacts, reads: Sequence[Read]
    ) -> bool:
        """Note the reads, unless master data changed since the rights were worked out: then they are asked anew."""
        if not reads:
            return True
        with self._office.database.write() as connection:
            transaction = allocate(connection, self._office.clock.micros())
            now = self._facts(connection, query.commodity)
            if now.master is not facts.master or now.agreements is not facts.agreements:
                return False
            note_reads(connection, transaction, reader, reads, query.purpose or "")
        return True

    def _facts(self, connection: Connection, commodity: Commodity) -> AccessFacts:
        office = self._office
        return AccessFacts(
            office.refresh(connection),
            office.agreements(connection),
            office.profile.zone,
            office.clock.now(),
            commodity,
        )

    def _reads(self, reader: Principal, metering_point: str, page: Page) -> ReadRecordPage | None:
        if not is_point_id(metering_point):
            return None
        point = point_key(metering_point)
        with self._office.database.read() as connection:
            facts = self._facts(connection, Commodity.ELECTRICITY)
            if reader.role is Role.HUB:
                times: tuple[Interval, ...] = tuple(
                    Interval(version.valid_from, version.valid_to) for version in facts.master.versions(point)
                )
            elif reader.role is Role.CUSTOMER:
                times = self._office.profile.agreement_access.customer_times(facts, point, reader.party)
            else:
                return None
            return read_page(connection, point, times, page) if times else None


@dataclass(frozen=True)
class _Asked:
    """One metering point of a query."""

    office: Office
    facts: AccessFacts
    reader: Principal
    query: MeteringDataQuery
    point: str

    def outcome(self, connection: Connection, page: NumberedPage | None) -> PointData | PointRefused:
        """Its data, or why there are none for the reader."""
        finding = self._finding()
        if finding is not None:
            return PointRefused(self.point, (finding,))
        data = self._data(connection)
        step = self.query.step
        if step is not None and len(data):
            stored = longest_step(data)
            if is_finer(step, stored):
                text = {"point": self.point, "stored": stored, "step": step}
                return PointRefused(self.point, (self._word("step-finer-than-stored", "resolution", **text),))
            data = in_steps(data, step, self.office.profile)
        if page is None:
            return PointData(self.point, data, len(data))
        first = min(page.page * page.size, len(data))
        return PointData(self.point, window_of(data, first, min(first + page.size, len(data))), len(data))

    def reads(self, outcome: PointData | PointRefused) -> Iterator[Read]:
        """What is put on record: one read for each ground, over all it showed; nothing where nothing was given."""
        if isinstance(outcome, PointRefused):
            return
        rights = sorted(self._rights, key=lambda right: right.ground)
        for ground, own in groupby(rights, key=lambda right: right.ground):
            spans = list(own)
            data = Interval(min(right.start for right in spans), max(right.end for right in spans))
            yield Read(point_key(self.point), data, ground)

    def _finding(self) -> Finding | None:
        access, query = self.office.profile.agreement_access, self.query
        if not is_point_id(self.point):
            return self._word("eic-syntax", point=self.point)
        if query.customer is None and query.purpose in access.purposes_with_customer:
            return self._word("customer-required", "customerEic")
        if not self._rights:
            if query.legal_consent and self.facts.master.versions(self.point):
                return self._word("consent-customer-type", "legalConsent", point=self.point)
            return self._word("no-access", point=self.point)
        versions = self.facts.master.versions(self.point)
        if all(commodity_of(version.unit) is not query.commodity for version in versions):
            return self._word("commodity-differs-from-points", point=self.point)
        return None

    def _word(self, rule: str, path: str = "", **words: object) -> Finding:
        return self.office.profile.finding(rule, path, **words)

    @cached_property
    def _rights(self) -> tuple[Right, ...]:
        """What the reader may see of the point within the period asked for."""
        if not is_point_id(self.point):
            return ()
        access, key = self.office.profile.agreement_access, point_key(self.point)
        rights: Iterable[Right] = access.rights(self.facts, Receiver(self.reader.party, self.reader.role), key)
        if self.query.legal_consent:
            rights = (*rights, *access.consented(self.facts, key))
        if self.query.customer is not None:
            times = access.customer_times(self.facts, key, self.query.customer)
            rights = [part for right in rights for time in times if (part := _shared(right, time)) is not None]
        return tuple(part for right in rights if (part := _shared(right, self._period)) is not None)

    @cached_property
    def _period(self) -> Interval:
        """The period asked for; without an end, up to the last interval the hub may hold."""
        end = self.query.end
        if end is None:
            zone = self.office.profile.zone
            ahead = self.office.profile.number("furthest-years", zone.day(self.facts.now))
            end = zone.end("P1Y", self.facts.now, ahead)
        return Interval(self.query.start, max(end, self.query.start))

    def _data(self, connection: Connection) -> MeteringData:
        """The intervals that overlap a right of the reader and begin in the period asked for."""
        rights = self._rights
        first = min(right.start for right in rights) - _LONGEST_STEP
        hull = Interval(max(first, self.query.start), max(right.end for right in rights))
        observer = Observer(self.office, connection, self.query.commodity, self.query.observation)
        parts = (self._seen(part, rights) for part in observer.values(point_key(self.point), hull))
        return intervals_of((part for part in parts if len(part.starts)), self.query.commodity)

    def _seen(self, part: StoredPart, rights: Sequence[Right]) -> StoredPart:
        if len(rights) == 1 and rights[0].start <= int(part.starts[0]) and _end(self.office, part) <= rights[0].end:
            return part
        codes = np.full(len(part.starts), RESOLUTION_PLACES[part.resolution], dtype=np.uint8)
        ends = interval_ends(part.starts, codes, self.office.profile.zone)
        seen = np.zeros(len(part.starts), dtype=np.bool_)
        for right in rights:
            seen |= (part.starts < right.end) & (ends > right.start)
        return part._replace(starts=part.starts[seen], quantity=part.quantity[seen], quality=part.quality[seen])


def _end(office: Office, part: StoredPart) -> int:
    return office.profile.zone.end(part.resolution, int(part.starts[-1]), 1)


def _shared(right: Right, span: Interval) -> Right | None:
    """The part of a right within a span."""
    start, end = max(right.start, span.start), min(right.end, span.end)
    return right._replace(start=start, end=end) if start < end else None
