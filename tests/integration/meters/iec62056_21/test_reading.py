"""A simulated meter is read over real TCP sockets and pseudo terminals: what arrives is what it measured."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Literal

import pytest

from meter_adapters.iec62056_21.adapter import Settings
from meter_adapters.iec62056_21.messages import Identification
from meter_adapters.iec62056_21.p1_adapter import P1Adapter
from meter_adapters.links.tcp import TcpLink
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.meter_profiles.profile import LineSection, TimeSection
from meter_adapters.obis import ACTIVE_EXPORT, ACTIVE_IMPORT, LOAD_PROFILE, Obis
from meter_adapters.port import LineSetting
from meter_adapters.readings import (
    Flag,
    MeterClock,
    MeterEvent,
    MeterId,
    Protection,
    Reading,
    Refusal,
    RefusalReason,
)
from meter_adapters.simulators.meter import (
    EXPORT,
    IMPORT,
    Channel,
    ClockStep,
    ClockStyle,
    Identity,
    Outage,
    SimulatedMeter,
    battery_dead,
)
from meter_adapters.time_offset import OffsetSource, OffsetStyle

from .benches import DAY, HASTY, PATIENT, START, Bench, profile_of, rows_of

LINES = ["tcp", "pty"]


# AM-1.1, AM-2.1
@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("average_power", [False, True], ids=["energy", "average power"])
def test_a_load_profile_arrives_row_for_row(kind: str, average_power: bool) -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.texts.average_power = average_power
        bench.simulator.password = "00000000"
        async with bench.line(kind) as link:
            adapter = bench.adapter(link, password=b"00000000")
            assert await adapter.open() is None
            rows, refusals = await rows_of(adapter, START, bench.until)
            assert (rows, refusals, bench.refusals) == (bench.truth(), [], [])
            assert len(rows) == 2 * 96
            some, _ = await rows_of(adapter, START + 3600, START + 7200)
            assert some == bench.truth(START + 3600, START + 7200)
            assert await rows_of(adapter, bench.until, bench.until + 900) == ([], [])  # nothing new: no row is wrong
            assert bench.refusals == []
            await adapter.close()

    asyncio.run(read())


@pytest.mark.parametrize("kind", LINES)
def test_registers_clock_and_identity_of_one_meter(kind: str) -> None:
    async def read() -> None:
        bench = Bench()
        async with bench.line(kind) as link:
            adapter = bench.adapter(link)
            assert await adapter.open() is None
            meter = await adapter.identify()
            assert meter == MeterId("GPS SIM1", "10067967", "GPS", "SIM1")
            power = Obis(1, 0, 1, 7, 0)
            found = await adapter.read_registers((ACTIVE_IMPORT, ACTIVE_EXPORT, power))
            readings = [one for one in found if isinstance(one, Reading)]
            assert [int(one.value) for one in readings] == [
                *bench.meter.totals(bench.now()),
                bench.meter.powers(bench.now())[0],
            ]
            assert [one.unit for one in readings] == ["Wh", "Wh", "W"]
            assert {one.ts_end for one in readings} == {int(bench.now())}
            assert {one.protection for one in readings} == {Protection.BCC}
            assert {one.meter for one in readings} == {meter}
            clock = await adapter.read_clock()
            assert isinstance(clock, MeterClock)
            assert clock.meter_time == int(bench.now())
            assert clock.meter == meter
            assert 0 <= clock.round_trip < 2
            missing = await adapter.read_registers([Obis(1, 0, 9, 8, 0)])
            assert isinstance(missing[0], Refusal)
            assert missing[0].reason is RefusalReason.METER_ERROR
            await adapter.close()

    asyncio.run(read())


@pytest.mark.parametrize("mode", ["A", "B", "C", "E"])
@pytest.mark.parametrize("parity_bit", [False, True])
def test_a_readout_in_every_mode_and_on_an_eight_bit_line(mode: Literal["A", "B", "C", "E"], parity_bit: bool) -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.mode = mode
        bench.simulator.speed = {"A": "Z", "B": "E"}.get(mode, "5")
        bench.simulator.parity_bit = parity_bit
        async with bench.line("pty") as link:
            adapter = bench.adapter(link)
            assert await adapter.open() is None
            found = await adapter.read_registers()
            assert [int(one.value) for one in found if isinstance(one, Reading)] == list(
                bench.meter.totals(bench.now())
            )
            await adapter.close()

    asyncio.run(read())


def test_partial_blocks_give_the_same_rows() -> None:
    async def read() -> None:
        bench = Bench()
        profile = profile_of()
        section = profile.load_profile.model_copy(update={"command": "R6"})
        async with bench.line() as link:
            adapter = bench.adapter(link, profile.model_copy(update={"load_profile": section}))
            assert await adapter.open() is None
            assert await rows_of(adapter, START, START + DAY) == (bench.truth(START, START + DAY), [])
            await adapter.close()

    asyncio.run(read())


@pytest.mark.parametrize("style", list(ClockStyle))
@pytest.mark.parametrize(("month", "day", "count"), [(3, 28, 92), (10, 24, 100)], ids=["spring", "autumn"])
def test_days_of_the_clock_change_are_whole_in_every_style(
    style: ClockStyle, month: int, day: int, count: int
) -> None:  # AM-2.1
    async def read() -> None:
        start = int(datetime(2026, month, day, 23 if month == 3 else 22, tzinfo=UTC).timestamp())
        meter = SimulatedMeter(start - DAY, 2, style=style)
        bench = Bench(meter)
        bench.simulator.now = bench.now = lambda: float(start + 2 * DAY)  # type: ignore[method-assign]
        profile = profile_of(time=TimeSection(style=OffsetStyle(style.value)))
        async with bench.line() as link:
            adapter = bench.adapter(link, profile)
            assert await adapter.open() is None
            rows, refusals = await rows_of(adapter, start, start + count * 900)
            assert refusals == []
            assert [row[0] for row in rows] == [start + 900 * place for place in range(1, count + 1)]
            assert rows == bench.truth(start, start + count * 900)
            await adapter.close()

    asyncio.run(read())


def test_outages_and_clock_steps_are_rows_events_and_flags() -> None:  # AM-2.2
    async def read() -> None:
        steps = (ClockStep(START + 30_000, 1200), ClockStep(START + 60_000, -1200))
        meter = SimulatedMeter(START, 3, steps=steps, outages=(Outage(START + 40_000, START + 50_000),))
        bench = Bench(meter, days=1)
        async with bench.line() as link:
            adapter = bench.adapter(link)
            assert await adapter.open() is None
            blocks = [block async for block in adapter.read_profile(LOAD_PROFILE, START, bench.until)]
            rows = [row for block in blocks if not isinstance(block, Refusal) for row in block.rows]
            truth = meter.rows(START, bench.until, bench.now())
            assert [(row.end, row.values) for row in rows] == [(row.meter_end, row.values) for row in truth]
            flagged = {row.end for row in rows if Flag.CLOCK_ADJUSTED in row.flags}
            assert flagged >= {row.meter_end for row in truth if row.status & 0x20}
            assert any(Flag.POWER_DOWN in row.flags for row in rows)
            events = await adapter.read_events(START, bench.until)
            told = [event for event in events if isinstance(event, MeterEvent)]
            assert [(event.ts, event.code) for event in told] == [
                (event.meter_at, event.code) for event in meter.events(START, bench.until)
            ]
            await adapter.close()

    asyncio.run(read())


def test_a_dead_battery_leaves_rows_without_an_instant() -> None:
    async def read() -> None:
        bench = Bench(SimulatedMeter(START, 4, steps=(battery_dead(START + 40_000),)), days=1)
        async with bench.line() as link:
            adapter = bench.adapter(link)
            assert await adapter.open() is None
            rows, _ = await rows_of(adapter, START, bench.until)
            assert rows == bench.truth(START, START + 39_600)
            clock = await adapter.read_clock()
            assert isinstance(clock, MeterClock)
            assert (clock.meter_time, clock.offset_source) == (None, OffsetSource.UNKNOWN)
            registers = await adapter.read_registers()
            assert all(isinstance(one, Reading) and not one.is_billable for one in registers)
            await adapter.close()

    asyncio.run(read())


def test_an_exchanged_meter_and_changed_columns_are_seen() -> None:
    async def read() -> None:
        bench = Bench()
        async with bench.line() as link:
            adapter = bench.adapter(link)
            assert await adapter.open() is None
            before = await adapter.identify()
            reactive = Channel("1-0:3.8.0*255", "1-0:3.29.0*255", "1-0:3.7.0*255", "varh")
            other = SimulatedMeter(START, 9, Identity("77"), channels=(EXPORT, IMPORT, reactive))
            bench.simulator.texts.meter = other
            await adapter.close()
            assert await adapter.open() is None
            blocks = [block async for block in adapter.read_profile(LOAD_PROFILE, START, START + 3600)]
            assert [type(block).__name__ for block in blocks] == ["ProfileBlock"]
            block = blocks[0]
            assert not isinstance(block, Refusal)
            assert isinstance(before, MeterId)
            assert (before.serial, block.meter.serial) == ("10067967", "77")
            assert [(column.obis.c, column.unit) for column in block.columns] == [(2, "Wh"), (1, "Wh"), (3, "varh")]
            await adapter.close()

    asyncio.run(read())


def test_the_clock_is_set_where_the_settings_say_so() -> None:
    async def read() -> None:
        bench = Bench(SimulatedMeter(START, 1, steps=(ClockStep(START + 100, 240),)))
        bench.simulator.password = "1"
        async with bench.line() as link:
            forbidden = bench.adapter(link, password=b"1")
            assert await forbidden.open() is None
            refused = await forbidden.set_clock(int(bench.now()))
            assert refused is not None
            assert refused.reason is RefusalReason.NOT_SUPPORTED
            await forbidden.close()
            adapter = bench.adapter(link, password=b"1", settings=Settings(sets_clock=True))
            assert await adapter.open() is None
            before = await adapter.read_clock()
            assert await adapter.set_clock(int(bench.now())) is None
            after = await adapter.read_clock()
            assert isinstance(before, MeterClock)
            assert isinstance(after, MeterClock)
            assert (before.meter_time, after.meter_time) == (int(bench.now()) + 240, int(bench.now()))
            await adapter.close()

    asyncio.run(read())


def test_meters_of_a_bus_are_found_by_their_addresses() -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.address = "12"
        bench.simulator.acknowledge_seconds = 0.05
        async with bench.line() as link:
            adapter = bench.adapter(link, profile_of(HASTY), settings=Settings(addresses=("11", "12")))
            assert await adapter.open() is None
            found = await adapter.discover()
            assert found == [MeterId("GPS SIM1", "", "GPS", "SIM1", "12")]
            await adapter.close()

    asyncio.run(read())


def test_mode_e_hands_the_line_over_to_hdlc() -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.mode = "E"
        heard: list[LineSetting] = []

        class Watched(TcpLink):
            async def set_line(self, setting: LineSetting) -> None:
                heard.append(setting)

        async with bench.line() as link:
            host, port = link.name.split(":")
            adapter = bench.adapter(Watched(host, int(port)))
            assert await adapter.open() is None
            ident = await adapter.enter_hdlc()
            assert isinstance(ident, Identification)
            assert heard[-1] == LineSetting(9600)
            await adapter.close()

    asyncio.run(read())


# P1


@pytest.mark.parametrize("kind", LINES)
def test_telegrams_are_listened_to(kind: str) -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.mode = "D"
        bench.simulator.push_seconds = 0.02
        profile = shipped_profile("p1")
        async with bench.line(kind) as link:
            bench.simulator.hears_speed = False
            adapter = P1Adapter(link, profile, clock=bench.now, on_refusal=bench.refusals.append)
            assert await adapter.open() is None
            meter = await adapter.identify()
            assert isinstance(meter, MeterId)
            assert meter.name == "GPS-10067967"
            found = await adapter.read_registers([ACTIVE_IMPORT, Obis(1, 0, 99, 9, 9)])
            assert isinstance(found[0], Reading)
            assert int(found[0].value) == bench.meter.totals(bench.now())[0]
            assert found[0].protection is Protection.CRC
            assert isinstance(found[1], Refusal)
            clock = await adapter.read_clock()
            assert isinstance(clock, MeterClock)
            assert clock.meter_time == int(bench.now())
            assert await adapter.read_events(0, bench.until) == []
            assert [type(block) async for block in adapter.read_profile(LOAD_PROFILE, 0, 1)] == [Refusal]
            assert isinstance(await adapter.set_clock(0), Refusal)
            bench.simulator.faults.wrong_check = True
            bench.simulator.faults.strikes = 1
            everything = await adapter.read_registers()
            assert all(isinstance(one, Reading) for one in everything)
            bench.simulator.faults.strikes = -1
            refused = await adapter.read_registers()
            assert [type(one) for one in refused] == [Refusal]
            assert {one.reason for one in bench.refusals} == {RefusalReason.CHECK_FAILED}
            await adapter.close()

    asyncio.run(read())


def test_a_silent_push_port_is_told() -> None:
    async def read() -> None:
        bench = Bench()
        profile = shipped_profile("p1").model_copy(update={"line": LineSection(reaction=0.1, gap=0.1)})
        async with bench.line() as link:
            adapter = P1Adapter(link, profile, clock=bench.now)
            assert await adapter.open() is None
            refused = await adapter.discover()
            assert isinstance(refused[0], Refusal)
            assert refused[0].reason is RefusalReason.NO_ANSWER
            await adapter.close()

    asyncio.run(read())


def test_a_speed_that_nobody_takes_is_a_silent_meter() -> None:
    async def read() -> None:
        bench = Bench()
        bench.simulator.faults.speed_refused = True
        async with bench.line("pty") as link:
            adapter = bench.adapter(link, profile_of(HASTY))
            assert await adapter.open() is None
            refused = await adapter.read_registers()
            assert isinstance(refused[0], Refusal)
            await adapter.close()
            faithful = PATIENT.model_copy(update={"switches": False})
            adapter = bench.adapter(link, profile_of(faithful))
            assert await adapter.open() is None
            assert all(isinstance(one, Reading) for one in await adapter.read_registers())
            await adapter.close()

    asyncio.run(read())
