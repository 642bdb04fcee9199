"""Market time: instants, local days of 23, 24 and 25 hours, steps that follow the wall clock (DK-1.48)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.codes import Resolution
from gateway.messages.times import (
    DAY,
    HOUR,
    NO_INSTANT,
    Interval,
    MarketZone,
    format_minute,
    format_second,
    parse_instant,
    to_datetime,
    to_instant,
)

ZONE = MarketZone("Europe/Copenhagen")
DAYS = st.dates(date(1971, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2025-01-14T23:00Z", "2025-01-14T23:00:00Z"),
        ("2025-01-14T23:00:00.750Z", "2025-01-14T23:00:00Z"),
        ("2025-01-15T00:00:00+01:00", "2025-01-14T23:00:00Z"),
        ("2025-01-14T22:30:00-00:30", "2025-01-14T23:00:00Z"),
        ("2025-01-14T24:00Z", "2025-01-15T00:00:00Z"),
        ("2025-01-14T23:00:00", "2025-01-14T23:00:00Z"),
    ],
)
def test_the_spellings_of_an_instant(text: str, same_as: str) -> None:
    assert format_second(parse_instant(text)) == same_as


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2025-02-29T00:00Z", "2025-01-14", "2025-01-14T24:01Z", "2025-01-14T23:60Z", "0000-01-01T00:00Z"],
)
def test_what_cannot_be_read_is_no_instant(text: str) -> None:
    assert parse_instant(text) == NO_INSTANT


@given(st.integers(-(10**9), 4 * 10**9))
def test_an_instant_is_read_as_it_was_written(instant: int) -> None:
    assert parse_instant(format_second(instant)) == instant
    assert to_instant(to_datetime(instant)) == instant


def test_a_datetime_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="zone"):
        to_instant(datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None))


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-01", 96)])
def test_days_of_23_24_and_25_hours(day: str, quarters: int) -> None:
    # DK-1.48, FI-2.7
    span = ZONE.day_interval(date.fromisoformat(day))
    assert ZONE.steps(Resolution.QUARTER, span) == quarters
    assert ZONE.steps(Resolution.HOUR, span) == quarters // 4
    assert ZONE.steps(Resolution.DAY, span) == 1


def test_the_bounds_of_a_danish_day_in_utc() -> None:
    assert format_minute(ZONE.midnight(date(2025, 1, 15))) == "2025-01-14T23:00Z"
    assert format_minute(ZONE.midnight(date(2025, 7, 15))) == "2025-07-14T22:00Z"


@given(DAYS, st.integers(0, DAY - 1))
def test_day_numbers_agree_with_the_wall_clock(day: date, second: int) -> None:
    instant = ZONE.midnight(day) + second
    expected = (ZONE.day(instant) - date(1970, 1, 1)).days
    assert ZONE.day_numbers(np.array([instant])).tolist() == [expected]


@given(DAYS, st.integers(0, DAY - 1), st.integers(1, 40 * DAY))
def test_a_span_touches_the_days_of_its_first_and_its_last_second_and_all_between(
    day: date, second: int, length: int
) -> None:
    start = ZONE.midnight(day) + second
    first, last = ZONE.day_numbers(np.array([start, start + length - 1])).tolist()
    assert ZONE.days_of(start, start + length) == range(first, last + 1)


@given(DAYS, st.sampled_from([Resolution.DAY, Resolution.MONTH, Resolution.YEAR]), st.integers(1, 30))
def test_local_steps_begin_at_local_midnight_and_fill_their_interval(day: date, step: Resolution, count: int) -> None:
    start = ZONE.midnight(day.replace(day=1))
    starts, end = ZONE.step_starts(step, start, count), ZONE.end(step, start, count)
    assert all(ZONE.local(int(one)).hour == 0 for one in starts)
    assert (np.diff([*starts.tolist(), end]) > 22 * HOUR).all()
    assert ZONE.steps(step, Interval(start, end)) == count
    assert ZONE.steps(step, Interval(start, end + HOUR)) is None


def test_a_month_after_the_thirty_first_is_the_last_of_its_month() -> None:
    start = ZONE.midnight(date(2026, 1, 31))
    assert [ZONE.day(int(one)) for one in ZONE.step_starts(Resolution.MONTH, start, 3)] == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 31),
    ]


def test_the_first_of_a_month() -> None:
    first = ZONE.midnight(date(2026, 4, 1))
    assert ZONE.is_month_start(first)
    assert not ZONE.is_month_start(first + HOUR)
    assert not ZONE.is_month_start(ZONE.midnight(date(2026, 4, 2)))


@given(st.integers(0, 100), st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
def test_intervals_overlap_when_they_share_a_moment(a: int, b: int, c: int, d: int) -> None:
    one, other = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))
    shared = any(one.contains(moment) and other.contains(moment) for moment in range(101))
    assert one.overlaps(other) == shared or one.start == one.end or other.start == other.end


def test_an_hour_that_comes_twice_is_the_first() -> None:
    assert format_minute(ZONE.at(date(2026, 10, 25), 2)) == "2026-10-25T00:00Z"
    assert ZONE.local(ZONE.at(date(2026, 10, 25), 3)) - ZONE.local(ZONE.at(date(2026, 10, 25), 2)) >= timedelta(hours=1)
