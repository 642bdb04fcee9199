"""Customers grant third parties access and take it back; everything done under a grant is on record (DK-3.5)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from gateway.hub.series.store import SeriesColumns
from gateway.messages.times import format_second

from .town import ANNA, API, BO, QUOTER, RIVAL, Town, day_text, midnight, principal, starts

FIRST, LAST = midnight(10, 18), midnight(10, 23)


def given(town: Town, who: str = "anna", **wish: Any) -> dict[str, Any]:
    """A grant to the quoter, as the hub words it."""
    answer = town.call("POST", "/my/grants", who, json={"third_party": QUOTER, **wish})
    assert answer.status_code == 201, answer.text
    grant: dict[str, Any] = answer.json()
    return grant


@pytest.fixture
def home(town: Town) -> str:
    """Anna's point, with values of a few days in October."""
    point = town.market.named["parent"]
    assert town.link("operator", (point, ANNA, midnight(1, 1, 2024), None)).is_success
    town.store(point, FIRST, LAST)
    return point


def test_a_grant_is_the_historical_year_unless_more_is_said(town: Town, home: str) -> None:
    """DK-3.5: the quotation phase; all points of the customer, children included, up to the last midnight."""
    grant = given(town)
    assert grant["data"] == {"start": day_text(11, 5, 2024)[:-1] + ":00Z", "end": day_text(11, 5)[:-1] + ":00Z"}
    assert grant["points"] == sorted((home, town.market.named["child"]))
    assert grant["valid_until"] == format_second(town.clock.now() + 90 * 86_400)
    assert grant["revoked_at"] is None
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 18), 5)
    assert town.days("/granted/series", "rival", home, FIRST, LAST) == 404
    shown = town.call("GET", "/granted/points", "quoter").json()["points"]
    assert [(row["grant"], row["customer"]) for row in shown] == [(grant["id"], ANNA)] * 2
    assert town.call("GET", "/granted/points", "rival").json()["points"] == []


def test_a_grant_shows_its_points_in_its_period_only(town: Town, home: str) -> None:
    """DK-3.5."""
    data = {"start": day_text(10, 19), "end": day_text(10, 21)}
    grant = given(town, points=[home], data=data)
    assert grant["points"] == [home]
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 19), 2)
    assert town.days("/granted/series", "quoter", home, midnight(10, 21), LAST) == 404
    assert town.days("/granted/series", "quoter", town.market.named["child"], FIRST, LAST) == 404
    more = given(town, points=[home], data={"start": day_text(10, 21), "end": day_text(10, 22)})
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 19), 3), "grants add up"
    town.call("DELETE", f"/my/grants/{more['id']}", "anna")
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 19), 2)


def test_a_revocation_counts_at_once_and_for_good(town: Town, home: str) -> None:
    """DK-3.5."""
    grant = given(town)
    town.clock.move_to(town.clock.now() + 60)
    for _ in range(2):
        taken_back = town.call("DELETE", f"/my/grants/{grant['id']}", "anna")
        assert taken_back.json()["revoked_at"] == format_second(town.clock.now())
        assert town.days("/granted/series", "quoter", home, FIRST, LAST) == 404
        assert town.call("GET", "/granted/points", "quoter").json()["points"] == []
    assert [one["id"] for one in town.call("GET", "/my/grants", "anna").json()["grants"]] == [grant["id"]]


def test_a_grant_ends_by_itself(town: Town, home: str) -> None:
    """DK-3.5: the instant it ends at is not in it."""
    until = town.clock.now() + 3600
    given(town, valid_until=format_second(until))
    town.clock.move_to(until - 1)
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 18), 5)
    town.clock.move_to(until)
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == 404


def test_a_grant_shows_no_more_than_the_customer_may_see(town: Town, home: str) -> None:
    """DK-3.5: Anna turns out to have moved out on 20 October; what came after was never hers to grant."""
    given(town)
    town.link("operator", (home, ANNA, midnight(1, 1, 2024), midnight(10, 20)), (home, BO, midnight(10, 20), None))
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 18), 2)
    assert town.days("/granted/series", "quoter", town.market.named["child"], midnight(10, 20), LAST) == 404


