"""Batches of collectors on both databases: repeated, side by side, in any order, each row counts once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.hub.ports import Page, Refused
from gateway.hub.ports_measurements import (
    BatchTaken,
    Measurement,
    MeasurementBatch,
    MeasurementEvent,
    MeasurementPage,
    MeasurementQuery,
)
from tests.integration.exchange.hubs import GRID, SUPPLIER_A, Bench, start_bench

START = 1_767_225_600


@pytest.fixture
def bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    """A hub, once on SQLite and once on PostgreSQL."""
    started = start_bench(tmp_path / "data", database_url)
    yield started
    started.hub.stop()


def row(place: int, raw: int = 7, meter: str = "LGZ-1") -> Measurement:
    return Measurement(
        meter=meter,
        source="1-0:99.1.0*255",
        obis="1-0:1.29.0*255",
        period=900,
        moment=START + 900 * place,
        epoch=0,
        revision=0,
        raw=raw,
        scaler=0,
        unit="Wh",
        text="",
        status=None,
        flags=(),
        meter_time="",
        offset_source="deviation",
        protection="crc",
        read_at=START,
    )


def batch_of(rows: list[Measurement], events: tuple[MeasurementEvent, ...] = ()) -> MeasurementBatch:
    return MeasurementBatch("north", sha256(repr((rows, events)).encode()).hexdigest(), tuple(rows), events)


async def give(bench: Bench, batch: MeasurementBatch) -> BatchTaken:
    taken = await bench.hub.measurements.take(GRID, batch, sha256(repr(batch).encode()).digest())
    assert isinstance(taken, BatchTaken), taken
    return taken


async def kept(bench: Bench, meter: str) -> list[Measurement]:
    found: list[Measurement] = []
    after = ""
    while True:
        page = await bench.hub.measurements.values(GRID, MeasurementQuery(meter), Page(100, after))
        assert isinstance(page, MeasurementPage)
        found += [one.measurement for one in page.measurements]
        after = page.after
        if not after:
            return found


def test_deliveries_side_by_side_repeated_and_out_of_order_leave_every_row_once(bench: Bench) -> None:
    # AM-2.1, AM-2.2
    truth = [row(place, raw=place) for place in range(400)]
    batches = [batch_of(truth[first : first + 50]) for first in range(0, 380, 40)]
    chance = random.Random(5)
    deliveries = [batch for batch in batches for _ in range(3)]
    chance.shuffle(deliveries)

    async def drill() -> list[BatchTaken]:
        return list(await asyncio.gather(*(give(bench, batch) for batch in deliveries)))

    answers = asyncio.run(drill())
    assert len({answer.transaction for answer in answers}) == len(batches)
    assert sum(not answer.repeated for answer in answers) == len(batches)
    assert sum(answer.stored for answer in answers if not answer.repeated) == len(truth)
    assert asyncio.run(kept(bench, "LGZ-1")) == truth
    assert asyncio.run(bench.hub.measurements.values(SUPPLIER_A, MeasurementQuery("LGZ-1"), Page())) is None


def test_exact_values_flags_and_events_come_back_as_they_came(bench: Bench) -> None:
    # AM-1.2
    great = row(0, 10**36 - 1, "M")._replace(scaler=-36, flags=("clock-adjusted", "power-down"), status=2**63 - 1)
    placeless = row(1, -5, "M")._replace(moment=None, meter_time="0001010000", text="æøå")
    event = MeasurementEvent("M", "0-0:99.98.0*255", 7, "battery dead", None, "0001010000", "unknown", "bcc", START)
    taken = asyncio.run(give(bench, batch_of([great, placeless], (event, event))))
    assert (taken.stored, taken.known) == (3, 1)
    assert sorted(asyncio.run(kept(bench, "M")), key=lambda one: one.raw) == [placeless, great]
    page = asyncio.run(bench.hub.measurements.events(GRID, MeasurementQuery("M"), Page()))
    assert page is not None
    assert not isinstance(page, Refused)
    assert [one.event for one in page.events] == [event]


def test_a_used_batch_id_with_other_content_is_refused(bench: Bench) -> None:
    batch = batch_of([row(0, meter="B")])
    asyncio.run(give(bench, batch))
    other = replace(batch, measurements=(row(1, meter="B"),))
    refused = asyncio.run(bench.hub.measurements.take(GRID, other, b"other"))
    assert isinstance(refused, Refused)
    assert refused.findings[0].rule == "batch-id-used"
    assert asyncio.run(kept(bench, "B")) == [row(0, meter="B")]
