"""Batches at a real hub: tokens that run out, clients that are not let in, rows that are refused, many collectors."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.messages.times import parse_instant
from meter_adapters.delivery.courier import Courier, Sent
from meter_adapters.delivery.hub_access import HubAccess
from meter_adapters.outbox.batches import Batches
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.rows import Lane, Row
from meter_adapters.outbox.store import Outbox
from meter_adapters.readings import MeterId
from meter_adapters.simulators.iec62056_21 import Iec62056Simulator
from meter_adapters.simulators.iec62056_21_texts import MeterTexts
from meter_adapters.simulators.line_server import serve_tcp

from .hub_side import CLIENT, SECRET, HubSide
from .plant_side import Collecting, World, config_text, drive, emptied, opened, simulated

START = parse_instant("2026-06-01T00:00Z")
COLUMN = ("1-0:99.1.0*255", "1-0:1.29.0*255", 900)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubSide]:
    started = HubSide(tmp_path_factory.mktemp("hub"), START).start()
    yield started
    started.stop()


def row(place: int, raw: int = 1) -> Row:
    return Row(COLUMN, START + 900 * place, 0, raw, 0, "Wh", "", None, "", True, "", "deviation", "crc", "")


def courier_of(outbox: Outbox, hub: HubSide, secret: str = SECRET, name: str = "north") -> tuple[Courier, HubAccess]:
    access = HubAccess(hub.url, CLIENT, secret, asyncio.get_running_loop().time)
    return Courier(outbox, name, access, lambda: float(START), lambda: 0.5), access


def test_a_token_that_ran_out_is_renewed(tmp_path: Path, hub: HubSide) -> None:
    outbox = Outbox(tmp_path / "outbox.db")

    async def story() -> None:
        courier, access = courier_of(outbox, hub)
        for place in range(3):
            outbox.store(MeterId("TOKEN"), [row(place)], Lane.INTERVAL, START)
            assert await courier.turn() is Sent.SETTLED
            hub.clock.move_to(hub.clock.now() + 2 * 3600)
        await access.close()

    asyncio.run(story())
    assert len(hub.stored_rows("TOKEN", COLUMN[1])) == 3
    outbox.close()


def test_a_client_that_is_not_let_in_waits_and_loses_nothing(tmp_path: Path, hub: HubSide) -> None:
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.store(MeterId("DOOR"), [row(1)], Lane.INTERVAL, START)

    async def story() -> None:
        courier, access = courier_of(outbox, hub, secret="wrong")
        assert await courier.turn() is Sent.SILENT
        assert "no token" in courier.silence
        assert courier.wait > 0
        assert await access.prove() is not None
        await access.close()
        courier, access = courier_of(outbox, hub)
        await emptied(courier)
        await access.close()

    asyncio.run(story())
    assert len(hub.stored_rows("DOOR", COLUMN[1])) == 1
    outbox.close()


def test_one_row_the_hub_will_never_take_holds_nobody_up(tmp_path: Path, hub: HubSide) -> None:
    # AM-2.1
    outbox = Outbox(tmp_path / "outbox.db")
    outbox.store(MeterId("GOOD"), [row(n) for n in range(0, 60, 2)], Lane.INTERVAL, START)
    outbox.store(MeterId("X" * 70), [row(31)], Lane.INTERVAL, START)

    async def story() -> None:
        courier, access = courier_of(outbox, hub)
        await emptied(courier)
        await access.close()

    asyncio.run(story())
    assert len(hub.stored_rows("GOOD", COLUMN[1])) == 30
    ((_, answer),) = Batches(outbox, "north").refused()
    assert "readings/0/meter" in answer
    outbox.close()


def test_many_collectors_of_one_meter_are_one_record(tmp_path: Path, hub: HubSide) -> None:
    # AM-2.2
    boxes = [Outbox(tmp_path / f"{name}.db") for name in ("north", "south")]
    for number, outbox in enumerate(boxes):
        outbox.store(MeterId("BOTH"), [row(n) for n in range(20)], Lane.INTERVAL, START)
        outbox.store(MeterId("BOTH"), [row(30, raw=5 + number)], Lane.INTERVAL, START)

    async def story() -> None:
        for name, outbox in zip(("north", "south"), boxes, strict=True):
            courier, access = courier_of(outbox, hub, name=name)
            await emptied(courier)
            await access.close()

    asyncio.run(story())
    held = hub.stored_rows("BOTH", COLUMN[1])
    assert len(held) == 21
    assert held[-1][3] == 5, "what came first stands"
    ((_, bus, _, reason, text),) = Notebook(boxes[1]).refusals(5)
    assert (bus, reason) == ("hub", "hub-refused")
    assert "is kept under this key" in text
    for outbox in boxes:
        outbox.close()


def test_operating_values_and_events_reach_the_hub(tmp_path: Path, hub: HubSide) -> None:
    # AM-1.2
    world = World(float(START + 86_400))
    site = simulated("m", "71", START)

    async def story(collecting: Collecting) -> None:
        site.meter.set_clock(int(world.now) - 3600, int(world.now) - 3600 + 2)
        await collecting.visit_until_done("m")
        await collecting.deliver(hub.url)

    drive(tmp_path, world, [site], story)
    codes = {one["obis"] for one in hub.values(site.stored_name) if not one["source"]}
    assert {"1-0:1.8.0*255", "1-0:2.8.0*255", "0-0:1.0.0*255"} <= codes
    events = hub.get("/api/hub/v1/measurements/events", meter=site.stored_name)["events"]
    assert [event["code"] for event in events] == [5]


def test_a_push_port_is_read_too(tmp_path: Path) -> None:
    # AM-1.1
    world = World(float(START + 86_400))
    site = simulated("m", "72", START, protocol="iec62056-21", profile="p1")
    simulator = Iec62056Simulator(MeterTexts(site.meter), world, mode="D", push_seconds=0.1)

    async def story() -> None:
        async with serve_tcp(simulator.talk) as site.port:
            collecting = opened(tmp_path, config_text([site]), world)
            outcome = await collecting.visit("m")
            assert outcome.refusal is None
            with collecting.plant.outbox.read() as connection:
                stored = dict(
                    connection.execute("select c.obis, raw from reading r join channel c on c.id = r.channel")
                )
            assert stored["1-0:1.8.0*255"] == site.meter.totals(world.now)[0]
            collecting.plant.close()

    asyncio.run(story())
