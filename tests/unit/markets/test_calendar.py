"""Danish working days and the instants of a day of operation: every worked example of dk-settlement §2 and §3."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.markets.calendar import MarketTimetable, easter_sunday, month_after
from gateway.markets.registry import changed_profile, profile
from gateway.messages.codes import ReminderGroup, SettlementStage
from gateway.messages.times import to_datetime, to_instant
from gateway.rules.batch import DeadlineGroup

DK = profile("dk")
DAYS, TIMES, ZONE = DK.working_days, DK.timetable, DK.zone

EASTERS = [
    (2016, date(2016, 3, 27), date(2016, 4, 22), date(2016, 5, 5), date(2016, 5, 16)),
    (2023, date(2023, 4, 9), date(2023, 5, 5), date(2023, 5, 18), date(2023, 5, 29)),
    (2024, date(2024, 3, 31), None, date(2024, 5, 9), date(2024, 5, 20)),
    (2025, date(2025, 4, 20), None, date(2025, 5, 29), date(2025, 6, 9)),
    (2026, date(2026, 4, 5), None, date(2026, 5, 14), date(2026, 5, 25)),
    (2027, date(2027, 3, 28), None, date(2027, 5, 6), date(2027, 5, 17)),
    (2028, date(2028, 4, 16), None, date(2028, 5, 25), date(2028, 6, 5)),
]


@pytest.mark.parametrize(("year", "easter", "prayer", "ascension", "whit"), EASTERS)
def test_easter_and_the_days_that_hang_on_it(
    year: int, easter: date, prayer: date | None, ascension: date, whit: date
) -> None:
    assert easter_sunday(year) == easter
    closed = {name: day for day, name in DAYS.holidays(year)}
    assert closed["Maundy Thursday"] == date.fromordinal(easter.toordinal() - 3)
    assert closed["Good Friday"] == date.fromordinal(easter.toordinal() - 2)
    assert closed["Easter Monday"] == date.fromordinal(easter.toordinal() + 1)
    assert closed.get("Great Prayer Day") == prayer
    assert closed["Ascension Day"] == ascension
    assert closed["the Friday after Ascension"] == date.fromordinal(ascension.toordinal() + 1)
    assert closed["Whit Monday"] == whit
    assert not any(DAYS.is_working_day(day) for day in closed.values())


def test_great_prayer_day_was_abolished_from_2024() -> None:
    assert not DAYS.is_working_day(date(2023, 5, 5))
    assert DAYS.is_working_day(date(2024, 4, 26))


@pytest.mark.parametrize(
    "day",
    [
        date(2025, 1, 1),
        date(2025, 12, 24),
        date(2025, 12, 25),
        date(2025, 12, 26),
        date(2025, 12, 31),
        date(2025, 6, 7),
    ],
)
def test_closed_days(day: date) -> None:
    assert not DAYS.is_working_day(day)


@pytest.mark.parametrize("day", [date(2025, 6, 5), date(2025, 5, 1), date(2025, 12, 30), date(2025, 1, 2)])
def test_working_days(day: date) -> None:
    assert DAYS.is_working_day(day)


def test_extra_closed_days_are_a_setting() -> None:
    closing = changed_profile("dk", {"calendar": {"extra": [date(2025, 6, 5)]}}, {})
    assert not closing.working_days.is_working_day(date(2025, 6, 5))
    assert closing.working_days.is_working_day(date(2026, 6, 5))
    assert (date(2025, 6, 5), "extra closed day") in closing.working_days.holidays(2025)


def test_the_day_itself_is_never_counted() -> None:
    assert DAYS.after(date(2025, 6, 10), 0) == date(2025, 6, 10)
    assert DAYS.after(date(2025, 6, 10), 1) == date(2025, 6, 11)
    assert DAYS.after(date(2025, 6, 7), 1) == date(2025, 6, 10)
    assert DAYS.after(date(2025, 6, 5), 3) == date(2025, 6, 11)


WORKED = [
    (date(2016, 3, 22), date(2016, 3, 30), date(2016, 4, 1), date(2016, 4, 2)),
    (date(2016, 4, 1), date(2016, 4, 6), date(2016, 4, 8), date(2016, 4, 9)),
    (date(2016, 5, 3), date(2016, 5, 10), date(2016, 5, 12), date(2016, 5, 13)),
    (date(2025, 4, 11), date(2025, 4, 16), date(2025, 4, 23), date(2025, 4, 24)),
    (date(2025, 12, 23), date(2026, 1, 2), date(2026, 1, 6), date(2026, 1, 7)),
    (date(2026, 3, 30), date(2026, 4, 7), date(2026, 4, 9), date(2026, 4, 10)),
    (date(2026, 5, 11), date(2026, 5, 18), date(2026, 5, 20), date(2026, 5, 21)),
    (date(2026, 10, 25), date(2026, 10, 28), date(2026, 10, 30), date(2026, 10, 31)),
    (date(2026, 12, 22), date(2026, 12, 29), date(2027, 1, 4), date(2027, 1, 5)),
]


@pytest.mark.parametrize(("day", "third", "fifth", "sent"), WORKED)
def test_worked_examples(day: date, third: date, fifth: date, sent: date) -> None:
    # DK-4.1.1, DK-4.1.2, DK-1.11, DK-4.2.b; twice, so that the remembered answer is the same
    for _ in range(2):
        assert TIMES.collection_limit(day, DeadlineGroup.HOURLY) == ZONE.at(third, 10)
        assert TIMES.collection_limit(day, DeadlineGroup.FLEX) == ZONE.at(fifth, 21)
        assert TIMES.missing_limit(day, DeadlineGroup.FLEX) == ZONE.at(fifth, 21)
        assert TIMES.control_opens(day) == ZONE.at(third, 10)
        assert TIMES.fixation(day) == ZONE.at(fifth, 21)
        assert TIMES.basis_due(day) == ZONE.at(sent, 8)
        assert TIMES.resend_window(day) == (ZONE.at(third, 10), ZONE.at(fifth, 21))


def test_clock_times_are_local() -> None:
    assert to_datetime(TIMES.fixation(date(2025, 4, 11))) == datetime(2025, 4, 23, 19, tzinfo=UTC)
    assert TIMES.fixation(date(2025, 12, 23)) == to_instant(datetime(2026, 1, 6, 20, tzinfo=UTC))


def test_a_monthly_series_is_due_on_the_fifth_working_day() -> None:
    # DK-5.2: March 2026
    assert TIMES.collection_limit(date(2026, 3, 31), DeadlineGroup.MONTHLY) == ZONE.at(date(2026, 4, 10), 10)


def test_a_deadline_that_is_none_is_our_mistake() -> None:
    broken = MarketTimetable(ZONE, DAYS, lambda name, day: "whenever")
    with pytest.raises(ValueError, match="whenever"):
        broken.fixation(date(2025, 6, 10))


def test_a_long_simulation_forgets_old_days() -> None:
    known = dict.fromkeys((("fixation", date.fromordinal(n + 1)) for n in range(100_001)), 0)
    timetable = MarketTimetable(ZONE, DAYS, lambda name, day: "WD5 21:00")
    timetable._known.update(known)
    assert timetable.fixation(date(2025, 6, 10)) == ZONE.at(date(2025, 6, 17), 21)
    assert len(timetable._known) == 1


REFIXED = [
    (date(2016, 1, 1), date(2016, 2, 5), date(2016, 3, 4), date(2016, 4, 5)),
    (date(2016, 4, 1), date(2016, 5, 10), date(2016, 6, 6), date(2016, 7, 5)),
    (date(2024, 12, 1), date(2025, 1, 8), date(2025, 2, 6), date(2025, 3, 5)),
    (date(2025, 1, 1), date(2025, 2, 7), date(2025, 3, 6), date(2025, 4, 3)),
    (date(2025, 3, 1), date(2025, 4, 7), date(2025, 5, 6), date(2025, 6, 4)),
    (date(2025, 12, 1), date(2026, 1, 8), date(2026, 2, 5), date(2026, 3, 4)),
    (date(2026, 1, 1), date(2026, 2, 6), date(2026, 3, 5), date(2026, 4, 8)),
    (date(2026, 3, 1), date(2026, 4, 10), date(2026, 5, 6), date(2026, 6, 3)),
    (date(2026, 4, 1), date(2026, 5, 7), date(2026, 6, 4), date(2026, 7, 3)),
    (date(2026, 11, 1), date(2026, 12, 7), date(2027, 1, 7), date(2027, 2, 3)),
]


@pytest.mark.parametrize(("month", "first", "second", "final"), REFIXED)
def test_the_three_refixations_of_a_month(month: date, first: date, second: date, final: date) -> None:
    # DK-4.4, DK-1.34: every day of the month goes with its month
    for day in (month, month.replace(day=17)):
        assert TIMES.settled(SettlementStage.FIRST_REFIXATION, day) == ZONE.at(first, 21)
        assert TIMES.settled(SettlementStage.SECOND_REFIXATION, day) == ZONE.at(second, 21)
        assert TIMES.settled(SettlementStage.FINAL_REFIXATION, day) == ZONE.at(final, 21)


def test_corrections_are_settled_three_years_on() -> None:
    # DK-4.5.b: the third working day of M+36
    assert TIMES.settled(SettlementStage.CORRECTION, date(2016, 3, 22)) == ZONE.at(date(2019, 3, 5), 21)


def test_what_is_settled_is_sent_by_eight_the_next_calendar_day() -> None:
    # DK-4.1.5.i, DK-4.2.b, DK-4.4: also on the day summer time begins
    assert TIMES.sent_by(ZONE.at(date(2026, 3, 28), 21)) == ZONE.at(date(2026, 3, 29), 8)


def test_an_evening_closes_three_days_of_a_weekend_and_sums_up_later_ones() -> None:
    # DK-1.11, DK-4.1.5.g: Friday 15 April 2016 is WD5 of Friday 8 to Sunday 10 April
    assert TIMES.open_days(date(2016, 4, 15)) == [date(2016, 4, day) for day in range(8, 15)]
    fixed = [
        day for day in TIMES.open_days(date(2016, 4, 15)) if TIMES.fixation(day) == TIMES.evening(date(2016, 4, 15))
    ]
    assert fixed == [date(2016, 4, day) for day in (8, 9, 10)]


def test_the_last_day_of_a_month_is_fixed_on_the_evening_its_month_is_refixed() -> None:
    # DK-4.4: fixation runs first, refixation over it
    for month in (date(2026, 1, 1), date(2025, 12, 1), date(2016, 4, 1)):
        last = month_after(month, 1) - timedelta(days=1)
        assert TIMES.fixation(last) == TIMES.settled(SettlementStage.FIRST_REFIXATION, month)


@pytest.mark.parametrize(
    ("group", "now", "newest"),
    [
        (ReminderGroup.HOURLY, ZONE.at(date(2016, 3, 30), 10), ZONE.at(date(2016, 3, 29), 10)),
        (ReminderGroup.HOURLY, ZONE.at(date(2016, 3, 30), 10) + 1, ZONE.at(date(2016, 3, 30), 10)),
        (ReminderGroup.FLEX, ZONE.at(date(2016, 4, 1), 21) + 1, ZONE.at(date(2016, 4, 1), 21)),
        (ReminderGroup.FLEX, ZONE.at(date(2016, 4, 3), 22), ZONE.at(date(2016, 4, 1), 21)),
        (ReminderGroup.READINGS, ZONE.at(date(2025, 4, 21), 12), ZONE.midnight(date(2025, 4, 16))),
        (ReminderGroup.READINGS, ZONE.at(date(2025, 4, 22), 0) + 1, ZONE.midnight(date(2025, 4, 22))),
        (ReminderGroup.PRODUCTION, ZONE.at(date(2026, 4, 8), 10) + 1, ZONE.at(date(2026, 4, 8), 10)),
    ],
)
def test_reminders_go_out_just_after_a_time_of_every_working_day(group: ReminderGroup, now: int, newest: int) -> None:
    # DK-4.1.5.e, DK-5.1.2.a, DK-5.2
    assert TIMES.reminders_before(group, now) == newest