def test_everything_done_under_a_grant_is_on_record(town: Town, home: str) -> None:
    """DK-3.5: who, what, when, and for the customer to see."""
    grant = given(town, points=[home])
    town.clock.move_to(town.clock.now() + 60)
    town.call("GET", "/granted/points", "quoter")
    town.days("/granted/series", "quoter", home, FIRST, LAST)
    assert town.days("/granted/series", "quoter", home, midnight(1, 1), midnight(1, 2)) == [], "nothing is there"
    assert town.days("/granted/series", "rival", home, FIRST, LAST) == 404
    town.call("DELETE", f"/my/grants/{grant['id']}", "anna")
    records = town.call("GET", "/my/accesses", "anna").json()["accesses"]
    assert [(row["event"], row["party"], row["client"]) for row in records] == [
        ("revoked", ANNA, "anna"),
        ("series-read", QUOTER, "quoter"),
        ("series-read", QUOTER, "quoter"),
        ("points-read", QUOTER, "quoter"),
        ("granted", ANNA, "anna"),
    ]
    assert {row["grant"] for row in records} == {grant["id"]}
    read = records[2]
    assert (read["metering_point"], read["at"]) == (home, format_second(town.clock.now()))
    assert read["data"] == {"start": format_second(FIRST), "end": format_second(LAST)}
    pages = []
    after = ""
    for _ in range(3):
        body = town.call("GET", "/my/accesses", "anna", params={"limit": 2, "after": after}).json()
        pages += body["accesses"]
        after = body["after"]
    assert (pages, after) == (records, "")
    assert town.call("GET", "/my/accesses", "bo").json()["accesses"] == []


def test_a_refused_read_gives_nothing_and_is_no_read(town: Town, home: str) -> None:
    given(town)
    before = town.call("GET", "/my/accesses", "anna").json()
    query = {"point": home, "from": day_text(10, 18), "to": day_text(10, 19)}
    for change in ({"unit": "ampere"}, {"point": [home, "571313180000000005"]}, {"from": "x"}, {"point": "1"}):
        assert town.call("GET", "/granted/series", "quoter", params={**query, **change}).status_code in (400, 404)
    assert town.call("GET", "/my/accesses", "anna").json() == before


WISHES: list[tuple[dict[str, Any], str]] = [
    ({"third_party": BO}, "unknown-third-party"),
    ({"points": ["571313180000000005"]}, "not-your-point"),
    ({"data": {"start": "2019-01-01T00:00Z", "end": "2020-01-01T00:00Z"}}, "no-points"),
    ({"valid_until": "2025-11-05T09:00:00Z"}, "grant-over"),
    ({"valid_until": "2039-01-01T00:00:00Z"}, "grant-too-long"),
    ({"points": ["571313180000000005"] * 1001}, "too-many-points"),
    ({"data": {"start": "2025-01-02T00:00Z", "end": "2025-01-02T00:00Z"}}, "BadRequest"),
    ({"data": {"start": "2025-01-02T00:00", "end": "2025-01-03T00:00Z"}}, "BadRequest"),
    ({"valid_until": "9999-12-31T23:59:59-23:00"}, "BadRequest"),
    ({"third_party": "x\u0000"}, "malformed"),
    ({"surprise": 1}, "BadRequest"),
]


def test_what_cannot_be_granted_is_named(town: Town, home: str) -> None:
    """DK-3.5."""
    for wish, code in WISHES:
        answer = town.call("POST", "/my/grants", "anna", json={"third_party": QUOTER, **wish})
        assert answer.status_code == 400
        assert {found["code"] for found in answer.json()["findings"]} == {code}, answer.text
    assert town.call("GET", "/my/grants", "anna").json()["grants"] == []
    assert town.call("GET", "/my/accesses", "anna").json()["accesses"] == []


