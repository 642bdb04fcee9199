"""ebIX in its SOAP container (GW-3; dk-messages §4)."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from lxml import etree

from gateway.codecs.table import is_sayable
from gateway.hub.ports import PeekedDocument
from gateway.messages.codes import Dialect, DocumentKind, Role
from gateway.messages.findings import Finding
from gateway.schemas.registry import shipped
from gateway.transport import ebix_soap

from .desk import Desk
from .small_places import SUPPLIER

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
FULL = Path(__file__).parents[2] / "golden" / "full"
B2B = "urn:www:datahub:dk:b2b:v01"
SENDER = "own-metered-data-responsible"
READER = "own-energy-supplier"
PAYLOAD = (
    '<e:DK_MeteredDataTimeSeries xmlns:e="un:unece:260:data:EEM-DK_MeteredDataTimeSeries:v3">\r\n  '
    "<e:Text>\u00e6\u00f8\u00e5 &amp; &lt;</e:Text><e:Empty/></e:DK_MeteredDataTimeSeries>"
)


def _envelope(operation: str, soap: str = SOAP) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{soap}" xmlns:b="{B2B}"><soap:Header/>'
        f"<soap:Body>{operation}</soap:Body></soap:Envelope>"
    ).encode()


def _sending(payload: str = PAYLOAD, **changes: str) -> str:
    parts = {"MessageReference": "ref-1", "DocumentType": "MeteredDataTimeSeries", "MessageType": "XML"} | changes
    inner = "".join(f"<b:{name}>{value}</b:{name}>" for name, value in parts.items())
    container = f"<b:MessageContainer>{inner}<b:Payload>\n{payload}\n</b:Payload></b:MessageContainer>"
    return f"<b:SendMessageRequest>{container}</b:SendMessageRequest>"


def _call(desk: Desk, body: bytes, client_id: str = SENDER, content_type: str = "text/xml") -> httpx.Response:
    return desk.call("POST", "/ebix", client_id, content=body, headers={"Content-Type": content_type})


def _result(answer: httpx.Response) -> etree._Element:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("text/xml")
    body = etree.fromstring(answer.content).find(f"{{{SOAP}}}Body")
    assert body is not None
    return body[0]


def _fault_code(answer: httpx.Response) -> str:
    fault = etree.fromstring(answer.content).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") in ("soap:Client", "soap:Server")
    return fault.findtext("detail/fault/ErrorCode") or ""


def test_send_hands_the_document_itself_to_the_hub_and_the_whole_body_to_the_journal(desk: Desk) -> None:
    # GW-3
    body = _envelope(_sending())
    result = _result(_call(desk, body))
    assert result.tag == f"{{{B2B}}}SendMessageResponse"
    assert result.findtext(f"{{{B2B}}}MessageId") == "message-1"
    [(_, submission)] = desk.exchange.taken
    assert (submission.kind, submission.dialect) == (DocumentKind.MEASURE_DATA, Dialect.EBIX_XML)
    assert submission.envelope == body
    original, taken = etree.fromstring(PAYLOAD), etree.fromstring(submission.body)
    assert etree.tostring(taken, method="c14n") == etree.tostring(original, method="c14n")
    assert b"soap" not in submission.body


def test_the_same_document_comes_out_of_the_container_the_same_way_every_time(desk: Desk) -> None:
    for _ in range(2):
        _call(desk, _envelope(_sending()))
    first, second = (submission.body for _, submission in desk.exchange.taken)
    assert first == second


def test_the_request_container_may_come_under_its_older_operation_name(desk: Desk) -> None:
    older = _envelope(_sending().replace("SendMessageRequest", "sendMessage"))
    assert _result(_call(desk, older)).tag == f"{{{B2B}}}sendMessageResponse"


def test_peek_get_and_dequeue(desk: Desk) -> None:
    desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1"]
    found = _result(_call(desk, _envelope("<b:PeekMessageRequest/>"), READER))
    container = found.find(f"{{{B2B}}}MessageContainer")
    assert container is not None
    assert container.findtext(f"{{{B2B}}}MessageReference") == "m-1"
    assert container.findtext(f"{{{B2B}}}DocumentType") == "MeteredDataTimeSeries"
    payload = container.find(f"{{{B2B}}}Payload")
    assert payload is not None
    assert etree.QName(payload[0]).localname == "DK_MeteredDataTimeSeries"
    named = "<b:{0}Request><b:MessageId>m-1</b:MessageId></b:{0}Request>"
    again = _result(_call(desk, _envelope(named.format("GetMessage")), READER))
    assert again.find(f"{{{B2B}}}MessageContainer") is not None
    assert _call(desk, _envelope(named.format("DequeueMessage")), SENDER).status_code == 400, "not the sender's"
    assert len(_result(_call(desk, _envelope(named.format("DequeueMessage")), READER))) == 0
    assert _call(desk, _envelope(named.format("DequeueMessage")), READER).status_code == 400
    assert len(_result(_call(desk, _envelope("<b:PeekMessageRequest/>"), READER))) == 0


def test_message_ids_of_an_interval(desk: Desk) -> None:
    _call(desk, _envelope(_sending()))
    bounds = "<b:UtcFrom>2025-01-01T00:00:00Z</b:UtcFrom><b:UtcTo>2025-02-01T00:00:00Z</b:UtcTo>"
    found = _result(_call(desk, _envelope(f"<b:GetMessageIdsRequest>{bounds}</b:GetMessageIdsRequest>")))
    assert [element.text for element in found] == ["message-1"]
    assert _call(desk, _envelope("<b:GetMessageIdsRequest/>")).status_code == 400


def test_query_data_is_not_supported_and_says_so(desk: Desk) -> None:
    answer = _call(desk, _envelope("<b:QueryDataRequest/>"))
    assert answer.status_code == 400
    assert "queryData is not supported" in answer.text
    _fault_code(answer)


def test_a_refusal_is_a_fault_with_the_first_code(desk: Desk) -> None:
    desk.exchange.refuse_with = (Finding("00402", "Not this process"), Finding("00101", "Used before"))
    answer = _call(desk, _envelope(_sending()))
    assert (answer.status_code, _fault_code(answer)) == (400, "B2B-002")
    desk.exchange.refuse_with = ()


@pytest.mark.parametrize(
    "document_type",
    [
        *("AggregatedMeteredDataTimeSeries", "DK_NotifyMissingData", "NotifyAggregatedWholesaleServices"),  # hub only
        "AggregatedMeteredDataTimeSeries2",
    ],
)
def test_a_document_that_nobody_sends_to_the_hub_is_a_fault(desk: Desk, document_type: str) -> None:
    unknown = _call(desk, _envelope(_sending(DocumentType=document_type)))
    assert (unknown.status_code, _fault_code(unknown)) == (400, "B2B-006")
    assert not desk.exchange.taken


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if is_sayable(kind, Dialect.EBIX_XML)])
def test_the_container_names_every_document_the_hub_sends(kind: DocumentKind) -> None:
    content = (FULL / f"{kind}.ebix-xml.xml").read_bytes()
    root = etree.fromstring(content)
    container = ebix_soap.container_of(PeekedDocument("m-1", kind, Dialect.EBIX_XML, content), root)
    assert f"DK_{container.findtext(f'{{{B2B}}}DocumentType')}" == shipped().entry(kind, Dialect.EBIX_XML).root


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<a/>",
        b"\xff\xfe\x00",
        PAYLOAD.encode(),
        _envelope(""),
        _envelope("<b:PeekMessageRequest/><b:PeekMessageRequest/>"),
        _envelope("<PeekMessageRequest/>"),
        _envelope("text"),
        _envelope("<b:PeekMessageRequest/>", soap="http://www.w3.org/2003/05/soap-envelope"),
        _envelope("<b:SendMessageRequest/>"),
        _envelope(_sending(MessageReference="r" * 36)),
        _envelope(_sending(MessageType="EDIFACT")),
        _envelope(_sending(DocumentType="")),
        _envelope(_sending(DocumentType="x" * 201)),
        _envelope(_sending(payload="")),
        _envelope(_sending(payload="text")),
        _envelope(_sending(payload=PAYLOAD + PAYLOAD)),
        _envelope(_sending(payload="text" + PAYLOAD)),
        _envelope(_sending()).replace(b"</soap:Body>", b"</soap:Body><soap:Body/>"),
        _envelope("<b:DequeueMessageRequest/>"),
        _envelope("<b:GetMessageRequest/>"),
        _envelope("<b:/>"),
        _envelope(f"<b:{'x' * 5000}/>"),
    ],
    ids=lambda body: body[-60:].decode(errors="replace").replace("/", "_"),
)
def test_a_malformed_envelope_is_a_fault(desk: Desk, body: bytes) -> None:
    answer = _call(desk, body)
    assert answer.status_code == 400
    assert _fault_code(answer)
    assert not desk.exchange.taken


@pytest.mark.sec_01
@pytest.mark.sec_03
def test_entities_in_an_envelope_are_refused(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    canary = tmp_path_factory.mktemp("canary") / "canary.txt"
    canary.write_text("the canary sings")
    doctype = f'<!DOCTYPE x [<!ENTITY c SYSTEM "{canary.as_uri()}">]>'.encode()
    hostile = _envelope(_sending(payload=PAYLOAD.replace("&amp;", "&c;"))).replace(b"?><", b"?>" + doctype + b"<", 1)
    answer = _call(desk, hostile)
    assert answer.status_code == 400
    assert b"sings" not in answer.content
    assert not desk.exchange.taken


def test_another_content_type_and_no_credentials(desk: Desk) -> None:
    assert _call(desk, _envelope("<b:PeekMessageRequest/>"), content_type="application/json").status_code == 415
    answer = desk.http.post("/ebix", content=_envelope("<b:PeekMessageRequest/>"), headers={"Content-Type": "text/xml"})
    assert answer.status_code == 401
    _fault_code(answer)


def test_store_unavailable_is_a_server_fault(desk: Desk) -> None:
    token = desk.bearer(SENDER)
    desk.exchange.is_down = True
    headers = {**token, "Content-Type": "text/xml"}
    answer = desk.http.post("/ebix", content=_envelope(_sending()), headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "soap:Server" in answer.text
