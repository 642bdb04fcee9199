"""A party asks a grid operator about a metering point through the hub and stays unnamed (DK-4.1.4.a)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.demo import market as sample
from gateway.messages.times import format_second, parse_instant
from gateway.transport.application import route_table
from tests.integration.transport.test_ebix_api import _envelope

from .town import API, NOW, WHO, Town, day_text

WINDOW = 900
POINT = sample.sample_gsrn(1)
"""A consumption point of supplier A."""
PERIOD = {"start": day_text(10, 1), "end": day_text(10, 8)}
TEXT = "Are the values of the first week of October complete?"


def question(reference: str = "q-1", **changes: Any) -> dict[str, Any]:
    """A question about a point that supplier A supplies."""
    return {"reference": reference, "metering_point": POINT, "period": PERIOD, "text": TEXT, **changes}


def ask(town: Town, who: str = "supplier-a", reference: str = "q-1", **changes: Any) -> dict[str, Any]:
    """A question that the hub takes, as who asked sees it."""
    answer = town.call("POST", "/queries", who, json=question(reference, **changes))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def received(town: Town, who: str = "grid") -> list[dict[str, Any]]:
    """What a grid operator has received."""
    found: list[dict[str, Any]] = town.call("GET", "/queries", who).json()["received"]
    return found


def asked(town: Town, who: str = "supplier-a") -> list[dict[str, Any]]:
    """What a party has asked."""
    found: list[dict[str, Any]] = town.call("GET", "/queries", who, params={"side": "asked"}).json()["asked"]
    return found


def test_the_answer_comes_back_the_way_the_question_went(town: Town) -> None:
    """DK-4.1.4.a: asked, handed on, answered, laid aside."""
    town.clock.move_to(NOW + 10)
    mine = ask(town)
    assert (mine["state"], mine["handed_on_at"], mine["answer"]) == ("asked", None, None)
    assert mine["grid_operator"] == sample.GRID_OPERATOR
    assert received(town) == []
    town.pass_time(WINDOW)
    (theirs,) = received(town)
    assert theirs == {
        "id": theirs["id"],
        "kind": "question",
        "metering_point": mine["metering_point"],
        "period": mine["period"],
        "text": TEXT,
        "at": format_second(NOW + WINDOW),
        "state": "forwarded",
        "answer": None,
    }
    assert received(town, "grid-data") == [theirs], "whoever reads the grid operator's queue"
    assert received(town, "neighbour") == []
    town.clock.move_to(town.clock.now() + 60)
    said = town.call("POST", f"/queries/{theirs['id']}/answer", "grid-data", json={"text": "Yes, since Monday."})
    assert (said.status_code, said.json()["state"], said.json()["answer"]) == (200, "answered", "Yes, since Monday.")
    (mine,) = asked(town)
    assert (mine["state"], mine["answer"]) == ("answered", "Yes, since Monday.")
    assert mine["answered_at"] == format_second(town.clock.now())
    assert town.call("DELETE", f"/queries/{mine['id']}", "supplier-a").json()["state"] == "closed"
    assert received(town)[0]["state"] == "answered", "that it was laid aside is not told"


def test_sending_again_is_the_same_question(town: Town) -> None:
    """DK-4.1.4.a: idempotent by the asker's own reference."""
    first = ask(town)
    town.pass_time(WINDOW)
    assert ask(town)["id"] == first["id"]
    other = town.call("POST", "/queries", "supplier-a", json=question(text="Something else?"))
    assert (other.status_code, other.json()["findings"][0]["code"]) == (409, "reference-used")
    assert ask(town, "balance-a")["id"] != first["id"], "references are everybody's own"
    (theirs,) = received(town)
    path = f"/queries/{theirs['id']}/answer"
    answers = [town.call("POST", path, "grid", json={"text": text}) for text in ("Yes.", "Yes.", "No.")]
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert answers[2].json()["findings"][0]["code"] == "already-answered"
    assert asked(town)[0]["answer"] == "Yes."


