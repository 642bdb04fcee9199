"""Measurements of meters over HTTP and the real hub: taken once, kept exactly, seen by their own party (AM-2.2)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gateway.demo.market import SUPPLIER_A
from gateway.messages.codes import Role

from .denmark import OTHER, READER, SENDER, Market

PATH = "/api/hub/v1/measurements"
VALUE: dict[str, Any] = {
    "meter": "LGZ-1",
    "source": "1-0:99.1.0*255",
    "obis": "1-0:1.29.0*255",
    "period": 900,
    "end": "2026-01-01T00:15:00Z",
    "raw": "123",
    "unit": "Wh",
    "status": 8,
    "flags": ["daylight"],
    "meter_time": "07EA0101",
    "offset_source": "deviation",
    "protection": "gcm",
    "read_at": "2026-01-01T00:16:00Z",
}
EVENT: dict[str, Any] = {
    "meter": "LGZ-1",
    "log": "0-0:99.98.0*255",
    "code": 1,
    "text": "power down",
    "at": "2026-01-01T00:03:07Z",
    "read_at": "2026-01-01T00:16:00Z",
}


@pytest.fixture
def market(running_market: Market) -> Market:
    return running_market


def send(
    market: Market, batch: str, readings: list[Any], events: list[Any] | None = None, client_id: str = SENDER
) -> httpx.Response:
    body = {"collector": "north", "batch": batch * 64, "readings": readings, "events": events or []}
    return market.call("POST", PATH, client_id, json=body)


def counts(answer: httpx.Response) -> tuple[int, int, bool]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return body["stored"], body["known"], body["repeated"]


def test_a_batch_and_a_reading_count_once(market: Market) -> None:
    # AM-2.1, AM-2.2
    first = send(market, "a", [VALUE], [EVENT])
    assert counts(first) == (2, 0, False)
    again = send(market, "a", [VALUE], [EVENT])
    assert counts(again) == (2, 0, True)
    assert again.json()["number"] == first.json()["number"]
    later = {**VALUE, "end": "2026-01-01T00:30:00Z"}
    assert counts(send(market, "b", [VALUE, later, later], [EVENT])) == (1, 3, False)
    assert send(market, "a", [later]).status_code == 409
    shown = market.call("GET", PATH, SENDER, params={"meter": "LGZ-1"}).json()
    assert [(one["end"], one["raw"], one["value_text"]) for one in shown["readings"]] == [
        ("2026-01-01T00:15:00Z", "123", "123"),
        ("2026-01-01T00:30:00Z", "123", "123"),
    ]
    assert {key: shown["readings"][0][key] for key in VALUE} == VALUE
    (event,) = market.call("GET", f"{PATH}/events", SENDER, params={"meter": "LGZ-1"}).json()["events"]
    assert {key: event[key] for key in EVENT} == EVENT


def test_another_value_under_a_used_key_is_found_and_the_rest_stored(market: Market) -> None:
    # AM-2.1
    value = {**VALUE, "meter": "KEYS"}
    assert counts(send(market, "1", [value])) == (1, 0, False)
    answer = send(market, "2", [{**value, "raw": "124"}, {**value, "raw": "124", "revision": 1}, {**value, "epoch": 1}])
    assert counts(answer) == (2, 0, False)
    (finding,) = answer.json()["findings"]
    assert (finding["rule"], finding["path"]) == ("reading-key-used", "readings/0")
    shown = market.call("GET", PATH, SENDER, params={"meter": "KEYS"}).json()["readings"]
    assert [(one["epoch"], one["revision"], one["raw"]) for one in shown] == [
        (0, 0, "123"),
        (0, 1, "124"),
        (1, 0, "123"),
    ]


@pytest.mark.sec_17
def test_a_party_sees_and_writes_only_its_own(market: Market) -> None:
    # GW-3, AM-2.2
    value = {**VALUE, "meter": "OWN"}
    assert counts(send(market, "c", [value])) == (1, 0, False)
    for client_id in (READER, OTHER, f"{SUPPLIER_A}-{Role.METERED_DATA_RESPONSIBLE}"):
        for path in ("", "/events"):
            assert market.call("GET", PATH + path, client_id, params={"meter": "OWN"}).status_code == 404
        assert "OWN" not in market.call("GET", f"{PATH}/meters", client_id).text
    assert counts(send(market, "c", [{**value, "raw": "9"}], client_id=READER)) == (1, 0, False), "its own meter"
    own = [market.call("GET", PATH, who, params={"meter": "OWN"}).json()["readings"] for who in (SENDER, READER)]
    assert [[one["raw"] for one in each] for each in own] == [["123"], ["9"]]


def test_values_come_in_windows_by_quantity_and_time(market: Market) -> None:
    rows = [
        {**VALUE, "meter": "PAGES", "obis": f"1-0:{c}.29.0*255", "end": f"2026-01-01T{hour:02d}:00:00Z"}
        for c in (1, 2)
        for hour in range(5)
    ]
    lost = {**VALUE, "meter": "PAGES", "end": None, "meter_time": "000101"}
    assert counts(send(market, "d", [*rows, lost])) == (11, 0, False)
    seen: list[tuple[str, str | None]] = []
    after = ""
    while True:
        page = market.call("GET", PATH, SENDER, params={"meter": "PAGES", "limit": "3", "after": after}).json()
        assert len(page["readings"]) <= 3
        seen += [(one["obis"], one["end"]) for one in page["readings"]]
        after = page["after"]
        if not after:
            break
    assert sorted(seen, key=str) == sorted(((row["obis"], row["end"]) for row in [*rows, lost]), key=str)
    bounds = {"meter": "PAGES", "obis": "1-0:2.29.0*255", "from": "2026-01-01T01:00Z", "to": "2026-01-01T03:00Z"}
    part = market.call("GET", PATH, SENDER, params=bounds).json()["readings"]
    assert [one["end"] for one in part] == ["2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"]
    assert "PAGES" in market.call("GET", f"{PATH}/meters", SENDER).json()["meters"]
    assert market.call("GET", PATH, SENDER, params={"meter": "PAGES", "after": "x"}).status_code == 400


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"raw": "1.5"}, "readings/0/raw"),
        ({"raw": "9" * 37}, "readings/0/raw"),
        ({"raw": 1}, "readings/0/raw"),
        ({"end": "2026-01-01T00:15:00"}, "readings/0/end"),
        ({"scaler": 37}, "readings/0/scaler"),
        ({"obis": "1.8.0"}, "readings/0/obis"),
        ({"text": "zero\u200bwidth"}, "readings/0/text"),
        ({"meter": ""}, "readings/0/meter"),
        ({"status": 2**63}, "readings/0/status"),
        ({"secret": "x"}, "readings/0/secret"),
    ],
)
def test_a_row_that_is_none_refuses_the_batch_and_says_where(
    market: Market, change: dict[str, Any], place: str
) -> None:
    refused = send(market, "e", [{**VALUE, "meter": "BAD", **change}])
    assert refused.status_code == 400
    assert place in [finding["path"] for finding in refused.json()["findings"]]
    assert market.call("GET", PATH, SENDER, params={"meter": "BAD"}).status_code == 404


def test_an_empty_batch_is_refused(market: Market) -> None:
    refused = send(market, "f", [])
    assert (refused.status_code, refused.json()["findings"][0]["rule"]) == (400, "no-measurements")
