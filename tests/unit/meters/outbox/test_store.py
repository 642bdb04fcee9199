"""The outbox keeps a reading once, another content as a revision, and nothing halfway."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meter_adapters.obis import LOAD_PROFILE, Obis
from meter_adapters.outbox.batches import Batches
from meter_adapters.outbox.epochs import EpochStep
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.rows import Lane, printable, row_of_event, rows_of_block, rows_of_readings
from meter_adapters.outbox.store import Outbox, OutboxFull, OutboxLimits, ProfileProgress, StoreReport
from meter_adapters.readings import (
    IntervalRow,
    MeterEvent,
    MeterId,
    ProfileBlock,
    ProfileColumn,
    Reading,
    Refusal,
    RefusalReason,
)

from .boxes import METER, PROFILE, START, box, contents, queued, row


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = box(tmp_path)
    yield opened
    opened.close()


def test_the_same_again_is_known_and_other_content_is_a_revision(outbox: Outbox) -> None:
    # AM-2.1
    assert outbox.store(METER, [row(1), row(2)], Lane.INTERVAL, START) == StoreReport(2, 0, 0)
    assert outbox.store(METER, [row(1), row(2), row(3)], Lane.INTERVAL, START) == StoreReport(1, 2, 0)
    assert outbox.store(METER, [row(1, raw=9)], Lane.INTERVAL, START) == StoreReport(0, 0, 1)
    assert outbox.store(METER, [row(1, raw=9)], Lane.INTERVAL, START) == StoreReport(0, 1, 0)
    assert outbox.store(METER, [row(1, raw=1)], Lane.INTERVAL, START) == StoreReport(0, 0, 1)
    assert contents(outbox) == [
        (START + 900, 0, 0, 1),
        (START + 900, 0, 1, 9),
        (START + 900, 0, 2, 1),
        (START + 1800, 0, 0, 1),
        (START + 2700, 0, 0, 1),
    ]
    assert queued(outbox) == 5


def test_a_repeated_quarter_of_another_epoch_is_no_duplicate(outbox: Outbox) -> None:
    assert outbox.store(METER, [row(1), row(1, epoch=1)], Lane.INTERVAL, START) == StoreReport(2, 0, 0)


def test_a_value_that_becomes_billable_is_told_again(outbox: Outbox) -> None:
    outbox.store(METER, [row(1, billable=False)], Lane.INTERVAL, START)
    assert outbox.store(METER, [row(1)], Lane.INTERVAL, START) == StoreReport(0, 0, 1)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 2)), max_size=6), min_size=1, max_size=8
    )
)
def test_it_agrees_with_a_table_kept_by_hand(
    tmp_path_factory: pytest.TempPathFactory, arrivals: list[list[tuple[int, int, int]]]
) -> None:
    model: dict[tuple[int, int], list[int]] = {}
    outbox = box(tmp_path_factory.mktemp("box"))
    for arrival in arrivals:
        outbox.store(METER, [row(place, raw, epoch) for place, epoch, raw in arrival], Lane.INTERVAL, START)
        for place, epoch, raw in arrival:
            revisions = model.setdefault((place, epoch), [])
            if not revisions or revisions[-1] != raw:
                revisions.append(raw)
    expected = [
        (START + 900 * place, epoch, revision, raw)
        for (place, epoch), revisions in model.items()
        for revision, raw in enumerate(revisions)
    ]
    assert contents(outbox) == sorted(expected)
    assert queued(outbox) == len(expected)
    outbox.close()


def test_rows_queue_and_mark_are_one_transaction(outbox: Outbox) -> None:
    progress = ProfileProgress(PROFILE, START + 900, ((START + 1800, 1),), (EpochStep(1, START + 900, START),))
    outbox.store(METER, [row(1)], Lane.INTERVAL, START, progress)
    assert outbox.complete_until(METER.name, PROFILE) == START + 900
    assert outbox.absences(METER.name, PROFILE) == {START + 1800: 1}
    assert outbox.steps(METER.name, PROFILE) == [EpochStep(1, START + 900, START)]
    torn = ProfileProgress(PROFILE, START + 9000, ((START + 1800, None),), ())  # type: ignore[arg-type]  # breaks
    with pytest.raises(sqlite3.IntegrityError):
        outbox.store(METER, [row(2)], Lane.INTERVAL, START, torn)
    assert contents(outbox) == [(START + 900, 0, 0, 1)]
    assert (queued(outbox), outbox.complete_until(METER.name, PROFILE)) == (1, START + 900)


def test_a_mark_never_goes_back_and_clears_what_it_passes(outbox: Outbox) -> None:
    outbox.store(METER, [], Lane.INTERVAL, START, ProfileProgress(PROFILE, 5000, ((4500, 3), (5400, 1))))
    outbox.store(METER, [], Lane.INTERVAL, START, ProfileProgress(PROFILE, 100))
    assert outbox.complete_until(METER.name, PROFILE) == 5000
    assert outbox.absences(METER.name, PROFILE) == {5400: 1}


def test_a_meter_met_in_a_transaction_that_failed_is_met_again(outbox: Outbox) -> None:
    broken = ProfileProgress(PROFILE, None, ((1, None),))  # type: ignore[arg-type]  # breaks the transaction
    with pytest.raises(sqlite3.IntegrityError):
        outbox.store(METER, [row(1)], Lane.INTERVAL, START, broken)
    assert outbox.store(METER, [row(1)], Lane.INTERVAL, START) == StoreReport(1, 0, 0)


def test_numbers_beyond_64_bits_are_kept_exactly(outbox: Outbox) -> None:
    readings = [
        Reading(METER, Obis(1, 0, 1, 8, 0), raw, ts_end=START + n) for n, raw in enumerate((2**64, -(2**70), 5))
    ]
    outbox.store(METER, rows_of_readings(readings), Lane.OPERATING, START)
    with outbox.read() as connection:
        kept = [int(raw) for (raw,) in connection.execute("select raw from reading order by moment")]
    assert kept == [2**64, -(2**70), 5]
    assert outbox.store(METER, rows_of_readings(readings), Lane.OPERATING, START) == StoreReport(0, 3, 0)


def test_rows_without_an_instant_are_told_apart_by_their_text(outbox: Outbox) -> None:
    block = ProfileBlock(
        METER,
        LOAD_PROFILE,
        900,
        (ProfileColumn(Obis(1, 0, 1, 29, 0), 0, "Wh"),),
        (IntervalRow(None, (4,), "000101001500"), IntervalRow(None, (5,), "000101003000"), IntervalRow(None, (None,))),
    )
    rows = rows_of_block(block, [(one, 0) for one in block.rows])
    assert [one.billable for one in rows] == [False, False]
    assert outbox.store(METER, rows, Lane.INTERVAL, START) == StoreReport(2, 0, 0)
    assert outbox.store(METER, rows, Lane.INTERVAL, START) == StoreReport(0, 2, 0)


def test_events_are_kept_once_by_what_they_say(outbox: Outbox) -> None:
    event = row_of_event(MeterEvent(METER, Obis(0, 0, 99, 98, 0), 3, "cover\x00opened", START))
    assert event.text == "cover\\x00opened"
    assert outbox.store_events(METER, [event, event], START) == 1
    assert outbox.store_events(METER, [event], START) == 0
    assert printable("x" * 300, 256) == "x" * 256


def test_room_is_kept_for_intervals_and_for_sending(tmp_path: Path) -> None:
    # AM-2.1
    outbox = box(tmp_path, most_bytes=8 * 2**20)
    stored = 0
    with pytest.raises(OutboxFull):
        for place in range(0, 10_000_000, 200):
            outbox.store(METER, [row(place + n) for n in range(200)], Lane.OPERATING, START)
            stored += 200
    assert outbox.is_alarming()
    with pytest.raises(OutboxFull):
        for place in range(10_000_000, 20_000_000, 200):
            outbox.store(
                METER, [row(place + n) for n in range(200)], Lane.INTERVAL, START, ProfileProgress(PROFILE, place)
            )
            stored += 200
    assert len(contents(outbox)) == stored, "nothing is dropped, nothing half stored"
    batches = Batches(outbox, "north")
    sent = 0
    for lane in (Lane.INTERVAL, Lane.OPERATING):
        while (batch := batches.next(lane, START)) is not None:
            batches.acknowledge(batch, "", START)
            sent += batch.rows
    assert sent == stored, "a full outbox can still be sent"
    while outbox.prune(START + 100 * 86_400):
        pass
    assert not outbox.is_alarming()
    outbox.store(METER, [row(-5)], Lane.OPERATING, START)
    outbox.close()


def test_what_the_meter_may_be_asked_for_again_is_not_pruned(outbox: Outbox) -> None:
    late = 100 * 86_400
    mark = START + 900 * 300
    outbox.store(METER, [row(n) for n in range(1, 301)], Lane.INTERVAL, START, ProfileProgress(PROFILE, mark))
    batches = Batches(outbox, "north")
    assert outbox.prune(START + late) == 0, "not acknowledged"
    while (batch := batches.next(Lane.INTERVAL, START)) is not None:
        batches.acknowledge(batch, "", START)
    assert outbox.prune(START) == 0, "not old"
    while outbox.prune(START + late):
        pass
    assert next(moment for moment, *_ in contents(outbox)) == mark - 2 * 86_400


def test_notes(outbox: Outbox) -> None:
    notebook = Notebook(outbox)
    notebook.note_refusal("b", Refusal("m", 5, RefusalReason.CHECK_FAILED, "bcc"), 7)
    assert notebook.refusals(5) == [(7, "b", "m", "check-failed", "bcc")]
    notebook.set_passwords_refused("m", 2)
    assert (notebook.passwords_refused("m"), notebook.passwords_refused("n")) == (2, 0)
    notebook.raise_counter("m/own", 50)
    notebook.raise_counter("m/own", 20)
    assert (notebook.counter("m/own"), notebook.counter("x"), notebook.counters("m/")) == (50, None, {"own": 50})
    other = MeterId("GPS0002", "0002", "GPS")
    assert notebook.note_identity("place", METER, 1) is None
    assert notebook.note_identity("place", METER, 2) is None
    assert notebook.note_identity("place", other, 3) == METER.name
    assert notebook.note_identity("place", METER, 4) == other.name
    assert [name for name, _ in notebook.meters_at("place")] == [other.name, METER.name]


def test_an_outbox_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    box(tmp_path).close()
    with sqlite3.connect(tmp_path / "outbox.db") as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(sqlite3.DatabaseError, match="version 99"):
        Outbox(tmp_path / "outbox.db", OutboxLimits())
