"""Data sets, times, profiles and registers in the spellings of the field."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meter_adapters.iec62056_21.data_sets import DataSet, Group, Unreadable, data_sets, first_of
from meter_adapters.iec62056_21.load_profiles import ProfileText, log_events, profile_blocks, profile_text
from meter_adapters.iec62056_21.messages import seven_bit
from meter_adapters.iec62056_21.origin import Origin
from meter_adapters.iec62056_21.registers import readout
from meter_adapters.iec62056_21.telegrams import TelegramText, UnsoundTelegram, crc16, read_telegram
from meter_adapters.iec62056_21.written_times import asked_time, written_date_and_clock, written_time
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.readings import Flag, MeterId, ProfileBlock, Protection, Refusal
from meter_adapters.time_offset import OffsetSource

PROFILE = shipped_profile("iec62056-21")
HEAD = "P.01(1260401010000)(08)(15)(2)(1.29)(kWh)(2.29)(kWh)\r\n"


def origin(profile: MeterProfile = PROFILE) -> Origin:
    return Origin(MeterId("GPS SIM1"), profile, Protection.BCC)


def wall(text: str) -> datetime:
    """What a meter's clock shows."""
    return datetime.fromisoformat(text)


def instant(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc, arg-type]  # year, month, day, …


def blocks(text: str, profile: MeterProfile = PROFILE) -> list[ProfileBlock | Refusal]:
    read = profile_text(text)
    assert isinstance(read, ProfileText), read
    return profile_blocks(read, origin(profile))


# Data sets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.8.0(1*kWh)", [("1.8.0", ("1", "kWh"))]),
        ("1-0:1.8.0*255(1*kWh)\n!\n", [("1-0:1.8.0*255", ("1", "kWh"))]),
        ("1.8.0&12(1)1.8.0*12(2)\r\n!", [("1.8.0&12", ("1", "")), ("1.8.0*12", ("2", ""))]),
        ("20(1)\n\n8.1( 2 )\n\n", [("20", ("1", "")), ("8.1", (" 2 ", ""))]),
        ("0.2.2(:::::G11)!\r\n", [("0.2.2", (":::::G11", ""))]),
        ("C.2.1(0)(  )", [("C.2.1", ("0", ""), ("  ", ""))]),
        ("0-1:24.3.0(161129)(m3)\r\n(00981.443)\r\n", [("0-1:24.3.0", ("161129", ""), ("m3", ""), ("00981.443", ""))]),
        ("F.F(a*b*c)", [("F.F", ("a*b*c", ""))]),
    ],
)
def test_data_sets_as_meters_write_them(text: str, expected: list[tuple[str, tuple[str, str]]]) -> None:
    wanted = tuple(DataSet(one[0], tuple(Group(*group) for group in one[1:])) for one in expected)
    assert data_sets(text) == wanted


@pytest.mark.parametrize(
    "text", ["1.8.0", "1.8.0(1", "1.8.0(1))", "(1)", "1.8.0(1)\n!\n2.8.0(1)", "1.8.0((1))", "x(1)"]
)
def test_what_is_no_data_set_refuses_the_block_by_line(text: str) -> None:
    found = data_sets(f"F.F(00)\n{text}" if not text.startswith("(") else text)
    assert isinstance(found, Unreadable)
    assert found.line >= 1


def test_a_parameter_is_found_under_any_spelling_but_not_another_devices() -> None:
    sets = data_sets("0-1:96.1.0(gas)\n1-0:0.0.0*255(main)\n")
    assert not isinstance(sets, Unreadable)
    assert first_of(sets, "96.1.0", "0.0.0") == "main"


# Times


@pytest.mark.parametrize(
    ("text", "shown", "deviation", "daylight"),
    [
        ("1220401010000", wall("2022-04-01T01:00:00"), None, True),
        ("02204010115", wall("2022-04-01T01:15:00"), None, False),
        ("2220401010000", wall("2022-04-01T01:00:00"), 0, None),
        ("220401010059", wall("2022-04-01T01:00:59"), None, None),
        ("2211120730", wall("2022-11-12T07:30:00"), None, None),
        ("161113205757W", wall("2016-11-13T20:57:57"), None, False),
        ("21-01-01 00:00", wall("2021-01-01T00:00:00"), None, None),
        ("0211231240000", wall("2022-01-01T00:00:00"), None, False),
    ],
)
def test_times_with_and_without_a_mark(
    text: str, shown: datetime, deviation: int | None, daylight: bool | None
) -> None:
    time = written_time(text)
    assert time is not None
    assert (time.wall, time.deviation, time.daylight, time.raw) == (shown, deviation, daylight, text)


