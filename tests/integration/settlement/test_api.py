"""Settlement over HTTP: who may see what of a snapshot, and what the operator decides (DK-3.2.2, DK-3.4, DK-4.2.c)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import application
from gateway.config import Settings
from gateway.hub import clients
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from tests.integration.settlement.towns import (
    AREA,
    BEYOND_GRID,
    DAY,
    FIXED_ON,
    GRID,
    HUB,
    RESPONSIBLE_A,
    SUPPLIER_A,
    SUPPLIER_B,
    Town,
    open_town,
)
from tests.integration.transport.running_server import SECRET, SECRET_HASH, RunningServer

PATH = "/api/hub/v1/settlement"
PARTIES = {
    "a": (SUPPLIER_A, Role.ENERGY_SUPPLIER),
    "b": (SUPPLIER_B, Role.ENERGY_SUPPLIER),
    "brp": (RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE),
    "grid": (GRID, Role.GRID_OPERATOR),
    "neighbour": (BEYOND_GRID, Role.GRID_OPERATOR),
    "hub": (HUB, Role.HUB),
}


class Served(RunningServer):
    """The town's hub behind HTTP, with a client for every party."""

    def __init__(self, data_dir: Path) -> None:
        self.town: Town = open_town(data_dir)
        super().__init__(application(Settings(data_dir=data_dir), self.town.hub))
        with self.town.hub.office.database.write() as connection:
            for name, (party, role) in PARTIES.items():
                clients.register(connection, Client(name, party, role, SECRET_HASH))

    def call(self, who: str, method: str, path: str, **rest: Any) -> httpx.Response:
        """A call with a party's token."""
        form = {"grant_type": "client_credentials", "client_id": who, "client_secret": SECRET}
        token = self.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", **rest.pop("headers", {})}
        return self.http.request(method, f"{PATH}{path}", headers=headers, **rest)

    def read(self, who: str, path: str, **query: str) -> Any:
        """The JSON of a good answer."""
        answer = self.call(who, "GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The town, served."""
    one = Served(tmp_path / "data")
    yield one
    one.stop()


@pytest.fixture
def fixed(served: Served) -> Served:
    """The town with its day fixed."""
    served.town.send_all(DAY)
    served.town.evening(FIXED_ON)
    return served


def basis(served: Served) -> str:
    """The number of the fixed basis of the day."""
    found = served.read("hub", "/snapshots", **{"from": DAY.isoformat()})["snapshots"]
    return str(next(one["number"] for one in found if one["stage"] == "fixation"))


def kinds(served: Served, who: str) -> set[tuple[str, str]]:
    body = served.read(who, f"/snapshots/{basis(served)}")
    return {(row["kind"], row["supplier"]) for row in body["rows"]}


def test_a_party_sees_the_rows_it_is_entitled_to_and_no_others(fixed: Served) -> None:
    """DK-3.4.a, DK-3.4.b, DK-3.2.2."""
    own = {"production-per-supplier", "flex-per-supplier", "distributed-per-supplier", "load-shares"}
    tariffs = {"wholesale-basis", "profiled-per-tariff"}
    assert kinds(fixed, "a") == {(kind, SUPPLIER_A) for kind in own | tariffs} | {("grid-loss", "")}
    assert {supplier for _, supplier in kinds(fixed, "brp")} == {SUPPLIER_A, ""}
    assert not {kind for kind, _ in kinds(fixed, "brp")} & tariffs
    assert {("total-consumption", ""), ("net-exchange", ""), ("wholesale-basis", SUPPLIER_B)} <= kinds(fixed, "grid")
    assert "flex-per-supplier" not in {kind for kind, _ in kinds(fixed, "grid")}
    assert fixed.call("neighbour", "GET", f"/snapshots/{basis(fixed)}").status_code == 404
    assert fixed.read("neighbour", "/snapshots", **{"from": DAY.isoformat()}) == {"snapshots": []}


def test_the_distribution_curve_is_for_suppliers_and_grid_operators(fixed: Served) -> None:
    """DK-3.4.b, DK-1.15: 20 kWh over 4000 kWh a year."""
    for who in ("a", "b", "grid", "hub"):
        assert fixed.read(who, f"/snapshots/{basis(fixed)}")["curve"] == ["0.005"] * 24
    assert fixed.read("brp", f"/snapshots/{basis(fixed)}")["curve"] == []


def test_a_snapshot_comes_as_csv_too(fixed: Served) -> None:
    answer = fixed.call("a", "GET", f"/snapshots/{basis(fixed)}", headers={"Accept": "text/csv"})
    lines = answer.text.splitlines()
    assert lines[0].startswith("kind,grid_area,supplier")
    start = "2016-03-07T23:00:00Z"
    assert f"flex-per-supplier,{AREA},{SUPPLIER_A},{RESPONSIBLE_A},,,{start},12.000,measured,measured,false" in lines


def test_days_stand_where_everybody_can_see_them_and_their_history_where_it_belongs(fixed: Served) -> None:
    days = {"from": DAY.isoformat(), "to": (DAY + timedelta(days=1)).isoformat()}
    own, others = fixed.read("grid", "/days", **days)["days"], fixed.read("a", "/days", **days)["days"]
    assert [(one["day"], one["state"]) for one in others] == [("2016-03-08", "fixed"), ("2016-03-09", "open")]
    assert [step["event"] for step in own[0]["history"]][-1] == "BasisCalculated"
    assert others[0]["history"] == []


def test_the_operator_postpones_and_everybody_is_told(served: Served) -> None:
    """DK-4.2.c."""
    served.town.send_all(DAY)
    body = {"day": "2016-03-08", "until": "2016-03-18", "reason": "outage of the exchange metering"}
    assert served.call("grid", "POST", "/postponements", json=body).status_code == 403
    assert served.call("hub", "POST", "/postponements", json=body).status_code == 200
    told = served.read("brp", "/postponements", **{"from": DAY.isoformat()})["postponements"]
    assert [(one["grid_area"], one["new"], one["sent_by"]) for one in told] == [
        (AREA, "2016-03-18T20:00:00Z", "2016-03-19T07:00:00Z")
    ]
    again = served.call("hub", "POST", "/postponements", json=body)
    assert again.status_code == 409
    assert again.json()["findings"][0]["rule"] == "not-later"


def test_the_operator_accepts_a_negative_residual(served: Served) -> None:
    """DK-6.2.2."""
    served.town.send_all(DAY, exchange=1_000)
    served.town.evening(FIXED_ON)
    body = {"day": "2016-03-08", "grid_areas": [AREA], "reason": "confirmed"}
    taken = served.call("hub", "POST", "/acceptances", json=body)
    assert taken.status_code == 200
    assert [one["stage"] for one in taken.json()["snapshots"]] == ["fixation"]
    assert served.call("hub", "POST", "/acceptances", json=body).status_code == 409


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/days", {}, 400),
        ("/days", {"from": "yesterday"}, 400),
        ("/days", {"from": "2016-03-08", "to": "2016-03-07"}, 400),
        ("/days", {"from": "2016-03-08", "to": "2017-03-07"}, 400),
        ("/snapshots", {"from": "2016-03-08", "colour": "red"}, 400),
        ("/snapshots/999999", {}, 404),
        ("/snapshots/-1", {}, 404),
        ("/snapshots/%F0%9F%98%80", {}, 404),
        ("/snapshots/99999999999999999999999", {}, 404),
    ],
)
def test_bad_questions_are_answered_with_their_reason(
    served: Served, path: str, query: dict[str, str], status: int
) -> None:
    answer = served.call("hub", "GET", path, params=query)
    assert answer.status_code == status
    assert json.loads(answer.text)["findings"]
