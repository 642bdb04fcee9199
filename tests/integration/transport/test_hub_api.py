"""The neutral API: values as of an instant, messages, queues, master data, clients, its own description."""

from __future__ import annotations

import csv
import io
import json

import jsonschema_rs
import pytest

from gateway.hub.ports import MasterDataTable
from gateway.messages.codes import Role
from gateway.transport.hub_models import MessagesBody, MessageStatusBody, QueuesBody, SeriesBody, VersionsBody
from gateway.transport.problems import Problem

from .desk import Desk
from .small_places import NOON, POINT, SUPPLIER

API = "/api/hub/v1"
OWNER = "own-energy-supplier"
STRANGER = "other-energy-supplier"
OPERATOR = "own-hub"
HOURS = {"point": POINT, "from": "2025-01-14T23:00Z", "to": "2025-01-15T03:00Z"}
CIM = {"Content-Type": "application/json"}


def test_series_as_json(desk: Desk) -> None:
    answer = desk.call("GET", f"{API}/series", OWNER, params=HOURS)
    body = SeriesBody.model_validate_json(answer.content)
    assert int(body.as_of.timestamp()) == NOON, "as of now when no instant is given"
    [point] = body.series
    assert (point.metering_point, point.unit, point.step) == (POINT, "kwh", "PT1H")
    assert [value.quantity for value in point.values] == ["0.000", None, "0.500", "0.750"]
    assert [value.quality for value in point.values] == ["measured", "missing", "estimated", "measured"]
    assert [value.corrected for value in point.values] == [False, False, True, False]


def test_series_as_csv(desk: Desk) -> None:
    answer = desk.call("GET", f"{API}/series", OWNER, params={**HOURS, "unit": "mwh"}, headers={"Accept": "text/csv"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["quantity"] for row in rows] == ["0.000", "", "0.500", "0.750"]
    assert {row["unit"] for row in rows} == {"mwh"}
    assert rows[0]["start"] == "2025-01-14T23:00:00Z"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"point": POINT},
        {**HOURS, "from": "yesterday"},
        {**HOURS, "from": "0001-01-01T00:00Z"},
        {**HOURS, "to": "2025-01-14T23:00Z"},
        {**HOURS, "to": "9999-12-31T23:00Z"},
        {**HOURS, "as_of": "2025-13-01T00:00Z"},
        {**HOURS, "unit": "furlong"},
        {**HOURS, "unit": "ampere"},
        {**HOURS, "step": "PT7M"},
        {**HOURS, "step": ["PT1H", "PT15M"]},
        {**HOURS, "colour": "blue"},
        {**HOURS, "point": ""},
        {**HOURS, "point": "x" * 101},
        {**HOURS, "point": "a\x00b"},
    ],
)
def test_a_query_that_cannot_be_answered_is_a_problem(desk: Desk, query: dict[str, str | list[str]]) -> None:
    answer = desk.call("GET", f"{API}/series", OWNER, params=query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = Problem.model_validate_json(answer.content)
    assert (problem.status, problem.reference) == (400, answer.headers["CorrelationId"])


@pytest.mark.sec_17
def test_a_point_of_another_party_does_not_exist(desk: Desk) -> None:
    for query in (HOURS, {**HOURS, "point": "571313180000000999"}, {**HOURS, "point": [POINT, "571313180000000999"]}):
        assert desk.call("GET", f"{API}/series", STRANGER, params=query).status_code == 404
    at = {"point": POINT, "at": "2025-01-14T23:00Z"}
    unknown = desk.call("GET", f"{API}/series/versions", OWNER, params={**at, "point": "571313180000000999"})
    strange = desk.call("GET", f"{API}/series/versions", STRANGER, params=at)
    assert (unknown.status_code, strange.status_code) == (404, 404)
    assert unknown.json()["detail"] == strange.json()["detail"], "the answer does not tell which"


def test_versions_of_a_value(desk: Desk) -> None:
    answer = desk.call("GET", f"{API}/series/versions", OWNER, params={"point": POINT, "at": "2025-01-14T23:00Z"})
    [version] = VersionsBody.model_validate_json(answer.content).versions
    assert (version.quantity, version.quality, version.transaction) == ("1.250", "measured", 7)


def test_messages_and_their_status(desk: Desk) -> None:
    sender = "own-metered-data-responsible"
    desk.call("POST", "/v1.0/cim/notifyvalidatedmeasuredata", sender, content=b"{}", headers=CIM)
    query = {"direction": "in", "kind": "measure-data", "limit": "10", "from": "2025-01-01T00:00Z"}
    listed = MessagesBody.model_validate_json(desk.call("GET", f"{API}/messages", sender, params=query).content)
    assert [message.message_id for message in listed.messages] == ["message-1"]
    status = MessageStatusBody.model_validate_json(desk.call("GET", f"{API}/messages/message-1", sender).content)
    assert [entry.event for entry in status.history] == ["received"]
    assert desk.call("GET", f"{API}/messages/message-1", OPERATOR).status_code == 200
    assert desk.call("GET", f"{API}/messages/message-1", STRANGER).status_code == 404
    assert desk.call("GET", f"{API}/messages/a%2Fb%20c", sender).status_code == 404
    for limit in ("0", "1001", "-1", "x", "\u0661"):
        assert desk.call("GET", f"{API}/messages", sender, params={"limit": limit}).status_code == 400


def test_queues(desk: Desk) -> None:
    desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1"]
    desk.exchange.queues[SUPPLIER, Role.BALANCE_RESPONSIBLE] = []
    own = QueuesBody.model_validate_json(desk.call("GET", f"{API}/queues", OWNER).content)
    assert [(queue.documents, queue.role) for queue in own.queues] == [(1, Role.ENERGY_SUPPLIER)]
    every = QueuesBody.model_validate_json(desk.call("GET", f"{API}/queues", OPERATOR).content)
    assert len(every.queues) == 2


def test_master_data_is_shown_by_right_and_taken_from_the_operator(desk: Desk) -> None:
    points = f"{API}/metering-points"
    assert desk.call("GET", points, OWNER).json()["rows"] == [{"metering_point": POINT}]
    assert desk.call("GET", f"{points}/{POINT}", OWNER).status_code == 200
    assert desk.call("GET", f"{points}/{POINT}", STRANGER).status_code == 404
    assert desk.call("GET", points, STRANGER).json()["rows"] == []
    for table in MasterDataTable:
        put = desk.call("PUT", f"{API}/{table}", OPERATOR, content=b"a\n1\n", headers={"Content-Type": "text/csv"})
        assert put.json() == {"rows": {table: 2}, "findings": []}
        assert desk.exchange.imported[f"{table}.csv"] == b"a\n1\n"
        assert (
            desk.call("PUT", f"{API}/{table}", OWNER, content=b"a", headers={"Content-Type": "text/csv"}).status_code
            == 403
        )
        assert desk.call("PUT", f"{API}/{table}", OPERATOR, content=b"a").status_code == 415


def test_files_of_master_data_are_taken_together_or_not_at_all(desk: Desk) -> None:
    files = {"parties.csv": "a\n1\n", "grid-areas.json": "[]"}
    answer = desk.call("POST", f"{API}/master-data", OPERATOR, json={"files": files})
    assert answer.status_code == 200
    assert set(desk.exchange.imported) == set(files)
    refused = desk.call("POST", f"{API}/master-data", OPERATOR, json={"files": {"parties.csv": "", "x.csv": "1"}})
    assert refused.status_code == 400
    assert [finding["path"] for finding in refused.json()["findings"]] == ["parties.csv"]
    assert "x.csv" not in desk.exchange.imported


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"files": 1}', b'{"files": {}, "more": 1}', b'{"files": {}, "files": {}}', b"[" * 9999]
)
def test_a_malformed_json_body_is_a_problem(desk: Desk, body: bytes) -> None:
    answer = desk.call("POST", f"{API}/master-data", OPERATOR, content=body, headers=CIM)
    assert answer.status_code == 400
    assert Problem.model_validate_json(answer.content).findings
    assert desk.call("POST", f"{API}/master-data", OPERATOR, content=body).status_code == 415


