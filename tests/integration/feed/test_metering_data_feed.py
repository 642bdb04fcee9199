"""What parties are told of metering data: their own intervals, no echo, in order, once (Elering 12, 30)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest

from gateway.hub.clock import MovedClock
from gateway.hub.database import Database
from gateway.hub.feed.retention import purge_feed
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_feed import FeedReason, FeedResource
from gateway.messages.agreements import AccessPermission
from gateway.messages.codes import AgreementKind, Commodity, Flow, Quality, Resolution, Role, Unit
from gateway.messages.metering_data import Measure, MeteringData
from gateway.messages.times import NO_INSTANT
from tests.integration.feed.market import (
    ABOVE,
    BARN,
    BOILER,
    DAY,
    FACTORY,
    FIRST,
    FLEX,
    GRID,
    HELPER,
    HOUR,
    HOUSE,
    NEIGHBOUR,
    OWNERS,
    QUARTER,
    SECOND,
    START,
    TOP,
    WHOLE_DAY,
    Market,
    Values,
    agreed,
    base,
    both,
    in_portfolio,
    opened,
    supplier,
)

# EE-3.3

SUPPLY = AgreementKind.SUPPLY
MICRO = 1_000_000


def quarters(first: int, last: int) -> set[int]:
    """Starts of the quarters of the day from one hour to another."""
    return {DAY + hour * HOUR + minute * 60 for hour in range(first, last) for minute in (0, 15, 30, 45)}


def starts(market: Market, party: str, role: Role = Role.ENERGY_SUPPLIER) -> set[int]:
    return {start for _, start, _ in market.told(Principal(party, role, "test"))}


WHOLE = Values(HOUSE, DAY, range(96))


@both
def test_each_is_told_the_intervals_of_its_own_agreement(market: Market) -> None:
    noon = DAY + 12 * HOUR
    market.take(agreed(SUPPLY, FIRST, START, noon), agreed(SUPPLY, SECOND, noon))
    market.store(WHOLE)
    first, second = market.told(supplier(FIRST)), market.told(supplier(SECOND))
    assert first == {(HOUSE, DAY + QUARTER * i, Flow.OUT): i for i in range(48)}
    assert second == {(HOUSE, DAY + QUARTER * i, Flow.OUT): i for i in range(48, 96)}
    assert not market.items(supplier(TOP))


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (AgreementKind.BORDER_SUPPLY, Role.ENERGY_SUPPLIER),
        (AgreementKind.GENERAL_SERVICE, Role.ENERGY_SUPPLIER),
        (AgreementKind.AGGREGATION, Role.AGGREGATOR),
    ],
)
def test_these_agreements_count_too(market: Market, kind: AgreementKind, role: Role) -> None:
    party = FLEX if role is Role.AGGREGATOR else FIRST
    market.take(agreed(kind, party, START, DAY + HOUR))
    market.store(WHOLE)
    assert starts(market, party, role) == quarters(0, 1)


def test_other_agreements_do_not(market: Market) -> None:
    market.take(agreed(AgreementKind.GRID, NEIGHBOUR), agreed(AgreementKind.JOINT_INVOICE, FIRST))
    market.store(WHOLE)
    assert not starts(market, FIRST)
    assert not starts(market, NEIGHBOUR, Role.GRID_OPERATOR)


def test_the_portfolio_chain_is_told_at_all_levels_while_it_holds(market: Market) -> None:
    six = DAY + 6 * HOUR
    market.take(
        agreed(SUPPLY, FIRST), in_portfolio(ABOVE, FIRST, START, six), in_portfolio(SECOND, FIRST, six),
        in_portfolio(TOP, ABOVE),
    )  # fmt: skip
    market.store(WHOLE)
    assert starts(market, ABOVE) == starts(market, TOP) == quarters(0, 6)
    assert starts(market, SECOND) == quarters(6, 24)
    assert starts(market, FIRST) == quarters(0, 24)


def test_a_balance_responsible_party_reads_the_feed_of_a_supplier(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST), in_portfolio(TOP, FIRST))
    market.store(WHOLE)
    assert starts(market, TOP, Role.BALANCE_RESPONSIBLE) == starts(market, TOP) == quarters(0, 24)
    one, other = (market.items(Principal(TOP, role, "t")) for role in (Role.BALANCE_RESPONSIBLE, Role.ENERGY_SUPPLIER))
    assert [item.uuid for item in one] == [item.uuid for item in other]


def test_the_portfolio_the_points_owner_is_in_is_told_nothing(market: Market) -> None:
    market.take(in_portfolio(OWNERS, GRID))
    market.store(WHOLE)
    assert not market.items(supplier(OWNERS))


def test_the_sender_hears_no_echo(market: Market) -> None:
    market.take(agreed(AgreementKind.GENERAL_SERVICE, GRID), in_portfolio(TOP, GRID))
    market.store(WHOLE)
    assert not starts(market, GRID, Role.GRID_OPERATOR)
    assert starts(market, TOP) == quarters(0, 24)
    market.store(WHOLE, sender=Principal(FLEX, Role.AGGREGATOR, "other"))
    assert starts(market, GRID, Role.GRID_OPERATOR) == quarters(0, 24)


def test_permissions_do_not_feed(market: Market) -> None:
    role = Role.ENERGY_SERVICE_PROVIDER
    market.take(permissions=[AccessPermission("P", HOUSE, HELPER, role, START, START, DAY + WHOLE_DAY)])
    market.store(WHOLE)
    assert not starts(market, HELPER, role)


def test_a_party_entitled_twice_is_told_once(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST), agreed(AgreementKind.BORDER_SUPPLY, FIRST, DAY, DAY + HOUR))
    market.store(WHOLE)
    assert starts(market, FIRST) == quarters(0, 24)


def test_flows_reading_times_and_qualities_arrive_together(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    read_at = DAY + WHOLE_DAY
    market.store(
        Values(HOUSE, DAY, [1, 2], Flow.IN, read_at=read_at),
        Values(HOUSE, DAY, [3, 4, 5], Flow.OUT, quality=Quality.ESTIMATED),
        Values(HOUSE, DAY, [0, 0], Flow.NET_IN),
        Values(HOUSE, DAY, [2, 2], Flow.NET_OUT),
    )
    (item,) = market.items(supplier(FIRST))
    data = item.content
    assert isinstance(data, MeteringData)
    assert data.point == [HOUSE]
    assert data.resolution == [Resolution.QUARTER]
    assert data.start.tolist() == [DAY, DAY + QUARTER, DAY + 2 * QUARTER]
    went_in, out = data.measures[Measure(Flow.IN, Unit.KWH)], data.measures[Measure(Flow.OUT, Unit.KWH)]
    assert went_in.is_stated.tolist() == [True, True, False]
    assert went_in.read_at.tolist() == [read_at, read_at, NO_INSTANT]
    assert out.read_at.tolist() == [NO_INSTANT] * 3
    assert out.quality.tolist() == [Quality.ESTIMATED] * 3
    assert data.quantity(Flow.NET_OUT).tolist()[:2] == [2, 2]


def test_what_supersedes_is_an_update(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    market.store(Values(HOUSE, DAY, [1, 2], Flow.IN))
    market.store(Values(HOUSE, DAY, [1, 2], Flow.OUT))
    market.store(Values(HOUSE, DAY + QUARTER, [7], Flow.IN), Values(HOUSE, DAY + WHOLE_DAY, [8], Flow.IN))
    reasons = [item.reason for item in market.items(supplier(FIRST))]
    assert reasons == [FeedReason.CREATE, FeedReason.CREATE, FeedReason.CREATE, FeedReason.UPDATE]


@both
def test_ids_count_one_by_one_over_resources_and_uuids_are_theirs_for_good(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    for _ in range(3):
        market.store(WHOLE)
    data = market.items(supplier(FIRST))
    other = market.items(supplier(FIRST), resource=FeedResource.AGREEMENT)
    assert sorted(item.id for item in (*data, *other)) == [1, 2, 3, 4]
    assert [item.id for item in data] == [2, 3, 4]
    uuids = [item.uuid for item in (*data, *other)]
    assert len({uuid.UUID(text) for text in uuids}) == 4
    assert [item.uuid for item in market.items(supplier(FIRST))] == uuids[:3]


def test_commodities_have_feeds_of_their_own(market: Market) -> None:
    gas = Commodity.NATURAL_GAS
    morning = DAY + 7 * HOUR
    market.take(
        agreed(SUPPLY, FIRST, metering_point=BOILER, commodity=gas), agreed(SUPPLY, SECOND, metering_point=BOILER)
    )
    market.store(
        Values(BOILER, morning, [10, 11], unit=Unit.KWH, resolution=Resolution.DAY),
        Values(BOILER, morning, [1, 2], unit=Unit.CUBIC_METRE, resolution=Resolution.DAY),
        commodity=gas,
    )
    assert not market.items(supplier(FIRST))
    assert not market.items(supplier(SECOND), commodity=gas)
    (item,) = market.items(supplier(FIRST), commodity=gas)
    assert isinstance(item.content, MeteringData)
    assert item.content.quantity(Flow.OUT, Unit.CUBIC_METRE).tolist() == [1, 2]
    assert item.content.quantity(Flow.OUT, Unit.KWH).tolist() == [10, 11]
    assert item.content.resolution == [Resolution.DAY]


# --- windows --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("window", "rule"),
    [
        ({}, "feed-window-required"),
        ({"created_from": 0}, "feed-window-half"),
        ({"created_to": 0}, "feed-window-half"),
        ({"id_from": 0}, "feed-window-half"),
        ({"id_to": 0}, "feed-window-half"),
        ({"created_from": 5, "created_to": 5}, "feed-from-not-before-to"),
        ({"created_from": 0, "created_to": HOUR * MICRO + 1}, "feed-window-too-long"),
        ({"id_from": -1, "id_to": 5}, "feed-id-negative"),
        ({"id_from": 6, "id_to": 5}, "feed-id-from-after-to"),
        ({"id_from": 1, "id_to": 10_002}, "feed-ids-too-many"),
        ({"id_from": 2**62, "id_to": 2**62 + 1}, "feed-ids-too-many"),
    ],
)
def test_a_window_at_fault_is_refused_with_the_markets_code(
    database: Database, window: dict[str, Any], rule: str
) -> None:
    market = opened(database)
    answer = market.ask(supplier(FIRST), **(window or {"created_from": None}))
    assert isinstance(answer, Refused)
    assert [found.rule for found in answer.findings] == [rule]
    assert answer.findings[0].code.startswith(("dd.error.validation.", "opp.error.validation."))


def test_the_longest_windows_are_good_and_a_day_is_for_other_resources(market: Market) -> None:
    assert market.page(supplier(FIRST), created_from=0, created_to=HOUR * MICRO).total == 0
    assert market.page(supplier(FIRST), id_from=0, id_to=10_000).total == 0
    day = WHOLE_DAY * MICRO
    resource = FeedResource.AGREEMENT
    assert market.page(supplier(FIRST), resource=resource, created_from=0, created_to=day).total == 0
    answer = market.ask(supplier(FIRST), resource=resource, created_from=0, created_to=day + 1)
    assert isinstance(answer, Refused)
    assert answer.findings[0].code == "dd.error.validation.data-distribution-created-time-period-max-one-day"


@both
def test_windows_bound_items_exactly_and_pages_cut_them(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    clock = market.clock
    assert isinstance(clock, MovedClock)
    begin = clock.now()
    for minute in range(10):
        clock.move_to(begin + 60 * minute)
        market.store(Values(HOUSE, DAY + QUARTER * minute, [minute]))
    times: dict[str, Any] = {"created_from": (begin + 120) * MICRO, "created_to": (begin + 300) * MICRO}
    found = market.page(supplier(FIRST), **times)
    assert [item.id for item in found.items] == [4, 5, 6]
    assert [item.created_at for item in found.items] == [(begin + 60 * n) * MICRO for n in (2, 3, 4)]
    assert found.total == 3
    ids = market.page(supplier(FIRST), id_from=4, id_to=6)
    assert [item.uuid for item in ids.items] == [item.uuid for item in found.items]
    both = market.page(supplier(FIRST), id_from=5, id_to=9, **times)
    assert [item.id for item in both.items] == [5, 6]
    pages = [market.page(supplier(FIRST), id_from=2, id_to=9, page=number, size=3) for number in range(4)]
    assert [[item.id for item in page.items] for page in pages] == [[2, 3, 4], [5, 6, 7], [8, 9], []]
    assert {page.total for page in pages} == {8}


@both
def test_who_reads_up_to_now_reads_what_will_never_grow(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    clock = market.clock
    assert isinstance(clock, MovedClock)
    begin = clock.now()
    clock.move_to(begin + 60)
    window: dict[str, Any] = {"created_from": begin * MICRO, "created_to": (begin + 60) * MICRO}
    assert market.page(supplier(FIRST), **window).total == 0
    late = replace(market, clock=MovedClock(begin + 10))  # a writer whose clock, or whose message, is of before
    late.store(WHOLE)
    assert market.page(supplier(FIRST), **window).total == 0
    after: dict[str, Any] = {"created_from": (begin + 60) * MICRO, "created_to": (begin + 120) * MICRO}
    assert market.page(supplier(FIRST), **after).total == 1


# --- size, retention, loss ------------------------------------------------------------------------------------------


def test_a_great_message_comes_in_items_of_bounded_size(database: Database) -> None:
    market = opened(database, {"feed": {"item_values": 200}})
    market.take(*(agreed(SUPPLY, FIRST, metering_point=point) for point in (HOUSE, FACTORY, BARN)), more=base())
    long = [Values(HOUSE, DAY, range(700), flow) for flow in (Flow.IN, Flow.OUT)]
    market.store(*long, *(Values(point, DAY, range(10)) for point in (FACTORY, BARN)))
    items = market.items(supplier(FIRST))
    sizes = [len(item.content) for item in items if isinstance(item.content, MeteringData)]
    assert max(sizes) <= 200
    assert len(sizes) == 5
    assert len(market.told(supplier(FIRST))) == 1420
    for item in items:
        assert isinstance(item.content, MeteringData)
        if HOUSE in item.content.point:
            assert item.content.stated(Flow.IN).tolist().count(True) >= 100


@both
def test_what_has_been_kept_long_enough_goes_and_its_ids_never_return(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    clock = market.clock
    assert isinstance(clock, MovedClock)
    market.store(WHOLE)
    clock.move_to(clock.now() + 3 * WHOLE_DAY)
    market.store(WHOLE)
    kept = market.items(supplier(FIRST))[-1]
    clock.move_to(clock.now() + 4 * WHOLE_DAY - HOUR)
    assert purge_feed(market.office) == 0
    clock.move_to(clock.now() + 2 * HOUR)
    purge_feed(market.office)
    assert [item.uuid for item in market.items(supplier(FIRST))] == [kept.uuid]
    clock.move_to(clock.now() + 4 * WHOLE_DAY)
    purge_feed(market.office)
    assert market.page(supplier(FIRST)).total == 0
    market.store(WHOLE)
    assert [item.id for item in market.items(supplier(FIRST))] == [kept.id + 1]


def test_retention_is_a_setting(database: Database) -> None:
    market = opened(database, {"feed": {"retention_days": 1}})
    market.take(agreed(SUPPLY, FIRST), more=base())
    market.store(WHOLE)
    clock = market.clock
    assert isinstance(clock, MovedClock)
    clock.move_to(clock.now() + WHOLE_DAY + 1)
    purge_feed(market.office)
    assert market.page(supplier(FIRST)).total == 0


@both
def test_an_item_whose_values_are_lost_says_so_and_takes_no_other_with_it(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    market.store(WHOLE)
    market.store(Values(HOUSE, DAY + WHOLE_DAY, range(96)))
    with market.office.database.write() as connection:
        connection.exec_driver_sql("delete from chunk where id < 2 * 65536")
    lost, whole = market.items(supplier(FIRST))
    assert lost.content is None
    assert lost.missing
    assert lost.id == 1 + 1
    assert isinstance(whole.content, MeteringData)
    assert not whole.missing


@both
def test_nothing_is_told_of_what_is_not_committed(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    with pytest.raises(ZeroDivisionError), market.office.database.write() as connection:
        market.store_within(connection, WHOLE, commodity=Commodity.ELECTRICITY)
        raise ZeroDivisionError
    assert market.page(supplier(FIRST)).total == 0
    market.store(Values(HOUSE, DAY, [4]))
    assert market.told(supplier(FIRST)) == {(HOUSE, DAY, Flow.OUT): 4}
