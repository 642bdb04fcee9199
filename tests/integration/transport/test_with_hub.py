"""The endpoints over the real hub, database and all: a grid operator sends, a supplier peeks and dequeues (GW-3)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.demo.market import GRID_AREA, GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B
from gateway.hub.masterdata.files import write_files
from gateway.hub.ports import MasterDataTable
from gateway.messages.codes import Category, Dialect, DocumentKind, Role
from gateway.messages.times import format_minute, format_second
from gateway.transport.cim_api import DOCUMENTS
from gateway.transport.client import CONTENT_TYPES, HubClient, Outcome, Outgoing
from gateway.transport.role_names import ROLE_NAMES
from gateway.transport.routes import Credentials

from .denmark import DAY, HUB_PARTY, OPERATOR_CLIENT, OTHER, READER, SENDER, ZONE, Market
from .running_server import SECRET
from .test_access_matrix import GUARDED, QUERIES, VALUES
from .test_ebix_api import _envelope, _sending

SEND = "/v1.0/cim/notifyvalidatedmeasuredata"

SEE_ALL = {Role.HUB, Role.SYSTEM_OPERATOR, Role.ENERGY_AGENCY}
"""Roles that see every metering point by law (D1 §3.4), or run the hub."""


@pytest.fixture
def market(running_market: Market) -> Market:
    """The served hub, with nothing waiting for the suppliers from the test before."""
    for client_id in (READER, OTHER):
        while (found := running_market.peek(client_id, Dialect.CIM_XML)).status_code == 200:
            running_market.call("DELETE", f"/v1.0/cim/dequeue/{found.headers['MessageId']}", client_id)
        assert found.status_code == 204
    return running_market


XML = """<?xml version="1.0" encoding="UTF-8"?>
<cim:NotifyValidatedMeasureData_MarketDocument xmlns:cim="urn:ediel.org:measure:notifyvalidatedmeasuredata:0:1">
<cim:mRID>{id}</cim:mRID><cim:type>E66</cim:type><cim:process.processType>E23</cim:process.processType>
<cim:businessSector.type>23</cim:businessSector.type>
<cim:sender_MarketParticipant.mRID codingScheme="A10">{sender}</cim:sender_MarketParticipant.mRID>
<cim:sender_MarketParticipant.marketRole.type>MDR</cim:sender_MarketParticipant.marketRole.type>
<cim:receiver_MarketParticipant.mRID codingScheme="A10">5790001330552</cim:receiver_MarketParticipant.mRID>
<cim:receiver_MarketParticipant.marketRole.type>DGL</cim:receiver_MarketParticipant.marketRole.type>
<cim:createdDateTime>{now}</cim:createdDateTime>
<cim:Series><cim:mRID>{id}t</cim:mRID>
<cim:marketEvaluationPoint.mRID codingScheme="A10">{point}</cim:marketEvaluationPoint.mRID>
<cim:marketEvaluationPoint.type>E17</cim:marketEvaluationPoint.type>
<cim:registration_DateAndOrTime.dateTime>{now}</cim:registration_DateAndOrTime.dateTime>
<cim:product>8716867000030</cim:product><cim:quantity_Measure_Unit.name>KWH</cim:quantity_Measure_Unit.name>
<cim:Period><cim:resolution>PT15M</cim:resolution>
<cim:timeInterval><cim:start>{start}</cim:start><cim:end>{end}</cim:end></cim:timeInterval>{points}
</cim:Period></cim:Series></cim:NotifyValidatedMeasureData_MarketDocument>"""

EBIX = """<e:DK_MeteredDataTimeSeries xmlns:e="un:unece:260:data:EEM-DK_MeteredDataTimeSeries:v3">
<e:HeaderEnergyDocument><e:Identification>{id}</e:Identification>
<e:DocumentType listAgencyIdentifier="260">E66</e:DocumentType><e:Creation>{now}</e:Creation>
<e:SenderEnergyParty><e:Identification schemeAgencyIdentifier="9">{sender}</e:Identification></e:SenderEnergyParty>
<e:RecipientEnergyParty><e:Identification schemeAgencyIdentifier="9">5790001330552</e:Identification>
</e:RecipientEnergyParty></e:HeaderEnergyDocument>
<e:ProcessEnergyContext><e:EnergyBusinessProcess listAgencyIdentifier="260">E23</e:EnergyBusinessProcess>
<e:EnergyBusinessProcessRole listAgencyIdentifier="260">MDR</e:EnergyBusinessProcessRole>
<e:EnergyIndustryClassification listAgencyIdentifier="6">23</e:EnergyIndustryClassification></e:ProcessEnergyContext>
<e:PayloadEnergyTimeSeries><e:Identification>{id}t</e:Identification>
<e:Function listAgencyIdentifier="6">9</e:Function>
<e:ObservationTimeSeriesPeriod><e:ResolutionDuration>PT15M</e:ResolutionDuration>
<e:Start>{start_second}</e:Start><e:End>{end_second}</e:End></e:ObservationTimeSeriesPeriod>
<e:IncludedProductCharacteristic><e:Identification listAgencyIdentifier="9">8716867000030</e:Identification>
<e:UnitType listAgencyIdentifier="260">KWH</e:UnitType></e:IncludedProductCharacteristic>
<e:DetailMeasurementMeteringPointCharacteristic>
<e:TypeOfMeteringPoint listAgencyIdentifier="260">E17</e:TypeOfMeteringPoint>
</e:DetailMeasurementMeteringPointCharacteristic>
<e:MeteringPointDomainLocation><e:Identification schemeAgencyIdentifier="9">{point}</e:Identification>
</e:MeteringPointDomainLocation>{observations}</e:PayloadEnergyTimeSeries></e:DK_MeteredDataTimeSeries>"""


def _document(market: Market, dialect: Dialect, message: str, point: str, **changes: str) -> bytes:
    start = ZONE.midnight(DAY)
    end = start + 4 * 3600
    numbers = range(1, 17)
    parts = {
        "id": message,
        "sender": GRID_OPERATOR,
        "point": point,
        "now": format_second(market.clock.now()),
        "start": format_minute(start),
        "end": format_minute(end),
        "start_second": format_second(start),
        "end_second": format_second(end),
        "points": "".join(
            f"<cim:Point><cim:position>{n}</cim:position><cim:quantity>{n}.250</cim:quantity></cim:Point>"
            for n in numbers
        ),
        "observations": "".join(
            f"<e:IntervalEnergyObservation><e:Position>{n}</e:Position><e:EnergyQuantity>{n}.250</e:EnergyQuantity>"
            "</e:IntervalEnergyObservation>"
            for n in numbers
        ),
    } | changes
    if dialect is Dialect.CIM_JSON:
        return json.dumps(_json(parts)).encode()
    return (XML if dialect is Dialect.CIM_XML else EBIX).format(**parts).encode()


def _json(parts: dict[str, str]) -> dict[str, object]:
    def party(name: str) -> dict[str, str]:
        return {"codingScheme": "A10", "value": name}

    series = {
        "mRID": parts["id"] + "t",
        "marketEvaluationPoint.mRID": party(parts["point"]),
        "marketEvaluationPoint.type": {"value": "E17"},
        "registration_DateAndOrTime.dateTime": parts["now"],
        "product": "8716867000030",
        "quantity_Measure_Unit.name": {"value": "KWH"},
        "Period": {
            "resolution": "PT15M",
            "timeInterval": {"start": {"value": parts["start"]}, "end": {"value": parts["end"]}},
            "Point": [{"position": {"value": n}, "quantity": n + 0.25} for n in range(1, 17)],
        },
    }
    document = {
        "mRID": parts["id"],
        "type": {"value": "E66"},
        "process.processType": {"value": "E23"},
        "businessSector.type": {"value": "23"},
        "sender_MarketParticipant.mRID": party(parts["sender"]),
        "sender_MarketParticipant.marketRole.type": {"value": "MDR"},
        "receiver_MarketParticipant.mRID": party(HUB_PARTY),
        "receiver_MarketParticipant.marketRole.type": {"value": "DGL"},
        "createdDateTime": parts["now"],
        "Series": [series],
    }
    return {"NotifyValidatedMeasureData_MarketDocument": document}


def _send(market: Market, dialect: Dialect, body: bytes, client_id: str = SENDER) -> httpx.Response:
    return market.call("POST", SEND, client_id, content=body, headers={"Content-Type": CONTENT_TYPES[dialect]})


@pytest.mark.parametrize("dialect", Dialect)
def test_a_message_in_each_dialect_reaches_the_supplier_in_every_dialect(market: Market, dialect: Dialect) -> None:
    # GW-3
    point = market.point(SUPPLIER_A)
    sent = _send(market, dialect, _document(market, dialect, f"day-{dialect}", point))
    assert sent.status_code == 202, sent.text
    assert sent.text == (f"day-{dialect}" if dialect is Dialect.EBIX_XML else "")
    first = market.peek(READER, Dialect.CIM_XML)
    assert first.status_code == 200
    message_id = first.headers["MessageId"]
    for wanted in Dialect:
        again = market.peek(READER, wanted)
        assert again.headers["MessageId"] == message_id
        assert again.content == market.peek(READER, wanted).content, "the same bytes until dequeued"
        assert point.encode() in again.content
        assert message_id.encode() in again.content
    assert market.peek(OTHER, Dialect.CIM_XML).status_code == 204
    dequeue = f"/v1.0/cim/dequeue/{message_id}"
    assert market.call("DELETE", dequeue, OTHER).status_code == 400
    assert market.call("DELETE", dequeue, READER).status_code == 200
    assert market.call("DELETE", dequeue, READER).status_code == 400
    assert market.peek(READER, Dialect.CIM_XML).status_code == 204


def test_a_message_in_the_soap_container_and_its_document_out_of_it(market: Market) -> None:
    document = _document(market, Dialect.EBIX_XML, "in-soap", market.point(SUPPLIER_B)).decode()
    container = (
        "<b:SendMessageRequest><b:MessageContainer><b:MessageReference>r</b:MessageReference><b:DocumentType>"
        "MeteredDataTimeSeries</b:DocumentType><b:MessageType>XML</b:MessageType><b:Payload>"
        f"{document}</b:Payload></b:MessageContainer></b:SendMessageRequest>"
    )
    soap = {"Content-Type": "text/xml"}
    sent = market.call("POST", "/ebix", SENDER, content=_envelope(container), headers=soap)
    assert sent.status_code == 200, sent.text
    assert b"in-soap" in sent.content
    market.clock.move_to(market.clock.now() + 301)
    peeked = market.call("POST", "/ebix", OTHER, content=_envelope("<b:PeekMessageRequest/>"), headers=soap)
    root = etree.fromstring(peeked.content)
    message_id = root.findtext(".//{urn:www:datahub:dk:b2b:v01}MessageReference")
    assert root.find(".//{un:unece:260:data:EEM-DK_MeteredDataTimeSeries:v3}DK_MeteredDataTimeSeries") is not None
    asked = f"<b:DequeueMessageRequest><b:MessageId>{message_id}</b:MessageId></b:DequeueMessageRequest>"
    assert market.call("POST", "/ebix", OTHER, content=_envelope(asked), headers=soap).status_code == 200


EBIX_NAMES = {"00101": "B2B-003", "00102": "B2B-009", "00002": "B2B-008", "00302": "B2B-005", "00301": "B2B-007"}


@pytest.mark.parametrize("dialect", Dialect)
def test_what_is_wrong_is_named_by_its_code(market: Market, dialect: Dialect) -> None:
    point = market.point(SUPPLIER_A)
    good = _document(market, dialect, f"wrong-{dialect}", point)
    assert _send(market, dialect, good).status_code == 202
    stranger = _document(market, dialect, f"stranger-{dialect}", point, sender=SUPPLIER_B)
    for body, code in (
        (good, "00101"),
        (stranger, "00002"),
        (good[:-20], "00302"),
        (b"", "00302"),
        (b"\xff\xfe", "00302"),
    ):
        answer = _send(market, dialect, body)
        assert answer.status_code == 400, body
        assert (EBIX_NAMES[code] if dialect is Dialect.EBIX_XML else code) in answer.text, answer.text
    wrong_role = _send(market, dialect, _document(market, dialect, f"role-{dialect}", point), READER)
    assert wrong_role.status_code == 400


def test_values_are_read_as_known_at_an_instant(market: Market) -> None:
    point = market.point(SUPPLIER_A)
    before = market.clock.now()
    market.clock.move_to(before + 60)
    body = _document(market, Dialect.CIM_XML, "as-of", point).replace(b"16.250", b"99.125")
    assert _send(market, Dialect.CIM_XML, body).status_code == 202
    start = ZONE.midnight(DAY)
    query = {"point": point, "from": format_minute(start), "to": format_minute(start + 4 * 3600)}
    path = "/api/hub/v1/series"
    now = market.call("GET", path, READER, params=query).json()["series"][0]["values"]
    assert [value["quantity"] for value in now][-1] == "99.125"
    rows = market.call("GET", path, READER, params=query, headers={"Accept": "text/csv"}).text.splitlines()
    assert len(rows) == 17
    assert market.call("GET", path, OTHER, params=query).status_code == 404
    assert market.call("GET", path, READER, params={**query, "point": "571313180000000005"}).status_code == 404
    versions = market.call(
        "GET", f"{path}/versions", READER, params={"point": point, "at": format_minute(start + 13500)}
    )
    assert versions.json()["versions"][-1]["quantity"] == "99.125"


def test_a_message_can_be_followed_by_its_sender_only(market: Market) -> None:
    _send(market, Dialect.CIM_XML, _document(market, Dialect.CIM_XML, "followed", market.point(SUPPLIER_A)))
    status = market.call("GET", "/api/hub/v1/messages/followed", SENDER)
    assert status.status_code == 200
    assert status.json()["message"]["sender"] == GRID_OPERATOR
    assert market.call("GET", "/api/hub/v1/messages/followed", READER).status_code == 404
    listed = market.call("GET", "/api/hub/v1/messages", SENDER, params={"direction": "in"}).json()["messages"]
    assert "followed" in {message["message_id"] for message in listed}


def test_the_client_library_and_the_hub_agree(market: Market) -> None:
    point = market.point(SUPPLIER_A)
    with HubClient(market.url, SENDER, SECRET) as sender:
        receipt = sender.send(_document(market, Dialect.CIM_JSON, "by-library", point), Dialect.CIM_JSON)
        assert receipt.status == 202, receipt.body
    market.clock.move_to(market.clock.now() + 301)
    with HubClient(market.url, READER, SECRET) as reader:
        found = reader.peek(Category.MEASURE_DATA, Dialect.CIM_JSON)
        assert found is not None
        assert json.loads(found.content)
        assert reader.dequeue(found.message_id)


@pytest.mark.sec_17
@pytest.mark.parametrize("role", sorted(set(ROLE_NAMES.values()) - SEE_ALL))
def test_no_role_of_another_party_sees_a_suppliers_things(market: Market, role: Role) -> None:
    """Every reading endpoint of the route table, by another supplier's clients in every role."""
    point = market.point(SUPPLIER_A)
    _send(market, Dialect.CIM_XML, _document(market, Dialect.CIM_XML, f"secret-{role}", point))
    for route in GUARDED:
        if route.method != "GET" or route.credentials is not Credentials.TOKEN or role not in route.roles:
            continue
        values = {**VALUES, "key": point, "message_id": f"secret-{role}"}
        path = re.sub(r"\{(\w+)(?::\w+)?\}", r"{\1}", route.path).format(**values)
        query = dict(QUERIES.get(route.path, {}))
        query |= {"point": point} if "point" in query else {}
        headers = {"Content-Type": "application/xml"}
        answer = market.call("GET", path, f"{SUPPLIER_B}-{role}", headers=headers, params=query)
        assert answer.status_code in (200, 204, 404) if role in route.roles else answer.status_code == 403, route.path
        assert point not in answer.text, route.path
        assert f"secret-{role}" not in answer.text, route.path
    own = market.call("GET", f"/api/hub/v1/metering-points/{point}", READER)
    assert point in own.text, "what is hidden is there for its owner"