def test_a_question_can_be_taken_back(town: Town) -> None:
    """DK-4.1.4.a: within its window nobody ever sees it; after that it is shown as taken back."""
    early, late = ask(town, reference="early"), ask(town, reference="late", text="And of the second week?")
    assert town.call("DELETE", f"/queries/{early['id']}", "supplier-a").json()["state"] == "withdrawn"
    town.pass_time(WINDOW)
    (theirs,) = received(town)
    assert theirs["text"] == "And of the second week?"
    for _ in range(2):
        assert town.call("DELETE", f"/queries/{late['id']}", "supplier-a").json()["state"] == "withdrawn"
    assert received(town)[0]["state"] == "withdrawn"
    answer = town.call("POST", f"/queries/{theirs['id']}/answer", "grid", json={"text": "Too late."})
    assert (answer.status_code, answer.json()["findings"][0]["code"]) == (409, "no-longer-waiting")
    assert {one["handed_on_at"] for one in asked(town)} == {None, format_second(NOW + WINDOW)}


def test_nobody_waits_for_ever(town: Town) -> None:
    """DK-4.1.4.a: fourteen days for the answer, ninety until an answer is laid aside."""
    ask(town, reference="open")
    ask(town, reference="answered")
    town.pass_time(WINDOW)
    one = received(town)[0]
    town.call("POST", f"/queries/{one['id']}/answer", "grid", json={"text": "Yes."})
    town.pass_time(14 * 86_400 - 1)
    assert sorted(query["state"] for query in asked(town)) == ["answered", "forwarded"]
    town.pass_time(1)
    assert sorted(query["state"] for query in asked(town)) == ["answered", "expired"]
    town.pass_time(90 * 86_400)
    assert sorted(query["state"] for query in asked(town)) == ["closed", "expired"]
    with town.hub.office.database.read() as connection:
        steps = connection.exec_driver_sql("select event from query_step order by query, ordinal").scalars().all()
    assert sorted(steps) == ["Answered", *["DeadlinePassed"] * 4]


def test_any_party_may_remind(town: Town) -> None:
    """DK-4.1.4.a, D1 §4.1.4 and §5.1.3: a reminder needs no words."""
    mine = ask(town, "agency", metering_point=town.market.named["production"], kind="reminder", text="")
    town.pass_time(WINDOW)
    (theirs,) = received(town)
    assert (theirs["kind"], theirs["text"]) == ("reminder", "")
    assert mine["kind"] == "reminder"
    wordless = town.call("POST", "/queries", "supplier-a", json=question(text=" ", kind="question"))
    assert [found["code"] for found in wordless.json()["findings"]] == ["text-missing"]


def test_who_may_ask_is_entitled_to_the_point_in_the_period(town: Town) -> None:
    """DK-4.1.4.a: its supplier and its balance responsible party of the time, and whoever else sees its values."""
    point = town.market.named["supplier-change"]
    before = {"start": day_text(11, 1), "end": day_text(11, 4)}
    after = {"start": day_text(11, 20), "end": day_text(11, 21)}
    for who, period, is_taken in (
        ("supplier-a", before, True),
        ("supplier-b", before, False),
        ("supplier-a", after, False),
        ("supplier-b", after, True),
        ("balance-a", before, True),
        ("balance-b", before, False),
        ("neighbour", before, False),
    ):
        name = f"{who}-{period['start'][:10]}"
        answer = town.call("POST", "/queries", who, json=question(name, metering_point=point, period=period))
        assert (answer.status_code == 201) == is_taken, answer.text
        if not is_taken:
            assert answer.json()["findings"][0]["code"] == "unknown-point"
    unknown = town.call("POST", "/queries", "supplier-a", json=question(metering_point="571313180000000005"))
    known = town.call("POST", "/queries", "supplier-b", json=question())
    assert unknown.json()["findings"] == known.json()["findings"], "unknown and not yours are one"
    itself = town.call("POST", "/queries", "grid", json=question())
    assert itself.json()["findings"][0]["code"] == "asks-itself"
    assert town.call("POST", "/queries", "anna", json=question()).status_code == 403


def test_what_a_text_may_be(town: Town) -> None:
    """DK-4.1.4.a: bounded, one printable line, and not the asker's own name; nothing of it is stored or logged."""
    for text, code in (
        ("x" * 1001, "text-too-long"),
        ("two\nlines", "text-characters"),
        ("\x1b[31mred", "malformed"),
        ("right\u202eleft", "text-characters"),
        ("line\u2028separator", "text-characters"),
        ("", "text-missing"),
        (f"Greetings, {sample.SUPPLIER_A}", "names-asker"),
        ("Greetings, CLEARWATER  supply!", "names-asker"),
        ("\uff23learwater Supply", "names-asker"),
    ):
        answer = town.call("POST", "/queries", "supplier-a", json=question(text=text))
        assert answer.status_code == 400
        assert [found["code"] for found in answer.json()["findings"]] == [code]
    assert asked(town) == []
    ask(town, text="x" * 1000)
    town.pass_time(WINDOW)
    path = f"/queries/{received(town)[0]['id']}/answer"
    for text, code in (("x" * 1001, "text-too-long"), ("\x00", "malformed"), ("", "text-missing")):
        answer = town.call("POST", path, "grid", json={"text": text})
        assert (answer.status_code, answer.json()["findings"][0]["code"]) == (400, code)
    assert received(town)[0]["state"] == "forwarded"
    bad = ({"reference": "no spaces please"}, {"reference": ""}, {"period": {"start": 1}}, {"metering_point": "1"})
    for change in bad:
        assert town.call("POST", "/queries", "supplier-a", json=question(**change)).status_code == 400


