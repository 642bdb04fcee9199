"""The Danish endpoints answer as DataHub 3 does (GW-3; dk-messages §5)."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import httpx
import pytest
from lxml import etree

from gateway.messages.codes import Dialect, DocumentKind, Role
from gateway.messages.findings import Finding
from gateway.transport.settings import TransportSettings

from .desk import Desk
from .small_places import CONTENT, SUPPLIER

SEND = "/v1.0/cim/notifyvalidatedmeasuredata"
SENDER = "own-metered-data-responsible"
READER = "own-energy-supplier"
ONE = (Finding("00101", "Used & <before>", target="MessageId"),)
TWO = (*ONE, Finding("00402", "Not this process", target="ProcessType"))


@pytest.mark.parametrize(
    ("content_type", "dialect"),
    [
        ("application/xml", Dialect.CIM_XML),
        ("Application/XML; charset=utf-8", Dialect.CIM_XML),
        ("application/json;charset=UTF-8", Dialect.CIM_JSON),
        ("application/ebix", Dialect.EBIX_XML),
    ],
)
def test_content_type_names_the_dialect(desk: Desk, content_type: str, dialect: Dialect) -> None:
    # GW-3
    body = b"\xef\xbb\xbf<a> \r\n</a>"
    answer = desk.call("POST", SEND, SENDER, content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 202
    assert answer.text == ("message-1" if dialect is Dialect.EBIX_XML else "")
    assert answer.headers["CorrelationId"].startswith("id-")
    [(sender, submission)] = desk.exchange.taken
    assert sender.role is Role.METERED_DATA_RESPONSIBLE
    assert (submission.kind, submission.dialect) == (DocumentKind.MEASURE_DATA, dialect)
    assert submission.body == body, "the bytes reach the hub as sent, byte-order mark and all"
    assert submission.correlation_id == answer.headers["CorrelationId"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("RequestValidatedMeasurements", DocumentKind.MEASURE_DATA_REQUEST),
        ("RequestAggregatedMeasureData", DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST),
        ("REQUESTWHOLESALESETTLEMENT", DocumentKind.WHOLESALE_SETTLEMENT_REQUEST),
    ],
)
def test_document_names_are_taken_in_any_case(desk: Desk, name: str, kind: DocumentKind) -> None:
    # DK-4.3.a
    headers = {"Content-Type": "application/json"}
    answer = desk.call("POST", f"/v1.0/cim/{name}", READER, content=b"{}", headers=headers)
    assert answer.status_code == 202
    assert desk.exchange.taken[0][1].kind is kind


@pytest.mark.parametrize("path", ["/v1.0/cim/notifysomething", "/v1.0/cim/", "/v1.0/cim/a/b"])
def test_unknown_documents(desk: Desk, path: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert desk.call("POST", path, SENDER, content=b"{}", headers=headers).status_code == 404
    assert not desk.exchange.taken


def test_documents_can_be_switched_off(open_desk: Callable[[TransportSettings], Desk]) -> None:
    desk = open_desk(TransportSettings(switched_off=frozenset({"requestwholesalesettlement"})))
    headers = {"Content-Type": "application/json"}
    path = "/v1.0/cim/RequestWholesaleSettlement"
    assert desk.call("POST", path, READER, content=b"{}", headers=headers).status_code == 403
    assert not desk.exchange.taken


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml+x", "", "application/xml, application/json"])
def test_another_content_type_is_415(desk: Desk, content_type: str) -> None:
    headers = {"Content-Type": content_type, "Accept": "application/json"}
    answer = desk.call("POST", SEND, SENDER, content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["Error"]["Code"] == "UnsupportedMediaType"


def test_a_missing_content_type_is_415_unless_accept_names_a_form(desk: Desk) -> None:
    assert desk.call("POST", SEND, SENDER, content=b"{}").status_code == 415
    accept = {"Accept": "text/html, application/xml;q=0.5, application/json"}
    assert desk.call("POST", SEND, SENDER, content=b"{}", headers=accept).status_code == 202
    assert desk.exchange.taken[0][1].dialect is Dialect.CIM_JSON


def test_one_error_in_json(desk: Desk) -> None:
    desk.exchange.refuse_with = ONE
    answer = desk.call("POST", SEND, SENDER, content=b"{}", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json() == {"Error": {"Code": "00101", "Message": "Used & <before>", "Target": "MessageId"}}


def test_several_errors_in_json(desk: Desk) -> None:
    desk.exchange.refuse_with = TWO
    answer = desk.call("POST", SEND, SENDER, content=b"{}", headers={"Content-Type": "application/json"})
    error = answer.json()["Error"]
    assert error["Code"] == "BadRequest"
    assert [detail["Code"] for detail in error["Details"]] == ["00101", "00402"]


def test_errors_in_xml(desk: Desk) -> None:
    desk.exchange.refuse_with = ONE
    answer = desk.call("POST", SEND, SENDER, content=b"<a/>", headers={"Content-Type": "application/xml"})
    error = etree.fromstring(answer.content)
    assert (answer.status_code, error.tag) == (400, "Error")
    assert [(part.tag, part.text) for part in error] == [
        ("Code", "00101"),
        ("Message", "Used & <before>"),
        ("Target", "MessageId"),
    ]
    desk.exchange.refuse_with = TWO
    answer = desk.call("POST", SEND, SENDER, content=b"<a/>", headers={"Content-Type": "application/xml"})
    error = etree.fromstring(answer.content)
    assert error.findtext("Code") == "BadRequest"
    assert [detail.findtext("Code") for detail in error.findall("Details/Error")] == ["00101", "00402"]


def test_ebix_error_is_the_first_one_under_its_own_code(desk: Desk) -> None:
    desk.exchange.refuse_with = TWO
    answer = desk.call("POST", SEND, SENDER, content=b"<a/>", headers={"Content-Type": "application/ebix"})
    error = etree.fromstring(answer.content)
    assert [part.tag for part in error] == ["faultcode", "faultstring", "detail"]
    assert error.findtext("detail/fault/ErrorCode") == "B2B-003"
    assert error.findtext("detail/fault/ErrorText") == "Used & <before>"


@pytest.mark.sec_20
def test_hostile_text_in_a_finding_cannot_break_an_error_body(desk: Desk) -> None:
    desk.exchange.refuse_with = (Finding("00302", "a\x00\x1b[31m\ud800\u2028\r\nSet-Cookie: x ]]>"),)
    for content_type in ("application/json", "application/xml", "application/ebix"):
        answer = desk.call("POST", SEND, SENDER, content=b"{}", headers={"Content-Type": content_type})
        assert answer.status_code == 400
        assert "set-cookie" not in answer.headers
        assert "\x1b" not in answer.text


def _peek(desk: Desk, client_id: str, category: str, dialect: str = "application/xml") -> httpx.Response:
    return desk.call("GET", f"/v1.0/cim/{category}", client_id, headers={"Content-Type": dialect})


def test_peek_is_the_same_until_dequeued_and_in_the_form_asked(desk: Desk) -> None:
    # GW-3
    desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1", "m-2"]
    for dialect, media in ((Dialect.CIM_XML, "xml"), (Dialect.CIM_JSON, "json"), (Dialect.EBIX_XML, "ebix")):
        answer = _peek(desk, READER, "TimeSeries", f"application/{media}")
        assert (answer.status_code, answer.headers["MessageId"]) == (200, "m-1")
        assert answer.content == CONTENT[dialect]
        assert answer.headers["Content-Type"].startswith(f"application/{media}")
    assert desk.call("DELETE", "/v1.0/cim/dequeue/m-1", READER).status_code == 200
    assert desk.call("DELETE", "/v1.0/cim/dequeue/m-1", READER).status_code == 400
    assert _peek(desk, READER, "measuredata").headers["MessageId"] == "m-2"


def test_peek_of_nothing(desk: Desk) -> None:
    assert _peek(desk, READER, "aggregations").status_code == 204
    assert _peek(desk, READER, "timeseries").status_code == 204
    assert _peek(desk, READER, "elsewhere").status_code == 404
    assert _peek(desk, READER, "timeseries", "text/plain").status_code == 415
    accepting = desk.call("GET", "/v1.0/cim/timeseries", READER, headers={"Accept": "application/json"})
    assert accepting.status_code == 204


@pytest.mark.parametrize("message_id", ["unknown", "m-2", "x" * 37, "a%2Fb", "%00", "%F0%9F%94%8C"])
def test_dequeue_of_what_was_not_peeked_is_400(desk: Desk, message_id: str) -> None:
    desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1", "m-2"]
    _peek(desk, READER, "timeseries")
    answer = desk.call("DELETE", f"/v1.0/cim/dequeue/{message_id}", READER)
    assert (answer.status_code, answer.json()["Error"]["Target"]) == (400, "MessageId")


@pytest.mark.sec_17
def test_a_document_of_another_party_or_role_can_be_neither_seen_nor_dequeued(desk: Desk) -> None:
    desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1"]
    _peek(desk, READER, "timeseries")
    for stranger in ("other-energy-supplier", "own-balance-responsible"):
        assert _peek(desk, stranger, "timeseries").status_code == 204
        assert desk.call("DELETE", "/v1.0/cim/dequeue/m-1", stranger).status_code == 400
    assert _peek(desk, READER, "timeseries").headers["MessageId"] == "m-1"


def test_store_unavailable_is_503_with_retry_after(desk: Desk) -> None:
    token = desk.bearer(SENDER)
    desk.exchange.is_down = True
    for content_type in ("application/json", "application/xml", "application/ebix"):
        answer = desk.http.post(SEND, content=b"{}", headers={**token, "Content-Type": content_type})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert desk.http.get("/api/hub/v1/ready").status_code == 503
    assert desk.http.get("/api/hub/v1/health").status_code == 200


def test_a_gzip_body_is_unpacked(desk: Desk) -> None:
    headers = {"Content-Type": "application/xml", "Content-Encoding": "gzip"}
    answer = desk.call("POST", SEND, SENDER, content=gzip.compress(b"<a/>"), headers=headers)
    assert answer.status_code == 202
    assert desk.exchange.taken[0][1].body == b"<a/>"
    assert desk.call("POST", SEND, SENDER, content=b"<a/>", headers=headers).status_code == 400
    headers["Content-Encoding"] = "br"
    assert desk.call("POST", SEND, SENDER, content=b"<a/>", headers=headers).status_code == 415
