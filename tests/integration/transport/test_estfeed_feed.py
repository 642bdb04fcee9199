"""The change feed over real sockets: who gets what of a message, in both generations, by time and by id (EE-3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from gateway.demo.estonia.market import (
    ADVISER,
    AGGREGATION_POINT,
    AGGREGATOR,
    BALANCE_PROVIDER,
    ELECTRICITY_POINTS,
    GAS_GRID,
    GAS_POINTS,
    GRID_OPERATOR,
    SUPPLIER_A,
    SUPPLIER_B,
)
from gateway.messages.times import format_second

from .estfeed_client import DatahubClient
from .estonia import MIDNIGHT, EstonianMarket, at, reading

OF_A, OF_B = ELECTRICITY_POINTS[0], ELECTRICITY_POINTS[1]


class Followed:
    """The market, and a window that begins when a test does: the clock moves on an hour before each."""

    def __init__(self, market: EstonianMarket) -> None:
        self.market = market
        market.clock.move_to(market.clock.now() + 3600)
        self.since = market.clock.now()

    def window(self, last: int = 1800) -> dict[str, str]:
        return {"createdTimeFrom": format_second(self.since), "createdTimeTo": format_second(self.since + last)}

    def supplier(self, party: str, commodity: str = "ELECTRICITY") -> DatahubClient:
        return self.market.user(party, "OPEN_SUPPLIER", commodity)

    def send(self, user: DatahubClient, body: list[dict[str, Any]]) -> None:
        document_id, reply = user.submit_v2(body)
        assert reply.status == 202
        assert self.market.final(user, document_id)["status"] == "SUCCESSFUL"

    def v1(self, user: DatahubClient) -> list[tuple[str, str, Decimal]]:
        """Point, start and amount out of every interval that came by the first generation."""
        return [
            (point["meterEic"], interval["pS"], interval["outQty"]["kwh"])
            for item in user.distributions_v1("METERING_DATA", self.window())
            for point in item["content"]
            for period in point["periods"]
            for interval in period["aI"]
        ]

    def v2(self, user: DatahubClient) -> list[tuple[str, str, Decimal]]:
        """The same by the second."""
        feed = f"metering-data/{'electricity' if user.commodity == 'ELECTRICITY' else 'natural-gas'}"
        return [
            (point["meteringPointEic"], interval["pS"], interval["outQty"]["kwh"])
            for item in user.distributions_v2(feed, self.window())
            for point in item["content"]
            for interval in point["periods"]
        ]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstonianMarket]:
    market = EstonianMarket(tmp_path_factory.mktemp("feed"))
    yield market
    market.stop()


@pytest.fixture
def followed(running: EstonianMarket) -> Followed:
    return Followed(running)


def flat(point: str, *quarters: int, kwh: float = 1.25) -> dict[str, Any]:
    return {
        "meteringPointEic": point,
        "periods": [{"pS": at(quarter), "outQty": reading(kwh)} for quarter in quarters],
    }


def test_each_party_gets_its_own_points_in_both_generations(followed: Followed) -> None:
    """EE-3.3: a message is split by agreement and portfolio; its sender gets no echo."""
    grid = followed.market.user(GRID_OPERATOR, "GRID_OPERATOR")
    followed.send(grid, [flat(OF_A, 0, 1), flat(OF_B, 2)])
    own = [(OF_A, at(0), Decimal("1.250")), (OF_A, at(1), Decimal("1.250"))]
    for user in (followed.supplier(SUPPLIER_A), followed.supplier(BALANCE_PROVIDER)):
        assert followed.v1(user) == own
        assert followed.v2(user) == own
    assert followed.v1(followed.supplier(SUPPLIER_B)) == [(OF_B, at(2), Decimal("1.250"))]
    assert followed.v1(grid) == followed.v2(grid) == []
    assert followed.v1(followed.market.user(ADVISER, "ENERGY_SERVICE_PROVIDER")) == []


def test_what_comes_by_one_generation_is_in_the_feed_of_the_other(followed: Followed) -> None:
    grid = followed.market.user(GRID_OPERATOR, "GRID_OPERATOR")
    body = [{"meterEic": OF_B, "periods": [{"r": "PT15M", "aI": [{"pS": at(3), "outQty": reading(0.5)}]}]}]
    document_id, _ = grid.submit_v1(body)
    assert followed.market.final(grid, document_id)["status"] == "SUCCESSFUL"
    user = followed.supplier(SUPPLIER_B)
    assert followed.v1(user) == followed.v2(user) == [(OF_B, at(3), Decimal("0.500"))]


def test_a_correction_is_an_update(followed: Followed) -> None:
    grid, user = followed.market.user(GRID_OPERATOR, "GRID_OPERATOR"), followed.supplier(SUPPLIER_B)
    followed.send(grid, [flat(OF_B, 10)])
    followed.send(grid, [flat(OF_B, 10, kwh=2)])
    items = list(user.distributions_v1("METERING_DATA", followed.window()))
    assert [item["reason"] for item in items] == ["CREATE", "UPDATE"]
    assert [item["id"] for item in items] == sorted({item["id"] for item in items})
    by_id = {"idFrom": items[0]["id"], "idTo": items[1]["id"]}
    assert list(user.distributions_v1("METERING_DATA", by_id)) == items
    assert list(user.distributions_v1("METERING_DATA", {"idFrom": items[1]["id"], "idTo": items[1]["id"]})) == items[1:]


def test_gas_has_a_feed_of_its_own(followed: Followed) -> None:
    """EE-1.7: both units come through."""
    gas = followed.market.user(GAS_GRID, "GRID_OPERATOR", "NATURAL_GAS")
    seven = format_second(MIDNIGHT + 7 * 3600)
    day = {"pS": seven, "outQty": {"rType": "E", "kwh": 105.5, "m3": 10}}
    followed.send(gas, [{"meteringPointEic": GAS_POINTS[2], "periods": [day]}])
    user = followed.supplier(SUPPLIER_A, "NATURAL_GAS")
    (item,) = user.distributions_v1("METERING_DATA", followed.window())
    (period,) = item["content"][0]["periods"]
    assert period["r"] == "P1D"
    assert period["aI"][0]["outQty"] == {"rType": "E", "kwh": Decimal("105.500"), "m3": Decimal("10.000")}
    assert followed.v2(user) == [(GAS_POINTS[2], seven, Decimal("105.500"))]
    assert followed.v1(followed.supplier(SUPPLIER_A)) == []


def test_what_an_aggregator_delivered_is_fed_to_nobody_without_an_agreement_there(followed: Followed) -> None:
    """EE-4.3: others read it by search, as far as they may."""
    aggregator = followed.market.user(AGGREGATOR, "AGGREGATOR")
    quarter = {"pS": at(50), "outQty": reading(250)}
    followed.send(aggregator, [{"meteringPointEic": AGGREGATION_POINT, "periods": [quarter]}])
    assert followed.v1(aggregator) == []
    assert followed.v1(followed.supplier(SUPPLIER_B)) == []


def test_optional_members_survive_the_feed(followed: Followed) -> None:
    grid, user = followed.market.user(GRID_OPERATOR, "GRID_OPERATOR"), followed.supplier(SUPPLIER_B)
    period = {
        "pS": at(60),
        "rTime": at(70),
        "inQty": reading(0, "E"),
        "outQty": reading(3),
        "netQtyIn": 0.0,
        "netQtyOut": 3.0,
    }
    followed.send(grid, [{"meteringPointEic": OF_B, "periods": [period]}])
    (item,) = user.distributions_v2("metering-data/electricity", followed.window())
    assert item["content"][0]["periods"] == [period]
    (item,) = user.distributions_v1("METERING_DATA", followed.window())
    (interval,) = item["content"][0]["periods"][0]["aI"]
    assert interval == {
        "pS": at(60),
        "inQty": {"rTime": at(70), "rType": "E", "kwh": Decimal("0.000")},
        "outQty": {"rTime": at(70), "rType": "M", "kwh": Decimal("3.000")},
    }


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ({}, "dd.error.validation.data-distribution-id-range-or-time-interval-is-required"),
        ({"createdTimeFrom": at(0)}, "dd.error.validation.data-distribution-provide-from-and-to-params-together"),
        (
            {"createdTimeFrom": at(0), "createdTimeTo": at(5)},
            "dd.error.validation.data-distribution-created-time-period-max-one-hour",
        ),
        ({"idFrom": 5, "idTo": 4}, "dd.error.validation.data-distribution-id-from-can-not-be-bigger-than-id-to"),
        ({"idFrom": -5, "idTo": 4}, "dd.error.validation.data-distribution-id-can-not-be-negative-number"),
        ({"idFrom": 0, "idTo": 10_001}, "dd.error.validation.data-distribution-id-range-exceeds-max-number"),
    ],
)
def test_a_window_at_fault_is_refused_with_the_feeds_own_code(
    running: EstonianMarket, window: dict[str, Any], code: str
) -> None:
    user = running.user(SUPPLIER_A, "OPEN_SUPPLIER")
    body = {
        "dataDistributionAttributes": {"resourceType": "METERING_DATA", **window},
        "pagination": {"page": 0, "pageSize": 10},
    }
    reply = user.post_v1("/api/v1/data-distribution/search", body)
    assert (reply.status, reply.error["code"]) == (400, code)
