"""The Finnish hub over real sockets: the hub's own form, windows, prices, deviations, lateness, who may call what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import application
from gateway.config import Settings
from gateway.demo.finland import market as finland
from gateway.hub import clients
from gateway.hub.clock import MovedClock
from gateway.hub.masterdata.files import csv_files
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.messages.times import format_second
from gateway.transport.application import route_table
from gateway.transport.routes import Credentials
from gateway.wiring import open_hub
from tests.integration.finland.hubs import DAY, START, ZONE
from tests.integration.transport.running_server import SECRET, SECRET_HASH, RunningServer

PARTIES = {
    "operator": ("6430042669998", Role.HUB),
    "grid": (finland.GRID, Role.METERED_DATA_RESPONSIBLE),
    "next-grid": (finland.NEXT_GRID, Role.METERED_DATA_RESPONSIBLE),
    "supplier": (finland.SUPPLIER, Role.ENERGY_SUPPLIER),
    "other-supplier": (finland.OTHER_SUPPLIER, Role.ENERGY_SUPPLIER),
}
API = "/api/hub/v1"


class Finland(RunningServer):
    """A served hub over the Finnish sample, and a client for each party."""

    def __init__(self, data_dir: Path) -> None:
        self.market = finland.finnish_market(ZONE, DAY)
        self.clock = MovedClock(ZONE.at(date(2025, 3, 11), 8))
        self._tokens: dict[tuple[str, int], str] = {}
        settings = Settings(data_dir=data_dir, market="fi", profile={"bundling": {"age_seconds": 0}})
        self.hub = open_hub(settings, self.clock)
        with self.hub.office.database.write() as connection:
            for name, (party, role) in PARTIES.items():
                clients.register(connection, Client(name, party, role, SECRET_HASH))
        super().__init__(application(settings, self.hub))
        files = {name: content.decode() for name, content in csv_files(self.market.dataset).items()}
        self.good(self.call("POST", "/master-data", "operator", json={"files": files}))

    def call(self, method: str, path: str, who: str, **rest: Any) -> httpx.Response:
        """A call of the neutral API by one of the parties."""
        key = who, self.clock.now()
        if key not in self._tokens:
            form = {"grant_type": "client_credentials", "client_id": who, "client_secret": SECRET}
            self._tokens[key] = self.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {self._tokens[key]}", **rest.pop("headers", {})}
        return self.http.request(method, f"{API}{path}", headers=headers, **rest)

    def good(self, answer: httpx.Response) -> Any:
        """The body of a good answer."""
        assert answer.is_success, answer.text
        return answer.json()

    def message(self, name: str, values: list[tuple[str, str]], **stated: Any) -> dict[str, Any]:
        """A message with one series, from the start of the day on."""
        point = self.market.point(name)
        series = {
            "transaction_id": f"t-{name}-{values[0][0]}",
            "metering_point": point.metering_point,
            "type": point.kind.value,
            "unit": "kwh",
            "step": point.resolution.value,
            "start": format_second(START),
            "values": [{"quantity": quantity, "status": status} for quantity, status in values],
        }
        return {
            "message_id": f"m-{name}-{values[0][0]}",
            "created_at": format_second(self.clock.now()),
            "series": [{**series, **stated}],
        }


@pytest.fixture(scope="module")
def fi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finland]:
    served = Finland(tmp_path_factory.mktemp("finland"))
    yield served
    served.stop()


def test_a_message_and_what_became_of_it(fi: Finland) -> None:
    # FI-2.1, FI-2.4, FI-3.4
    sent = fi.message("home", [("0.00120", "measured"), ("0.00130", "measured")], unit="mwh")
    taken = fi.good(fi.call("POST", "/measure-data", "grid", json=sent))
    assert [one["state"] for one in taken["series"]] == ["distributed"]
    again = fi.message("home", [("1.25", "measured")])
    (series,) = fi.good(fi.call("POST", "/measure-data", "grid", json=again))["series"]
    assert (series["state"], series["findings"][0]["code"]) == ("rejected", "D12")
    point = fi.market.named["home"]
    span = {"point": point, "from": format_second(START), "to": format_second(START + 3600)}
    (found,) = fi.good(fi.call("GET", "/series", "supplier", params={**span, "unit": "wh", "step": "PT1H"}))["series"]
    assert [(v["quantity"], v["quality"]) for v in found["values"]] == [("2500.000", "incomplete")]
    assert fi.call("GET", "/series", "other-supplier", params=span).status_code == 404
    at = {"point": point, "at": format_second(START)}
    (version,) = fi.good(fi.call("GET", "/series/versions", "grid", params=at))["versions"]
    assert (version["editor"], version["received_at"]) == ("grid", "2025-03-11T06:00:00Z")


def test_directions_of_an_exchange_point(fi: Finland) -> None:
    # FI-1.3
    for number, flow in enumerate(("in", "out")):
        sent = fi.message("exchange", [(f"10{number}", "measured")], flow=flow)
        fi.good(fi.call("POST", "/measure-data", "grid", json=sent))
    span = {"from": format_second(START), "to": format_second(START + 900), "point": fi.market.named["exchange"]}
    found = fi.good(fi.call("GET", "/series", "next-grid", params=span))["series"]
    assert {one["flow"]: one["values"][0]["quantity"] for one in found} == {"in": "100.000", "out": "101.000"}
    (one,) = fi.good(fi.call("GET", "/series", "next-grid", params={**span, "flow": "out"}))["series"]
    assert one["values"][0]["quantity"] == "101.000"


def test_all_points_of_a_party(fi: Finland) -> None:
    # FI-2.3, DH-220: a query over all points covers 7 days at most
    span = {"from": format_second(START), "to": format_second(START + 7 * 86_400)}
    found, after = list[str](), ""
    while True:
        page = fi.good(fi.call("GET", "/measure-data", "supplier", params={**span, "limit": 3, "after": after}))
        found += [one["metering_point"] for one in page["series"]]
        after = page["after"]
        if not after:
            break
    own = sorted(p.metering_point for p in fi.market.dataset.points if p.energy_supplier == finland.SUPPLIER)
    assert sorted(set(found)) == own
    longer = {**span, "to": format_second(START + 8 * 86_400)}
    answer = fi.call("GET", "/measure-data", "supplier", params=longer)
    assert (answer.status_code, "EC-MDM-RMV-201" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"series": []}, "series"),
        ({"message_id": ""}, "message_id"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"extra": 1}, "extra"),
        ({"series": [{}]}, "series/0"),
    ],
)
def test_a_message_that_does_not_follow_its_form_is_refused_with_the_place(
    fi: Finland, change: dict[str, Any], told: str
) -> None:
    answer = fi.call("POST", "/measure-data", "grid", json={**fi.message("home", [("9.99", "measured")]), **change})
    assert answer.status_code == 400
    assert told in answer.text
    assert "00302" in answer.text


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"series": 1}', b'\xff\xfe{"a": 1}', b"[" * 5000])
def test_bytes_that_are_no_message_are_refused(fi: Finland, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    assert fi.call("POST", "/measure-data", "grid", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ({"quantity": "much", "status": "measured"}, "schema-invalid"),
        ({"quantity": True, "status": "measured"}, "schema-invalid"),
        ({"quantity": "1.20"}, "schema-invalid"),
        ({"quantity": "1.20", "status": "ok"}, "schema-invalid"),
        ({"quantity": "9999999999.00", "status": "measured"}, "quantity-digits"),
        ({"quantity": 1e300, "status": "measured"}, "quantity-digits"),
        ({"quantity": "-0.00000001", "status": "measured"}, "quantity-not-negative"),
        ({"status": "measured"}, "value-with-status"),
        ({"quantity": "1.20", "status": "missing"}, "missing-without-value"),
    ],
)
def test_a_value_that_is_none_is_refused(fi: Finland, value: dict[str, Any], rule: str) -> None:
    # FI-2.6, FI-3.3: told with its place, never stored
    sent = fi.message("member-c", [(f"{rule}-{value}", "measured")])
    sent["message_id"] = sent["series"][0]["transaction_id"] = f"bad-{abs(hash(str(value))) % 10**12}"
    sent["series"][0]["values"] = [value]
    answer = fi.call("POST", "/measure-data", "grid", json=sent)
    assert rule in answer.text
    assert answer.status_code == (400 if rule == "schema-invalid" else 202)
    span = {"point": fi.market.named["member-c"], "from": format_second(START), "to": format_second(START + 900)}
    assert fi.good(fi.call("GET", "/series", "grid", params=span))["series"][0]["values"] == []


def test_the_operator_says_why_it_edits(fi: Finland) -> None:
    # FI-2.5
    edit = fi.message("member-a", [("1.00", "measured")])
    answer = fi.call("POST", "/measure-data", "operator", json=edit)
    assert (answer.status_code, "reason" in answer.text) == (400, True)
    taken = fi.good(fi.call("POST", "/measure-data", "operator", json={**edit, "reason": "meter lost"}))
    assert [one["state"] for one in taken["series"]] == ["distributed"]
    assert fi.call("POST", "/measure-data", "supplier", json=edit).status_code == 403


def test_balance_windows(fi: Finland) -> None:
    # DH-210
    days = {"from": "2025-02-25", "to": "2025-03-12"}
    found = fi.good(fi.call("GET", "/balance-windows", "supplier", params=days))["windows"]
    states = {one["day"]: one["state"] for one in found}
    assert [states[day] for day in ("2025-02-25", "2025-02-26", "2025-02-27", "2025-03-10")] == [
        "closed", "closing", "closing", "open"
    ]  # fmt: skip
    (one,) = fi.good(fi.call("GET", "/balance-windows", "grid", params={"from": "2025-03-20"}))["windows"]
    assert one["final"] == "2025-03-31T21:00:00Z"
    assert (
        fi.call("GET", "/balance-windows", "grid", params={"from": "2025-03-20", "to": "2025-03-20"}).status_code == 400
    )


def test_the_operator_reopens_a_closing_day(fi: Finland) -> None:
    # FI-4.3: recorded who, when and why
    path, wish = "/balance-window-reopenings", {"day": "2025-02-27", "reason": "meters were swapped"}
    assert fi.call("POST", path, "grid", json=wish).status_code == 403
    for wrong in ({**wish, "reason": ""}, {"day": "2025-02-27"}, {**wish, "day": "soon"}, {**wish, "why": "x"}):
        assert fi.call("POST", path, "operator", json=wrong).status_code == 400
    answer = fi.call("POST", path, "operator", json={**wish, "day": "2025-02-25"})
    assert (answer.status_code, "is closed" in answer.text) == (400, True)
    found = fi.good(fi.call("POST", path, "operator", json=wish))
    by = {"at": "2025-03-11T06:00:00Z", "client": "operator", "reason": "meters were swapped"}
    assert (found["state"], found["reopened"]) == ("open", by)
    days = {"from": "2025-02-26", "to": "2025-02-28"}
    windows = fi.good(fi.call("GET", "/balance-windows", "supplier", params=days))["windows"]
    assert [(one["state"], one["reopened"]) for one in windows] == [("closing", None), ("open", by)]
    assert fi.call("POST", path, "operator", json=wish).status_code == 400


def test_deviations_from_price_to_summary(fi: Finland) -> None:
    # FI-4.3
    hour = {"start": "2025-03-09T23:00:00Z", "step": "PT1H", "price": "40.00"}
    late = {**hour, "start": "2025-03-09T22:30:00Z"}
    assert fi.call("PUT", "/spot-prices", "operator", json={"prices": [late]}).status_code == 400
    assert fi.call("PUT", "/spot-prices", "supplier", json={"prices": [hour]}).status_code == 403
    assert fi.good(fi.call("PUT", "/spot-prices", "operator", json={"prices": [hour]})) == {"kept": 1}
    stated = {"start": hour["start"]}
    fi.good(fi.call("POST", "/measure-data", "grid", json=fi.message("home", [("10.000", "measured")], **stated)))
    fi.clock.move_to(ZONE.midnight(date(2025, 3, 23)))
    fi.good(fi.call("POST", "/measure-data", "grid", json=fi.message("home", [("12.500", "corrected")], **stated)))
    run = fi.good(fi.call("POST", "/balance-deviation-runs", "operator"))["run"]
    span = {"from": "2025-03-22T00:00Z", "to": "2025-03-24T00:00Z"}
    (mine,) = fi.good(fi.call("GET", "/balance-deviations", "supplier", params=span))["deviations"]
    assert mine["run"] <= run  # the nightly run may have come first
    assert [mine[name] for name in ("taken_to_balance", "measured", "deviation", "price")] == [
        "10.000",
        "12.500",
        "2.500",
        "40.00",
    ]
    found = fi.good(fi.call("GET", "/balance-deviation-summaries", "grid", params=span))["summaries"]
    assert [(one["type"], one["energy"], one["amount"]) for one in found] == [
        ("accounting-point", "2.500", "0.10"), ("losses", "-2.500", "-0.10")
    ]  # fmt: skip
    assert fi.good(
        fi.call("GET", "/spot-prices", "grid", params={"from": hour["start"], "to": "2025-03-10T00:00Z"})
    ) == {"prices": [hour]}


def test_who_is_late(fi: Finland) -> None:
    # DH-210, FI-6.2: D+1 24:00; points under construction owe nothing
    report = fi.good(fi.call("GET", "/lateness", "operator", params={"from": "2025-03-10"}))["lateness"]
    (one,) = [row for row in report if row["grid_area"] == finland.AREA]
    assert one["deadline"] == "2025-03-11T22:00:00Z"
    owing = [p for p in fi.market.dataset.points if p.connection_state == "connected" and p.subtype == "physical"]
    assert one["points"] == len(owing)


def test_details_of_points_are_master_data(fi: Finland) -> None:
    # FI-1.1, FI-1.4
    rows = fi.good(fi.call("GET", f"/point-details/{fi.market.named['plant-own-use']}", "grid"))["rows"]
    assert [(row["point_class"], row["use"], row["fuse"]) for row in rows] == [("accounting-point", "own-use", "3x250")]
    communities = fi.good(fi.call("GET", "/communities", "grid"))["rows"]
    assert sorted(row["share"] for row in communities) == ["20", "30", "50"]
    bad = "metering_point,point_class,valid_from\n" + f"{fi.market.named['home']},exchange-point,2024-01-01\n"
    answer = fi.call("PUT", "/point-details", "operator", content=bad, headers={"Content-Type": "text/csv"})
    assert (answer.status_code, "point-class" in answer.text) == (400, True)


def test_no_call_of_the_hub_fails(fi: Finland) -> None:
    # Whatever a party asks for: an answer, never a fault of the hub
    table = route_table("/ebix", fi.hub.services, fi.hub.profile.estfeed)
    for route in table:
        if route.credentials is Credentials.NONE or not route.path.startswith(API) or "{" in route.path:
            continue
        for params in ({}, {"from": "2025-03-10", "to": "2025-03-11"}, {"point": fi.market.named["home"]}):
            for who in ("operator", "supplier"):
                answer = fi.call(route.method, route.path.removeprefix(API), who, params=params)
                assert answer.status_code < 500, (route.method, route.path, who, answer.text)
    assert json.loads(fi.http.get(f"{API}/openapi.json").content)["paths"][f"{API}/measure-data"]
