"""Meter readings over HTTP and the real hub: sent, refused, cancelled, read, fed to the supplier (D1 §5.1)."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx
import pytest

from gateway.demo.market import GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B
from gateway.messages.codes import Role, SettlementMethod
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import format_second

from .denmark import OPERATOR_CLIENT, OTHER, READER, SENDER, ZONE, Market

PATH = "/api/hub/v1/readings"
CSV = {"Content-Type": "text/csv"}
HEAD = "transaction,metering_point,start,end,consumption,status\n"


@pytest.fixture
def market(running_market: Market) -> Market:
    return running_market


def point_of(market: Market, supplier: str, place: int) -> str:
    """A profile-settled point; each test has its own."""
    found = [
        version.metering_point
        for version in market.sample.dataset.points
        if version.settlement_method is SettlementMethod.PROFILED
        and version.energy_supplier == supplier
        and version.valid_to == FOREVER
    ]
    return found[place]


def send(market: Market, rows: str, path: str = "", client_id: str = SENDER, head: str = HEAD) -> httpx.Response:
    return market.call("POST", PATH + path, client_id, headers=CSV, content=(head + rows).encode())


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def test_a_reading_is_sent_corrected_cancelled_and_fed(market: Market) -> None:
    # DK-5.1.2.b, DK-5.1.4.a, DK-5.1.4.b
    point = point_of(market, SUPPLIER_A, 0)
    start = market.call("GET", f"{PATH}/feed", READER).json()["after"]
    answer = send(
        market, f"a-1,{point},2024-01-01,2025-01-01,4000.5,estimated\na-2,{point},2025-01-03,2025-02-01,1,measured\n"
    )
    first, gap = results(answer)
    assert answer.json()["rejected"] == 1
    assert (first["outcome"], first["findings"]) == ("accepted", [])
    assert gap["outcome"] == "rejected"
    (finding,) = [one for one in gap["findings"] if one["severity"] == "error"]
    assert (finding["rule"], finding["code"], finding["path"], finding["line"]) == (
        "reading-starts-at-previous-end",
        "E50",
        "readings.csv/start",
        3,
    )
    known = format_second(market.clock.now())
    market.clock.move_to(market.clock.now() + 1)
    body = [
        {
            "transaction": "a-3",
            "metering_point": point,
            "start": "2024-01-01",
            "end": "2025-01-01",
            "consumption": "3900",
            "status": "measured",
        }
    ]
    (notice,) = results(market.call("POST", PATH, SENDER, json=body))
    assert notice["outcome"] == "corrected"
    market.clock.move_to(market.clock.now() + 1)
    cancelled = send(
        market, f"c-1,{point},2024-01-01,2025-01-01\n", "/cancellations", head="transaction,metering_point,start,end\n"
    )
    assert [one["outcome"] for one in results(cancelled)] == ["cancelled"]

    fed = market.call("GET", f"{PATH}/feed", READER, params={"after": start, "limit": "2"}).json()
    rest = market.call("GET", f"{PATH}/feed", READER, params={"after": fed["after"]}).json()
    seen = [*fed["readings"], *rest["readings"]]
    assert [(one["event"], one["consumption"], one["status"]) for one in seen] == [
        ("reading", "4000.500", "estimated"),
        ("correction", "3900.000", "measured"),
        ("cancellation", "3900.000", "measured"),
    ]
    assert market.call("GET", f"{PATH}/feed", READER, params={"after": rest["after"]}).json() == {
        "readings": [],
        "after": rest["after"],
    }
    for client_id in (READER, SENDER, OPERATOR_CLIENT):
        shown = market.call("GET", PATH, client_id, params={"point": point})
        assert (shown.json()["periods"], len(shown.json()["versions"])) == ([], 3)
        before = market.call("GET", PATH, client_id, params={"point": point, "as_of": known}).json()
        assert [one["consumption"] for one in before["periods"]] == ["4000.500"]


@pytest.mark.sec_17
def test_what_is_not_theirs_does_not_exist_for_others(market: Market) -> None:
    point = point_of(market, SUPPLIER_A, 1)
    results(send(market, f"b-1,{point},2024-01-01,2025-01-01,4000,measured\n"))
    assert market.call("GET", PATH, READER, params={"point": point}).status_code == 200
    for client_id in (OTHER, f"{SUPPLIER_B}-{Role.BALANCE_RESPONSIBLE}", f"{SUPPLIER_A}-{Role.BALANCE_RESPONSIBLE}"):
        assert market.call("GET", PATH, client_id, params={"point": point}).status_code == 404
        for path in ("/feed", "/due"):
            assert point not in market.call("GET", PATH + path, client_id).text
    (refused,) = results(send(market, f"b-2,{point},2025-01-02,2025-02-01,99999,measured\n", client_id=OTHER))
    assert [one["rule"] for one in refused["findings"]] == ["reading-sender-responsible"], "nothing of its readings"


@pytest.mark.parametrize(
    ("body", "form", "status"),
    [
        (b"", "text/csv", 400),
        (b"metering_point\n1\n", "text/csv", 400),
        (HEAD.encode() + b"x,12,2024-01-01,2025-01-01,1,measured\n", "text/csv", 400),
        (b'{"readings": []}', "application/json", 400),
        (b"[", "application/json", 400),
        (b'[{"transaction": "\\ud800"}]', "application/json", 400),
        (b"<a/>", "application/xml", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_with_its_place(
    market: Market, body: bytes, form: str, status: int
) -> None:
    for path in ("", "/cancellations"):
        answer = market.call("POST", PATH + path, SENDER, headers={"Content-Type": form}, content=body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["findings"][0]["text"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", {"as_of": "yesterday"}),
        ("", {"point": "1", "unknown": "x"}),
        ("/feed", {"after": "x"}),
        ("/feed", {"limit": "0"}),
        ("/due", {"limit": "x"}),
        ("/production", {}),
        ("/production", {"month": "2026-13"}),
        ("/production", {"month": "0000-01"}),
    ],
)
def test_a_bad_question_is_named(market: Market, path: str, query: dict[str, str]) -> None:
    answer = market.call("GET", PATH + path, OPERATOR_CLIENT, params=query)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["findings"][0]["text"]


def test_what_is_due_and_who_was_late_with_production(market: Market) -> None:
    # DK-5.1.1.b, DK-5.2
    point = point_of(market, SUPPLIER_B, 2)
    page = market.call("GET", f"{PATH}/due", SENDER, params={"limit": "1000"}).json()
    (owed,) = [one for one in page["readings"] if one["metering_point"] == point]
    assert (owed["nominal"], owed["reminded_after"], owed["due"]) == ("2024-01-01", "2024-01-22", "2024-02-05")
    assert owed["grid_operator"] == GRID_OPERATOR
    seen, after = [], ""
    while True:
        page = market.call("GET", f"{PATH}/due", SENDER, params={"limit": "2", "after": after}).json()
        seen += [one["metering_point"] for one in page["readings"]]
        after = page["after"]
        if not after:
            break
    assert seen == sorted(set(seen))
    assert point in seen
    months = market.call("GET", f"{PATH}/production", SENDER, params={"month": "2025-01"}).json()
    (series,) = months["series"]
    assert (series["state"], series["due"]) == ("missing", format_second(ZONE.at(date(2025, 2, 7), 10)))
