"""A read is possible if and only if a grant in force covers point and period at that moment (DK-3.5).

Customers come and go, grants are given, end and are taken back; after every move anybody may read, and what is shown is
compared day by day with what a person would work out from the list of grants.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gateway.demo.market import sample_gln
from gateway.hub import clients
from gateway.hub.access_ports import AccessEvent, Grant, GrantWish
from gateway.hub.customers.desk import CustomerDesk
from gateway.hub.database import Database
from gateway.hub.masterdata.cells import Manner
from gateway.hub.ports import Client, Page, Principal, SeriesQuery
from gateway.messages.codes import Resolution, Role, Unit
from gateway.messages.times import Interval, format_second
from tests.integration.reading.small_hub import FLEX, NOW, OPERATOR, PRODUCTION, REACTIVE, ZONE, SmallHub

DAYS = 8
START = ZONE.end(Resolution.DAY, ZONE.midnight(ZONE.day(NOW)), -DAYS)
"""Eight days, the last Sunday of March with its 23 hours among them."""
STARTS = [ZONE.end(Resolution.DAY, START, number) for number in range(DAYS + 1)]
POINTS = (FLEX, PRODUCTION, REACTIVE)
PARENTS = {REACTIVE: FLEX}

numbers = itertools.count(1000)
spans = st.tuples(st.integers(0, DAYS - 1), st.integers(1, DAYS)).map(lambda s: (s[0], max(s[0] + 1, s[1])))


def interval(span: tuple[int, int]) -> Interval:
    """Some days as instants."""
    return Interval(STARTS[span[0]], STARTS[span[1]])


@dataclass
class Given:
    """A grant as a person remembers it."""

    grant: Grant
    days: range
    revoked: bool = False


class Grants(RuleBasedStateMachine):
    """Two customers, two third parties, three points of which one is the child of another."""

    hub: ClassVar[SmallHub]

    @initialize()
    def begin(self) -> None:
        self.desk = CustomerDesk(self.hub.office, Manner(ZONE))
        parties = [sample_gln(next(numbers)) for _ in range(4)]
        roles = (Role.CUSTOMER, Role.CUSTOMER, Role.THIRD_PARTY, Role.THIRD_PARTY)
        who = [Principal(party, role, party) for party, role in zip(parties, roles, strict=True)]
        self.customers, self.readers = who[:2], who[2:]
        with self.hub.database.write() as connection:
            for one in who:
                assert clients.register(connection, Client(one.client_id, one.party, one.role)) is None
        self.given: list[Given] = []
        self.on_record = 0
        self.owners: dict[str, list[str]] = {}
        self.moves(0, DAYS)

    @rule(first=st.integers(0, 1), day=st.integers(0, DAYS))
    def moves(self, first: int, day: int) -> None:
        """One customer until a day, the other from it on; the child is named by nobody."""
        names = [self.customers[first].party, self.customers[1 - first].party]
        rows = ["metering_point,customer,valid_from,valid_to"]
        for point in (FLEX, PRODUCTION):
            self.owners[point] = [names[0]] * day + [names[1]] * (DAYS - day)
            if day > 0:
                rows.append(f"{point},{names[0]},{format_second(STARTS[0])},{format_second(STARTS[day])}")
            if day < DAYS:
                rows.append(f"{point},{names[1]},{format_second(STARTS[day])},")
        report = asyncio.run(self.desk.import_links(OPERATOR, "customers.csv", "\n".join(rows).encode()))
        assert not report.findings

    def owner(self, point: str, day: int) -> str:
        return self.owners[PARENTS.get(point, point)][day]

    @rule(
        who=st.integers(0, 1),
        reader=st.integers(0, 1),
        points=st.sets(st.sampled_from(POINTS), min_size=1),
        span=spans,
        lasts=st.integers(1, 100),
    )
    def grants(self, who: int, reader: int, points: set[str], span: tuple[int, int], lasts: int) -> None:
        customer, until = self.customers[who], self.hub.clock.now() + lasts
        wish = GrantWish(self.readers[reader].party, tuple(sorted(points)), interval(span), until)
        outcome = asyncio.run(self.desk.grant(customer, wish))
        own = {point for point in points for day in range(*span) if self.owner(point, day) == customer.party}
        assert isinstance(outcome, Grant) == (own == points)
        if isinstance(outcome, Grant):
            self.given.append(Given(outcome, range(*span)))

    @rule(data=st.data(), who=st.integers(0, 1))
    def revokes(self, data: st.DataObject, who: int) -> None:
        if self.given:
            one = data.draw(st.sampled_from(self.given))
            outcome = asyncio.run(self.desk.revoke(self.customers[who], one.grant.id))
            is_own = one.grant.customer == self.customers[who].party
            assert (outcome is not None) == is_own
            one.revoked |= is_own

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.hub.clock.move_to(self.hub.clock.now() + seconds)

    def in_force(self, reader: int) -> list[Given]:
        now, party = self.hub.clock.now(), self.readers[reader].party
        return [
            one
            for one in self.given
            if not one.revoked and one.grant.third_party == party and now < one.grant.valid_until
        ]

    def visible(self, reader: int, point: str, day: int) -> bool:
        return any(
            point in one.grant.points and day in one.days and self.owner(point, day) == one.grant.customer
            for one in self.in_force(reader)
        )

    @rule(reader=st.integers(0, 1), point=st.sampled_from(POINTS), span=spans)
    def reads_series(self, reader: int, point: str, span: tuple[int, int]) -> None:
        wanted = interval(span)
        query = SeriesQuery((point,), wanted.start, wanted.end, step=Resolution.DAY)
        found = asyncio.run(self.desk.granted_series(self.readers[reader], query))
        expected = [STARTS[day] for day in range(*span) if self.visible(reader, point, day)]
        if not expected:
            assert found is None
            return
        assert isinstance(found, tuple)
        assert [start for series in found for start in series.starts.tolist()] == expected
        assert {quantity for series in found for quantity in series.quantities.tolist()} <= {23_000, 24_000}
        self.on_record += sum(self.stretches(one, point, span) for one in self.in_force(reader))

    def stretches(self, one: Given, point: str, span: tuple[int, int]) -> int:
        """In how many stretches of days a grant shows a point: each is a row on record."""
        days = range(*span) if point in one.grant.points else range(0)
        shown = [day in one.days and self.owner(point, day) == one.grant.customer for day in days]
        return sum(is_shown and not before for before, is_shown in itertools.pairwise([False, *shown]))

    @rule(reader=st.integers(0, 1))
    def lists_points(self, reader: int) -> None:
        page = asyncio.run(self.desk.granted_points(self.readers[reader], Page(1000)))
        shown = {
            (one.metering_point, day)
            for one in page.points
            for day in range(DAYS)
            if one.span.start <= STARTS[day] < one.span.end
        }
        assert shown == {(p, day) for p in POINTS for day in range(DAYS) if self.visible(reader, p, day)}

    def teardown(self) -> None:
        """Every read is on record with some customer, and every grant and revocation with its own."""
        if not hasattr(self, "desk"):
            return
        pages = [asyncio.run(self.desk.accesses(customer, Page(1000))) for customer in self.customers]
        records = [record for page in pages for record in page.records]
        assert sum(record.event is AccessEvent.SERIES_READ for record in records) == self.on_record
        for event, expected in (
            (AccessEvent.GRANTED, {one.grant.id for one in self.given}),
            (AccessEvent.REVOKED, {one.grant.id for one in self.given if one.revoked}),
        ):
            assert {record.grant_id for record in records if record.event is event} == expected


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_read_needs_a_grant_in_force(new_database_url: Callable[[str], str], kind: str) -> None:
    """DK-3.5."""
    database = Database.open(new_database_url(kind))
    hub = SmallHub(database)
    for point in POINTS:
        unit = Unit.KVARH if point == REACTIVE else Unit.KWH
        hub.append(point, [250] * ((STARTS[-1] - START) // 900), start=START, unit=unit)
    run_state_machine_as_test(
        type("Life", (Grants,), {"hub": hub}),
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
    database.close()
