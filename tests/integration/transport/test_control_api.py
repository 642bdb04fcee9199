"""Control over HTTP: parameters, JSON in windows, CSV as a whole, what is described (DK-4.1.2, 4.1.3.d, 4.3.b)."""

from __future__ import annotations

import csv
import io

import jsonschema_rs
import pytest

from gateway.transport.control_models import (
    ControlBody,
    CorrectionsBody,
    KpisBody,
    MissingValuesBody,
    RejectionsBody,
    RemindersBody,
)
from gateway.transport.problems import Problem

from .desk import Desk
from .small_places import AREA, GRID_OPERATOR, NOON, POINT, SUPPLIER

API = "/api/hub/v1"
GRID = "own-grid-operator"
OWNER = "own-energy-supplier"
STRANGER = "other-energy-supplier"
OPERATOR = "own-hub"
AS_CSV = {"Accept": "text/csv"}
RECEIVED = {"from": "2025-01-14T23:00Z"}
DAY = {"day": "2025-01-15"}


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_key_figures(desk: Desk) -> None:
    # DK-4.1.2: 51 of 1000 are above 5 %.
    answer = desk.call("GET", f"{API}/kpis", GRID, params={"from": "2025-01-10", "to": "2025-01-17"})
    share, alone = KpisBody.model_validate_json(answer.content).kpis
    assert (share.kpi, share.percent, share.limit, share.breached, share.final) == (
        "estimated-flex",
        "5.1",
        5,
        True,
        True,
    )
    assert (alone.kpi, alone.count, alone.total, alone.percent, alone.breached) == (
        "rejected-series",
        3,
        None,
        None,
        None,
    )
    rows = lines(desk.call("GET", f"{API}/kpis", GRID, headers=AS_CSV).text)
    assert rows[0] == {
        "day": "2025-01-14",
        "grid_area": AREA,
        "grid_operator": GRID_OPERATOR,
        "kpi": "estimated-flex",
        "as_of": "2025-01-15T12:00:00Z",
        "final": "true",
        "count": "51",
        "total": "1000",
        "percent": "5.1",
        "limit": "5",
        "breached": "true",
    }
    assert (rows[1]["total"], rows[1]["breached"], rows[1]["final"]) == ("", "", "false")


def test_missing_values_in_windows_and_as_a_whole(desk: Desk) -> None:
    # DK-4.1.5.e
    first = MissingValuesBody.model_validate_json(desk.call("GET", f"{API}/missing-values", GRID).content)
    assert (first.points[0].metering_point, first.points[0].group, first.after) == (POINT, "flex", "more")
    second = desk.call("GET", f"{API}/missing-values", GRID, params={"after": first.after, "limit": "5"})
    assert MissingValuesBody.model_validate_json(second.content).after == ""
    whole = desk.call("GET", f"{API}/missing-values", GRID, headers=AS_CSV)
    assert whole.headers["Content-Type"].startswith("text/csv")
    assert [row["metering_point"] for row in lines(whole.text)] == [POINT, POINT], "both windows, one head"
    assert lines(whole.text)[0]["last"] == "2025-01-15T12:15:00Z"


def test_reminders_in_windows_and_as_a_whole(desk: Desk) -> None:
    # DK-4.1.5.e
    first = RemindersBody.model_validate_json(desk.call("GET", f"{API}/reminders", GRID).content)
    (one,) = first.reminders
    assert (one.metering_point, one.group, one.state, one.reminders, first.after) == (
        POINT,
        "flex",
        "filled",
        3,
        "more",
    )
    wanted = {"state": "reminded", "from": "2025-01-10", "after": first.after}
    second = RemindersBody.model_validate_json(desk.call("GET", f"{API}/reminders", GRID, params=wanted).content)
    assert [(one.day.isoformat(), one.state, one.ended) for one in second.reminders] == [
        ("2025-01-10", "reminded", None)
    ]
    whole = lines(desk.call("GET", f"{API}/reminders", GRID, headers=AS_CSV).text)
    assert [row["ended"] for row in whole] == ["2025-01-15T12:01:00Z"] * 2
    assert desk.call("GET", f"{API}/reminders", OWNER).status_code == 403, "a supplier answers for no grid area"


def test_corrections_show_to_those_who_may_see_the_point(desk: Desk) -> None:
    # DK-4.3.b
    answer = desk.call("GET", f"{API}/corrections", OWNER, params=RECEIVED)
    body = CorrectionsBody.model_validate_json(answer.content)
    assert [(one.old_quantity, one.old_quality) for one in body.corrections] == [("0.250", "measured"), (None, None)]
    assert [(one.new_quantity, one.new_quality) for one in body.corrections] == [
        (None, "missing"),
        ("0.500", "estimated"),
    ]
    assert [one.first_run for one in body.corrections] == ["fixation", "none"]
    assert [one.first_run_at is None for one in body.corrections] == [False, True]
    rows = lines(desk.call("GET", f"{API}/corrections", OWNER, params=RECEIVED, headers=AS_CSV).text)
    assert (len(rows), rows[1]["old_quantity"], rows[1]["first_run_at"]) == (4, "", "")
    strange = desk.call("GET", f"{API}/corrections", STRANGER, params=RECEIVED)
    assert strange.json()["corrections"] == []
    named = desk.call("GET", f"{API}/corrections", STRANGER, params={**RECEIVED, "point": POINT})
    assert named.status_code == 404


