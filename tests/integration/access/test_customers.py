"""Customers see their own metering points, in their own times, and nothing else (DK-3.5, DK-3.2.1, DK-6.1.1)."""

from __future__ import annotations

import io
import json

import pytest
from openpyxl import load_workbook

from gateway.hub.customers import links
from gateway.hub.ports import Page
from gateway.messages.times import format_minute
from gateway.transport.media_types import WORKBOOK
from gateway.transport.series_workbook import COLUMNS

from .town import ANNA, BO, Town, day_text, midnight, principal, starts

MOVE = midnight(10, 20)
FIRST, LAST = midnight(10, 18), midnight(10, 23)


def test_a_customer_sees_its_own_points_in_its_own_times(town: Town) -> None:
    """DK-3.5: Anna moves out on 20 October and Bo moves in."""
    point = town.market.named["parent"]
    assert town.link("operator", (point, ANNA, midnight(1, 1), MOVE), (point, BO, MOVE, None)).status_code == 200
    town.store(point, FIRST, LAST)
    assert town.days("/my/series", "anna", point, FIRST, LAST) == starts((10, 18), 2)
    assert town.days("/my/series", "bo", point, FIRST, LAST) == starts((10, 20), 3)
    assert town.days("/my/series", "anna", point, MOVE, LAST) == 404
    other = town.market.named["production"]
    assert town.days("/my/series", "anna", other, FIRST, LAST) == 404
    shown = town.call("GET", "/my/points", "anna").json()["points"]
    assert (shown[0]["metering_point"], shown[0]["end"]) == (point, format_minute(MOVE).replace("Z", ":00Z"))
    assert {row["metering_point"] for row in shown} == {point, town.market.named["child"]}
    assert town.call("GET", "/my/points", "bo").json()["points"][0]["end"] is None


def test_a_child_follows_its_parents_customer(town: Town) -> None:
    """DK-3.2.1, DK-6.1.1: nobody states a customer for the child, and it moves with the parent."""
    parent, child = town.market.named["parent"], town.market.named["child"]
    town.link("operator", (parent, ANNA, midnight(1, 1), MOVE), (parent, BO, MOVE, None))
    town.store(child, FIRST, LAST)
    assert town.days("/my/series", "anna", child, FIRST, LAST) == starts((10, 18), 2)
    assert town.days("/my/series", "bo", child, FIRST, LAST) == starts((10, 20), 3)
    refused = town.link("operator", (child, ANNA, midnight(1, 1), None))
    assert [found["code"] for found in refused.json()["findings"]] == ["child-customer"]


def test_the_newest_registration_states_a_points_customers(town: Town) -> None:
    """DK-3.5: a mistake is put right by stating the point again; an empty customer is nobody."""
    point = town.market.named["parent"]
    town.store(point, FIRST, LAST)
    town.link("operator", (point, ANNA, midnight(1, 1), None))
    assert town.days("/my/series", "anna", point, FIRST, LAST) == starts((10, 18), 5)
    town.link("operator", (point, BO, MOVE, None), (point, "", midnight(1, 1), MOVE))
    assert town.days("/my/series", "anna", point, FIRST, LAST) == 404
    assert town.call("GET", "/my/points", "anna").json()["points"] == []
    assert town.days("/my/series", "bo", point, FIRST, LAST) == starts((10, 20), 3)


