"""Workbooks over real sockets: what template and export produce is taken back; every error has sheet and row (EE-2)."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from gateway.demo.estonia.market import ELECTRICITY_POINTS, GAS_GRID, GAS_POINTS, GRID_OPERATOR, SUPPLIER_B
from gateway.messages.times import format_second

from .estfeed_client import DatahubClient, Reply
from .estonia import MIDNIGHT, EstonianMarket, at, reading
from .running_server import SECRET

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HOUSE, SHOP, ROOF = ELECTRICITY_POINTS[0], ELECTRICITY_POINTS[2], ELECTRICITY_POINTS[3]
DAY = {"periodStart": at(0), "periodEnd": at(96)}
V2 = "/api/v2/metering-data/electricity"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstonianMarket]:
    running = EstonianMarket(tmp_path_factory.mktemp("workbooks"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def grid(market: EstonianMarket) -> DatahubClient:
    return market.user(GRID_OPERATOR, "GRID_OPERATOR")


def sheet_of(reply: Reply) -> Worksheet:
    assert (reply.status, reply.headers["content-type"]) == (200, XLSX)
    book = openpyxl.load_workbook(io.BytesIO(reply.body))
    found = book["meter-data"]
    assert isinstance(found, Worksheet)
    return found


def filled(sheet: Worksheet, values: dict[str, Callable[[int], Any]]) -> bytes:
    """The sheet's workbook with columns filled by the number of the row, from 0."""
    heads = {str(cell.value): cell.column or 0 for cell in sheet[1]}
    for number, row in enumerate(range(2, sheet.max_row + 1)):
        for name, value in values.items():
            sheet.cell(row, heads[name], value(number))
    written = io.BytesIO()
    assert sheet.parent is not None
    sheet.parent.save(written)
    return written.getvalue()


def import_v2(user: DatahubClient, book: bytes, path: str = V2) -> Reply:
    """A workbook in a form, as a browser sends it."""
    request = httpx.Request("POST", "http://hub", files={"file": ("meters.xlsx", book, XLSX)})
    headers = user.headers_v2(str(uuid.uuid4())) | {"Content-Type": request.headers["Content-Type"]}
    return user.request("POST", f"{path}/import", request.read(), headers)


def import_v1(user: DatahubClient, book: bytes) -> Reply:
    parts = {
        "marketParticipantContext": (None, json.dumps(user.context).encode(), "application/json"),
        "file": ("meters.xlsx", book, XLSX),
    }
    request = httpx.Request("POST", "http://hub", files=parts)
    headers = user.headers_v1(str(uuid.uuid4())) | {"Content-Type": request.headers["Content-Type"]}
    return user.request("POST", "/api/v1/meter-data/import", request.read(), headers)


def amounts(market: EstonianMarket, point: str) -> list[str]:
    user = market.user(GRID_OPERATOR, "GRID_OPERATOR")
    return [str(one["outQty"]["kwh"]) for one in user.search_v1(point, at(0), at(96)) if "outQty" in one]


