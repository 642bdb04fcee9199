"""Metering data searched: who sees which part, as known when, in pages and steps, and always on record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from gateway.hub.clock import MovedClock
from gateway.hub.database import Database
from gateway.hub.metering_data.read_log import Read
from gateway.hub.metering_data.search import SearchDesk
from gateway.hub.ports import Page, Principal
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.ports_metering_search import (
    MeteringDataAnswer,
    MeteringDataQuery,
    Observation,
    ObservationType,
    ReadRecordPage,
)
from gateway.markets.agreements import AccessFacts, AccessGround
from gateway.messages.agreements import AccessPermission
from gateway.messages.codes import (
    AgreementKind,
    Commodity,
    CustomerType,
    Flow,
    Quality,
    Resolution,
    Role,
    Standing,
    Unit,
)
from gateway.messages.metering_data import Measure
from gateway.messages.times import Interval
from tests.eic_codes import eic
from tests.integration.feed.market import (
    BOILER,
    DAY,
    FACTORY,
    FIRST,
    GRID,
    HELPER,
    HOUR,
    HOUSE,
    NEIGHBOUR,
    QUARTER,
    SECOND,
    START,
    WHOLE_DAY,
    ZONE,
    Market,
    Values,
    agreed,
    base,
    both,
    opened,
    supplier,
)
from tests.integration.metering_search.asking import ask, found, rules, shown

# EE-3.1

SUPPLY, GRID_AGREEMENT = AgreementKind.SUPPLY, AgreementKind.GRID
OWNER = Principal(GRID, Role.GRID_OPERATOR, "grid")
HUB = Principal("38X-AVP-HUB----5", Role.HUB, "operator")
WHOLE = Values(HOUSE, DAY, range(96))
MICRO = 1_000_000


def quarters(first: int, last: int) -> dict[tuple[int, Flow], int]:
    """The whole day's values from one hour to another."""
    return {(DAY + QUARTER * i, Flow.OUT): i for i in range(first * 4, last * 4)}


# --- who ------------------------------------------------------------------------------------------------------------


@both
def test_a_party_sees_the_part_it_may_see_and_no_more(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST, START, DAY + 6 * HOUR), agreed(SUPPLY, SECOND, DAY + 6 * HOUR))
    market.store(WHOLE)
    assert shown(market, OWNER) == quarters(0, 24)
    assert shown(market, supplier(FIRST)) == quarters(0, 6)
    assert shown(market, supplier(SECOND)) == quarters(0, 24)  # the preceding 12 months too
    assert rules(market, Principal(NEIGHBOUR, Role.GRID_OPERATOR, "n")) == ["no-access"]


def test_what_one_may_not_see_and_what_is_not_there_are_answered_alike(market: Market) -> None:
    reader = supplier(FIRST)
    hidden, unknown = (ask(market, reader, point) for point in (HOUSE, eic("Z", 99)))
    assert isinstance(hidden, MeteringDataAnswer)
    assert isinstance(unknown, MeteringDataAnswer)
    one, other = hidden.refused[0].findings[0], unknown.refused[0].findings[0]
    assert one.code == other.code == "opp.error.business.meter-data-cannot-be-retrieved"
    assert one.text.replace(HOUSE, "") == other.text.replace(eic("Z", 99), "")
    assert rules(market, reader, "38Z-NO-CODE") == ["eic-syntax"]