def test_queries_come_in_windows(town: Town) -> None:
    for number in range(5):
        ask(town, reference=f"q-{number}")
    town.pass_time(WINDOW)
    for who, side in (("supplier-a", "asked"), ("grid", "received")):
        found, after = [], ""
        while True:
            body = town.call("GET", "/queries", who, params={"limit": 2, "after": after}).json()
            found += [one["id"] for one in body[side]]
            if not (after := body["after"]):
                break
        assert len(set(found)) == 5
        assert (found == sorted(found)) or side == "asked", "by random ids, not by arrival"
        for cursor in ("nonsense", "9" * 40, "%"):
            assert town.call("GET", "/queries", who, params={"after": cursor}).status_code == 200
    assert town.call("GET", "/queries", "grid", params={"side": "both"}).status_code == 400


@pytest.mark.sec_17
def test_each_side_reaches_its_own_only(town: Town) -> None:
    """DK-4.1.4.a: neither by the other's id nor as somebody else."""
    mine = ask(town)
    town.pass_time(WINDOW)
    (theirs,) = received(town)
    for who, name in (
        ("supplier-b", mine["id"]),
        ("balance-a", mine["id"]),
        ("grid", mine["id"]),
        ("grid", theirs["id"]),
        ("supplier-a", theirs["id"]),
        ("supplier-a", "%00"),
        ("supplier-a", "x" * 500),
    ):
        assert town.call("DELETE", f"/queries/{name}", who).status_code == 404
    for who, name in (("neighbour", theirs["id"]), ("grid", mine["id"]), ("grid", "%00"), ("grid", "nonsense")):
        assert town.call("POST", f"/queries/{name}/answer", who, json={"text": "Yes."}).status_code == 404
    assert town.call("POST", f"/queries/{theirs['id']}/answer", "supplier-a", json={"text": "Yes."}).status_code == 403
    assert (asked(town)[0]["state"], received(town)[0]["state"]) == ("forwarded", "forwarded")
    assert asked(town, "supplier-b") == received(town, "supplier-a") == []


# --- what the grid operator can learn -----------------------------------------------------------------------------

GRID_CLIENTS = ("grid", "grid-data")


def everything_told(town: Town, query_id: str, guess: str) -> bytes:
    """Every byte a grid operator can get out of the hub: heads and bodies of every call, right and wrong."""
    told: list[bytes] = []

    def take(answer: httpx.Response) -> None:
        heads = [name + b": " + value for name, value in answer.headers.raw if name.lower() != b"correlationid"]
        body = answer.content
        if answer.headers.get("content-type", "").startswith("application/problem"):
            body = json.dumps({**answer.json(), "reference": ""}).encode()
        body = body.replace(format_second(town.clock.now()).encode(), b"(now)")
        told.append(b"\n".join([*(head for head in heads if not head.lower().startswith(b"date")), body]))

    values = {"document": "notifyvalidatedmeasuredata", "category": "timeseries", "message_id": query_id}
    values |= {"key": POINT, "client_id": guess, "grant_id": query_id, "query_id": query_id, "number": "1"}
    series = {"point": POINT, "from": PERIOD["start"], "to": PERIOD["end"], "as_of": PERIOD["end"]}
    days = {"from": PERIOD["start"][:10], "to": PERIOD["end"][:10]}
    asking: list[dict[str, Any]] = [
        {"side": "asked"},
        {"side": guess},
        {"after": query_id},
        {"after": guess},
        {"limit": 1},
    ]
    further: dict[str, list[dict[str, Any]]] = {
        "/series": [series],
        "/series/versions": [{"point": POINT, "at": PERIOD["start"]}],
        "/messages": [{"point": POINT}],
        "/queries": asking,
        "/kpis": [days],
        "/missing-values": [days],
        "/reminders": [days],
        "/corrections": [days, {"point": POINT}],
        "/rejections": [days],
        "/control": [{"day": days["from"]}, {"day": days["from"], "of": "hub"}],
        "/settlement/days": [days],
        "/settlement/snapshots": [days],
        "/settlement/postponements": [days],
        "/settlement/periodised": [{"point": POINT, **days}],
        "/settlement/periodised/sums": [{"month": days["from"][:7], "grid_area": "990"}],
    }
    for who in GRID_CLIENTS:
        for route in route_table("/ebix", town.hub.services):
            path = route.path.replace(":path", "").format(**values).removeprefix(API)
            if not route.path.startswith(API):
                continue
            for query in [{}, *further.get(path, [])] if route.method == "GET" else [{}]:
                for body in ({}, {"text": ""}, {"text": "y" * 2000}) if route.method == "POST" else (None,):
                    take(town.call(route.method, path, who, params=query, json=body))
        take(town.call("DELETE", f"/queries/{guess}", who))
        heads = {"Authorization": town.call("GET", "/queues", who).request.headers["Authorization"]}
        for category in ("timeseries", "aggregations"):
            form = {"Content-Type": "application/xml"}
            take(town.http.get(f"/v1.0/cim/{category}", headers={**heads, **form}))
        peek = _envelope("<b:PeekMessageRequest/>")
        take(town.http.post("/ebix", content=peek, headers={**heads, "Content-Type": "text/xml"}))
    return b"\n\n".join(told)


