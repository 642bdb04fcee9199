"""A DLMS meter read over real sockets and a real pty: the load profile row for row, registers, clock, events."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.adapter import DlmsAdapter
from meter_adapters.links.serial_port import SerialLink
from meter_adapters.links.tcp import TcpLink
from meter_adapters.obis import ACTIVE_IMPORT, SERIAL_NUMBER, Obis
from meter_adapters.port import LineSetting
from meter_adapters.readings import Flag, MeterClock, MeterEvent, MeterId, Protection, Reading, Refusal, RefusalReason
from meter_adapters.simulators.dlms_objects import ProfileStyle
from meter_adapters.simulators.line_server import serve_tcp
from meter_adapters.simulators.meter import ClockStep, ClockStyle, Outage, SimulatedMeter, battery_dead
from meter_adapters.time_offset import OffsetSource, OffsetStyle
from tests.integration.meters.dlms.simulated import (
    DAY,
    NOW,
    STARTED,
    Bench,
    Framing,
    load_profile,
    told,
    true_rows,
)

SECURITIES = [
    (Mechanism.NONE, False, 0),
    (Mechanism.LLS, False, 0),
    (Mechanism.HLS_GMAC, False, 0),
    (Mechanism.HLS_GMAC, True, 0),
    (Mechanism.LLS, True, 1),
    (Mechanism.HLS_GMAC, True, 2),
]


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize(("mechanism", "ciphered", "suite"), SECURITIES)
def test_the_load_profile_is_read_row_for_row(
    framing: Framing, mechanism: Mechanism, ciphered: bool, suite: int
) -> None:
    # AM-1.1
    bench = Bench(framing=framing, mechanism=mechanism, ciphered=ciphered, suite=suite)
    rows, refused = bench.read(lambda adapter: load_profile(adapter, NOW - 3 * DAY, NOW))
    assert refused == []
    assert told(rows) == true_rows(bench.meter, NOW - 3 * DAY, NOW)
    assert len(rows) == 288


@pytest.mark.parametrize("framing", ["wrapper", "hdlc"])
@pytest.mark.parametrize("ciphered", [False, True])
@pytest.mark.parametrize(("most_pdu", "general_blocks"), [(200, 0), (1000, 0), (200, 1), (300, 4), (500, 63)])
def test_long_answers_in_blocks_of_every_kind(
    framing: Framing, ciphered: bool, most_pdu: int, general_blocks: int
) -> None:
    mechanism = Mechanism.HLS_GMAC if ciphered else Mechanism.NONE
    bench = Bench(
        framing=framing,
        mechanism=mechanism,
        ciphered=ciphered,
        most_pdu=most_pdu,
        general_blocks=general_blocks,
        most_info=256,
    )
    rows, refused = bench.read(lambda adapter: load_profile(adapter, NOW - DAY, NOW))
    assert refused == []
    assert told(rows) == true_rows(bench.meter, NOW - DAY, NOW)


def test_a_key_of_one_association_protects_it() -> None:
    bench = Bench(mechanism=Mechanism.HLS_GMAC, ciphered=True)
    bench.security.dedicates = True
    for _ in range(2):
        rows, refused = bench.read(lambda adapter: load_profile(adapter, NOW - DAY, NOW))
        assert (refused, told(rows)) == ([], true_rows(bench.meter, NOW - DAY, NOW))


@pytest.mark.parametrize(
    ("framing", "mechanism", "ciphered", "protection"),
    [
        ("wrapper", Mechanism.NONE, False, Protection.NONE),
        ("hdlc", Mechanism.LLS, False, Protection.CRC),
        ("wrapper", Mechanism.HLS_GMAC, True, Protection.GCM),
    ],
)
def test_registers_powers_and_parameters(
    framing: Framing, mechanism: Mechanism, ciphered: bool, protection: Protection
) -> None:
    # AM-1.2
    bench = Bench(framing=framing, mechanism=mechanism, ciphered=ciphered)
    wanted = (ACTIVE_IMPORT, Obis(1, 0, 2, 8, 0), Obis(1, 0, 1, 7, 0), SERIAL_NUMBER, Obis(1, 0, 99, 7, 1))
    found = bench.read(lambda adapter: adapter.read_registers(wanted))
    read = [one for one in found if isinstance(one, Reading)]
    totals, powers = bench.meter.totals(NOW), bench.meter.powers(NOW)
    assert [(one.value, one.unit) for one in read[:3]] == [
        (Decimal(totals[0]), "Wh"),
        (Decimal(totals[1]), "Wh"),
        (Decimal(powers[0]), "W"),
    ]
    assert read[3].text == bench.meter.identity.serial
    assert {one.protection for one in read} == {protection}
    assert all((Flag.UNPROTECTED in one.flags) is (protection is Protection.NONE) for one in read)
    assert [one.reason for one in found if isinstance(one, Refusal)] == [RefusalReason.NOT_SUPPORTED]


def test_identity_and_discovery() -> None:
    bench = Bench(framing="hdlc")
    named = bench.read(lambda adapter: adapter.identify())
    assert named == MeterId("GPS0000010067967", "10067967", "GPS", address="1")
    assert bench.read(lambda adapter: adapter.discover()) == [named]


def test_events_of_the_log() -> None:
    # AM-1.2
    meter = SimulatedMeter(
        started=STARTED, steps=(ClockStep(NOW - 2 * DAY, 40),), outages=(Outage(NOW - DAY, NOW - DAY + 4000),)
    )
    bench = Bench(meter, framing="hdlc")
    found = bench.read(lambda adapter: adapter.read_events(NOW - 3 * DAY, NOW))
    assert [(one.ts, one.code) for one in found if isinstance(one, MeterEvent)] == [
        (event.meter_at, event.code) for event in meter.events(NOW - 3 * DAY, NOW)
    ]
    assert len(found) == 3


def test_the_clock_is_read_and_set() -> None:
    meter = SimulatedMeter(started=STARTED, steps=(ClockStep(NOW - DAY, -75),))
    bench = Bench(meter)
    clock = bench.read(lambda adapter: adapter.read_clock())
    assert isinstance(clock, MeterClock)
    assert clock.deviation is not None
    assert round(clock.deviation) == -75
    assert bench.read(lambda adapter: adapter.set_clock(NOW)) is None
    clock = bench.read(lambda adapter: adapter.read_clock())
    assert isinstance(clock, MeterClock)
    assert clock.meter_time == NOW


def test_a_clock_after_a_dead_battery_is_not_believed() -> None:
    meter = SimulatedMeter(started=STARTED, steps=(battery_dead(NOW - DAY // 2),))
    bench = Bench(meter)
    clock = bench.read(lambda adapter: adapter.read_clock())
    assert isinstance(clock, MeterClock)
    assert clock.meter_time is None
    year_2000 = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
    rows, _ = bench.read(lambda adapter: load_profile(adapter, year_2000, year_2000 + DAY))
    assert all(row.end is None and Flag.CLOCK_INVALID in row.flags for row in rows)
    assert rows


SPRING, AUTUMN = (int(datetime(2026, month, day, tzinfo=UTC).timestamp()) for month, day in ((3, 28), (10, 24)))


@pytest.mark.parametrize("changed", [SPRING, AUTUMN])
@pytest.mark.parametrize("style", list(ClockStyle))
@pytest.mark.parametrize("deviation", [True, False])
@pytest.mark.parametrize("empty_times", [True, False])
def test_days_of_clock_change_are_exact(changed: int, style: ClockStyle, deviation: bool, empty_times: bool) -> None:
    """Two days around the change: no interval lost, none twice, with and without a deviation on the wire."""
    meter = SimulatedMeter(started=changed - DAY, style=style)
    now = changed + 3 * DAY
    bench = Bench(meter, style=ProfileStyle(deviation=deviation, empty_times=empty_times), now=now)
    profile = bench.profile
    profile = profile.model_copy(
        update={
            "time": profile.time.model_copy(update={"style": OffsetStyle(style.value)}),
            "load_profile": profile.load_profile.model_copy(update={"range_deviation": deviation}),
            "status": profile.status.model_copy(update={"daylight": 8 if style is ClockStyle.LOCAL_DST else 0}),
        }
    )
    rows, refused = bench.read(lambda adapter: load_profile(adapter, changed, changed + 2 * DAY), profile)
    assert refused == []
    assert told(rows) == true_rows(meter, changed, changed + 2 * DAY, now)
    assert len(rows) == 192


def test_a_meter_that_marks_nothing_and_has_no_setting_is_not_billable() -> None:
    meter = SimulatedMeter(started=STARTED)
    bench = Bench(meter, style=ProfileStyle(deviation=False))
    profile = bench.profile.model_copy(update={"status": bench.profile.status.model_copy(update={"daylight": 0})})
    rows, _ = bench.read(lambda adapter: load_profile(adapter, NOW - DAY, NOW), profile)
    assert rows
    assert all(row.end is None and row.offset_source is OffsetSource.UNKNOWN for row in rows)
    assert all(Flag.NO_OFFSET in row.flags for row in rows)


@pytest.mark.parametrize("selects", [True, False])
@pytest.mark.parametrize("range_access", [True, False])
def test_a_span_is_exact_whatever_access_the_meter_keeps_to(selects: bool, range_access: bool) -> None:
    bench = Bench(style=ProfileStyle(selects=selects))
    access = bench.profile.load_profile.model_copy(update={"range_access": range_access})
    profile = bench.profile.model_copy(update={"load_profile": access})
    since, until = NOW // 900 * 900 - 7200, NOW // 900 * 900 - 3600
    rows, _ = bench.read(lambda adapter: load_profile(adapter, since, until), profile)
    assert told(rows) == true_rows(bench.meter, since, until)
    assert len(rows) == 4


def test_a_row_behind_a_set_clock_is_flagged_and_kept() -> None:
    meter = SimulatedMeter(started=STARTED, steps=(ClockStep(NOW - DAY // 2, 1200),))
    rows, refused = Bench(meter).read(lambda adapter: load_profile(adapter, NOW - DAY, NOW + 1200))
    assert refused == []
    assert [row.values for row in rows] == [row.values for row in meter.rows(NOW - DAY, NOW, NOW)]
    assert sum(Flag.CLOCK_ADJUSTED in row.flags for row in rows) == 1


@pytest.mark.parametrize("ciphered", [False, True])
def test_a_meter_on_a_serial_line(ciphered: bool) -> None:
    # AM-1.1
    bench = Bench(
        framing="hdlc", mechanism=Mechanism.HLS_GMAC if ciphered else Mechanism.LLS, ciphered=ciphered, most_info=512
    )

    async def asked() -> None:
        async with bench.simulator.hdlc_pty() as path:
            adapter = bench.adapter(SerialLink(path, LineSetting(9600)))
            rows, refused = await load_profile(adapter, NOW - DAY, NOW)
            await adapter.close()
        assert refused == []
        assert told(rows) == true_rows(bench.meter, NOW - DAY, NOW)

    asyncio.run(asked())


def test_meters_on_a_bus_are_found_by_their_addresses() -> None:
    # AM-1.1
    bench = Bench(framing="hdlc")
    bench.simulator.physical = 17
    facts = bench.profile.dlms.model_copy(update={"address_octets": 4, "physical_server": 17})
    profile = bench.profile.model_copy(update={"dlms": facts})

    async def asked(adapter: DlmsAdapter) -> list[MeterId | Refusal]:
        adapter._settings = replace(adapter._settings, bus_addresses=(16, 17))
        return await adapter.discover()

    assert bench.read(asked, profile) == [MeterId("GPS0000010067967", "10067967", "GPS", address="17")]
    rows, _ = bench.read(lambda adapter: load_profile(adapter, NOW - DAY, NOW), profile)
    assert told(rows) == true_rows(bench.meter, NOW - DAY, NOW)


def test_a_meter_that_begins_in_mode_e() -> None:
    # AM-1.1
    bench = Bench(framing="hdlc")
    facts = bench.profile.dlms.model_copy(update={"starts_in_mode_e": True})
    line = bench.profile.line.model_copy(update={"baud": 300, "bits": 7, "parity": "E", "switch_delay": 0.01})
    profile = bench.profile.model_copy(update={"dlms": facts, "line": line})
    heard: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The identification of IEC 62056-21, then HDLC on the same line."""
        heard.append(await reader.readuntil(b"\n"))
        writer.write(b"/GPS5\\2SIM1\r\n")
        heard.append(await reader.readuntil(b"\n"))
        await bench.simulator._talk_hdlc(reader, writer)

    async def asked() -> None:
        async with serve_tcp(talk) as port:
            adapter = bench.adapter(TcpLink("127.0.0.1", port), profile)
            rows, refused = await load_profile(adapter, NOW - DAY, NOW)
            await adapter.close()
        assert refused == []
        assert told(rows) == true_rows(bench.meter, NOW - DAY, NOW)

    asyncio.run(asked())
    assert heard == [b"/?!\r\n", b"\x06252\r\n"]
