"""The Estonian endpoints over the small exchange: search and change feed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from gateway.markets.estfeed import NetNames
from gateway.messages.codes import Commodity

from .desk import Desk
from .estfeed_client import DatahubClient, DatahubError
from .estfeed_desk import CODE_OF_SPANS, MISSING, WINDOW, code, policy
from .small_metering import APRIL, METER
from .small_places import ESTONIA, OTHER_SUPPLIER

# --- search -----------------------------------------------------------------------------------------------------------


def test_the_first_generation_searches_one_point_by_pages(desk: Desk, user: DatahubClient) -> None:
    """EE-3.1: exact amounts, no net quantities, and what is not there is left out."""
    found = user.search_v1(METER, "2025-03-31T21:00Z", "2025-04-01T21:00Z")
    assert [one["pS"] for one in found[:2]] == ["2025-03-31T21:00:00Z", "2025-03-31T21:15:00Z"]
    assert found[0]["inQty"] == {"rType": "M", "kwh": Decimal("0.000")}
    assert found[0]["outQty"] == {"rType": "E", "kwh": Decimal("0.250")}
    assert "outQty" not in found[1]
    assert not any("net" in name for one in found for name in one)
    query, page = desk.exchange.metering_search.asked[-1]
    assert (query.points, query.commodity, query.end) == ((METER,), Commodity.ELECTRICITY, 1_743_541_200)
    assert (page.page, page.size) == (0, 1000) if page else False
    desk.exchange.metering_search.total = 10
    assert len(user.search_v1(METER, "2025-03-31T21:00Z", "2025-04-01T21:00Z", size=4)) == 10
    desk.exchange.metering_search.total = 0
    assert user.search_v1(METER, "2025-03-31T21:00Z", "2025-04-01T21:00Z") == []


def test_the_second_generation_tells_found_and_refused_apart(desk: Desk, user: DatahubClient) -> None:
    """EE-3.1."""
    found = user.query_v2([METER, "38ZEE-10000080-P"], *WINDOW, purpose="OWN_MP_MANAGEMENT")
    (point,) = found["successful"]
    first = point["periods"][0]["aI"][0]
    assert (point["meteringPointEic"], point["periods"][0]["r"]) == (METER, "PT15M")
    assert (first["netQtyIn"], first["netQtyOut"]) == (Decimal("0.750"), Decimal("0.000"))
    (refused,) = found["unsuccessful"]
    assert refused["meteringPointEic"] == "38ZEE-10000080-P"
    assert refused["error"]["code"] == "opp.error.business.meter-data-cannot-be-retrieved"
    assert {"id", "message", "code", "args", "traceId"} == refused["error"].keys()
    policy(desk.exchange, net_names=NetNames.NET_IN_QTY, also_data=True)
    found = user.query_v2([METER], *WINDOW, purpose="OTHER")
    assert found["successful"][0]["periods"][0]["aI"][0]["netInQty"] == Decimal("0.750")
    plain = found["data"][0]
    assert (plain["meterEic"], len(plain["periods"])) == (METER, 3), "the quarter without consumption is left out"
    assert plain["periods"][0] == {"time": "2025-03-31T21:00:00Z", "quantity": Decimal("0.250")}


def test_every_condition_of_a_search_reaches_the_hub(desk: Desk, user: DatahubClient) -> None:
    """EE-3.2: the instant of observation to the microsecond."""
    more = {
        "purpose": "BILLING",
        "customerEic": "38X-AVP-ZW6700C6",
        "resolution": "P1D",
        "observationTimeType": "SNAPSHOT_TIME",
        "observationTime": "2025-05-01T00:00:00.320005900+03:00",
        "legalConsent": "true",
    }
    user.acting("OPEN_SUPPLIER").query_v2([METER], *WINDOW, **more)
    query, _ = desk.exchange.metering_search.asked[-1]
    assert query.observation is not None
    assert query.observation.at == 1_746_046_800_320_005
    assert (query.purpose, query.customer, query.step, query.legal_consent) == (
        "BILLING",
        "38X-AVP-ZW6700C6",
        "P1D",
        True,
    )
    user.search_v1(METER, *WINDOW, observationTimeType="READING_TIME", observationTime=WINDOW[0], legalConsent=True)
    query, _ = desk.exchange.metering_search.asked[-1]
    assert (str(query.observation.type) if query.observation else "", query.legal_consent) == ("reading-time", True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"purpose": ""}, MISSING),
        ({"meteringPointEics": ""}, MISSING),
        ({"periodStart": ""}, MISSING),
        ({"periodStart": "today"}, "opp.error.validation.unparseable"),
        ({"periodEnd": WINDOW[0]}, CODE_OF_SPANS),
        ({"resolution": "PT5M"}, "opp.error.validation.invalid-enum"),
        ({"observationTimeType": "READING_TIME"}, MISSING),
        ({"observationTime": WINDOW[0]}, MISSING),
        ({"legalConsent": "maybe"}, "opp.error.validation.invalid-enum"),
        ({"meteringPointEics": ",".join(map(str, range(11)))}, "opp.error.validation.too-many-entries"),
    ],
)
def test_a_query_at_fault_names_its_parameter(
    desk: Desk, user: DatahubClient, query: dict[str, str], expected: str
) -> None:
    good = {"meteringPointEics": METER, "periodStart": WINDOW[0], "periodEnd": WINDOW[1], "purpose": "OTHER"}
    reply = user.get_v2("/api/v2/metering-data/electricity", good | query)
    assert code(reply) == (400, expected)
    assert not desk.exchange.metering_search.asked


def test_an_energy_service_provider_says_no_purpose(desk: Desk, user: DatahubClient) -> None:
    assert user.acting("ENERGY_SERVICE_PROVIDER").query_v2([METER], *WINDOW)["successful"]
    policy(desk.exchange, needs_purpose=False)
    assert user.query_v2([METER], *WINDOW)["successful"]


def test_more_than_a_page_is_never_cut_silently(desk: Desk, user: DatahubClient) -> None:
    desk.exchange.metering_search.total = ESTONIA.estfeed.page_sizes.search + 1
    query = {"meteringPointEics": METER, "periodStart": WINDOW[0], "purpose": "OTHER"}
    reply = user.get_v2("/api/v2/metering-data/electricity", query)
    assert code(reply) == (400, "opp.error.validation.period-is-invalid")
    reply = user.get_v2("/api/v2/metering-data/electricity", query | {"page": 1, "size": 36_000})
    assert len(reply.json()["successful"][0]["periods"][0]["aI"]) == 1


@pytest.mark.sec_17
def test_a_point_of_somebody_else_is_refused_alike_in_both_generations(desk: Desk, user: DatahubClient) -> None:
    desk.exchange.owners[METER] = OTHER_SUPPLIER
    with pytest.raises(DatahubError, match="meter-data-cannot-be-retrieved"):
        user.search_v1(METER, *WINDOW)
    assert not user.query_v2([METER], *WINDOW, purpose="OTHER")["successful"]


# --- change feed ------------------------------------------------------------------------------------------------------


def test_the_feed_in_both_generations_is_the_same(desk: Desk, user: DatahubClient) -> None:
    """EE-3.3."""
    window = {"createdTimeFrom": "2025-03-31T21:00:00.000123Z", "createdTimeTo": "2025-03-31T22:00:00Z"}
    first, gone = user.distributions_v1("METERING_DATA", window, size=1)
    assert (first["id"], first["reason"], first["resourceType"]) == (7, "CREATE", "METERING_DATA")
    assert first["createdTime"] == "2025-03-31T21:00:00.000123Z"
    assert first["content"][0]["meterEic"] == METER
    assert first["content"][0]["periods"][0]["aI"][0]["outQty"]["kwh"] == Decimal("0.250")
    assert (gone["content"], gone["contentMissingReason"]) == (None, "The content is gone")
    asked = desk.exchange.feed.asked[-1]
    assert asked.created_from == APRIL * 1_000_000 + 123
    again, empty = user.distributions_v2("metering-data/electricity", window, size=1)
    assert again["content"][0]["meteringPointEic"] == METER
    assert again["content"][0]["periods"][0]["netQtyIn"] == Decimal("0.750")
    assert again["content"][0]["periods"][0]["outQty"] == {"rType": "E", "kwh": Decimal("0.250")}
    assert (empty["reason"], empty["content"]) == ("UPDATE", [])
    assert list(user.distributions_v2("network-bill", window)) == []
    assert list(user.distributions_v1("AGREEMENT", {"idFrom": 1, "idTo": 99})) == []
    assert (desk.exchange.feed.asked[-1].id_from, desk.exchange.feed.asked[-1].id_to) == (1, 99)


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, MISSING),
        ({"resourceType": "WEATHER"}, "opp.error.validation.invalid-enum"),
        ({"resourceType": "AGREEMENT", "idFrom": "one"}, "opp.error.validation.unparseable"),
        ({"resourceType": "AGREEMENT", "createdTimeFrom": "one"}, "opp.error.validation.unparseable"),
    ],
)
def test_a_feed_request_at_fault_names_its_member(
    desk: Desk, user: DatahubClient, attributes: dict[str, Any], expected: str
) -> None:
    body = {"dataDistributionAttributes": attributes, "pagination": {"page": 0, "pageSize": 1}}
    assert code(user.post_v1("/api/v1/data-distribution/search", body)) == (400, expected)