def secrets_of(mine: dict[str, Any], who: str) -> list[bytes]:
    """What would lead to who asked: party, client, role, reference, the asker's own id, the instant it asked."""
    names = [name for party, name, _ in sample.PARTIES if party == WHO[who][0]]
    telling = [WHO[who][0], who, mine["reference"], mine["id"], mine["asked_at"], *names]
    return [text.encode() for text in telling]


@pytest.mark.sec_17
@pytest.mark.parametrize("who", ["supplier-a", "balance-a"])
def test_no_byte_tells_the_grid_operator_who_asks(town: Town, who: str) -> None:
    """DK-4.1.4.a: whatever the grid operator calls before the answer, after it, and once it is laid aside.

    The register of participants is open to everybody (D1 §3.4) and the point's own master data name its supplier to
    its grid operator whether anybody asks or not: what is told before the question must not grow by it.
    """
    town.clock.move_to(NOW + 1)  # a limit of the timetable passes at NOW, and key figures tell so
    silent = everything_told(town, "no-such-query", "guess")
    town.clock.move_to(NOW + 123)
    mine = ask(town, who, reference="kept-to-myself")
    town.clock.move_to(NOW + 130)
    told = [everything_told(town, "no-such-query", "guess")]
    assert told[0] == silent, "a question in its window changes no byte"
    town.pass_time(WINDOW)
    (theirs,) = received(town)
    told.append(everything_told(town, theirs["id"], "guess"))
    assert town.call("POST", f"/queries/{theirs['id']}/answer", "grid", json={"text": "Yes."}).is_success
    told.append(everything_told(town, theirs["id"], "guess"))
    assert town.call("DELETE", f"/queries/{mine['id']}", who).is_success
    told.append(everything_told(town, theirs["id"], "guess"))
    assert told[3] == told[2], "that the answer was laid aside changes no byte"
    for secret in secrets_of(mine, who):
        assert {one.count(secret) for one in told} == {silent.count(secret)}, secret
    assert all(secret not in told[1] for secret in secrets_of(mine, who)[2:5])
    assert theirs["id"].encode() in told[1], "the calls do reach the question"


def test_a_question_leaves_no_gap_in_the_numbers_of_transactions(town: Town) -> None:
    """DK-4.1.4.a: the audit trail of values shows these numbers to the grid operator (DK-4.1.5.f)."""

    def newest() -> int:
        with town.hub.office.database.read() as connection:
            return int(connection.exec_driver_sql('select max(id) from "transaction"').scalar_one())

    before = newest()
    mine = ask(town)
    town.pass_time(WINDOW)
    town.call("POST", f"/queries/{received(town)[0]['id']}/answer", "grid", json={"text": "Yes."})
    town.call("DELETE", f"/queries/{mine['id']}", "supplier-a")
    assert newest() == before


