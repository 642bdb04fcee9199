"""The simulated meter keeps one truth: its rows, registers, clock and log agree with each other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.meter import (
    CLOCK_SET,
    IMPORT,
    POWER_DOWN,
    POWER_UP,
    YEAR_2000,
    ClockStep,
    ClockStyle,
    Identity,
    Outage,
    RowStatus,
    SimulatedMeter,
    SimulatedRow,
    battery_dead,
)

START = int(datetime(2026, 3, 2, 23, tzinfo=UTC).timestamp())
DAY = 86_400


def test_the_same_seed_measures_the_same_and_another_meter_does_not() -> None:
    one, same = SimulatedMeter(START, 7), SimulatedMeter(START, 7)
    other = SimulatedMeter(START, 7, Identity("other"))
    rows = [meter.rows(START, START + DAY, START + DAY) for meter in (one, same, other)]
    assert rows[0] == rows[1] != rows[2]
    assert len(rows[0]) == 96


def summed(rows: list[SimulatedRow]) -> tuple[int, ...]:
    """The energy of rows by channel."""
    return tuple(sum(column) for column in zip(*(row.values for row in rows), strict=True))


@given(st.integers(0, 1000), st.integers(1, 400), st.integers(0, 899))
def test_registers_are_the_sum_of_the_rows(seed: int, count: int, within: int) -> None:
    meter = SimulatedMeter(START, seed)
    now = START + count * 900 + within
    rows = meter.rows(START, now, now)
    initial = tuple(channel.initial for channel in meter.channels)
    assert rows[-1].totals == tuple(a + b for a, b in zip(initial, summed(rows), strict=True))
    assert all(now_total >= last for now_total, last in zip(meter.totals(now), rows[-1].totals, strict=True))


def test_a_register_rolls_over() -> None:
    meter = SimulatedMeter(START, 1, channels=(replace(IMPORT, initial=99_990_000),), digits=8)
    rows = meter.rows(START, START + DAY, START + DAY)
    assert sum(after.totals[0] < before.totals[0] for before, after in pairwise(rows)) == 1
    assert meter.totals(START + DAY)[0] < 10**8


def test_only_the_depth_is_kept() -> None:
    meter = SimulatedMeter(START, 1, depth=96)
    assert len(meter.rows(START, START + 3 * DAY, START + 3 * DAY)) == 96


@given(st.lists(st.integers(-3600, 3600), max_size=4), st.integers(0, 50))
@example([0, -300, 1], 0)  # the third step is on a boundary
def test_steps_of_the_clock_lose_no_energy(seconds: list[int], seed: int) -> None:
    steps = tuple(ClockStep(START + 7_000 * (place + 1), step) for place, step in enumerate(seconds))
    meter = SimulatedMeter(START, seed, steps=steps)
    rows = meter.rows(START, START + DAY, START + DAY)
    assert [row.end for row in rows] == sorted({row.end for row in rows})
    assert all(row.meter_end % 900 == 0 for row in rows)
    initial = tuple(channel.initial for channel in meter.channels)
    assert rows[-1].totals == tuple(a + b for a, b in zip(initial, summed(rows), strict=True))
    assert all(row.meter_end == row.end + sum(s.seconds for s in steps if s.at < row.end) for row in rows)
    flagged = [row.end for row in rows if row.status & RowStatus.CLOCK_ADJUSTED]
    assert flagged == sorted({next(row.end for row in rows if row.end > step.at) for step in steps})


def test_an_outage_closes_no_interval_and_is_logged() -> None:
    meter = SimulatedMeter(START, 1, outages=(Outage(START + 1000, START + 5000),))
    rows = meter.rows(START, START + 7200, START + DAY)
    assert [row.end - START for row in rows] == [900, 5400, 6300, 7200]
    assert [bool(row.status & RowStatus.POWER_DOWN) for row in rows] == [False, True, False, False]
    assert [(event.at, event.code) for event in meter.events(START, START + DAY)] == [
        (START + 1000, POWER_DOWN),
        (START + 5000, POWER_UP),
    ]


def test_a_clock_set_on_the_way_shows_in_what_follows_only() -> None:
    meter = SimulatedMeter(START, 1)
    before = list(meter.rows(START, START + DAY, START + 10_000))
    meter.set_clock(START + 10_000, START + 10_300)
    rows = meter.rows(START, START + DAY, START + DAY)
    assert rows[: len(before)] == before
    assert rows[len(before)].status & RowStatus.CLOCK_ADJUSTED
    assert meter.meter_time(START + 20_000) == START + 20_300
    assert [event.code for event in meter.events(START, START + DAY)] == [CLOCK_SET]


def test_a_dead_battery_and_a_drifting_clock() -> None:
    dead = SimulatedMeter(START, 1, steps=(battery_dead(START + 450),))
    assert dead.meter_time(START + 450) == YEAR_2000
    assert not dead.clock_valid(START + 450)
    assert all(row.status & RowStatus.CLOCK_INVALID for row in dead.rows(START, START + DAY, START + DAY))
    drifting = SimulatedMeter(START, 1, drift=2.0)
    assert drifting.meter_time(START + 10 * DAY) == START + 10 * DAY + 20
    ends = [row.meter_end for row in drifting.rows(START, START + DAY, START + DAY)]
    assert ends == sorted(set(ends))
    assert all(end % 900 == 0 for end in ends)


def test_the_display_follows_its_style() -> None:
    summer = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp())
    shown = {style: SimulatedMeter(START, style=style).local(summer) for style in ClockStyle}
    assert [(one[0].hour, one[1], one[2]) for one in shown.values()] == [
        (12, 0, False),
        (13, 60, False),
        (14, 120, True),
    ]


def test_faults_strike_after_those_skipped_and_as_often_as_said() -> None:
    faults = Faults(strikes=2, skip=1, noise=b"?", flip=9, cut=2)
    assert [faults.strike() for _ in range(4)] == [False, True, True, False]
    assert faults.on_wire(b"abc") == b"?a`"
    assert Faults(drop=True).on_wire(b"abc") == b""
    assert all(Faults().strike() for _ in range(5))
