"""The endpoints of the Estonian datahub by themselves: headers, context, roles, paging, error bodies, settings.

What the hub makes of metering data is tested over the real hub; here a small desk stands behind the transport.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.hub.ports import Client
from gateway.hub.ports_metering_data import Progress
from gateway.markets.estfeed import ErrorWrapper, EstfeedPolicy, NetNames, PageNumberName
from gateway.messages.codes import Commodity, FeedForm, Role
from gateway.messages.findings import Finding
from gateway.messages.metering_status import ProcessingState, ReportedError
from gateway.transport.media_types import WORKBOOK
from gateway.transport.settings import TransportSettings

from .desk import ESTONIA, OTHER_SUPPLIER, SECRET, SECRET_HASH, SUPPLIER, Desk, SmallExchange
from .estfeed_client import DatahubClient, DatahubError, Reply
from .small_metering import APRIL, METER

ROLES = (Role.GRID_OPERATOR, Role.ENERGY_SUPPLIER, Role.ENERGY_SERVICE_PROVIDER)
TECHNICAL = Client("own-technical", SUPPLIER, ROLES[0], SECRET_HASH, further_roles=frozenset(ROLES[1:]))
ID = "8e11eab4-e56c-431a-9e93-3dded6bd7368"
QUARTER = {"pS": "2025-04-01T00:00Z", "outQty": {"rType": "M", "kwh": 1.5}}
V2_BODY = [{"meteringPointEic": METER, "periods": [QUARTER]}]
V1_BODY = [{"meterEic": METER, "periods": [{"r": "PT15M", "aI": [QUARTER]}]}]
WINDOW = ("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z")


@pytest.fixture
def user(desk: Desk) -> Iterator[DatahubClient]:
    """A technical user of the supplier, who is also a grid operator and owns the meter."""
    desk.exchange.clients[TECHNICAL.client_id] = TECHNICAL
    desk.exchange.owners[METER] = SUPPLIER
    yield DatahubClient(desk.url, SUPPLIER, (TECHNICAL.client_id, SECRET)).acting("GRID_OPERATOR")
    del desk.exchange.clients[TECHNICAL.client_id]
    vars(desk.exchange).pop("profile", None)


def policy(exchange: SmallExchange, **changes: Any) -> None:
    """Another market policy until the test ends; what routes were made of stays."""
    exchange.profile = replace(ESTONIA, estfeed=replace(ESTONIA.estfeed, **changes))


def code(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.error["code"]


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_given_at_the_operators_path(desk: Desk, user: DatahubClient) -> None:
    """EE-1.1."""
    assert user.token()
    with pytest.raises(DatahubError, match="invalid_client"):
        DatahubClient(desk.url, SUPPLIER, (TECHNICAL.client_id, "wrong")).token()
    policy(desk.exchange, realms=frozenset({"estfeed-public"}))
    public = DatahubClient(desk.url, SUPPLIER, (TECHNICAL.client_id, SECRET), realm="estfeed-public")
    assert public.token()
    with pytest.raises(DatahubError, match="no such realm"):
        DatahubClient(desk.url, SUPPLIER, (TECHNICAL.client_id, SECRET)).token()


@pytest.mark.sec_16
def test_no_token_is_401_in_the_form_of_the_generation(desk: Desk, user: DatahubClient) -> None:
    for path, is_first in (("/api/v1/meter-data", True), ("/api/v2/metering-data/electricity", False)):
        headers = {**user.headers_v2(ID), "Authorization": "Bearer none"}
        reply = user.request("POST", path, b"[]", headers)
        assert code(reply) == (401, "opp.error.technical.authentication")
        assert ("cause" in reply.json()) == is_first
        assert reply.headers["x-original-document-identification"] == ID
        assert reply.error["traceId"] == reply.headers["x-b3-traceid"]


# --- submission -------------------------------------------------------------------------------------------------------


def test_a_message_is_taken_by_either_generation(desk: Desk, user: DatahubClient) -> None:
    """EE-1.1: what the desk gets is the caller in the role it states, and the bytes as sent."""
    first, reply = user.submit_v1(V1_BODY)
    assert (reply.status, reply.body) == (202, b"")
    assert reply.headers["x-original-document-identification"] == first
    assert reply.headers["status"] == "PROCESSING"
    gas = user.acting("ENERGY_SERVICE_PROVIDER", "NATURAL_GAS")
    second, reply = gas.submit_v2(V2_BODY)
    assert reply.status == 202
    (sender_1, taken_1), (sender_2, taken_2) = desk.exchange.metering_data.taken
    assert (sender_1.party, sender_1.role) == (SUPPLIER, Role.GRID_OPERATOR)
    assert sender_2.role is Role.ENERGY_SERVICE_PROVIDER
    assert (taken_1.document_id, taken_1.form) == (first, FeedForm.ESTFEED_V1)
    assert (taken_2.document_id, taken_2.form) == (second, FeedForm.ESTFEED_V2)
    assert (taken_1.commodity, taken_2.commodity) == (Commodity.ELECTRICITY, Commodity.NATURAL_GAS)
    assert taken_2.body == json.dumps(V2_BODY).encode()


def test_the_context_is_found_wherever_it_stands(desk: Desk, user: DatahubClient) -> None:
    body = {"meterData": V1_BODY, "marketParticipantContext": user.context}
    reply = user.request("POST", "/api/v1/meter-data", json.dumps(body).encode(), user.headers_v1(ID))
    assert reply.status == 202
    pretty = json.dumps({"marketParticipantContext": user.context, "meterData": V1_BODY}, indent=3).encode()
    assert user.request("POST", "/api/v1/meter-data", pretty, user.headers_v1(ID)).status == 202


@pytest.mark.parametrize("status", [200, 201])
def test_the_status_of_a_message_taken_is_a_setting(desk: Desk, user: DatahubClient, status: int) -> None:
    policy(desk.exchange, submission_status=status)
    assert user.submit_v2(V2_BODY)[1].status == status


def test_back_pressure_is_503_and_says_when_to_come_again(desk: Desk, user: DatahubClient) -> None:
    """EE-1.1."""
    desk.exchange.metering_data.waits = 300
    for _, reply in (user.submit_v1(V1_BODY), user.submit_v2(V2_BODY)):
        assert code(reply) == (503, "opp.error.technical.no-response")
        assert reply.headers["retry-after"] == "300"


def test_a_message_refused_says_why_and_where(desk: Desk, user: DatahubClient) -> None:
    """EE-1.4."""
    found = Finding("opp.error.validation.invalid-enum", "r can be PT15M", "meterData[0].periods[0].r", args=("r", "M"))
    desk.exchange.metering_data.refuse_with = (found, found)
    _, reply = user.submit_v1(V1_BODY)
    assert code(reply) == (400, "opp.error.validation.invalid-enum")
    assert reply.error["message"] == "r can be PT15M (meterData[0].periods[0].r) (and 1 more)"
    assert reply.error["args"] == ["r", "M"]


def test_the_http_status_of_a_refusal_is_data(desk: Desk, user: DatahubClient) -> None:
    policy(desk.exchange, statuses={"document-id-used": 422})
    desk.exchange.metering_data.refuse_with = (Finding("opp.error.x", "Used before", rule="document-id-used"),)
    assert user.submit_v2(V2_BODY)[1].status == 422


# --- who asks ---------------------------------------------------------------------------------------------------------

MISSING = "opp.error.validation.missing-field"
CODE_OF_SPANS = "opp.error.validation.from-field-cannot-be-equal-to-or-after-to-field"
HEADERS = [
    ({"x-document-identification": ""}, 400, "opp.error.technical.not-found.header"),
    ({"x-document-identification": "17"}, 400, "opp.error.validation.invalid-pattern"),
    ({"x-market-participant-eic": ""}, 403, "opp.error.technical.unprocessable-market-participant-context"),
    ({"x-market-participant-eic": None}, 400, MISSING),
    ({"x-market-participant-eic": OTHER_SUPPLIER}, 403, "opp.error.technical.unprocessable-market-participant-context"),
    ({"x-market-participant-role": None}, 400, MISSING),
    ({"x-market-participant-role": "HERO"}, 400, "opp.error.validation.invalid-enum"),
    ({"x-market-participant-role": "AGGREGATOR"}, 403, "opp.error.validation.unauthorized-user"),
    ({"x-commodity-type": None}, 400, MISSING),
    ({"x-commodity-type": "WATER"}, 400, "opp.error.validation.invalid-enum"),
    ({"x-commodity-type": "NATURAL_GAS"}, 400, "opp.error.business.request-commodity-type-mismatch"),
    ({"Content-Type": "text/xml"}, 415, "opp.error.validation.unsupported-file-format"),
]


@pytest.mark.sec_17
@pytest.mark.parametrize(("changes", "status", "expected"), HEADERS)
def test_headers_say_who_asks(
    desk: Desk, user: DatahubClient, changes: dict[str, str | None], status: int, expected: str
) -> None:
    headers = {name: value for name, value in (user.headers_v2(ID) | changes).items() if value is not None}
    reply = user.request("POST", "/api/v2/metering-data/electricity", json.dumps(V2_BODY).encode(), headers)
    assert code(reply) == (status, expected)
    assert not desk.exchange.metering_data.taken


CONTEXTS: list[tuple[Any, int, str]] = [
    (None, 400, MISSING),
    ("text", 400, "opp.error.validation.unparseable"),
    ({}, 400, MISSING),
    ({"marketParticipantIdentification": OTHER_SUPPLIER}, 403, HEADERS[4][2]),
    ({"marketParticipantRole": "LINE_OPERATOR"}, 403, HEADERS[7][2]),
    ({"marketParticipantRole": 7}, 400, "opp.error.validation.unparseable"),
    ({"commodityType": "electricity"}, 400, "opp.error.validation.invalid-enum"),
]


@pytest.mark.sec_17
@pytest.mark.parametrize(("stated", "status", "expected"), CONTEXTS)
def test_the_context_says_who_asks(desk: Desk, user: DatahubClient, stated: Any, status: int, expected: str) -> None:
    context = user.context | stated if isinstance(stated, dict) and stated else stated
    body = {"marketParticipantContext": context, "meterData": V1_BODY}
    reply = user.request("POST", "/api/v1/meter-data", json.dumps(body).encode(), user.headers_v1(ID))
    assert code(reply) == (status, expected)
    assert not desk.exchange.metering_data.taken


def test_the_published_error_is_told_in_its_own_words(desk: Desk, user: DatahubClient, shared: Path) -> None:
    sample = json.loads((shared / "data" / "ee" / "samples" / "error-v2.json").read_bytes())
    context = user.context | {"commodityType": "WATER"}
    body = json.dumps({"marketParticipantContext": context, "meterData": V1_BODY}).encode()
    error = user.request("POST", "/api/v1/meter-data", body, user.headers_v1(ID)).error
    assert {name: error[name] for name in ("code", "args")} == {name: sample[name] for name in ("code", "args")}
    assert error["message"].startswith(sample["message"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b'{"a":1,"a":2}', b"[" * 100_000])
def test_a_body_that_is_none_is_400(desk: Desk, user: DatahubClient, body: bytes) -> None:
    reply = user.request("POST", "/api/v1/meter-data", body, user.headers_v1(ID))
    assert code(reply) == (400, "opp.error.technical.json-processing-exception")


def test_the_time_of_the_message_is_asked_for_as_a_setting(desk: Desk, user: DatahubClient) -> None:
    headers = user.headers_v1(ID)
    body = json.dumps({"marketParticipantContext": user.context, "meterData": V1_BODY}).encode()
    for wrong in ({}, {"x-document-date-time": "yesterday"}):
        plain = {name: value for name, value in headers.items() if name != "x-document-date-time"}
        assert user.request("POST", "/api/v1/meter-data", body, plain | wrong).status == 400
    policy(desk.exchange, needs_document_time=False)
    assert user.request("POST", "/api/v1/meter-data", body, plain).status == 202


# --- status -----------------------------------------------------------------------------------------------------------


def test_the_status_of_a_message_in_both_generations(desk: Desk, user: DatahubClient) -> None:
    """EE-1.2, EE-1.4."""
    document_id, _ = user.submit_v2(V2_BODY)
    expected = {
        "originalDocumentIdentification": document_id,
        "senderEic": SUPPLIER,
        "createdTime": "2025-03-31T21:00:00.001500Z",
        "status": "SUCCESSFUL",
    }
    assert user.status_v1(document_id, WINDOW) == [expected]
    assert user.status_v2(document_id) == [expected]
    negative = Finding("opp.error.validation.field-value-cannot-be-negative", "kwh is negative", "[0].periods[0].kwh")
    whole = Finding("opp.error.validation.size", "Too many periods")
    desk.exchange.metering_data.errors = (ReportedError(negative, METER, APRIL), ReportedError(whole))
    (found,) = user.status_v1(document_id, WINDOW)
    assert found["status"] == "ERROR"
    assert found["statusMessage"].splitlines() == [
        f"{METER} 2025-03-31T21:00:00Z [0].periods[0].kwh: {negative.code}: kwh is negative",
        "opp.error.validation.size: Too many periods",
    ]
    first = {"code": negative.code, "message": "kwh is negative", "args": [], "periodStart": "2025-03-31T21:00:00Z"}
    assert found["errors"][0] == {**first, "meterEic": METER, "path": "[0].periods[0].kwh"}
    assert user.status_v2(document_id)[0]["errors"][0]["meteringPointEic"] == METER
    policy(desk.exchange, reports_errors=False)
    assert "errors" not in user.status_v2(document_id)[0]


def test_many_errors_are_counted_where_they_do_not_fit(desk: Desk, user: DatahubClient) -> None:
    document_id, _ = user.submit_v2(V2_BODY)
    one = ReportedError(Finding("opp.error.x", "w" * 300), METER)
    desk.exchange.metering_data.errors = (one,) * 100
    lines = user.status_v2(document_id)[0]["statusMessage"].splitlines()
    assert len(lines) - 1 + int(lines[-1].split()[1]) == 100
    assert len("\n".join(lines)) < 4200


def test_statuses_come_by_window_state_and_page(desk: Desk, user: DatahubClient) -> None:
    for _ in range(5):
        user.submit_v2(V2_BODY)
    body = {
        "meterDataStatusAttributes": {"createdTimeFrom": WINDOW[0], "createdTimeTo": WINDOW[1], "status": "ERROR"},
        "pagination": {"page": 1, "pageSize": 2},
    }
    found = user.post_v1("/api/v1/meter-data/status", body).json()
    assert (len(found["meterDataStatuses"]), found["pagination"]) == (2, {"page": 1, "totalPages": 3})
    asked = desk.exchange.metering_data.asked[-1]
    assert (asked.document_id, asked.state) == (None, ProcessingState.ERROR)
    assert (asked.created_from, asked.created_to) == (1_748_736_000, 1_748_822_400)
    query = {"createdTimeFrom": WINDOW[0], "createdTimeTo": WINDOW[1], "size": 2, "page": 2}
    found = user.get_v2("/api/v2/metering-data/status", query).json()
    assert (len(found["content"]), found["page"]) == (
        1,
        {"size": 2, "number": 2, "totalElements": 5, "totalPages": 3},
    )
    policy(desk.exchange, page_number_name=PageNumberName.PAGE)
    assert user.get_v2("/api/v2/metering-data/status", query).json()["page"]["page"] == 2


@pytest.mark.parametrize(
    ("attributes", "pagination", "expected"),
    [
        ({"createdTimeTo": None}, {}, MISSING),
        ({"createdTimeFrom": "June"}, {}, "opp.error.validation.unparseable"),
        ({"createdTimeTo": WINDOW[0]}, {}, CODE_OF_SPANS),
        ({"status": "GONE"}, {}, "opp.error.validation.invalid-enum"),
        ({"originalDocumentIdentification": "x"}, {}, "opp.error.validation.invalid-pattern"),
        ({}, {"page": None}, MISSING),
        ({}, {"page": -1}, "opp.error.validation.too-small"),
        ({}, {"pageSize": 0}, "opp.error.validation.too-small"),
        ({}, {"pageSize": 1001}, "opp.error.validation.too-big"),
        ({}, {"pageSize": "many"}, "opp.error.validation.unparseable"),
        ({}, {"pageSize": 1.5}, "opp.error.validation.unparseable"),
        ({}, {"pageSize": True}, "opp.error.validation.unparseable"),
    ],
)
def test_a_status_request_at_fault_names_its_member(
    desk: Desk, user: DatahubClient, attributes: dict[str, Any], pagination: dict[str, Any], expected: str
) -> None:
    body = {
        "meterDataStatusAttributes": {"createdTimeFrom": WINDOW[0], "createdTimeTo": WINDOW[1], **attributes},
        "pagination": {"page": 0, "pageSize": 10, **pagination},
    }
    reply = user.post_v1("/api/v1/meter-data/status", body)
    assert code(reply) == (400, expected)
    (name,) = {*attributes, *pagination} if expected != CODE_OF_SPANS else {"createdTimeFrom"}
    assert reply.error["args"][0] == name


def test_a_status_query_without_an_id_needs_a_window_as_a_setting(desk: Desk, user: DatahubClient) -> None:
    assert user.get_v2("/api/v2/metering-data/status", {}).status == 200
    policy(desk.exchange, needs_status_window=True)
    assert code(user.get_v2("/api/v2/metering-data/status", {})) == (400, MISSING)
    assert user.get_v2("/api/v2/metering-data/status", {"originalDocumentIdentification": ID}).status == 200


def test_a_parameter_that_comes_twice_is_refused(desk: Desk, user: DatahubClient) -> None:
    reply = user.request("GET", "/api/v2/metering-data/status?page=0&page=1", None, user.headers_v2(ID))
    assert code(reply) == (400, "opp.error.validation.unparseable")


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


# --- workbooks as jobs ------------------------------------------------------------------------------------------------


def test_a_job_tells_how_far_it_is_and_when_to_come_again(desk: Desk, user: DatahubClient) -> None:
    """EE-2.1: a client of several roles says in which it acts."""
    kind = {"Content-Type": WORKBOOK}
    acting = kind | {"Acting-Role": "grid-operator"}
    assert desk.call("POST", "/api/hub/v1/workbooks", "own-technical", headers=kind).status_code == 400
    desk.exchange.metering_data.reading = Progress(4096, 35_040)
    taken = desk.call("POST", f"/api/hub/v1/workbooks?id={ID}", "own-technical", headers=acting, content=b"PK")
    assert (taken.status_code, taken.json()["rows_done"], taken.json()["rows_total"]) == (202, 4096, 35_040)
    ((sender, submission),) = desk.exchange.metering_data.taken
    assert (sender.role, submission.form, submission.document_id) == (Role.GRID_OPERATOR, FeedForm.WORKBOOK, ID)
    desk.exchange.metering_data.waits = 7
    busy = desk.call("POST", f"/api/hub/v1/workbooks?id={ID}", "own-technical", headers=acting, content=b"PK")
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "7")


# --- the store, and the description -----------------------------------------------------------------------------------


def test_a_store_out_of_reach_is_503_everywhere(desk: Desk, user: DatahubClient) -> None:
    user.token()
    desk.exchange.is_down = True
    calls: list[Callable[[], Reply]] = [
        lambda: user.submit_v1(V1_BODY)[1],
        lambda: user.submit_v2(V2_BODY)[1],
        lambda: user.get_v2("/api/v2/metering-data/status", {}),
    ]
    for call in calls:
        reply = call()
        assert code(reply) == (503, "opp.error.technical.no-response")
        assert reply.headers["retry-after"]


def test_the_older_error_body_is_a_setting(
    open_desk: Callable[[TransportSettings], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = replace(ESTONIA, estfeed=EstfeedPolicy(error_wrapper=ErrorWrapper.PROBLEM))
    monkeypatch.setattr(SmallExchange, "profile", problem)
    desk = open_desk(TransportSettings())
    reply = desk.http.post("/api/v1/meter-data", headers={"x-document-identification": ID})
    assert reply.status_code == 401
    assert reply.json().keys() == {"id", "problem"}
    assert reply.json()["problem"]["code"] == "opp.error.technical.authentication"


def test_the_description_names_every_endpoint(desk: Desk) -> None:
    paths = desk.http.get("/api/hub/v1/openapi.json").json()["paths"]
    assert {"post"} == paths["/api/v1/meter-data"].keys()
    assert {"get", "post"} == paths["/api/v2/metering-data/electricity"].keys()
    assert "grid-operator" in paths["/api/v1/meter-data"]["post"]["x-roles"]