def test_a_client_is_registered_and_its_secret_works(desk: Desk) -> None:
    who = {"party": "5790001330637", "role": "energy-supplier"}
    made = desk.call("PUT", f"{API}/clients/new-one", OPERATOR, json=who)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    form = {"grant_type": "client_credentials", "client_id": "new-one", "client_secret": made.json()["secret"]}
    assert desk.http.post("/oauth2/v2.0/token", data=form).status_code == 200
    assert made.json()["secret"] not in desk.exchange.clients["new-one"].secret_hash
    again = desk.call("PUT", f"{API}/clients/another", OPERATOR, json=who)
    assert again.status_code == 409, "one client per party and role"


@pytest.mark.parametrize(
    ("client_id", "body"),
    [
        ("a b", {"party": "5790001330637", "role": "energy-supplier"}),
        ("x" * 65, {"party": "5790001330637", "role": "energy-supplier"}),
        ("new", {"party": "x", "role": "energy-supplier"}),
        ("new", {"party": "5790001330637", "role": "hero"}),
        ("new", {"party": "5790001330637", "role": "energy-supplier", "thumbprint": "zz"}),
        ("new", {"party": "5790001330637"}),
    ],
)
def test_a_client_that_makes_no_sense_is_refused(desk: Desk, client_id: str, body: dict[str, str]) -> None:
    assert desk.call("PUT", f"{API}/clients/{client_id}", OPERATOR, json=body).status_code == 400


def test_the_description_is_openapi_and_the_answers_are_as_described(desk: Desk) -> None:
    document = desk.http.get(f"{API}/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    references = {part.split('"')[0] for part in json.dumps(document).split('"$ref": "')[1:]}
    schemas = document["components"]["schemas"]
    assert references and {reference.removeprefix("#/components/schemas/") for reference in references} <= set(schemas)
    operation = document["paths"][f"{API}/series"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    series = desk.call("GET", f"{API}/series", OWNER, params=HOURS).json()
    described = {**schema, "components": document["components"]}
    jsonschema_rs.Draft202012Validator(described).validate(series)
    assert not jsonschema_rs.Draft202012Validator(described).is_valid({"as_of": "now"})
    assert f"{API}/messages/{{message_id}}" in document["paths"], "converters are not shown"


def test_what_no_route_answers_is_a_problem(desk: Desk) -> None:
    for method, path, status in (
        ("GET", "/", 404),
        ("GET", f"{API}/nothing", 404),
        ("GET", f"{API}/series/", 404),
        ("POST", f"{API}/series", 405),
        ("GET", "/oauth2/v2.0/token", 405),
        ("PUT", "/v1.0/cim/timeseries", 405),
        ("TRACE", "/", 404),
    ):
        answer = desk.http.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["CorrelationId"]
        assert Problem.model_validate_json(answer.content).status == status