def test_several_points_are_found_or_refused_each_on_its_own(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    market.store(WHOLE)
    answer = ask(market, supplier(FIRST), FACTORY, HOUSE, HOUSE)
    assert isinstance(answer, MeteringDataAnswer)
    assert [point.metering_point for point in answer.found] == [HOUSE]
    assert [point.metering_point for point in answer.refused] == [FACTORY]


def test_another_commodity_is_told_to_who_may_see_the_point(market: Market) -> None:
    gas = Commodity.NATURAL_GAS
    assert rules(market, OWNER, commodity=gas) == ["commodity-differs-from-points"]
    assert rules(market, supplier(FIRST), commodity=gas) == ["no-access"]


def test_a_point_without_values_is_found_empty(market: Market) -> None:
    assert found(market, OWNER).total == 0


def test_a_permission_opens_its_period_of_data_while_it_may_be_used(market: Market) -> None:
    clock = market.clock
    assert isinstance(clock, MovedClock)
    now, role = clock.now(), Role.ENERGY_SERVICE_PROVIDER
    given = AccessPermission("P", HOUSE, HELPER, role, now, DAY + HOUR, DAY + 2 * HOUR, now + 2 * WHOLE_DAY)
    reader = Principal(HELPER, role, "helper")
    market.store(WHOLE)
    assert rules(market, reader) == ["no-access"]
    market.take(permissions=[given])
    assert shown(market, reader) == quarters(1, 2)
    clock.move_to(now + 2 * WHOLE_DAY)
    assert rules(market, reader) == ["no-access"]


# --- legal consent --------------------------------------------------------------------------------------------------


@pytest.fixture
def consenting(market: Market) -> Market:
    """The house's customer is a firm up to noon of the day and a person from then on; the factory's is a person."""
    noon = DAY + 12 * HOUR
    legal, private = CustomerType.LEGAL, CustomerType.PRIVATE
    market.take(
        agreed(GRID_AGREEMENT, GRID, START, noon, customers=("firm",), customer_type=legal),
        agreed(GRID_AGREEMENT, GRID, noon, customers=("ann",), customer_type=private),
        agreed(GRID_AGREEMENT, GRID, metering_point=FACTORY, customers=("bo",), customer_type=private),
    )
    market.store(WHOLE, Values(FACTORY, DAY, range(96)))
    return market


ALL_ROLES = [role for role in Role if role not in (Role.HUB, Role.CUSTOMER)]


@pytest.mark.parametrize("role", [Role.ENERGY_SUPPLIER, Role.AGGREGATOR])
def test_on_consent_the_times_of_legal_customers_are_shown(consenting: Market, role: Role) -> None:
    reader = Principal(SECOND, role, "stranger")
    assert shown(consenting, reader, legal_consent=True) == quarters(0, 12)
    assert rules(consenting, reader) == ["no-access"]
    assert rules(consenting, reader, FACTORY, legal_consent=True) == ["consent-customer-type"]
    assert rules(consenting, reader, eic("Z", 99), legal_consent=True) == ["no-access"]


def test_on_consent_more_than_a_year_is_shown(consenting: Market) -> None:
    start = DAY - 700 * WHOLE_DAY
    consenting.store(Values(HOUSE, start, [1]), Values(HOUSE, DAY - 400 * WHOLE_DAY, [2]))
    reader = supplier(SECOND)
    values = shown(consenting, reader, start=start, legal_consent=True)
    assert values[start, Flow.OUT] == 1
    assert len(values) == 50


def test_other_roles_may_not_state_consent(consenting: Market) -> None:
    for role in ALL_ROLES:
        wanted = [] if role in (Role.ENERGY_SUPPLIER, Role.AGGREGATOR) else ["consent-role"]
        assert rules(consenting, Principal(SECOND, role, "stranger"), legal_consent=True) == wanted
    answer = ask(consenting, OWNER, legal_consent=True)
    assert not isinstance(answer, MeteringDataAnswer)
    assert answer.findings[0].code == "opp.error.business.legal-consent-with-incorrect-role"


def test_from_2027_consent_counts_no_more(consenting: Market) -> None:
    clock = consenting.clock
    assert isinstance(clock, MovedClock)
    clock.move_to(ZONE.midnight(date(2027, 1, 1)) - 1)
    assert not rules(consenting, supplier(SECOND), legal_consent=True)
    clock.move_to(ZONE.midnight(date(2027, 1, 1)))
    assert rules(consenting, supplier(SECOND), legal_consent=True) == ["consent-over"]


# --- purpose and customer -------------------------------------------------------------------------------------------


def test_purposes_are_those_of_the_role(market: Market) -> None:
    assert not rules(market, OWNER, purpose="OWN_MP_MANAGEMENT")
    assert rules(market, OWNER, purpose="PORTFOLIO") == ["purpose-not-the-roles"]
    market.take(agreed(SUPPLY, FIRST))
    for word in ("OPEN_SUPPLY", "PORTFOLIO", "BILLING"):
        assert not rules(market, supplier(FIRST), purpose=word)
    helper = Principal(HELPER, Role.ENERGY_SERVICE_PROVIDER, "helper")
    assert rules(market, helper, purpose="OTHER") == ["purpose-not-the-roles"]


def test_a_customer_named_narrows_to_its_times(consenting: Market) -> None:
    assert shown(consenting, OWNER, customer="ann") == quarters(12, 24)
    assert rules(consenting, OWNER, customer="nobody") == ["no-access"]


def test_whether_the_customer_must_be_named_is_a_setting(database: Database) -> None:
    market = opened(database, {"agreement-access": {"purposes_with_customer": ["BILLING"]}})
    market.take(agreed(SUPPLY, FIRST, customers=("ann",)), more=base())
    assert rules(market, supplier(FIRST), purpose="BILLING") == ["customer-required"]
    assert not rules(market, supplier(FIRST), purpose="BILLING", customer="ann")
    assert not rules(market, supplier(FIRST), purpose="OPEN_SUPPLY")


def test_a_period_ends_after_it_begins(market: Market) -> None:
    assert rules(market, OWNER, start=DAY, end=DAY) == ["search-from-not-before-to"]
    market.store(WHOLE, Values(HOUSE, DAY + 30 * WHOLE_DAY, [5]))
    assert len(shown(market, OWNER, end=None)) == 97


# --- known when -----------------------------------------------------------------------------------------------------
# EE-3.2


def at(kind: ObservationType, instant: int) -> dict[str, Any]:
    return {"observation": Observation(kind, instant * MICRO)}


READ, STORED = ObservationType.READING_TIME, ObservationType.SNAPSHOT_TIME


@pytest.fixture
def corrected(market: Market) -> Market:
    """Four quarters, stored three times: read at 1, 3 and nobody knows when; stored at 10, 20 and 30 hours."""
    clock = market.clock
    assert isinstance(clock, MovedClock)
    noon = clock.now()
    clock.move_to(noon + 10 * HOUR)
    market.store(Values(HOUSE, DAY, [10, 11, 12, 13], read_at=noon + HOUR))
    clock.move_to(noon + 20 * HOUR)
    market.store(Values(HOUSE, DAY + QUARTER, [21, 22], read_at=noon + 3 * HOUR, quality=Quality.ESTIMATED))
    clock.move_to(noon + 30 * HOUR)
    market.store(Values(HOUSE, DAY + 2 * QUARTER, [32]))
    clock.move_to(noon + 40 * HOUR)
    return market


def row(*values: int | None) -> dict[tuple[int, Flow], int]:
    return {(DAY + QUARTER * i, Flow.OUT): value for i, value in enumerate(values) if value is not None}


@pytest.mark.parametrize(
    ("hours", "values"),
    [(0, ()), (9, ()), (10, (10, 11, 12, 13)), (20, (10, 21, 22, 13)), (29, (10, 21, 22, 13)), (30, (10, 21, 32, 13))],
)
def test_a_snapshot_is_what_was_stored_by_then(corrected: Market, hours: int, values: Sequence[int]) -> None:
    noon = corrected.clock.now() - 40 * HOUR
    assert shown(corrected, OWNER, **at(STORED, noon + hours * HOUR)) == row(*values)


@pytest.mark.parametrize(
    ("hours", "values"),
    [(0, ()), (1, (10, 11, 12, 13)), (3, (10, 21, 22, 13)), (29, (10, 21, 22, 13)), (30, (10, 21, 32, 13))],
)
def test_by_reading_time_a_value_counts_once_it_was_read(corrected: Market, hours: int, values: Sequence[int]) -> None:
    noon = corrected.clock.now() - 40 * HOUR
    assert shown(corrected, OWNER, **at(READ, noon + hours * HOUR)) == row(*values)
    assert shown(corrected, OWNER) == row(10, 21, 32, 13)


@both
def test_each_value_comes_with_its_own_reading_time_and_quality(corrected: Market) -> None:
    noon = corrected.clock.now() - 40 * HOUR
    columns = found(corrected, OWNER).data.measures[Measure(Flow.OUT, Unit.KWH)]
    unread = -(2**63)
    assert columns.read_at.tolist() == [noon + HOUR, noon + 3 * HOUR, unread, noon + HOUR]
    measured, estimated = Quality.MEASURED, Quality.ESTIMATED
    assert columns.quality.tolist() == [measured, estimated, measured, measured]


@pytest.mark.parametrize("when", [None, at(READ, 2**32), at(STORED, 2**32)])
def test_pages_cut_intervals_in_order_of_time(corrected: Market, when: dict[str, Any] | None) -> None:
    whole = shown(corrected, OWNER, **(when or {}))
    pages = [found(corrected, OWNER, page=NumberedPage(number, 3), **(when or {})) for number in range(3)]
    assert [page.total for page in pages] == [4, 4, 4]
    assert [page.data.start.tolist() for page in pages] == [
        [DAY, DAY + QUARTER, DAY + 2 * QUARTER],
        [DAY + 3 * QUARTER],
        [],
    ]
    assert len(whole) == 4


def test_a_page_can_hold_a_year(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    market.store(Values(HOUSE, DAY - 364 * WHOLE_DAY, range(35_040)))
    point = found(market, OWNER, start=DAY - 364 * WHOLE_DAY, page=NumberedPage(0, 36_000))
    assert point.total == len(point.data) == 35_040


# --- steps ----------------------------------------------------------------------------------------------------------


def test_values_are_summed_into_longer_steps(market: Market) -> None:
    market.store(
        Values(HOUSE, DAY, [1] * 96, Flow.OUT, read_at=DAY + HOUR),
        Values(HOUSE, DAY, [2] * 4, Flow.IN, quality=Quality.ESTIMATED),
        Values(HOUSE, DAY, [0] * 96, Flow.NET_IN),
        Values(HOUSE, DAY, [1] * 96, Flow.NET_OUT),
    )
    hour = found(market, OWNER, step=Resolution.HOUR)
    assert hour.total == 24
    assert hour.data.quantity(Flow.OUT).tolist() == [4] * 24
    day = found(market, OWNER, step=Resolution.DAY)
    assert day.data.start.tolist() == [DAY]
    out, went_in = (day.data.measures[Measure(flow, Unit.KWH)] for flow in (Flow.OUT, Flow.IN))
    assert (out.quantity.tolist(), out.quality.tolist(), out.read_at.tolist()) == ([96], [4], [DAY + HOUR])
    assert (went_in.quantity.tolist(), went_in.quality.tolist()) == ([8], [Quality.ESTIMATED])
    assert day.data.quantity(Flow.NET_OUT).tolist() == [96]
    assert day.data.resolution == [Resolution.DAY]


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2025, 10, 26), 25)])
def test_a_day_of_a_clock_change_is_whole(market: Market, day: date, hours: int) -> None:
    start, end = ZONE.midnight(day), ZONE.midnight(date.fromordinal(day.toordinal() + 1))
    market.store(Values(HOUSE, start, [1] * (hours * 4)))
    point = found(market, OWNER, start=start, end=end, step=Resolution.DAY)
    columns = point.data.measures[Measure(Flow.OUT, Unit.KWH)]
    assert (columns.quantity.tolist(), columns.quality.tolist()) == ([hours * 4], [Quality.MEASURED])
    month = found(market, OWNER, start=start, end=end, step=Resolution.MONTH)
    assert month.data.start.tolist() == [ZONE.midnight(day.replace(day=1))]