@pytest.mark.parametrize("text", ["", "00-00-00 00:00", "220230", "3220401010000", "1220401010000W", "220431010000"])
def test_what_is_no_time_has_none(text: str) -> None:
    assert written_time(text) is None


def test_date_and_time_of_day_apart() -> None:
    time = written_date_and_clock("1220713", "10:56:44")
    assert time is not None
    assert (time.wall, time.daylight) == (wall("2022-07-13T10:56:44"), True)
    assert written_date_and_clock("220713", "xx") is None
    assert written_date_and_clock("220732", "105644") is None
    assert asked_time(wall("2026-03-25T00:00:00"), "0") == "0260325000000"


# Load profiles


def test_a_new_header_begins_a_new_time_base() -> None:
    text = HEAD + "(0.304)(0.000)\n(0.317)(0.1)\nP.01(1260401020700)(A8)(15)(2)(1.29)(kWh)(2.29)(kWh)\n(0.338)(0.002)\n"
    found = blocks(text)
    assert isinstance(found[0], ProfileBlock)
    rows = [row for block in found if isinstance(block, ProfileBlock) for row in block.rows]
    first = instant(2026, 3, 31, 23)
    assert [row.end for row in rows] == [first, first + 900, instant(2026, 4, 1, 0, 7)]
    assert [row.status_raw for row in rows] == [0x08, 0x08, 0xA8]
    assert {Flag.POWER_DOWN, Flag.CLOCK_ADJUSTED} <= rows[2].flags
    assert rows[1].values == (317, 100)
    assert rows[1].meter_time_raw == "1260401010000+900s"


def test_the_clock_change_days_have_92_and_100_quarters() -> None:  # AM-2.1
    spring = HEAD.replace("1260401010000", "0260329001500") + "(1)(2)\n" * 7
    spring += HEAD.replace("1260401010000", "1260329030000") + "(1)(2)\n" * 85
    ends = [row.end for block in blocks(spring) if isinstance(block, ProfileBlock) for row in block.rows]
    assert ends == [instant(2026, 3, 28, 23, 15) + 900 * count for count in range(92)]
    autumn = HEAD.replace("1260401010000", "1261025001500") + "(1)(2)\n" * 12
    autumn += HEAD.replace("1260401010000", "0261025021500") + "(1)(2)\n" * 88
    ends = [row.end for block in blocks(autumn) if isinstance(block, ProfileBlock) for row in block.rows]
    assert ends == [instant(2026, 10, 24, 22, 15) + 900 * count for count in range(100)]


def test_an_unmarked_autumn_hour_is_told_apart_by_what_was_before() -> None:
    bare = PROFILE.model_copy(update={"status": PROFILE.status.model_copy(update={"daylight": 0})})
    head = "P.01({})(00)(15)(1)(1.29)(kWh)\n(1)\n"
    text = head.format("2610250145") + head.format("2610250200") + head.format("2610250215")
    found = [row for block in blocks(text, bare) if isinstance(block, ProfileBlock) for row in block.rows]
    assert [row.offset_source for row in found] == [
        OffsetSource.PROFILE_SETTING,
        OffsetSource.SEQUENCE,
        OffsetSource.SEQUENCE,
    ]
    alone = [row for block in blocks(head.format("2610250230"), bare) for row in getattr(block, "rows", ())]
    assert (alone[0].end, Flag.NO_OFFSET in alone[0].flags) == (None, True)


def test_a_dead_batterys_year_2000_has_no_instant() -> None:
    found = blocks("P.01(0000101001500)(04)(15)(1)(1.29)(kWh)\n(1)\n")
    assert isinstance(found[0], ProfileBlock)
    assert found[0].rows[0].end is None
    assert Flag.NO_OFFSET in found[0].rows[0].flags


def test_missing_values_stay_missing_and_decimals_may_differ() -> None:
    found = blocks(HEAD + "(---)(0.1)\n()(0.12345)\n(7)(0)\n")
    assert isinstance(found[0], ProfileBlock)
    assert [row.values for row in found[0].rows] == [(None, 10000), (None, 12345), (7, 0)]
    assert [column.scaler for column in found[0].columns] == [3, -2]


def test_a_changed_column_list_is_a_block_of_its_own() -> None:
    found = blocks(HEAD + "(1)(2)\n" + HEAD.replace("(2)(1.29)(kWh)(2.29)(kWh)", "(1)(2.29)(kWh)") + "(3)\n")
    assert [len(block.columns) for block in found if isinstance(block, ProfileBlock)] == [2, 1]


def test_a_channel_nothing_explains_refuses_the_block() -> None:
    found = blocks("P.01(1260401010000)(08)(15)(1)(XYZ)(kWh)\n(1)\n")
    assert isinstance(found[0], Refusal)