def test_a_template_filled_in_is_taken(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-2.1, EE-2.2."""
    sheet = sheet_of(grid.get_v2(f"{V2}/template", {**DAY, "meteringPointEics": HOUSE}))
    assert sheet.max_row == 97
    book = filled(sheet, {"OUT Quantity kWh": lambda n: n / 1000, "Reading Type OUT": lambda n: "METERED"})
    reply = import_v2(grid, book)
    assert (reply.status, reply.json()["status"]) == (200, "SUCCESSFUL"), reply.body
    assert amounts(market, HOUSE)[:3] == ["0.000", "0.001", "0.002"]
    nobody = sheet_of(grid.get_v2(f"{V2}/template", DAY))
    assert nobody["A2"].value is None, "the point is for the user to fill in"
    book = filled(nobody, {"Metering Point EIC": lambda n: SHOP, "OUT Quantity kWh": lambda n: 2})
    errors = import_v2(grid, book).json()["errors"]
    assert len(errors) == 96, "every row lacks its type, and every row is told"


def test_an_export_is_taken_back(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-2.2, EE-3.1: with nets and several points; what is missing is blank and stays missing."""
    nets = {"netQtyIn": 0, "netQtyOut": 0.5}
    period = {"pS": at(0), "inQty": reading(0.5), "outQty": reading(1), **nets}
    bare = {"pS": at(1), "outQty": reading(3, "E")}
    document_id, _ = grid.submit_v2([{"meteringPointEic": ROOF, "periods": [period, bare]}])
    assert market.final(grid, document_id)["status"] == "SUCCESSFUL"
    query = {**DAY, "meteringPointEics": f"{ROOF},{HOUSE}", "purpose": "OTHER"}
    exported = grid.get_v2(f"{V2}/export", query)
    sheet = sheet_of(exported)
    first, second = ([cell.value for cell in sheet[row]] for row in (2, 3))
    assert first[:6] == [ROOF, "15.09.2026 00:00", 0.5, 1, 0, 0.5]
    assert second[2] is None
    before = grid.query_v2([ROOF], at(0), at(96), purpose="OTHER")["successful"]
    reply = import_v2(grid, exported.body)
    assert reply.json()["status"] == "SUCCESSFUL", reply.body
    after = grid.query_v2([ROOF], at(0), at(96), purpose="OTHER")["successful"]
    for found in (before, after):
        for period in found[0]["periods"]:
            for one in period["aI"]:
                for quantity in (one[name] for name in ("inQty", "outQty") if name in one):
                    quantity.pop("rTime", None)
    assert after == before


def test_the_first_generation_answers_row_by_row(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-2.1, EE-2.2."""
    body = {**DAY, "resolution": "15 MINUTES", "meterEics": [SHOP]}
    sheet = sheet_of(grid.post_v1("/api/v1/template/meter-data", body))
    book = filled(sheet, {"Quantity KWH OUT": lambda n: 7, "Reading Type OUT": lambda n: "ESTIMATED"})
    answer = import_v1(grid, book).json()
    assert (len(answer["processed"]), answer["unprocessed"]) == (96, [])
    assert answer["processed"][0] == {
        "meterEic": SHOP,
        "periodStart": at(0),
        "resolution": "15 MINUTES",
        "quantityKwhOut": 7,
        "readingTypeOut": "ESTIMATED",
    }
    sheet = sheet_of(grid.post_v1("/api/v1/meter-data/export", {**DAY, "meterEic": SHOP}))
    sheet["D5"], sheet["E9"] = -1, "many"
    answer = import_v1(grid, filled(sheet, {})).json()
    assert answer["processed"] == []
    assert {(one["sheetName"], one["rowNumber"]) for one in answer["unprocessed"]} == {
        ("meter-data", 5),
        ("meter-data", 9),
    }
    assert amounts(market, SHOP)[3] == "7.000", "nothing of it is stored"


def test_gas_by_the_day(market: EstonianMarket) -> None:
    """EE-1.7, EE-2.1: a template of gas needs its step and begins its days at seven."""
    gas = market.user(GAS_GRID, "GRID_OPERATOR", "NATURAL_GAS")
    path = "/api/v2/metering-data/natural-gas"
    days = {"periodStart": format_second(MIDNIGHT - 3 * 86_400), "periodEnd": at(0), "meteringPointEics": GAS_POINTS[3]}
    assert gas.get_v2(f"{path}/template", days).error["args"] == ["resolution"]
    sheet = sheet_of(gas.get_v2(f"{path}/template", {**days, "resolution": "P1D"}))
    assert [sheet.cell(row, 2).value for row in range(2, sheet.max_row + 1)] == [
        "12.09.2026 07:00", "13.09.2026 07:00", "14.09.2026 07:00",
    ]  # fmt: skip
    filling: dict[str, Callable[[int], Any]] = {
        "OUT Quantity kWh": lambda n: 105 * n,
        "OUT Quantity M3": lambda n: 10 * n,
        "Reading Type OUT": lambda n: "METERED",
    }
    reply = import_v2(gas, filled(sheet, filling), path)
    assert reply.json()["status"] == "SUCCESSFUL", reply.body


@pytest.mark.sec_15
def test_what_is_no_workbook_of_ours_is_refused_with_its_place(grid: DatahubClient) -> None:
    """EE-2.1: formulas, empty sheets, foreign columns; every error at once."""
    query = {"periodStart": at(0), "periodEnd": at(2), "meteringPointEics": HOUSE}
    sheet = sheet_of(grid.get_v2(f"{V2}/template", query))
    sheet["D2"] = "=1+1"
    found = import_v2(grid, filled(sheet, {"Reading Type OUT": lambda n: "METERED"}))
    assert "D2" in found.body.decode()
    sheet = sheet_of(grid.get_v2(f"{V2}/template", query))
    sheet["Z1"] = "Remarks"
    assert sheet.parent is not None
    sheet.parent.create_sheet("empty")
    errors = import_v2(grid, filled(sheet, {"OUT Quantity kWh": lambda n: 1, "Reading Type OUT": lambda n: "METERED"}))
    assert {error["sheetName"] for error in errors.json()["errors"]} == {"meter-data", "empty"}
    for body, kind in ((b"no workbook", XLSX), (b"", "multipart/form-data; boundary=x"), (b"{}", "application/json")):
        headers = grid.headers_v2(str(uuid.uuid4())) | {"Content-Type": kind}
        reply = grid.request("POST", f"{V2}/import", body, headers)
        assert reply.status == 400
        assert reply.error["code"].startswith("opp.error.")


@pytest.mark.sec_17
def test_who_may_not_send_or_read_may_not_by_workbook(market: EstonianMarket, grid: DatahubClient) -> None:
    other = market.user(SUPPLIER_B, "OPEN_SUPPLIER")
    reply = other.get_v2(f"{V2}/export", {**DAY, "meteringPointEics": HOUSE, "purpose": "OPEN_SUPPLY"})
    assert reply.status == 403
    sheet = sheet_of(grid.get_v2(f"{V2}/template", {**DAY, "meteringPointEics": HOUSE}))
    book = filled(sheet, {"OUT Quantity kWh": lambda n: 1, "Reading Type OUT": lambda n: "METERED"})
    assert import_v2(other, book).status == 403
    assert import_v1(other, book).status == 403


# --- jobs -------------------------------------------------------------------------------------------------------------


class Jobs:
    """The neutral API as a technical user calls it."""

    def __init__(self, market: EstonianMarket, party: str) -> None:
        form = {"grant_type": "client_credentials", "client_id": party, "client_secret": SECRET}
        token = market.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
        self._signed = {"Authorization": f"Bearer {token}", "Acting-Role": "grid-operator"}
        self._http = market.http

    def post(self, book: bytes, kind: str = XLSX, **query: str) -> httpx.Response:
        headers = {**self._signed, "Content-Type": kind}
        return self._http.post("/api/hub/v1/workbooks", content=book, headers=headers, params=query)

    def get(self, job: str) -> httpx.Response:
        return self._http.get(f"/api/hub/v1/workbooks/{job}", headers=self._signed)

    def final(self, job: str) -> dict[str, Any]:
        patient_until = time.monotonic() + 60
        while time.monotonic() < patient_until:
            found: dict[str, Any] = self.get(job).json()
            if found["state"] != "processing":
                return found
            time.sleep(0.005)
        raise AssertionError(f"{job} reached no final state")


def test_a_workbook_is_followed_as_a_job(market: EstonianMarket, grid: DatahubClient) -> None:
    """EE-2.1: taken at once, followed by its id, every error by sheet and row at the end."""
    jobs = Jobs(market, GRID_OPERATOR)
    sheet = sheet_of(grid.get_v2(f"{V2}/template", {**DAY, "meteringPointEics": HOUSE}))
    book = filled(sheet, {"OUT Quantity kWh": lambda n: 4, "Reading Type OUT": lambda n: "METERED"})
    taken = jobs.post(book)
    assert taken.status_code == 202
    job = taken.json()["id"]
    assert jobs.final(job)["state"] == "successful"
    assert amounts(market, HOUSE) == ["4.000"] * 96
    own = str(uuid.uuid4())
    sheet["D7"], sheet["F9"] = -1, None
    assert jobs.post(filled(sheet, {}), id=own).json()["id"] == own
    found = jobs.final(own)
    assert found["state"] == "error"
    (error,) = found["errors"]
    assert (error["sheet"], error["row"], error["cell"]) == ("meter-data", 7, "D7")
    assert error["code"] == "opp.error.validation.field-value-cannot-be-negative"
    assert jobs.post(book, id=own).status_code == 409, "an id is used once"
    assert jobs.post(book, kind="text/csv").status_code == 415
    assert jobs.post(book, id="mine").status_code == 400
    assert jobs.get("mine").status_code == 400
    assert jobs.get(str(uuid.uuid4())).status_code == 404
    assert Jobs(market, GAS_GRID).get(job).status_code == 404, "of somebody else"
