"""Metering data asked for over real sockets: as known when, in which steps, by whom, and who sees that it was read."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from gateway.demo.estonia.market import (
    ADVISER,
    AGGREGATOR,
    BALANCE_PROVIDER,
    ELECTRICITY_POINTS,
    GAS_GRID,
    GAS_POINTS,
    GRID_OPERATOR,
    SUPPLIER_A,
    SUPPLIER_B,
    customer_of,
)
from gateway.hub import clients
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.messages.times import format_second

from .estfeed_client import DatahubClient, DatahubError
from .estonia import MIDNIGHT, EstonianMarket, at, reading
from .running_server import SECRET, SECRET_HASH

OF_A, OF_B, LEGAL = ELECTRICITY_POINTS[0], ELECTRICITY_POINTS[1], ELECTRICITY_POINTS[2]
HIDDEN = "opp.error.business.meter-data-cannot-be-retrieved"
DAY = (at(0), at(96))


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstonianMarket]:
    """The day of three points: as sent at six, the first one corrected at seven and again at eight."""
    running = EstonianMarket(tmp_path_factory.mktemp("search"))
    whole: list[dict[str, Any]] = [
        {"pS": at(n), "rTime": at(n + 1), "inQty": reading(0), "outQty": reading(1)} for n in range(96)
    ]
    for period in whole:
        period |= {"netQtyIn": 0, "netQtyOut": 1}
    bodies = [
        [{"meteringPointEic": point, "periods": whole} for point in (OF_A, OF_B, LEGAL)],
        [{"meteringPointEic": OF_A, "periods": [{"pS": at(0), "rTime": at(100), "outQty": reading(2)}]}],
        [{"meteringPointEic": OF_A, "periods": [{"pS": at(0), "rTime": at(50), "outQty": reading(3)}]}],
    ]
    for body in bodies:
        grid = running.user(GRID_OPERATOR, "GRID_OPERATOR")  # a token of its own: the clock moves an hour between
        document_id, reply = grid.submit_v2(body)
        assert reply.status == 202
        assert running.final(grid, document_id)["status"] == "SUCCESSFUL"
        running.clock.move_to(running.clock.now() + 3600)
    yield running
    running.stop()


def first(found: list[dict[str, Any]]) -> Decimal:
    amount: Decimal = found[0]["outQty"]["kwh"]
    return amount


def supplier(market: EstonianMarket, party: str = SUPPLIER_A) -> DatahubClient:
    return market.user(party, "OPEN_SUPPLIER")


def test_the_data_as_known_when(market: EstonianMarket) -> None:
    """EE-3.2: the latest, as stored by an instant, as read by an instant; each also page by page."""
    user = supplier(market)
    assert first(user.search_v1(OF_A, *DAY)) == Decimal("3.000")
    six = MIDNIGHT + 6 * 3600 + 86_400
    for instant, stored in ((six + 1, 1), (six + 3601, 2), (six + 7201, 3)):
        then: dict[str, Any] = {"observationTimeType": "SNAPSHOT_TIME", "observationTime": format_second(instant)}
        assert first(user.search_v1(OF_A, *DAY, **then)) == stored
        assert user.search_v1(OF_A, *DAY, size=7, **then) == user.search_v1(OF_A, *DAY, **then)
    assert user.search_v1(OF_A, *DAY, observationTimeType="SNAPSHOT_TIME", observationTime=at(0)) == []
    for quarter, read in ((1, 1), (49, 1), (50, 3), (100, 3)):
        by_then: dict[str, Any] = {"observationTimeType": "READING_TIME", "observationTime": at(quarter)}
        found = user.search_v1(OF_A, *DAY, **by_then)
        assert first(found) == read, "of what was read by then, the last that was stored"
        assert len(found) == min(quarter, 96)


def test_both_generations_find_the_same(market: EstonianMarket) -> None:
    """EE-3.1: nets are told by the second only."""
    user = supplier(market)
    (point,) = user.query_v2([OF_A], *DAY, purpose="OPEN_SUPPLY")["successful"]
    (period,) = point["periods"]
    assert period["r"] == "PT15M"
    nets = [{name: one.pop(name) for name in ("netQtyIn", "netQtyOut")} for one in period["aI"]]
    assert nets[0] == {"netQtyIn": Decimal("0.000"), "netQtyOut": Decimal("1.000")}
    assert [{"r": "PT15M", **one} for one in period["aI"]] == user.search_v1(OF_A, *DAY)
    assert period["aI"][1]["outQty"] == {"rTime": at(2), "rType": "M", "kwh": Decimal("1.000")}


def test_values_are_summed_on_request(market: EstonianMarket) -> None:
    user = supplier(market)
    hours = user.search_v1(OF_A, *DAY, resolution="PT1H")
    assert (len(hours), hours[0]["r"]) == (24, "PT1H")
    assert [hour["outQty"]["kwh"] for hour in hours] == [Decimal("6.000"), *[Decimal("4.000")] * 23]
    (day,) = user.search_v1(OF_A, *DAY, resolution="P1D")
    assert (day["pS"], day["outQty"]["kwh"]) == (at(0), Decimal("98.000"))


@pytest.mark.sec_17
def test_who_reads_what_by_agreement_portfolio_and_permission(market: EstonianMarket) -> None:
    """EE-3.1."""
    for user, purpose in (
        (supplier(market), "OPEN_SUPPLY"),
        (supplier(market, BALANCE_PROVIDER), "PORTFOLIO"),
        (market.user(GRID_OPERATOR, "GRID_OPERATOR"), "OWN_MP_MANAGEMENT"),
        (market.user(AGGREGATOR, "AGGREGATOR"), "OTHER"),
    ):
        assert user.query_v2([OF_A], *DAY, purpose=purpose)["successful"]
    assert market.user(ADVISER, "ENERGY_SERVICE_PROVIDER").query_v2([OF_A], *DAY)["successful"]
    for user, purpose in (
        (supplier(market, SUPPLIER_B), "OPEN_SUPPLY"),
        (market.user(GAS_GRID, "GRID_OPERATOR"), "OWN_MP_MANAGEMENT"),
    ):
        (refused,) = user.query_v2([OF_A], *DAY, purpose=purpose)["unsuccessful"]
        assert refused["error"]["code"] == HIDDEN
    one_role = market.user(SUPPLIER_A, "ENERGY_SERVICE_PROVIDER")
    assert one_role.query_v2([OF_A], *DAY)["unsuccessful"], "the other role of the same user has no right of its own"
    body = {"meterEic": OF_A, "periodStart": DAY[0], "pagination": {"page": 0, "pageSize": 10}}
    reply = supplier(market, SUPPLIER_B).post_v1("/api/v1/meter-data/search", body)
    assert (reply.status, reply.error["code"]) == (403, HIDDEN)
    with pytest.raises(DatahubError, match=HIDDEN):
        supplier(market).search_v1("38ZEE-1000007L-E", *DAY)


def test_legal_consent_is_the_readers_word_about_legal_persons(market: EstonianMarket) -> None:
    other = supplier(market, SUPPLIER_B)
    found = other.query_v2([LEGAL, OF_A], *DAY, purpose="OPEN_SUPPLY", legalConsent="true")
    assert [point["meteringPointEic"] for point in found["successful"]] == [LEGAL]
    (refused,) = found["unsuccessful"]
    assert refused["error"]["code"].endswith("legal-consent-with-incorrect-customer-type")
    reply = market.user(GRID_OPERATOR, "GRID_OPERATOR").get_v2(
        "/api/v2/metering-data/electricity",
        {"meteringPointEics": OF_A, "periodStart": DAY[0], "purpose": "OTHER", "legalConsent": "true"},
    )
    assert reply.error["code"].endswith("legal-consent-with-incorrect-role")


def test_a_purpose_belongs_to_a_role(market: EstonianMarket) -> None:
    with pytest.raises(DatahubError, match="invalid-enum"):
        supplier(market).query_v2([OF_A], *DAY, purpose="OWN_MP_MANAGEMENT")


def test_gas_is_searched_as_gas(market: EstonianMarket) -> None:
    """EE-1.7, EE-1.8: in and out come apart and are kept together."""
    gas = market.user(GAS_GRID, "GRID_OPERATOR", "NATURAL_GAS")
    seven = format_second(MIDNIGHT - 17 * 3600)
    for name in ("outQty", "inQty"):
        amounts = {"rType": "M", "kwh": 105.5, "m3": 10}
        document_id, _ = gas.submit_v2([{"meteringPointEic": GAS_POINTS[0], "periods": [{"pS": seven, name: amounts}]}])
        assert market.final(gas, document_id)["status"] == "SUCCESSFUL"
    window = (format_second(MIDNIGHT - 86_400), at(0))
    (day,) = market.user(SUPPLIER_A, "OPEN_SUPPLIER", "NATURAL_GAS").search_v1(GAS_POINTS[0], *window)
    expected = {"rType": "M", "kwh": Decimal("105.500"), "m3": Decimal("10.000")}
    assert day == {"r": "P1D", "pS": seven, "inQty": expected, "outQty": expected}
    grid = market.user(GAS_GRID, "GRID_OPERATOR")
    (refused,) = grid.query_v2([GAS_POINTS[0]], *window, purpose="OTHER")["unsuccessful"]
    assert refused["error"]["code"].endswith("commodity-type-mismatch-error")


def test_the_customer_sees_who_read_its_data(market: EstonianMarket) -> None:
    """EE-3.1: every read is on record, with its ground."""
    market.user(ADVISER, "ENERGY_SERVICE_PROVIDER").query_v2([OF_A], *DAY)
    customers = {"home": customer_of(OF_A), "neighbour": customer_of(OF_B)}
    with market.hub.office.database.write() as connection:
        for name, party in customers.items():
            user = Client(name, party, Role.CUSTOMER, SECRET_HASH)
            assert clients.register(connection, user, market.hub.profile.clients) is None

    def reads(client_id: str, path: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": SECRET}
        token = market.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
        signed = {"Authorization": f"Bearer {token}"}
        return market.http.get(f"/api/hub/v1/{path}", params={"point": OF_A}, headers=signed)

    found = reads("home", "my/reads").json()["reads"]
    newest = found[0]
    assert (newest["party"], newest["role"], newest["ground"]) == (ADVISER, "energy-service-provider", "permission")
    assert {one["ground"] for one in found} >= {"agreement", "permission", "portfolio"}
    assert reads("operator", "reads").json()["reads"] == found
    assert reads("neighbour", "my/reads").status_code == 404