def test_gas_is_summed_by_gas_days(market: Market) -> None:
    gas, morning = Commodity.NATURAL_GAS, DAY + 7 * HOUR
    market.store(
        *(
            Values(BOILER, DAY, [1] * 24, unit=unit, resolution=Resolution.HOUR)
            for unit in (Unit.KWH, Unit.CUBIC_METRE)
        ),
        commodity=gas,
    )
    point = found(market, OWNER, BOILER, commodity=gas, step=Resolution.DAY)
    assert point.data.start.tolist() == [morning - WHOLE_DAY, morning]
    assert point.data.quantity(Flow.OUT, Unit.CUBIC_METRE).tolist() == [7, 17]


def test_a_step_that_would_cut_values_up_is_refused(market: Market) -> None:
    market.store(Values(HOUSE, DAY, [1] * 24, resolution=Resolution.HOUR))
    assert rules(market, OWNER, step=Resolution.QUARTER) == ["step-finer-than-stored"]
    assert len(shown(market, OWNER, step=Resolution.HOUR)) == 24


# --- on record ------------------------------------------------------------------------------------------------------


def reads(market: Market, reader: Principal, point: str = HOUSE, page: Page | None = None) -> ReadRecordPage | None:
    return asyncio.run(SearchDesk(market.office).reads(reader, point, page or Page()))


