"""A day of the Estonian market over real sockets, told by a client that knows the operator's documentation alone."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.demo.estonia.market import (
    AGGREGATION_POINT,
    AGGREGATOR,
    ELECTRICITY_POINTS,
    GAS_GRID,
    GAS_POINTS,
    GRID_OPERATOR,
    SUPPLIER_A,
)
from gateway.messages.times import format_second

from .estfeed_client import DatahubClient
from .estonia import DAY, MIDNIGHT, EstonianMarket, at, reading

HOUSE, FACTORY, SHOP = ELECTRICITY_POINTS[:3]
DAY_WINDOW = ("2026-09-16T00:00:00+03:00", "2026-09-17T00:00:00+03:00")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstonianMarket]:
    running = EstonianMarket(tmp_path_factory.mktemp("estonia"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def grid(market: EstonianMarket) -> DatahubClient:
    return market.user(GRID_OPERATOR, "GRID_OPERATOR")


def flat(point: str, *periods: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"meteringPointEic": point, "periods": list(periods)}]


def nested(point: str, *intervals: dict[str, Any], r: str = "PT15M") -> list[dict[str, Any]]:
    return [{"meterEic": point, "periods": [{"r": r, "aI": list(intervals)}]}]


# --- submission, processing, status -----------------------------------------------------------------------------------


def test_a_message_is_answered_at_once_and_followed_to_its_end(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-1.1, EE-1.2, EE-1.5."""
    document_id, reply = grid.submit_v2(flat(HOUSE, {"pS": at(0), "outQty": reading(0.25)}))
    assert reply.status == 202
    found = market.final(grid, document_id)
    assert (found["status"], found["senderEic"]) == ("SUCCESSFUL", GRID_OPERATOR)
    assert "errors" not in found
    again = grid.status_v1(document_id, DAY_WINDOW)
    assert again == [found], "both generations tell the same"
    document_id, reply = grid.submit_v1(nested(FACTORY, {"pS": at(0), "inQty": reading(1.5)}))
    assert reply.status == 202
    assert market.final(grid, document_id)["status"] == "SUCCESSFUL"