@pytest.fixture(scope="module")
def samples(shared: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((shared / "data" / "dk" / "samples").iterdir())]


ADDRESSES = (*(f"/v1.0/cim/{name}" for name in DOCUMENTS), "/ebix")


@settings(max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_samples_are_answered_below_500(market: Market, samples: list[bytes], data: st.DataObject) -> None:
    body = bytearray(data.draw(st.sampled_from(samples)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(body) - 1)) if body else 0
        match data.draw(st.sampled_from(["flip", "cut", "repeat", "insert"])):
            case "flip":
                body[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case "cut":
                del body[at : at + data.draw(st.integers(1, 200))]
            case "repeat":
                body[at:at] = body[at : at + data.draw(st.integers(1, 200))]
            case _:
                body[at:at] = data.draw(
                    st.sampled_from([b"\x00", b"&#0;", b"<!--", b"<![CDATA[", b"9" * 400, b"\\ud800"])
                )
    headers = {"Content-Type": data.draw(st.sampled_from([*CONTENT_TYPES.values(), "text/xml"]))}
    client = data.draw(st.sampled_from([SENDER, READER]))
    answer = market.call("POST", data.draw(st.sampled_from(ADDRESSES)), client, content=bytes(body), headers=headers)
    assert answer.status_code < 500, answer.text


GOLDEN = Path(__file__).parents[2] / "golden" / "full"


def _request_of_results(market: Market, kind: DocumentKind, dialect: Dialect, message: str) -> bytes:
    """The full request, asked by a supplier in its own name for the month before the day."""
    ending = "json" if dialect is Dialect.CIM_JSON else "xml"
    text = (GOLDEN / f"{kind}.{dialect}.{ending}").read_text()
    changes = {
        "6f1c7c0ad8b14a0c9d1c3f0e5b7a9d21": message,
        "0e3a": f"{message}-t",
        "5790001330583": SUPPLIER_A,
        "MDR": "DDQ",
        "2024-12-31T23": "2025-01-31T23",
    }
    text = text.replace("2025-01-31T23:00:00Z", "2025-02-28T23:00:00Z")
    for old, new in changes.items():
        text = text.replace(old, new)
    return text.encode()


RESULTS = {
    "requestaggregatedmeasuredata": DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST,
    "requestwholesalesettlement": DocumentKind.WHOLESALE_SETTLEMENT_REQUEST,
}


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
@pytest.mark.parametrize("name", RESULTS)
def test_a_request_of_results_is_taken_and_answered_in_every_form(market: Market, name: str, dialect: Dialect) -> None:
    # DK-4.3.a, GW-3
    message = f"{name[7:16]}-{dialect}"
    body = _request_of_results(market, RESULTS[name], dialect, message)
    form = {"Content-Type": CONTENT_TYPES[dialect]}
    taken = market.call("POST", f"/v1.0/cim/{name}", READER, content=body, headers=form)
    assert (taken.status_code, taken.content) == (202, b"")
    again = market.call("POST", f"/v1.0/cim/{name}", READER, content=body, headers=form)
    assert again.status_code == 400
    assert "00101" in again.text
    stolen = market.call("POST", f"/v1.0/cim/{name}", OTHER, content=body, headers=form)
    assert "00002" in stolen.text
    market.clock.move_to(market.clock.now() + 301)
    for wanted, content_type in CONTENT_TYPES.items():
        found = market.call("GET", "/v1.0/cim/aggregations", READER, headers={"Content-Type": content_type})
        assert found.status_code == 200, wanted
        assert "E0H" in found.text
        assert f"{message}-t" in found.text
    peeked = market.call(
        "POST", "/ebix", READER, content=_envelope("<b:PeekMessageRequest/>"), headers={"Content-Type": "text/xml"}
    )
    assert ">Reject" in peeked.text
    assert market.call("DELETE", f"/v1.0/cim/dequeue/{found.headers['MessageId']}", OTHER).status_code == 400
    assert market.call("DELETE", f"/v1.0/cim/dequeue/{found.headers['MessageId']}", READER).status_code == 200


@pytest.mark.parametrize("root", ["RequestMeteredDataAggregated", "RequestAggregatedBillingInformation"])
def test_a_request_of_results_in_ebix_is_of_an_unknown_version(market: Market, root: str) -> None:
    document = f'<e:DK_{root} xmlns:e="un:unece:260:data:EEM-DK_{root}:v3"><e:A/></e:DK_{root}>'
    soap = _sending(document, DocumentType=root)
    answer = market.call("POST", "/ebix", READER, content=_envelope(soap), headers={"Content-Type": "text/xml"})
    assert (answer.status_code, "B2B-007" in answer.text) == (400, True)
    form = {"Content-Type": CONTENT_TYPES[Dialect.EBIX_XML]}
    for name in RESULTS:
        answer = market.call("POST", f"/v1.0/cim/{name}", READER, content=document.encode(), headers=form)
        assert (answer.status_code, "B2B-007" in answer.text) == (400, True)


def test_every_sample_is_answered_below_500_in_every_form(market: Market, samples: list[bytes]) -> None:
    for body in samples:
        for address in ADDRESSES:
            for form in (*CONTENT_TYPES.values(), "text/xml"):
                answer = market.call("POST", address, SENDER, content=body, headers={"Content-Type": form})
                assert answer.status_code < 500, answer.text


def test_master_data_is_shown_by_right(market: Market) -> None:
    point = market.point(SUPPLIER_A)
    for table in MasterDataTable:
        assert market.call("GET", f"/api/hub/v1/{table}", OPERATOR_CLIENT).status_code == 200
    assert market.call("GET", f"/api/hub/v1/metering-points/{point}", READER).status_code == 200
    assert market.call("GET", f"/api/hub/v1/metering-points/{point}", OTHER).status_code == 404
    # DK-3.4.a
    share = market.sample.dataset.settlement.load_shares[0]
    shown = market.call("GET", f"/api/hub/v1/load-shares/{share.metering_point}", READER)
    assert [row["kwh_per_year"] for row in shown.json()["rows"]] == ["2000"]
    assert market.call("GET", f"/api/hub/v1/load-shares/{share.metering_point}", OTHER).status_code == 404


def test_a_table_of_master_data_is_put_and_a_bad_row_is_named(market: Market, tmp_path: Path) -> None:
    write_files(market.sample.dataset, tmp_path)
    put = "/api/hub/v1/grid-areas"
    form = {"Content-Type": "text/csv"}
    good = (tmp_path / "grid-areas.csv").read_bytes()
    taken = market.call("PUT", put, OPERATOR_CLIENT, content=good, headers=form)
    assert taken.status_code == 200, taken.text
    refused = market.call("PUT", put, OPERATOR_CLIENT, content=good + b"\xff,nonsense\n", headers=form)
    assert refused.status_code == 400
    assert refused.json()["findings"]
    malformed = market.call("PUT", put, OPERATOR_CLIENT, content=b"[{", headers={"Content-Type": "application/json"})
    assert malformed.status_code == 400


def test_a_remark_on_master_data_comes_with_the_rows_taken(market: Market) -> None:
    header = "metering_point,kind,settlement_method,grid_area,resolution,valid_from\n"
    rows = f"{header}299999999999999995,consumption,profiled,{GRID_AREA},PT1H,2025-01-01\n"
    form = {"Content-Type": "text/csv"}
    taken = market.call("PUT", "/api/hub/v1/metering-points", OPERATOR_CLIENT, content=rows.encode(), headers=form)
    assert taken.status_code == 200, taken.text
    assert taken.json()["rows"]["metering-points"] == 1
    remarks = [(f["rule"], f["severity"], f["path"], f["line"]) for f in taken.json()["findings"]]
    assert remarks == [("no-load-share", "warning", "metering-points.csv", 2)]


@pytest.mark.sec_18
def test_fifty_copies_side_by_side_are_one_message(market: Market) -> None:
    body = _document(market, Dialect.CIM_XML, "fifty", market.point(SUPPLIER_A))
    with HubClient(market.url, SENDER, SECRET) as sender:
        receipts = sender.send_many([Outgoing(body, Dialect.CIM_XML)] * 50, parallel=10)
    outcomes = [receipt.outcome for receipt in receipts]
    assert (outcomes.count(Outcome.ACCEPTED), outcomes.count(Outcome.REFUSED)) == (1, 49)
    assert all("00101" in receipt.body for receipt in receipts if receipt.outcome is Outcome.REFUSED)
    waiting = market.peek(READER, Dialect.CIM_XML)
    delivered = etree.fromstring(waiting.content).findall("{*}Series")
    assert len(delivered) == 1
    assert market.call("DELETE", f"/v1.0/cim/dequeue/{waiting.headers['MessageId']}", READER).status_code == 200
    assert market.peek(READER, Dialect.CIM_XML).status_code == 204
