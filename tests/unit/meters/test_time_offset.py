"""The rule of offsets: deviation, then daylight mark, then the profile's setting, then nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.times import parse_instant
from meter_adapters.time_offset import MeterTime, OffsetRule, OffsetSource, OffsetStyle, PlacedTime

ZONE = ZoneInfo("Europe/Copenhagen")
NAIVE = OffsetRule(ZONE)


def at(text: str) -> int:
    return parse_instant(text)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_deviation_is_added_to_local_time() -> None:
    # +01:00 is -60 minutes
    placed = NAIVE.place(MeterTime(wall("2026-01-01T01:15"), -60))
    assert placed == PlacedTime(at("2026-01-01T00:15Z"), OffsetSource.DEVIATION)
    assert NAIVE.place(MeterTime(wall("2026-01-01T01:15"), 0, daylight=True)).instant == at("2026-01-01T01:15Z")


def test_a_deviation_beyond_the_earth_or_not_trusted() -> None:
    assert NAIVE.place(MeterTime(wall("2026-01-01T01:15"), 721)).instant is None
    rule = OffsetRule(ZONE, OffsetStyle.LOCAL_STANDARD, trusts_deviation=False)
    placed = rule.place(MeterTime(wall("2026-07-01T02:00"), -120))
    assert placed == PlacedTime(at("2026-07-01T01:00Z"), OffsetSource.PROFILE_SETTING)


@pytest.mark.parametrize(("daylight", "instant"), [(True, "2026-10-25T00:30Z"), (False, "2026-10-25T01:30Z")])
def test_a_daylight_mark_tells_the_two_autumn_hours_apart(daylight: bool, instant: str) -> None:
    placed = NAIVE.place(MeterTime(wall("2026-10-25T02:30"), None, daylight))
    assert placed == PlacedTime(at(instant), OffsetSource.DAYLIGHT_MARK)


def test_without_any_word_there_is_no_instant() -> None:
    assert NAIVE.place(MeterTime(wall("2026-01-01T01:15"))) == PlacedTime(None, OffsetSource.UNKNOWN)


@pytest.mark.parametrize("year", [1970, 2000, 2100])
def test_a_lost_clock_has_no_instant(year: int) -> None:
    assert NAIVE.place(MeterTime(datetime(year, 1, 1), -60)).instant is None  # noqa: DTZ001 - a meter's clock


def test_civil_time_decides_the_autumn_hour_by_sequence_only() -> None:
    rule = OffsetRule(ZONE, OffsetStyle.LOCAL_DST)
    time = MeterTime(wall("2026-10-25T02:30"))
    assert rule.place(time).instant is None
    for instant in (at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z")):
        assert rule.place(time, expected=instant) == PlacedTime(instant, OffsetSource.SEQUENCE)
    assert rule.place(time, expected=at("2026-10-25T02:30Z")).instant is None


def test_the_hour_that_spring_leaves_out_is_none() -> None:
    rule = OffsetRule(ZONE, OffsetStyle.LOCAL_DST)
    assert rule.place(MeterTime(wall("2026-03-29T02:30")), expected=at("2026-03-29T01:30Z")).instant is None


@given(
    st.datetimes(datetime(2002, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(OffsetStyle),
)
def test_what_a_meter_shows_leads_back_to_the_instant(moment: datetime, style: OffsetStyle) -> None:
    instant = int(moment.timestamp())
    rule = OffsetRule(ZONE, style)
    shown = rule.wall(instant)
    assert rule.place(MeterTime(shown), expected=instant).instant == instant
    before = rule.place(MeterTime(shown)).instant
    assert before in (None, instant)
    if style is not OffsetStyle.LOCAL_DST:
        assert before == instant
        assert rule.wall(instant + 900) - shown == timedelta(minutes=15)
