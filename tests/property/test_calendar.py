"""Working days against a naive count, deadlines against the order the regulation gives them."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.markets.calendar import easter_sunday
from gateway.markets.registry import profile
from gateway.messages.times import DAY, HOUR
from gateway.rules.batch import DeadlineGroup

DK = profile("dk")
DAYS, TIMES, ZONE = DK.working_days, DK.timetable, DK.zone

days = st.dates(date(2010, 1, 1), date(2060, 12, 31))


def paschal_sunday(year: int) -> date:
    """Easter another way: the Sunday after the full moon that epact and golden number give."""
    golden, century = year % 19 + 1, year // 100 + 1
    leap_years_dropped, moon_orbit = 3 * century // 4 - 12, (8 * century + 5) // 25 - 5
    sunday = 5 * year // 4 - leap_years_dropped - 10
    epact = (11 * golden + 20 + moon_orbit - leap_years_dropped) % 30
    if epact == 24 or (epact == 25 and golden > 11):
        epact += 1
    full_moon = 44 - epact if epact <= 23 else 74 - epact
    return date(year, 3, 1) + timedelta(days=full_moon + 6 - (sunday + full_moon) % 7)


def is_open(day: date) -> bool:
    """Whether a day works, said as the appendix says it."""
    if day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (12, 24), (12, 25), (12, 26), (12, 31)}:
        return False
    offset = (day - paschal_sunday(day.year)).days
    return offset not in {-3, -2, 1, 39, 40, 50} and not (offset == 26 and day.year <= 2023)


@given(st.integers(1900, 2200))
def test_easter_two_ways(year: int) -> None:
    assert easter_sunday(year) == paschal_sunday(year)
    assert easter_sunday(year).weekday() == 6


@given(days, st.integers(1, 12))
def test_the_nth_working_day_after_a_day(day: date, count: int) -> None:
    found = DAYS.after(day, count)
    between = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    assert sum(is_open(each) for each in between) == count
    assert is_open(found)


@given(days)
def test_deadlines_follow_each_other(day: date) -> None:
    # DK-4.1.1, DK-4.1.2, DK-1.11, DK-4.2.b
    ends = ZONE.day_interval(day).end
    opens, closes = TIMES.resend_window(day)
    assert ends < TIMES.collection_limit(day, DeadlineGroup.HOURLY) == opens < closes
    assert closes == TIMES.fixation(day) == TIMES.collection_limit(day, DeadlineGroup.FLEX)
    assert 10 * HOUR <= TIMES.basis_due(day) - closes <= 12 * HOUR
    assert closes - ends <= 15 * DAY
    assert ZONE.local(closes).hour == 21


@given(days)
def test_a_later_day_never_closes_earlier(day: date) -> None:
    assert TIMES.fixation(day) <= TIMES.fixation(day + timedelta(days=1))
