"""COSEM date-times: the published encodings, their signs, and what instant they are under each rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.times import to_instant
from meter_adapters.dlms.cosem_time import CosemTime, looks_like_time, parse_time, time_octets
from meter_adapters.dlms.fault import Fault
from meter_adapters.time_offset import OffsetRule, OffsetSource, OffsetStyle

WALL = datetime(2026, 7, 1, tzinfo=UTC).replace(tzinfo=None)
ZONE = ZoneInfo("Europe/Copenhagen")


def parsed(octets: str) -> CosemTime:
    time = parse_time(bytes.fromhex(octets))
    assert isinstance(time, CosemTime)
    return time


def test_every_published_encoding_means_what_is_stated(shared: Path) -> None:
    rows: list[dict[str, Any]] = msgspec.json.decode((shared / "data/meters/dlms/datetime-vectors.json").read_bytes())
    assert len(rows) == 7
    for row in rows:
        time, meaning = parsed(row["hex"]), row["meaning"]
        assert time.wall.isoformat() == meaning[:19]
        placed = OffsetRule(ZONE).place(time.meter_time)
        if "unspecified" in meaning:
            assert time.deviation is None
            assert placed.instant is None
            assert placed.source is OffsetSource.UNKNOWN
        else:
            assert placed.instant == to_instant(datetime.fromisoformat(meaning[:25]))


def test_the_two_passes_of_the_autumn_hour_are_an_hour_apart() -> None:
    rule = OffsetRule(ZONE, OffsetStyle.LOCAL_DST)
    first, second = (
        rule.place(parsed(o).meter_time).instant for o in ("07EA0A1907020000FFFF8880", "07EA0A1907020000FFFFC400")
    )
    assert first is not None and second is not None
    assert second - first == 3600


def test_a_meter_without_deviation_follows_its_profile() -> None:
    """Kamstrup sends 8000h and stays on standard time all year."""
    summer = parsed("07E8060F06141700FF800000")
    standard = OffsetRule(ZONE, OffsetStyle.LOCAL_STANDARD).place(summer.meter_time)
    civil = OffsetRule(ZONE, OffsetStyle.LOCAL_DST).place(summer.meter_time)
    assert standard.instant is not None and civil.instant is not None
    assert standard.instant - civil.instant == 3600


@pytest.mark.parametrize(
    "octets",
    ["FFFF0101FF000000FF800000", "07E80D0106000000FF800000", "07E8021E06000000FF800000", "07E8010106190000FF800000"],
)
def test_what_is_no_date_is_refused(octets: str) -> None:
    assert isinstance(parse_time(bytes.fromhex(octets)), Fault)
    assert not looks_like_time(bytes.fromhex(octets))


@given(st.datetimes(WALL - timedelta(days=9_000), WALL + timedelta(days=25_000)), st.none() | st.integers(-720, 720))
def test_times_are_read_as_written(wall: datetime, deviation: int | None) -> None:
    octets = time_octets(wall.replace(microsecond=0), deviation, 0x80)
    time = parse_time(octets)
    assert isinstance(time, CosemTime)
    assert (time.wall, time.deviation, time.status) == (wall.replace(microsecond=0), deviation, 0x80)
    assert looks_like_time(octets)


@given(st.binary(max_size=14))
def test_any_octets_are_a_time_or_refused(octets: bytes) -> None:
    assert isinstance(parse_time(octets), CosemTime | Fault)