def test_a_uuid_is_used_once(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-1.4: also by the other generation, and when the first message was refused."""
    document_id, reply = grid.submit_v2(flat(HOUSE, {"pS": at(1), "outQty": reading(1)}))
    assert reply.status == 202
    for _, reply in (
        grid.submit_v2(flat(HOUSE, {"pS": at(1), "outQty": reading(1)}), document_id),
        grid.submit_v1(nested(HOUSE, {"pS": at(2), "outQty": reading(1)}), document_id.upper()),
    ):
        assert (reply.status, reply.error["code"]) == (400, "opp.error.business.document-identification-already-used")
    assert market.final(grid, document_id)["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("point", "interval", "code"),
    [
        (HOUSE, {"pS": at(4), "outQty": reading(-1)}, "opp.error.validation.field-value-cannot-be-negative"),
        (HOUSE, {"pS": at(4), "outQty": reading(1.2345)}, "opp.error.validation.too-many-decimals"),
        (
            HOUSE,
            {"pS": format_second(MIDNIGHT + 60), "outQty": reading(1)},
            "opp.error.business.timestamp-of-quarterly-resolution-wrong-format",
        ),
        (
            HOUSE,
            {"pS": format_second(MIDNIGHT + 60 * 86_400), "outQty": reading(1)},
            "opp.error.business.period-start-too-far-in-future",
        ),
        (
            HOUSE,
            {"pS": format_second(MIDNIGHT - 400 * 86_400), "outQty": reading(1)},
            "opp.error.business.period-start-too-far-in-past",
        ),
        (GAS_POINTS[0], {"pS": at(4), "outQty": reading(1)}, "opp.error.business.market-participant-mismatch-error"),
        ("38ZEE-1000007L-E", {"pS": at(4), "outQty": reading(1)}, "opp.error.business.metering-point-not-exists"),
        ("38ZEE-1000007L-F", {"pS": at(4), "outQty": reading(1)}, "opp.error.business.eic-syntax-error"),
        (HOUSE, {"pS": at(4), "outQty": reading(1, m3=1)}, "opp.error.business.commodity-type-mismatch-error"),
    ],
)
def test_what_a_rule_finds_is_told_by_point_and_period(
    market: EstonianMarket, grid: DatahubClient, point: str, interval: dict[str, Any], code: str
) -> None:
    """EE-1.4, EE-1.6, EE-1.7, EE-1.9: nothing of the message is stored, and the place is named."""
    good = {"pS": at(5), "outQty": reading(7.777)}
    document_id, reply = grid.submit_v2([*flat(SHOP, good), *flat(point, interval)])
    assert reply.status == 202
    found = market.final(grid, document_id)
    assert found["status"] == "ERROR"
    (error, *_) = found["errors"]
    assert error["code"] == code
    assert error["meteringPointEic"] == point
    assert error["path"].startswith("[1]")
    is_of_point = error["code"].endswith(("participant-mismatch-error", "not-exists", "eic-syntax-error"))
    assert error.get("periodStart") == (None if is_of_point else interval["pS"])
    assert error["code"] in found["statusMessage"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "opp.error.technical.json-processing-exception"),
        (b"[{]", "opp.error.technical.json-processing-exception"),
        (b"[]", "opp.error.validation.list-can-not-be-empty"),
        (json.dumps([{"periods": []}]).encode(), None),
        (json.dumps(flat(HOUSE, {"outQty": reading(1)})).encode(), "opp.error.validation.missing-field"),
        (
            json.dumps(flat(HOUSE, {"pS": at(0), "outQty": reading(1, "X")})).encode(),
            "opp.error.validation.invalid-enum",
        ),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_its_place(
    grid: DatahubClient, body: bytes, code: str | None
) -> None:
    _, reply = grid.submit_v2(body)
    assert reply.status == 400
    assert reply.error["code"] == code if code else reply.error["code"].startswith("opp.error.")


def test_who_may_send_what(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-1.1: the role decides before the message is looked into; the context in a body must be the caller's."""
    supplier = market.user(SUPPLIER_A, "OPEN_SUPPLIER")
    _, reply = supplier.submit_v2(flat(HOUSE, {"pS": at(0), "outQty": reading(1)}))
    assert reply.status == 403
    assert reply.error["code"].endswith("cannot-be-created-with-this-market-participant-role")
    other = grid.context | {"commodityType": "NATURAL_GAS"}
    body = json.dumps({"marketParticipantContext": other, "meterData": nested(HOUSE, {"pS": at(0)})}).encode()
    trick = body[:-1] + b', "marketParticipantContext": ' + json.dumps(supplier.context).encode() + b"}"
    reply = grid.request("POST", "/api/v1/meter-data", trick, grid.headers_v1(str(uuid.uuid4())))
    assert reply.status == 400, "two contexts are none"


def test_an_aggregator_sends_what_it_delivered(market: EstonianMarket) -> None:
    """EE-4.3: demand-response energy is a series of the aggregation point."""
    aggregator = market.user(AGGREGATOR, "AGGREGATOR")
    document_id, reply = aggregator.submit_v1(nested(AGGREGATION_POINT, {"pS": at(40), "inQty": reading(250)}))
    assert reply.status == 202
    assert market.final(aggregator, document_id)["status"] == "SUCCESSFUL"
    document_id, _ = aggregator.submit_v1(nested(HOUSE, {"pS": at(40), "inQty": reading(250)}))
    assert market.final(aggregator, document_id)["status"] == "ERROR"


def test_an_aggregator_s_agreement_ends(market: EstonianMarket) -> None:
    """EE-4.3: what was delivered behind a point is taken while its aggregation is agreed on."""
    columns = "agreement,kind,party,counterparty,metering_point,customers,customer_type,commodity,valid_from,valid_to"
    ended = f"aggregation-1,aggregation,{AGGREGATOR},,{HOUSE},,,,{DAY.year - 2}-01-01,{at(41)}"
    market.register({"agreements.csv": f"{columns}\n{ended}\n"})
    aggregator = market.user(AGGREGATOR, "AGGREGATOR")
    periods = [{"pS": at(40 + i), "inQty": reading(250)} for i in range(2)]
    document_id, _ = aggregator.submit_v2(flat(AGGREGATION_POINT, *periods))
    (error,) = market.final(aggregator, document_id)["errors"]
    assert error["code"] == "opp.error.business.market-participant-has-no-access-to-meter-point"
    assert (error["meteringPointEic"], error["path"]) == (AGGREGATION_POINT, "[0].periods[1].pS")
    document_id, _ = aggregator.submit_v2(flat(AGGREGATION_POINT, *periods[:1]))
    assert market.final(aggregator, document_id)["status"] == "SUCCESSFUL"


def test_gas_comes_by_the_gas_day_in_both_units(market: EstonianMarket) -> None:
    """EE-1.7, EE-1.8."""
    gas = market.user(GAS_GRID, "GRID_OPERATOR", "NATURAL_GAS")
    seven = format_second(MIDNIGHT + 7 * 3600)
    amounts = {"rType": "M", "kwh": 105.5, "m3": 10.0}
    document_id, reply = gas.submit_v1(nested(GAS_POINTS[0], {"pS": seven, "outQty": amounts}, r="P1D"))
    assert reply.status == 202
    assert market.final(gas, document_id)["status"] == "SUCCESSFUL", market.final(gas, document_id)
    document_id, _ = gas.submit_v2(flat(GAS_POINTS[1], {"pS": seven, "outQty": amounts}))
    assert market.final(gas, document_id)["status"] == "SUCCESSFUL"
    document_id, _ = gas.submit_v1(nested(GAS_POINTS[0], {"pS": at(0), "outQty": amounts}, r="P1D"))
    assert market.final(gas, document_id)["errors"][0]["code"].endswith("daily-resolution-wrong-format")


def test_statuses_are_the_senders_own(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-1.2."""
    document_id, _ = grid.submit_v2(flat(HOUSE, {"pS": at(6), "outQty": reading(1)}))
    market.final(grid, document_id)
    assert market.user(SUPPLIER_A, "OPEN_SUPPLIER").status_v2(document_id) == []
    assert market.user(GAS_GRID, "GRID_OPERATOR").status_v2(document_id) == []
    reply = grid.get_v2(
        "/api/v2/metering-data/status",
        {"createdTimeFrom": "2026-08-01T00:00Z", "createdTimeTo": "2026-09-16T00:00Z"},
    )
    assert (reply.status, reply.error["code"]) == (400, "opp.error.validation.meter-data-status-interval-max-length")