@pytest.mark.sec_17
def test_a_grant_is_its_customers_alone(town: Town, home: str) -> None:
    grant = given(town)
    for who in ("bo", "anna"):
        answers = [town.call("DELETE", f"/my/grants/{name}", who) for name in ("nonsense", "%00", "x" * 300)]
        assert {answer.status_code for answer in answers} == {404}
    assert town.call("DELETE", f"/my/grants/{grant['id']}", "bo").status_code == 404
    assert town.call("DELETE", f"/my/grants/{grant['id']}", "quoter").status_code == 403
    assert town.call("GET", "/my/grants", "bo").json()["grants"] == []
    assert town.call("POST", "/my/grants", "bo", json={"third_party": QUOTER, "points": [home]}).status_code == 400
    assert town.call("POST", "/my/grants", "quoter", json={"third_party": RIVAL, "points": [home]}).status_code == 403
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == starts((10, 18), 5)


def test_grants_come_in_windows(town: Town, home: str) -> None:
    ids = [given(town, points=[home])["id"] for _ in range(5)]
    found, after = [], ""
    while True:
        body = town.call("GET", "/my/grants", "anna", params={"limit": 2, "after": after}).json()
        found += [grant["id"] for grant in body["grants"]]
        if not (after := body["after"]):
            break
    assert found == ids[::-1]
    shown, after = [], ""
    while True:
        body = town.call("GET", "/granted/points", "quoter", params={"limit": 2, "after": after}).json()
        shown += [row["grant"] for row in body["points"]]
        if not (after := body["after"]):
            break
    assert sorted(shown) == sorted(ids)
    for path, who in (("/my/grants", "anna"), ("/my/accesses", "anna"), ("/granted/points", "quoter")):
        for cursor in ("nonsense", "-1", "9" * 30, "1-"):
            assert town.call("GET", path, who, params={"after": cursor}).status_code == 200


def test_a_read_under_way_when_the_grant_is_revoked_is_not_answered(
    town: Town, home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DK-3.5: the values have been read already when the customer takes the grant back."""
    grant = given(town, points=[home])
    store = town.hub.office.store
    read, revoke = store.read, town.hub.customers.revoke
    outcomes: list[object] = []

    def read_slowly(*args: Any, **kwargs: Any) -> SeriesColumns:
        values = read(*args, **kwargs)
        outcomes.append(asyncio.run(revoke(principal("anna"), grant["id"])))
        return values

    monkeypatch.setattr(store, "read", read_slowly)
    assert town.days("/granted/series", "quoter", home, FIRST, LAST) == 404
    assert len(outcomes) == 1
    events = [row["event"] for row in town.call("GET", "/my/accesses", "anna").json()["accesses"]]
    assert events == ["revoked", "granted"]


def test_no_read_slips_past_a_revocation(town: Town, home: str) -> None:
    """DK-3.5: readers and a revocation side by side; after the revocation's answer nobody reads anything."""
    grant = given(town, points=[home])
    town.call("GET", "/granted/points", "quoter")
    query = {"point": home, "from": day_text(10, 18), "to": day_text(10, 19), "step": "P1D"}
    revoked = threading.Event()
    late: list[int] = []

    def read() -> None:
        for _ in range(15):
            was_revoked = revoked.is_set()
            status = town.call("GET", "/granted/series", "quoter", params=query).status_code
            if was_revoked:
                late.append(status)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    town.call("DELETE", f"/my/grants/{grant['id']}", "anna")
    revoked.set()
    read()
    for reader in readers:
        reader.join()
    assert set(late) == {404}
    events = [
        row["event"] for row in town.call("GET", "/my/accesses", "anna", params={"limit": 200}).json()["accesses"]
    ]
    assert events[0] == "revoked", "no read is on record behind the revocation"


def test_what_a_third_party_may_read_is_part_of_the_described_api(town: Town) -> None:
    paths = town.http.get(f"{API}/openapi.json").json()["paths"]
    assert paths[f"{API}/granted/series"]["get"]["x-roles"] == ["third-party"]
    assert paths[f"{API}/my/grants"]["post"]["requestBody"]["required"]
    assert {"get", "post"} == set(paths[f"{API}/queries"])
