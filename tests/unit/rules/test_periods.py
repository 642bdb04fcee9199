"""Period rules of RSM-012: E50, E17, D66, E87."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages.codes import MeteringPointType, Resolution
from gateway.messages.times import NO_INSTANT, to_instant
from gateway.rules.periods import years_before

from .village import END, START, ZONE, findings, found, gsrn, master_of, period, series, version

HOUR = 3600


@pytest.mark.parametrize(("start", "end"), [(NO_INSTANT, END), (START, NO_INSTANT), (NO_INSTANT, NO_INSTANT)])
def test_a_bound_that_is_missing_stops_every_other_check_of_the_period(start: int, end: int) -> None:
    assert found(series(period(start=start, end=end))) == [("period-readable", "E50")]


@pytest.mark.parametrize("end", [START, START - 24 * HOUR])
def test_the_period_starts_before_it_ends(end: int) -> None:
    assert found(series(period(end=end))) == [("period-forward", "E50")]


def test_four_hours_are_enough_and_less_is_not() -> None:
    assert found(series(period([1] * 4, end=START + 4 * HOUR))) == []
    assert found(series(period([1] * 3, end=START + 3 * HOUR))) == [("period-long-enough", "E50")]
    quarterly = master_of(version(resolution=Resolution.QUARTER))
    short = period([1] * 15, end=START + 4 * HOUR - 900, resolution=Resolution.QUARTER)
    assert found(series(short), master=quarterly) == [("period-long-enough", "E50")]


@pytest.mark.parametrize(("day", "expected"), [(11, []), (10, [("period-not-too-old", "E17")])])
def test_three_years_to_the_day(day: int, expected: list[tuple[str, str]]) -> None:
    # Today is 11 June 2025; DK-5.1.4.c
    oldest = ZONE.midnight(date(2022, 6, day))
    assert found(series(period(start=oldest, end=oldest + 24 * HOUR))) == expected


def test_an_hour_before_the_oldest_midnight_is_too_old() -> None:
    start = ZONE.midnight(date(2022, 6, 11)) - HOUR
    text = findings(series(period(start=start, end=start + 24 * HOUR)))[0].text
    assert "2022-06-11" in text


def test_the_29th_of_february_has_a_day_three_years_before() -> None:
    assert years_before(date(2024, 2, 29), 3) == date(2021, 2, 28)
    assert years_before(date(2024, 2, 29), 4) == date(2020, 2, 29)


def test_the_future_is_no_matter_but_for_dates_that_are_mistakes() -> None:
    tomorrow = ZONE.midnight(date(2025, 6, 12))
    year_ahead = ZONE.midnight(date(2026, 6, 11))
    assert found(series(period(start=tomorrow, end=tomorrow + 24 * HOUR))) == []
    assert found(series(period(start=year_ahead - 24 * HOUR, end=year_ahead))) == []
    assert found(series(period(start=year_ahead, end=year_ahead + 24 * HOUR))) == [("period-not-far-ahead", "E17")]


def test_a_date_beyond_every_calendar_is_a_finding_and_no_failure() -> None:
    last = to_instant(datetime(9999, 12, 31, tzinfo=UTC))
    rows = series(period([None] * 24, start=last, end=last + 24 * HOUR))
    assert found(rows) == [("period-not-far-ahead", "E17")]
    month = version(kind=MeteringPointType.VE_PRODUCTION, resolution=Resolution.MONTH)
    monthly = period([None], start=last, end=last + 24 * HOUR, resolution=Resolution.MONTH)
    expected = [("period-not-far-ahead", "E17"), ("period-on-step", "D66")]
    rows = series(monthly, point_type=MeteringPointType.VE_PRODUCTION)
    assert found(rows, master=master_of(month)) == expected


def test_bounds_lie_on_the_hour() -> None:
    half_past = period([1] * 24, start=START + 1800, end=END + 1800)
    assert found(series(half_past)) == [("period-on-step", "D66")]
    only_end = period([1] * 24, end=END - 60)
    assert found(series(only_end)) == [("period-on-step", "D66")]


def test_bounds_lie_on_the_quarter() -> None:
    quarterly = master_of(version(resolution=Resolution.QUARTER))
    on = period([1] * 16, start=START + 900, end=START + 900 + 4 * HOUR, resolution=Resolution.QUARTER)
    off = period([1] * 16, start=START + 60, end=START + 60 + 4 * HOUR, resolution=Resolution.QUARTER)
    assert found(series(on), master=quarterly) == []
    assert found(series(off), master=quarterly) == [("period-on-step", "D66")]


@pytest.mark.parametrize(
    ("first", "last", "count", "expected"),
    [
        (ZONE.midnight(date(2025, 4, 1)), ZONE.midnight(date(2025, 6, 1)), 2, []),
        (ZONE.midnight(date(2025, 4, 1)), ZONE.midnight(date(2025, 6, 1)), 1, [("count-fits-period", "E87")]),
        (ZONE.midnight(date(2025, 5, 2)), ZONE.midnight(date(2025, 6, 1)), 1, [("period-on-step", "D66")]),
        (ZONE.midnight(date(2025, 5, 1)), ZONE.midnight(date(2025, 6, 1)) - 900, 1, [("period-on-step", "D66")]),
        (ZONE.midnight(date(2025, 5, 1)) + 7200, ZONE.midnight(date(2025, 6, 1)), 1, [("period-on-step", "D66")]),
    ],
)
def test_months_run_from_danish_midnight(first: int, last: int, count: int, expected: list[tuple[str, str]]) -> None:
    renewable = version(kind=MeteringPointType.VE_PRODUCTION, resolution=Resolution.MONTH)
    month = period([1] * count, start=first, end=last, resolution=Resolution.MONTH)
    row = series(month, point_type=MeteringPointType.VE_PRODUCTION)
    assert found(row, master=master_of(renewable)) == expected


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2024, 10, 27), 25), (date(2025, 6, 10), 24)])
def test_days_of_23_24_and_25_hours(day: date, hours: int) -> None:
    # DK-1.48
    bounds = ZONE.day_interval(day)
    quarterly = gsrn(2)
    master = master_of(version(), version(quarterly, resolution=Resolution.QUARTER))

    def both(extra: int) -> list[tuple[str, str]]:
        whole = period([1] * (hours + extra), start=bounds.start, end=bounds.end)
        parts = period([1] * (4 * hours + extra), start=bounds.start, end=bounds.end, resolution=Resolution.QUARTER)
        return found(series(whole), series(parts, point=quarterly, transaction="t-2"), master=master)

    assert both(0) == []
    assert both(1) == [("count-fits-period", "E87")] * 2
    assert both(-1) == [("count-fits-period", "E87")] * 2


def test_the_count_says_what_was_expected() -> None:
    (finding,) = findings(series(period([1] * 20)))
    assert "24" in finding.text
    assert "20" in finding.text
    assert finding.path == "Series/0/Period"


def test_a_series_without_points_is_not_skipped() -> None:
    empty = series(period([]), transaction="t-2")
    assert [f.path for f in findings(series(), empty, series(transaction="t-3"))] == ["Series/1/Period"]
    assert [f.rule for f in findings(empty)] == ["count-fits-period"]


@pytest.mark.parametrize(
    ("position", "rules"),
    [
        ([1, 2, 2, 4], ["positions-unique", "positions-consecutive"]),
        ([0, 1, 2, 3], ["positions-consecutive"]),
        ([1, 2, 3, 5], ["positions-consecutive"]),
        ([2, 1, 3, 4], ["positions-consecutive"]),
        ([4, 4, 4, 4], ["positions-unique", "positions-consecutive"]),
        ([1, 2, 3, 4], []),
    ],
)
def test_positions_run_from_one_each_once(position: list[int], rules: list[str]) -> None:
    four = period([1] * 4, end=START + 4 * HOUR, position=position)
    good = series(transaction="t-0")
    after = series(transaction="t-2")
    given = findings(good, series(four), after)
    assert [(f.rule, f.code, f.path) for f in given] == [(rule, "E87", "Series/1/Period") for rule in rules]


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(-1, 4), max_size=4) | st.just([1, 2, 3]), min_size=1, max_size=5))
def test_the_positions_of_every_series_are_looked_at_for_themselves(positions: list[list[int]]) -> None:
    sent = [series(period([1] * len(row), position=row), transaction=f"t-{i}") for i, row in enumerate(positions)]
    refused = {f.path for f in findings(*sent) if f.rule == "positions-consecutive"}
    wrong = [i for i, row in enumerate(positions) if row != list(range(1, len(row) + 1))]
    assert refused == {f"Series/{i}/Period" for i in wrong}


def test_count_and_positions_are_findings_of_their_own() -> None:
    wrong = period([1] * 3, end=START + 4 * HOUR, position=[1, 1, 3])
    assert [f.rule for f in findings(series(wrong))] == [
        "count-fits-period",
        "positions-unique",
        "positions-consecutive",
    ]


def test_several_days_in_one_series() -> None:
    end = ZONE.midnight(date(2025, 4, 1))
    start = ZONE.midnight(date(2025, 3, 1))
    assert found(series(period([1] * (31 * 24 - 1), start=start, end=end))) == []