@pytest.mark.parametrize(
    "wrong",
    [
        "(1)",  # a value too few
        "(1)(2)(3)",
        "(1)(x)",
        "P.01(1269901010000)(08)(15)(2)(1.29)(kWh)(2.29)(kWh)",  # no time
        "P.01(1260401010000)(0G)(15)(2)(1.29)(kWh)(2.29)(kWh)",
        "P.01(1260401010000)(08)(15)(3)(1.29)(kWh)(2.29)(kWh)",
        "P.01(1260401010000)(08)(15)(0)",
        "P.01(1260401010000)(08)(15)(99)",
        "P.01(1260401010000)",
    ],
)
def test_a_wrong_row_or_header_refuses_the_whole_block(wrong: str) -> None:
    read = profile_text(HEAD + "(1)(2)\n" + wrong + "\n")
    assert isinstance(read, Unreadable)
    assert read.line == 3


def test_values_of_a_log_may_stand_in_its_header_or_below() -> None:
    text = "P.98(1220906234904)(20)()(2)(0.9.1)()(0.9.2)()\n(234849)(220906)\nP.98(1220906234904)()()(1)(C.11.0)()(4)\n"
    text += "P.98(1220906234905)(0080)(00)(0)\n"
    read = profile_text(text)
    assert isinstance(read, ProfileText)
    events = log_events(read, origin())
    assert [event.code for event in events] == [0x20, 4, 0x80]
    assert events[0].text == "status 20, 0.9.1=234849, 0.9.2=220906"


# Registers


def test_a_maximum_brings_its_own_time_and_a_value_without_time_the_collectors() -> None:
    sets = data_sets("1.6.1(0.50262*kW)(2211120730)\n1.8.0(01281.6601*kWh)\n")
    assert not isinstance(sets, Unreadable)
    maximum, total = readout(sets, origin(), read_at=1_700_000_000).readings
    assert (str(maximum.value), maximum.unit, maximum.ts_end) == ("502.62", "W", instant(2022, 11, 12, 6, 30))
    assert (total.ts_end, total.offset_source) == (1_700_000_000, OffsetSource.HOST)


def test_a_gas_meter_written_as_a_profiles_row_has_its_value_and_time() -> None:
    sets = data_sets("0-1:24.3.0(121030140000)(00)(60)(1)(0-1:24.2.1)(m3)\n(00024.123)\n0-0:1.0.0(121030150000)\n")
    assert not isinstance(sets, Unreadable)
    gas, clock = readout(sets, origin()).readings
    assert (gas.source_id, str(gas.value), gas.unit) == ("0-1:24.2.1", "24.123", "m3")
    assert gas.ts_end == instant(2012, 10, 30, 13)
    assert (clock.text, clock.raw, clock.ts_end) == ("121030150000", 0, instant(2012, 10, 30, 14))


def test_parameters_keep_their_digits_and_unknown_ids_are_told() -> None:
    sets = data_sets("C.1.0(00120858)\n96.7.21(00013)\nG.Z(1)\n32.7.0(230,5*V)\n")
    assert not isinstance(sets, Unreadable)
    read = readout(sets, origin())
    assert [(one.text, one.raw) for one in read.readings] == [("00120858", 0), ("", 13), ("", 2305)]
    assert read.unknown == ("G.Z",)


# Telegrams


def telegram(text: str, crc: bool = True) -> bytes:
    octets = text.replace("\n", "\r\n").encode()
    return octets + (f"{crc16(octets):04X}\r\n".encode() if crc else b"\r\n")


def test_the_crc_is_crc_16_arc() -> None:
    assert crc16(b"123456789") == 0xBB3D


def test_a_telegram_of_version_4_without_its_crc_is_refused() -> None:
    text = "/ABC5x\n\n1-3:0.2.8(42)\n1-0:1.8.0(1*kWh)\n!"
    assert isinstance(read_telegram(telegram(text)), TelegramText)
    assert isinstance(read_telegram(telegram(text, crc=False)), UnsoundTelegram)
    older = read_telegram(telegram(text.replace("(42)", "(22)"), crc=False))
    assert isinstance(older, TelegramText)
    assert older.protection is Protection.NONE


@pytest.mark.parametrize("text", ["/ABC5x\n\n1.8.0\n!", "/A\n\n1.8.0(1)\n!", "/ABC5x\n\n1.8.0(1)\n"])
def test_a_telegram_with_a_good_crc_and_no_sense_is_refused(text: str) -> None:
    read = read_telegram(telegram(text))
    assert isinstance(read, UnsoundTelegram)
    assert seven_bit(b"") == b""