def test_rejections_are_ones_own(desk: Desk) -> None:
    # DK-4.1.5.d
    own = RejectionsBody.model_validate_json(desk.call("GET", f"{API}/rejections", OWNER).content)
    assert [(one.party, one.code, one.series) for one in own.rejections] == [(SUPPLIER, "E86", 2)]
    every = lines(desk.call("GET", f"{API}/rejections", OPERATOR, headers=AS_CSV).text)
    assert [(row["party"], row["messages"]) for row in every] == [(SUPPLIER, "0"), (GRID_OPERATOR, "1")]


def test_sums_of_ones_own_points(desk: Desk) -> None:
    # DK-4.1.3.d
    answer = desk.call("GET", f"{API}/control", OWNER, params={**DAY, "as_of": "2025-01-15T12:00Z"})
    body = ControlBody.model_validate_json(answer.content)
    (one,) = body.sums
    assert (one.sum_class, one.quantity, one.unit, one.quality, one.points) == (
        "production",
        "1.250",
        "kwh",
        "estimated",
        4,
    )
    assert int(one.start.timestamp()) == NOON
    (hub,) = body.hub
    assert (hub.sum_class, hub.quantity, hub.against, hub.difference) == ("production", "1.251", "1.250", "0.001")
    assert (hub.quality, hub.version, int(hub.cut_off.timestamp())) == ("estimated", 7, NOON - 1)
    (row,) = lines(desk.call("GET", f"{API}/control", OWNER, params={**DAY, "of": "hub"}, headers=AS_CSV).text)
    assert (row["energy_supplier"], row["balance_responsible"], row["difference"]) == (one.energy_supplier, "", "0.001")
    for of in ("points", "hub"):
        strange = desk.call("GET", f"{API}/control", STRANGER, params={**DAY, "of": of}, headers=AS_CSV)
        assert lines(strange.text) == []


BAD = [
    ("kpis", {"to": "2025-01-15"}),
    ("kpis", {"from": "2025-01-15", "to": "2025-01-15"}),
    ("kpis", {"from": "2025-01-15", "to": "2025-01-23"}),
    ("kpis", {"from": "2025-02-30"}),
    ("kpis", {"from": "20250115"}),
    ("kpis", {"from": "2025-W01-1"}),
    ("kpis", {"from": "0001-01-01"}),
    ("kpis", {"from": "9999-12-31"}),
    ("kpis", {"from": "2025-01-14T23:00Z"}),
    ("kpis", {"from": ["2025-01-14", "2025-01-15"]}),
    ("kpis", {"colour": "blue"}),
    ("missing-values", {"from": "2025-01-15", "to": "2025-01-14"}),
    ("missing-values", {"as_of": "soon"}),
    ("missing-values", {"limit": "0"}),
    ("missing-values", {"after": "nowhere"}),
    ("reminders", {"from": "2025-01-15", "to": "2025-01-14"}),
    ("reminders", {"state": "angry"}),
    ("reminders", {"after": "nowhere"}),
    ("reminders", {"as_of": "2025-01-15"}),
    ("corrections", {}),
    ("corrections", {"from": "2025-01-15"}),
    ("corrections", {**RECEIVED, "to": "2025-01-14T23:00Z"}),
    ("corrections", {"from": "2025-01-16T23:00Z"}),
    ("corrections", {**RECEIVED, "after": "nowhere"}),
    ("rejections", {"from": "2024-01-01", "to": "2025-01-15"}),
    ("rejections", {"point": POINT}),
    ("control", {}),
    ("control", {"day": "today"}),
    ("control", {**DAY, "as_of": "x"}),
    ("control", {**DAY, "of": "everybody"}),
]


@pytest.mark.parametrize(("path", "query"), BAD)
@pytest.mark.parametrize("headers", [{}, AS_CSV], ids=["json", "csv"])
def test_a_question_that_cannot_be_answered_is_a_problem(
    desk: Desk, path: str, query: dict[str, str | list[str]], headers: dict[str, str]
) -> None:
    answer = desk.call("GET", f"{API}/{path}", OPERATOR, params=query, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Problem.model_validate_json(answer.content).findings


@pytest.mark.parametrize("path", ["kpis", "missing-values", "reminders"])
def test_an_area_that_is_not_ones_own_does_not_exist(desk: Desk, path: str) -> None:
    assert desk.call("GET", f"{API}/{path}", GRID, params={"grid_area": "999"}).status_code == 404
    assert desk.call("GET", f"{API}/{path}", GRID, params={"grid_area": AREA}).status_code == 200


def test_answers_are_as_described(desk: Desk) -> None:
    document = desk.http.get(f"{API}/openapi.json").json()
    for path, query in (
        ("kpis", {}),
        ("missing-values", {}),
        ("reminders", {}),
        ("corrections", RECEIVED),
        ("rejections", {}),
        ("control", DAY),
    ):
        content = document["paths"][f"{API}/{path}"]["get"]["responses"]["200"]["content"]
        assert "text/csv" in content
        described = {**content["application/json"]["schema"], "components": document["components"]}
        answer = desk.call("GET", f"{API}/{path}", OPERATOR, params=query).json()
        jsonschema_rs.Draft202012Validator(described).validate(answer)