@pytest.mark.sec_18
def test_fifty_copies_side_by_side_are_one_question(town: Town) -> None:
    """DK-4.1.4.a: and fifty answers are one."""
    town.call("GET", "/queries", "supplier-a")
    with ThreadPoolExecutor(10) as pool:
        ids = set(pool.map(lambda _: ask(town)["id"], range(50)))
        assert len(ids) == 1
        town.pass_time(WINDOW)
        (theirs,) = received(town)
        path = f"/queries/{theirs['id']}/answer"
        texts = [f"Answer {number}." for number in range(20)]
        answers = pool.map(lambda text: town.call("POST", path, "grid", json={"text": text}).status_code, texts)
        assert sorted(answers) == [200] + [409] * 19


def test_two_askers_look_the_same(tmp_path: Path) -> None:
    """DK-4.1.4.a: the same question from a supplier and from its balance responsible party, byte for byte."""
    told: list[bytes] = []
    for who in ("supplier-a", "balance-a"):
        town = Town(tmp_path / who)
        ids = iter(f"{number:032x}" for number in range(10_000))
        town.hub.office.new_id = lambda ids=ids: next(ids)  # type: ignore[misc]  # a default argument binds the loop's
        town.clock.move_to(NOW + (7 if who == "supplier-a" else 700))
        ask(town, who, reference=who)
        town.clock.move_to(NOW + WINDOW)
        town.pass_time(0)
        (theirs,) = received(town)
        told.append(everything_told(town, theirs["id"], "guess"))
        town.stop()
    assert told[0] == told[1]


def test_instants_are_no_finer_than_the_window(tmp_path: Path) -> None:
    """DK-4.1.4.a: the window is a setting of the market; everything asked in one is handed on at its end, together."""
    town = Town(tmp_path, access={"queries": {"window_seconds": 3600}})
    try:
        begin = NOW - NOW % 3600 + 3600
        for number, second in enumerate((1, 1800, 3599)):
            town.clock.move_to(begin + second)
            town.hub.queries.step_due(town.clock.now())
            ask(town, reference=f"q-{number}")
            assert received(town) == []
        town.clock.move_to(begin + 3600)
        town.pass_time(0)
        assert [parse_instant(one["at"]) for one in received(town)] == [begin + 3600] * 3
    finally:
        town.stop()


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Everything that is logged, audit lines included."""
    with caplog.at_level(logging.DEBUG):
        yield caplog


@pytest.mark.sec_20
def test_texts_are_logged_nowhere(town: Town, logged: pytest.LogCaptureFixture) -> None:
    """DK-4.1.4.a: nor does any one line lead from the grid operator's id to who asked."""
    town.call("POST", "/queries", "supplier-a", json=question(text="secret\u202equestion"))
    mine = ask(town, text="A secret question?")
    town.pass_time(WINDOW)
    (theirs,) = received(town)
    town.call("POST", f"/queries/{theirs['id']}/answer", "grid", json={"text": "secret\x85answer"})
    town.call("POST", f"/queries/{theirs['id']}/answer", "grid", json={"text": "A secret answer."})
    town.call("DELETE", f"/queries/{mine['id']}", "supplier-a")
    lines = [record.getMessage() + str(record.args) for record in logged.records if record.name != "httpx"]
    assert any("/queries" in line for line in lines), "the calls themselves are on record"
    assert not any("secret" in line for line in lines)
    assert not any(theirs["id"] in line and sample.SUPPLIER_A in line for line in lines)


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_asked_is_answered_below_500(town: Town, data: st.DataObject) -> None:
    instant = st.sampled_from([PERIOD["start"], PERIOD["end"], "9999-12-31T23:59:59Z", "0001-01-01T00:00Z", "x"])
    body = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "reference": st.text(max_size=40) | st.uuids().map(str),
                "kind": st.sampled_from(["question", "reminder", "x"]),
                "metering_point": st.sampled_from([POINT, "1"]) | st.text(max_size=20),
                "period": st.fixed_dictionaries({"start": instant, "end": instant}) | st.none(),
                "text": st.text(max_size=60),
            },
        )
    )
    who = data.draw(st.sampled_from(["supplier-a", "grid", "balance-a"]))
    assert town.call("POST", "/queries", who, content=json.dumps(body), headers=JSON).status_code < 500
    text = json.dumps({"text": data.draw(st.text(max_size=60))})
    town.pass_time(WINDOW)
    for query_id in [one["id"] for one in received(town)][:1]:
        path = f"/queries/{query_id}/answer"
        assert town.call("POST", path, "grid", content=text, headers=JSON).status_code < 500


JSON = {"Content-Type": "application/json"}