@both
def test_every_read_is_on_record_with_its_ground(consenting: Market) -> None:
    consenting.take(agreed(SUPPLY, FIRST))
    for reader, how in (
        (OWNER, {"purpose": "OTHER"}),
        (supplier(FIRST), {}),
        (supplier(SECOND), {"legal_consent": True}),
        (HUB, {}),
    ):
        shown(consenting, reader, **how)
    rules(consenting, Principal(NEIGHBOUR, Role.GRID_OPERATOR, "n"))
    page = reads(consenting, HUB)
    assert page is not None
    day, consent = Interval(DAY, DAY + WHOLE_DAY), Interval(DAY, DAY + 12 * HOUR)
    assert [(one.party, one.ground, one.data, one.purpose) for one in page.records] == [
        (HUB.party, AccessGround.OPERATOR, day, ""),
        (SECOND, AccessGround.LEGAL_CONSENT, consent, ""),
        (FIRST, AccessGround.AGREEMENT, day, ""),
        (GRID, AccessGround.OWN_POINT, day, "OTHER"),
    ]
    assert {one.at for one in page.records} == {consenting.clock.now()}
    first = reads(consenting, HUB, page=Page(3))
    assert first is not None
    second = reads(consenting, HUB, page=Page(3, first.after))
    assert second is not None
    assert (*first.records, *second.records) == page.records


