"""The endpoints of the Estonian datahub by themselves: headers, context, roles, paging, error bodies, settings.

What the hub makes of metering data is tested over the real hub; here a small desk stands behind the transport.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.hub.ports_metering_data import Progress
from gateway.markets.estfeed import ErrorWrapper, EstfeedPolicy, PageNumberName
from gateway.messages.codes import Commodity, FeedForm, Role
from gateway.messages.findings import Finding
from gateway.messages.metering_status import ProcessingState, ReportedError
from gateway.transport.media_types import WORKBOOK
from gateway.transport.settings import TransportSettings

from .desk import Desk
from .estfeed_client import DatahubClient, DatahubError, Reply
from .estfeed_desk import CODE_OF_SPANS, ID, MISSING, TECHNICAL, V1_BODY, V2_BODY, WINDOW, code, policy
from .running_server import SECRET
from .small_exchange import SmallExchange
from .small_metering import APRIL, METER
from .small_places import ESTONIA, OTHER_SUPPLIER, SUPPLIER

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
