"""What parties are told of agreements, permissions and metering points, from the imports of master data."""

from __future__ import annotations

from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.ports import Principal
from gateway.hub.ports_feed import FeedReason, FeedResource
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import AgreementKind, Commodity, MeteringPointType, Role, Standing, Unit
from gateway.messages.masterdata import MeteringPointVersion
from tests.integration.feed.market import (
    ABOVE,
    AREA,
    BOILER,
    DAY,
    FIRST,
    GRID,
    HELPER,
    HOUSE,
    NEIGHBOUR,
    SECOND,
    START,
    Market,
    agreed,
    both,
    in_portfolio,
    supplier,
)

# EE-3.3

GRID_READER = Principal(GRID, Role.GRID_OPERATOR, "grid")
SUPPLY = AgreementKind.SUPPLY


def reasons(market: Market, reader: Principal, resource: FeedResource, **how: Commodity) -> list[FeedReason]:
    return [item.reason for item in market.items(reader, resource=resource, **how)]


def test_an_agreement_is_told_to_its_parties_and_the_grid_operator(market: Market) -> None:
    stated = agreed(SUPPLY, FIRST, START, DAY, agreement="A", customers=("ann", "bo"))
    market.take(stated)
    for reader in (supplier(FIRST), GRID_READER):
        (item,) = market.items(reader, resource=FeedResource.AGREEMENT)
        assert (item.reason, item.content) == (FeedReason.CREATE, (stated,))
    assert not market.items(supplier(SECOND), resource=FeedResource.AGREEMENT)
    assert not market.items(Principal(NEIGHBOUR, Role.GRID_OPERATOR, "n"), resource=FeedResource.AGREEMENT)


def test_a_portfolio_is_told_to_both_its_parties(market: Market) -> None:
    market.take(in_portfolio(ABOVE, FIRST))
    for party in (ABOVE, FIRST):
        assert reasons(market, supplier(party), FeedResource.AGREEMENT) == [FeedReason.CREATE]
    assert not market.items(GRID_READER, resource=FeedResource.AGREEMENT)


@both
def test_each_registration_is_an_item_with_what_it_stated(market: Market) -> None:
    first = agreed(SUPPLY, FIRST, START, agreement="A")
    ended = first._replace(valid_to=DAY)
    gone = first._replace(standing=Standing.WITHDRAWN)
    for state in (first, ended, gone):
        market.take(state)
    items = market.items(supplier(FIRST), resource=FeedResource.AGREEMENT)
    assert [item.reason for item in items] == [FeedReason.CREATE, FeedReason.UPDATE, FeedReason.DELETE]
    assert [item.content for item in items] == [(first,), (ended,), (gone,)]


def test_all_versions_of_an_agreement_are_one_item(market: Market) -> None:
    one = agreed(SUPPLY, FIRST, START, DAY, agreement="A", customers=("ann",))
    two = Agreement("A", SUPPLY, FIRST, DAY, metering_point=HOUSE, customers=("bo",))
    market.take(two, one)
    (item,) = market.items(supplier(FIRST), resource=FeedResource.AGREEMENT)
    assert item.content == (one, two)


def test_a_permission_is_told_to_its_holder_in_its_role(market: Market) -> None:
    given = AccessPermission("P", HOUSE, HELPER, Role.ENERGY_SERVICE_PROVIDER, START, START, DAY, purpose="OFFER")
    market.take(permissions=[given])
    reader = Principal(HELPER, Role.ENERGY_SERVICE_PROVIDER, "helper")
    (item,) = market.items(reader, resource=FeedResource.PERMISSION)
    assert item.content == (given,)
    assert not market.items(Principal(HELPER, Role.ENERGY_SUPPLIER, "helper"), resource=FeedResource.PERMISSION)
    market.take(permissions=[given._replace(standing=Standing.WITHDRAWN)])
    assert reasons(market, reader, FeedResource.PERMISSION) == [FeedReason.CREATE, FeedReason.DELETE]


@both
def test_a_metering_point_is_told_to_its_operator_and_those_with_an_agreement_that_has_not_ended(
    market: Market,
) -> None:
    resource = FeedResource.METERING_POINT
    assert reasons(market, GRID_READER, resource) == [FeedReason.CREATE] * 3
    (gas,) = market.items(GRID_READER, resource=resource, commodity=Commodity.NATURAL_GAS)
    assert isinstance(gas.content, tuple)
    assert [row.metering_point for row in gas.content] == [BOILER]
    market.take(agreed(SUPPLY, FIRST, START, DAY), agreed(SUPPLY, SECOND, DAY))
    changed = MeteringPointVersion(HOUSE, MeteringPointType.PRODUCTION, AREA, START, unit=Unit.KWH)
    market.take(more=MasterDataSet([changed]))
    assert reasons(market, supplier(SECOND), resource) == [FeedReason.UPDATE]
    assert not market.items(supplier(FIRST), resource=resource)
    assert market.items(supplier(SECOND), resource=resource)[0].content == (changed,)


def test_what_this_hub_has_none_of_has_an_empty_feed(market: Market) -> None:
    market.take(agreed(SUPPLY, FIRST))
    for resource in (FeedResource.NETWORK_BILL, FeedResource.CUSTOMER_DATA):
        assert market.page(supplier(FIRST), resource=resource).total == 0
