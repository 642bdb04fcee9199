"""Batches are frozen when first sent, sent again octet for octet, and halved where the hub refuses them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from meter_adapters.obis import EVENT_LOG
from meter_adapters.outbox.batches import Batches
from meter_adapters.outbox.rows import Lane, row_of_event
from meter_adapters.outbox.store import Outbox
from meter_adapters.readings import MeterEvent

from .boxes import METER, START, box, queued, row


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = box(tmp_path)
    yield opened
    opened.close()


def test_a_batch_stays_what_it_was_until_it_is_acknowledged(outbox: Outbox, tmp_path: Path) -> None:
    # AM-2.1
    outbox.store(METER, [row(3), row(1)], Lane.INTERVAL, START)
    batches = Batches(outbox, "north")
    first = batches.next(Lane.INTERVAL, START)
    assert first is not None
    outbox.store(METER, [row(2)], Lane.INTERVAL, START)
    batches.note_attempt(first)
    outbox.close()
    reopened = box(tmp_path)
    batches = Batches(reopened, "north")
    again = batches.next(Lane.INTERVAL, START + 5)
    assert again is not None
    assert (again.body, again.digest, again.attempts) == (first.body, first.digest, 1)
    batches.acknowledge(again, "well", START)
    batches.acknowledge(again, "twice", START)
    assert queued(reopened) == 1
    rest = batches.next(Lane.INTERVAL, START)
    assert rest is not None
    assert rest.digest != first.digest
    batches.acknowledge(rest, "", START)
    assert batches.next(Lane.INTERVAL, START) is None
    reopened.close()


def test_the_body_is_what_its_id_says_with_intervals_oldest_first(outbox: Outbox) -> None:
    outbox.store(METER, [row(n) for n in (5, 2, 9)], Lane.INTERVAL, START)
    batch = Batches(outbox, "north").next(Lane.INTERVAL, START)
    assert batch is not None
    body = json.loads(batch.body)
    assert body["collector"] == "north"
    assert [one["end"] for one in body["readings"]] == sorted(one["end"] for one in body["readings"])
    content = b"{" + batch.body.split(b",", 1)[1]
    assert body["batch"] == batch.digest == hashlib.sha256(content).hexdigest()


def test_alarms_leave_newest_first(outbox: Outbox) -> None:
    events = [row_of_event(MeterEvent(METER, EVENT_LOG, n, "", START + n)) for n in (1, 3, 2)]
    outbox.store_events(METER, events, START)
    batch = Batches(outbox, "north").next(Lane.ALARM, START, most=2)
    assert batch is not None
    assert [event["code"] for event in json.loads(batch.body)["events"]] == [3, 2]


def test_what_the_hub_refuses_is_halved_until_one_row_is_alone(outbox: Outbox) -> None:
    outbox.store(METER, [row(n, raw=-1 if n == 5 else n) for n in range(8)], Lane.INTERVAL, START)
    batches = Batches(outbox, "north")
    taken: list[str] = []
    while (batch := batches.next(Lane.INTERVAL, START)) is not None:
        raws = [one["raw"] for one in json.loads(batch.body)["readings"]]
        if "-1" in raws:
            batches.refuse(batch, "400 not that one", START)
        else:
            taken += raws
            batches.acknowledge(batch, "", START)
    assert sorted(taken) == ["0", "1", "2", "3", "4", "6", "7"]
    ((_, answer),) = batches.refused()
    assert answer == "400 not that one"
    assert queued(outbox) == 1, "the refused row is kept"
    assert [one.rows for one in batches.backlog()] == [0, 0, 0], "and does not wait"


def test_the_backlog_tells_what_waits(outbox: Outbox) -> None:
    outbox.store(METER, [row(1), row(2)], Lane.INTERVAL, START + 7)
    outbox.store(METER, [row(3)], Lane.OPERATING, START + 9)
    found = {one.lane: (one.rows, one.oldest) for one in Batches(outbox, "north").backlog()}
    assert found == {Lane.ALARM: (0, None), Lane.INTERVAL: (2, START + 7), Lane.OPERATING: (1, START + 9)}
