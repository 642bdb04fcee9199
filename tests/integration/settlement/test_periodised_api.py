"""Periodised readings over HTTP: of a point, and the sums of a month (DK-1.32, DK-3.2.2, DK-3.4.a)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.settlement.test_api import Served
from tests.integration.settlement.test_periodised import fix, read
from tests.integration.settlement.towns import AREA, DAY, POINTS, SUPPLIER_A, SUPPLIER_B

NEXT = DAY + timedelta(days=1)
POINT = {"point": POINTS["profiled-a"], "from": DAY.isoformat()}
MONTH = {"month": "2016-03", "grid_area": AREA}
CSV = {"Accept": "text/csv"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The town, served, with two readings of a fixed day and one of the day after, which is not fixed."""
    one = Served(Path(tmp_path_factory.mktemp("periodised")) / "data")
    fix(one.town, DAY)
    read(one.town, "profiled-a", DAY, NEXT, "360.001")
    read(one.town, "profiled-b", DAY, NEXT, 120)
    one.town.at(NEXT + timedelta(days=1), 6)
    read(one.town, "profiled-a", NEXT, NEXT + timedelta(days=1), 7)
    yield one
    one.stop()


def test_a_reading_comes_spread_over_its_period(served: Served) -> None:
    """DK-1.32, DK-3.4.a: the second waits for its day."""
    for who in ("a", "grid", "hub"):
        body = served.read(who, "/periodised", **POINT, to=NEXT.isoformat())
        first, second = body["periods"]
        assert body["metering_point"] == POINTS["profiled-a"]
        assert first["quantities"] == ["15.001"] + ["15.000"] * 23
        assert (first["consumption"], first["status"], first["findings"]) == ("360.001", "measured", [])
        assert first["starts"][:2] == ["2016-03-07T23:00:00Z", "2016-03-08T00:00:00Z"]
        assert (second["waits_for"], second["quantities"]) == (NEXT.isoformat(), [])
    assert len(served.read("a", "/periodised", **POINT)["periods"]) == 1


@pytest.mark.sec_17
def test_for_others_there_is_no_such_point_and_no_such_sum(served: Served) -> None:
    for who in ("b", "brp", "neighbour"):
        assert served.call(who, "GET", "/periodised", params=POINT).status_code == 404
    for who in ("brp", "neighbour"):
        assert served.call(who, "GET", "/periodised/sums", params=MONTH).status_code == 404


def test_both_come_as_csv_too(served: Served) -> None:
    lines = served.call(
        "a", "GET", "/periodised", headers=CSV, params={**POINT, "to": NEXT.isoformat()}
    ).text.splitlines()
    assert lines[0] == "metering_point,version,period_start,period_end,status,waits_for,finding,start,quantity"
    assert len(lines) == 1 + 24 + 1
    assert lines[1].endswith(",measured,,,2016-03-07T23:00:00Z,15.001")
    assert lines[-1].endswith(f",measured,{NEXT},,,")
    sums = served.call("grid", "GET", "/periodised/sums", headers=CSV, params=MONTH).text.splitlines()
    assert sums[0] == "kind,grid_area,supplier,tariff,lacking,start,quantity"
    assert f"periodised,{AREA},{SUPPLIER_A},EXTRA,1,2016-03-08T00:00:00Z,15.000" in sums


def test_sums_come_by_supplier_and_tariff(served: Served) -> None:
    """DK-3.2.2: the grid operator's of everybody, a supplier's own."""
    body = served.read("grid", "/periodised/sums", **MONTH)
    assert (body["month"], body["grid_area"], body["waits_for"]) == ("2016-03", AREA, NEXT.isoformat())
    rows = {(row["supplier"], row["tariff"]): row for row in body["rows"]}
    begin = body["starts"].index("2016-03-07T23:00:00Z")
    assert set(rows) == {(SUPPLIER_A, tariff) for tariff in ("", "EXTRA", "GRID")} | {
        (SUPPLIER_B, tariff) for tariff in ("", "GRID")
    }
    assert rows[SUPPLIER_B, "GRID"]["quantities"][begin : begin + 24] == ["5.000"] * 24
    own = served.read("b", "/periodised/sums", **MONTH)
    assert {row["supplier"] for row in own["rows"]} == {SUPPLIER_B}


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/periodised", {}, 400),
        ("/periodised", {"point": POINT["point"]}, 400),
        ("/periodised", {**POINT, "to": "2016-03-07"}, 400),
        ("/periodised", {**POINT, "to": "2018-03-07"}, 400),
        ("/periodised", {**POINT, "grid_area": AREA}, 400),
        ("/periodised", {**POINT, "point": "no point"}, 404),
        ("/periodised", {**POINT, "point": ""}, 404),
        ("/periodised", {**POINT, "from": "9000-12-31"}, 200),
        ("/periodised/sums", {"month": "2016-03"}, 400),
        ("/periodised/sums", {**MONTH, "month": "2016-13"}, 400),
        ("/periodised/sums", {**MONTH, "month": ""}, 400),
        ("/periodised/sums", {**MONTH, "grid_area": "999"}, 404),
        ("/periodised/sums", {**MONTH, "month": "1900-01"}, 200),
        ("/periodised/sums", {**MONTH, "month": "2199-12"}, 200),
    ],
)
def test_bad_questions_are_answered_with_their_reason(
    served: Served, path: str, query: dict[str, str], status: int
) -> None:
    answer = served.call("hub", "GET", path, params=query)
    assert answer.status_code == status, answer.text
    assert status == 200 or json.loads(answer.text)["findings"]


def test_the_days_of_a_leap_year_are_one_answer(served: Served) -> None:
    days = {"from": "2016-01-01", "to": "2016-12-31"}
    assert len(served.read("a", "/periodised", **{**POINT, **days})["periods"]) == 2