@pytest.mark.parametrize("portion", [1, 20_000])
def test_a_supplier_speaks_for_its_own_time(town: Town, portion: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """DK-3.5: A supplies until 15 November, B from then on; what one states leaves the other's time alone."""
    monkeypatch.setattr(links, "_BATCH", portion)
    point, change = town.market.named["supplier-change"], midnight(11, 15)
    later = midnight(12, 1)
    assert town.link("operator", (point, ANNA, midnight(1, 1), None)).is_success
    assert town.link("supplier-b", (point, BO, later, None)).is_success
    assert _spans(town, "anna", point) == [(midnight(1, 1), change)], "B has stated its time anew"
    assert _spans(town, "bo", point) == [(later, None)]
    assert town.link("supplier-a", (point, ANNA, midnight(10, 1), change)).is_success
    assert _spans(town, "anna", point) == [(midnight(10, 1), change)]
    assert _spans(town, "bo", point) == [(later, None)]
    for who, row in (
        ("supplier-a", (point, ANNA, midnight(10, 1), None)),
        ("supplier-b", (point, BO, midnight(11, 14), None)),
        ("supplier-a", ("571313180000000005", ANNA, change, None)),
    ):
        refused = town.link(who, row)
        assert refused.status_code == 400
        assert [found["code"] for found in refused.json()["findings"]] == ["unknown-point"]
    assert _spans(town, "bo", point) == [(later, None)], "a refused file changes nothing"


def _spans(town: Town, who: str, point: str) -> list[tuple[int, int | None]]:
    """When a point is somebody's, whatever its other facts."""
    office = town.hub.office
    with office.database.read() as connection:
        parts = town.hub.customers.own(connection, principal(who).party).parts(int(point))
    return [(part.start, None if part.end >= 2**62 else part.end) for part in parts]


def test_all_rows_of_a_file_are_taken_or_none(town: Town) -> None:
    point, unknown = town.market.named["parent"], "571313180000000005"
    refused = town.link(
        "operator", (point, ANNA, midnight(1, 1), None), (unknown, ANNA, midnight(1, 1), None), (point, BO, MOVE, None)
    )
    assert refused.status_code == 400
    found = {finding["code"]: finding["line"] for finding in refused.json()["findings"]}
    assert found == {"overlapping-versions": 4, "unknown-point": 3}
    assert town.call("GET", "/my/points", "anna").json()["points"] == []
    for body, form in ((b"[{", "application/json"), (b"\xff\xfe", "text/csv"), (b"a,b\n1,2", "text/csv")):
        answer = town.call("PUT", "/customers", "operator", content=body, headers={"Content-Type": form})
        assert answer.status_code == 400
        assert answer.json()["findings"]
    rows = json.dumps([{"metering_point": point, "customer": ANNA, "valid_from": "2025-01-01"}]).encode()
    taken = town.call("PUT", "/customers", "operator", content=rows, headers={"Content-Type": "application/json"})
    assert taken.json() == {"rows": {"customers": 1}, "findings": []}
    assert town.call("PUT", "/customers", "operator", content=b"x").status_code == 415


def test_points_come_in_windows(town: Town) -> None:
    points = sorted({v.metering_point for v in town.market.dataset.points if v.parent is None})[:7]
    town.link("operator", *((point, ANNA, midnight(1, 1), None) for point in points))
    everything = town.call("GET", "/my/points", "anna").json()["points"]
    found, after = [], ""
    while True:
        body = town.call("GET", "/my/points", "anna", params={"limit": 3, "after": after}).json()
        found += body["points"]
        if not (after := body["after"]):
            break
    assert found == everything
    assert set(points) <= {row["metering_point"] for row in found}
    assert town.call("GET", "/my/points", "anna", params={"after": "nonsense"}).json()["points"] == []


def test_values_come_in_unit_step_and_as_known(town: Town) -> None:
    """DK-3.5: as the series of everybody else."""
    point = town.market.named["parent"]
    town.link("operator", (point, ANNA, midnight(1, 1), None))
    town.store(point, FIRST, LAST)
    before = town.clock.now()
    town.clock.move_to(before + 60)
    town.store(point, FIRST, LAST, wh=1000)
    query = {"point": point, "from": day_text(10, 18), "to": day_text(10, 19), "unit": "mwh", "step": "P1D"}
    now = town.call("GET", "/my/series", "anna", params=query).json()["series"][0]["values"][0]
    then = town.call("GET", "/my/series", "anna", params={**query, "as_of": format_minute(before)})
    assert (now["quantity"], then.json()["series"][0]["values"][0]["quantity"]) == ("0.096", "0.024")
    rows = town.call("GET", "/my/series", "anna", params=query, headers={"Accept": "text/csv"}).text.splitlines()
    assert len(rows) == 2
    assert rows[1].startswith(f"{point},2025-10-17T22:00:00Z,0.096,mwh,")
    assert town.call("GET", "/my/series", "anna", params={**query, "unit": "ampere"}).status_code == 400


def test_a_year_of_quarters_is_downloaded_for_a_spreadsheet(town: Town) -> None:
    """DK-3.5: 35 040 values, the clock changes of the year among them."""
    point, child = town.market.named["parent"], town.market.named["child"]
    start, end = midnight(11, 1, 2024), midnight(11, 1)
    town.link("operator", (point, ANNA, start, None))
    town.store(point, start, end)
    query = {"point": [point, child], "from": day_text(11, 1, 2024), "to": day_text(11, 1)}
    answer = town.call("GET", "/my/series", "anna", params=query, headers={"Accept": WORKBOOK})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, WORKBOOK)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="series.xlsx"'
    book = load_workbook(io.BytesIO(answer.content), read_only=True)
    assert book.sheetnames == [point, child]
    rows = list(book[point].iter_rows(values_only=True))
    assert next(row[1] for row in rows if row[0] == "Total") == 35_040 * 0.25
    heads = rows.index(COLUMNS)
    assert len(rows) - heads - 1 == 35_040
    book.close()


@pytest.mark.sec_17
@pytest.mark.parametrize("who", ["bo", "quoter"])
def test_nobody_else_sees_a_customers_things(town: Town, who: str) -> None:
    """DK-3.5."""
    point = town.market.named["parent"]
    town.link("operator", (point, ANNA, midnight(1, 1), None))
    town.store(point, FIRST, LAST)
    for path in ("/my/points", "/my/grants", "/my/accesses", "/granted/points", "/series", "/metering-points"):
        answer = town.call("GET", path, who, params={} if path != "/series" else {"point": point})
        assert point not in answer.text
    for path in ("/my/series", "/granted/series", "/series"):
        assert town.days(path, who, point, FIRST, LAST) in (403, 404)


def test_links_survive_as_rows_that_are_never_changed(town: Town) -> None:
    point = town.market.named["parent"]
    for customer in (ANNA, BO, ANNA):
        town.link("operator", (point, customer, midnight(1, 1), None))
    with town.hub.office.database.read() as connection:
        rows = connection.exec_driver_sql('select customer from customer_link order by "transaction"').scalars().all()
        assert rows == [ANNA, BO, ANNA]
        assert town.hub.customers.own(connection, BO).page(Page()).points == ()
