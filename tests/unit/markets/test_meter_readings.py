"""The terms of meter readings and the deadlines of monthly production in Denmark."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.markets.calendar import last_of_month
from gateway.markets.meter_readings import ReadingTerms
from gateway.markets.parameters import DatedValue, Parameter
from gateway.markets.registry import changed_profile, profile

DK = profile("dk")
TIMES, ZONE = DK.timetable, DK.zone


def test_a_reading_is_due_35_days_after_its_nominal_date_and_reminded_after_21() -> None:
    # DK-5.1.1.b, DK-5.1.2.a: the worked date of dk-settlement §11
    nominal = date(2025, 3, 31)
    assert DK.readings.last_day_unreminded(nominal) == date(2025, 4, 21)
    assert DK.readings.due(nominal) == date(2025, 5, 5)
    assert (DK.readings.months_between(nominal), DK.readings.statements_a_year(nominal)) == (12, 4)


def test_the_mandatory_limit_may_be_the_grid_areas_own() -> None:
    # DK-5.1.1.c
    day = date(2025, 1, 1)
    assert DK.readings.numbers("990", day).mandatory_limit == 100_000
    own = changed_profile("dk", {"readings": {"area_limits": {"990": 50_000}}}, {})
    assert [own.readings.numbers(area, day).mandatory_limit for area in ("990", "991")] == [50_000, 100_000]


def test_monthly_production_of_march_2026() -> None:
    # DK-5.2: read by Wed 1 Apr, sent by Wed 8 Apr 10:00 (Easter), multi-fuel by Fri 10 Apr 10:00
    for day in (date(2026, 3, 1), date(2026, 3, 17), date(2026, 3, 31)):
        assert TIMES.production_reading(day) == ZONE.midnight(date(2026, 4, 2)), (
            "the whole first of April belongs to it"
        )
        assert TIMES.production_series(day) == ZONE.at(date(2026, 4, 8), 10)
        assert TIMES.production_multi_fuel(day) == ZONE.at(date(2026, 4, 10), 10)


@pytest.mark.parametrize(
    ("day", "read", "series", "multi_fuel"),
    [
        (date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 6), date(2026, 1, 8)),
        (date(2016, 4, 30), date(2016, 5, 2), date(2016, 5, 4), date(2016, 5, 10)),
    ],
)
def test_monthly_production_over_holidays(day: date, read: date, series: date, multi_fuel: date) -> None:
    # DK-5.2
    assert TIMES.production_reading(day) == ZONE.midnight(read + timedelta(days=1))
    assert TIMES.production_series(day) == ZONE.at(series, 10)
    assert TIMES.production_multi_fuel(day) == ZONE.at(multi_fuel, 10)


def test_the_last_of_a_month() -> None:
    days = [date(2024, 2, 1), date(2025, 2, 28), date(2025, 12, 5), date(2026, 4, 30)]
    assert [last_of_month(day).day for day in days] == [29, 28, 31, 30]


def test_a_band_that_is_none_is_our_mistake() -> None:
    day = date(2025, 1, 1)
    broken = Parameter("plausible-annual-consumption", "m", "u", (DatedValue(day, "0: everything", "", "[DEF]"),))
    rules = DK.rules
    terms = ReadingTerms({"plausible-annual-consumption": broken}, {}, rules.readings, rules.cancellations)
    with pytest.raises(ValueError, match="everything"):
        terms.numbers("990", day)