def test_a_customer_sees_who_read_of_its_own_times(consenting: Market) -> None:
    morning = {"start": DAY, "end": DAY + HOUR}
    shown(consenting, OWNER, **morning)
    shown(consenting, supplier(SECOND), legal_consent=True, start=DAY + HOUR, end=DAY + 2 * HOUR)
    firm, ann = (Principal(name, Role.CUSTOMER, name) for name in ("firm", "ann"))
    for_firm, for_ann = reads(consenting, firm), reads(consenting, ann)
    assert for_firm is not None
    assert [one.party for one in for_firm.records] == [SECOND, GRID]
    assert for_ann == ReadRecordPage(())
    assert reads(consenting, Principal("bo", Role.CUSTOMER, "bo")) is None
    assert reads(consenting, OWNER) is None
    assert reads(consenting, HUB, "no point") is None


@both
def test_a_right_taken_back_meanwhile_is_asked_anew(market: Market) -> None:
    role, now = Role.ENERGY_SERVICE_PROVIDER, market.clock.now()
    given = AccessPermission("P", HOUSE, HELPER, role, START, DAY, DAY + HOUR)
    market.take(permissions=[given])
    market.store(WHOLE)

    class Overtaken(SearchDesk):
        """Its permission is withdrawn between the look at it and the record."""

        def _put_on_record(
            self, reader: Principal, query: MeteringDataQuery, facts: AccessFacts, reads: Sequence[Read]
        ) -> bool:
            if reads:
                market.take(permissions=[given._replace(standing=Standing.WITHDRAWN)])
            return super()._put_on_record(reader, query, facts, reads)

    query = MeteringDataQuery((HOUSE,), Commodity.ELECTRICITY, DAY, now)
    answer = asyncio.run(Overtaken(market.office).search(Principal(HELPER, role, "helper"), query))
    assert isinstance(answer, MeteringDataAnswer)
    assert not answer.found
    page = reads(market, HUB)
    assert page is not None
    assert not page.records
