"""What a meter's clock means: remarked, doubted, followed over a step, set only where no interval is touched."""

from __future__ import annotations

import pytest

from meter_adapters.collector.clock_policy import judge, may_set
from meter_adapters.outbox.notebook import ClockCheck, ClockDoubt
from meter_adapters.readings import MeterClock, MeterId

METER = MeterId("GPS0001")


def clock(ahead: float | None, host: float = 10_000.0, trip: float = 0.0) -> MeterClock:
    return MeterClock(METER, None if ahead is None else round(host - trip / 2 + ahead), host, trip)


def test_half_the_round_trip_is_taken_off() -> None:
    assert MeterClock(METER, 10_000, 10_001.0, 2.0).deviation == 0.0
    assert clock(None).deviation is None


@pytest.mark.parametrize(("ahead", "remarkable", "far"), [(0, False, False), (6, True, False), (-61, True, True)])
def test_five_seconds_and_a_minute(ahead: float, remarkable: bool, far: bool) -> None:
    verdict = judge(clock(ahead), ClockCheck(9_000, 0))
    assert (verdict.is_remarkable, verdict.is_far_off) == (remarkable, far)
    assert verdict.doubt_since == (9_000 if far else None)


def test_a_clock_that_was_never_right_is_doubted_from_the_start() -> None:
    assert judge(clock(200), None).doubt_since == 0
    assert judge(clock(200), ClockCheck(9_000, 150_000)).doubt_since == 0
    assert judge(clock(200), ClockCheck(9_000, None)).doubt_since == 0


def test_a_clock_that_went_back_was_set() -> None:
    assert judge(clock(-1200), ClockCheck(9_000, 0)).stepped_back == 1201
    assert judge(clock(-1), ClockCheck(9_000, 0)).stepped_back == 0
    assert judge(clock(1200), ClockCheck(9_000, 0)).stepped_back == 0
    assert judge(clock(-1200), None).stepped_back == 0


def test_a_clock_that_cannot_be_believed() -> None:
    verdict = judge(clock(None), ClockCheck(9_000, 0))
    assert (verdict.deviation, verdict.is_remarkable, verdict.doubt_since) == (None, True, None)


def test_a_clock_is_not_set_across_the_end_of_an_interval() -> None:
    assert may_set(450.0, 10.0, 900)
    assert not may_set(450.0, 460.0, 900), "its own time is in the next interval"
    assert not may_set(895.0, -10.0, 900)
    assert not may_set(20.0, 0.0, 900)
    assert not may_set(100.0, -90.0, 900)


@pytest.mark.parametrize(
    ("doubt", "covered"),
    [
        (ClockDoubt(100, 1), [(101, 0), (999, 0), (50, 1), (50, 2)]),
        (ClockDoubt(100, 1, until=200), [(101, 0), (50, 1), (50, 2)]),
        (ClockDoubt(100, 1, last_epoch=0), [(101, 0), (999, 0)]),
        (ClockDoubt(100, 1, last_epoch=1), [(101, 0), (999, 0), (50, 1)]),
    ],
)
def test_ends_written_under_a_wrong_clock(doubt: ClockDoubt, covered: list[tuple[int, int]]) -> None:
    ends = [(50, 0), (100, 0), (101, 0), (999, 0), (50, 1), (50, 2)]
    assert [one for one in ends if doubt.covers(*one)] == covered
