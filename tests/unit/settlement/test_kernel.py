"""The kernel by hand: what counts, what is missing, what is rounded."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Interval
from gateway.settlement.kernel import Partial, Totals
from gateway.settlement.plan import Plan, PlanRows
from gateway.settlement.quality_sets import (
    CALCULATED,
    CORRECTED,
    ESTIMATED,
    MEASURED,
    MISSING,
    joint_quality,
    names_of,
    status_of,
)
from gateway.settlement.rounding import carried, rounded

START = 1_749_506_400
TWO_HOURS = Interval(START, START + 7200)
LAST = 2**62


def plan(*rows: tuple[int, int, int, int], groups: int = 1, joint_hours: bool = False) -> Plan:
    """Rows are (point, group, first, last), seconds from the start."""
    point, group, first, last = zip(*rows, strict=True)
    columns = PlanRows(
        np.array(point), np.array(group, dtype=np.int32), START + np.array(first), START + np.array(last)
    )
    return Plan.of(TWO_HOURS, columns, groups, joint_hours)


def add(partial: Partial, point: int, quantity: list[int], quality: list[int] | int, step: Resolution) -> Partial:
    qualities = [quality] * len(quantity) if isinstance(quality, int) else quality
    partial.add(np.array([point]), np.array([quantity]), np.array([qualities], dtype=np.uint8), step, START)
    return partial


def settled(of: Plan, step: Resolution, quantity: list[int], quality: list[int] | int = Quality.MEASURED) -> Totals:
    return add(Partial(of), 7, quantity, quality, step).totals(Resolution.QUARTER)


def test_a_quarter_counts_four_parts_and_an_hour_one_in_each_quarter() -> None:
    # DK-1.15, DK-1.35
    assert settled(plan((7, 0, 0, 7200)), Resolution.QUARTER, [1] * 8).parts.tolist() == [[4] * 8]
    assert settled(plan((7, 0, 0, 7200)), Resolution.HOUR, [3, 5]).parts.tolist() == [[3] * 4 + [5] * 4]


def test_an_hour_cut_by_a_change_gives_each_side_its_quarters() -> None:
    found = settled(plan((7, 0, 0, 1800), (7, 1, 1800, 7200), groups=2), Resolution.HOUR, [20_003, 8])
    assert found.parts.tolist() == [[20_003] * 2 + [0] * 6, [0] * 2 + [20_003] * 2 + [8] * 4]
    assert found.exists.tolist() == [[True] * 2 + [False] * 6, [False] * 2 + [True] * 6]
    assert found.qualities.tolist() == [[MEASURED] * 2 + [0] * 6, [0] * 2 + [MEASURED] * 6]


def test_one_point_may_count_for_several_groups() -> None:
    found = settled(plan((7, 0, 0, 7200), (7, 2, 0, LAST), groups=3), Resolution.HOUR, [3, 5])
    assert found.parts.sum(axis=1).tolist() == [32, 0, 32]
    assert found.exists.any(axis=1).tolist() == [True, False, True]


def test_what_stands_beside_a_missing_value_does_not_count() -> None:
    # DK-4.1.5.h
    quality = [Quality.MISSING, Quality.MEASURED, Quality.MISSING | CORRECTED_FLAG, *[Quality.ESTIMATED] * 5]
    found = settled(plan((7, 0, 0, 7200)), Resolution.QUARTER, [NO_QUANTITY, 1, 99, 1, 1, 1, 1, 1], list(quality))
    assert found.parts.tolist() == [[0, 4, 0, 4, 4, 4, 4, 4]]
    assert found.qualities.tolist() == [[MISSING, MEASURED, MISSING | CORRECTED, *[ESTIMATED] * 5]]


def test_what_never_came_is_missing() -> None:
    # DK-4.1.5.h
    partial = add(Partial(plan((7, 0, 0, 7200), (8, 0, 0, 3600))), 7, [1, 1], Quality.MEASURED, Resolution.HOUR)
    found = partial.totals(Resolution.QUARTER)
    assert found.qualities.tolist() == [[MEASURED | MISSING] * 4 + [MEASURED] * 4]
    assert partial.totals(Resolution.HOUR).qualities.tolist() == [[MEASURED | MISSING, MEASURED]]


def test_points_the_plan_does_not_know_and_steps_outside_it_are_left_out() -> None:
    partial = Partial(plan((7, 0, 0, 7200)))
    add(partial, 9, [1, 1], Quality.MEASURED, Resolution.HOUR)
    partial.add(np.array([7]), np.array([[9, 1, 2, 9]]), np.full((1, 4), 4, np.uint8), "PT1H", START - 3600)
    assert partial.totals(Resolution.HOUR).parts.tolist() == [[4, 8]]


def test_joint_hours_know_pieces_of_an_hour() -> None:
    """dk-settlement-dh3 rule 3: three quarters that came and one that did not are an estimated hour."""
    partial = Partial(plan((7, 0, 0, 7200), joint_hours=True))
    pieces = ((0, [1], Quality.MEASURED), (1, [1, 1], Quality.MEASURED), (4, [1] * 4, Quality.CALCULATED))
    for place, quantity, quality in pieces:
        qualities = np.full((1, len(quantity)), quality, np.uint8)
        partial.add(np.array([7]), np.array([quantity]), qualities, "PT15M", START + 900 * place)
    found = partial.totals(Resolution.HOUR)
    assert found.parts.tolist() == [[12, 16]]
    assert found.qualities.tolist() == [[ESTIMATED, CALCULATED]]
    with pytest.raises(ValueError, match="does not settle"):
        partial.totals(Resolution.QUARTER)


def test_joint_hours_know_the_sides_of_an_hour_cut_by_a_change() -> None:
    cut = plan((7, 0, 0, 1800), (7, 1, 1800, 7200), groups=2, joint_hours=True)
    found = add(Partial(cut), 7, [20_003, 8], Quality.MEASURED, Resolution.HOUR).totals(Resolution.HOUR)
    assert found.parts.tolist() == [[40_006, 0], [40_006, 32]]
    assert found.qualities.tolist() == [[MEASURED, 0], [MEASURED, MEASURED]]


def test_a_value_that_comes_twice_is_our_mistake() -> None:
    partial = Partial(plan((7, 0, 0, 7200)))
    for _ in range(2):
        add(partial, 7, [1, 1], Quality.MEASURED, Resolution.HOUR)
    with pytest.raises(ValueError, match="twice"):
        partial.totals(Resolution.HOUR)


@pytest.mark.parametrize(("step", "start"), [("P1D", START), ("PT1H", START + 900), ("PT15M", START + 1)])
def test_other_steps_cannot_be_settled(step: str, start: int) -> None:
    with pytest.raises(ValueError, match="cannot be settled"):
        Partial(plan((7, 0, 0, 7200))).add(np.array([7]), np.array([[1]]), np.full((1, 1), 4, np.uint8), step, start)


def test_partials_of_different_plans_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="different plans"):
        Partial(plan((7, 0, 0, 7200))).merge(Partial(plan((7, 1, 0, 7200), groups=2)))


@pytest.mark.parametrize("interval", [Interval(START, START), Interval(START + 900, START + 7200)])
def test_a_settlement_takes_whole_hours(interval: Interval) -> None:
    nothing = np.empty(0, dtype=np.int64)
    with pytest.raises(ValueError, match="whole hours"):
        Plan.of(interval, PlanRows(nothing, nothing.astype(np.int32), nothing, nothing), 0)


# --- many rows at once: ways through the kernel that small markets do not take ----------------------------------------


@pytest.mark.parametrize("size", [1, 700, 20_000])
def test_large_and_small_batches_come_to_the_same(size: int) -> None:
    chance = np.random.default_rng(size)
    count, steps, groups = 20_000, 96, 300
    points = chance.permutation(np.arange(count) * 10)
    group = np.minimum(chance.zipf(1.3, count), groups).astype(np.int32) - 1
    quantity = chance.integers(0, 5000, (count, steps))
    quality = np.where(chance.random((count, steps)) < 0.001, Quality.MISSING, Quality.MEASURED).astype(np.uint8)
    day = Interval(START, START + steps * 900)
    bounds = (np.full(count, bound) for bound in (day.start, day.end))
    partial = Partial(Plan.of(day, PlanRows(points, group, *bounds), groups))
    for first in range(0, count, size):
        part = slice(first, first + size)
        partial.add(points[part], quantity[part], quality[part], Resolution.QUARTER, day.start)
    expected = np.zeros((groups, steps), dtype=np.int64)
    np.add.at(expected, group, np.where(quality == Quality.MISSING, 0, 4 * quantity))
    found = partial.totals(Resolution.QUARTER)
    assert np.array_equal(found.parts, expected)
    missing = np.zeros((groups, steps), dtype=bool)
    np.logical_or.at(missing, group, quality == Quality.MISSING)
    assert np.array_equal((found.qualities & MISSING) != 0, missing)


# --- qualities and rounding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("united", "joint", "status"),
    [
        (MEASURED, MEASURED, Quality.MEASURED),
        (MISSING, MISSING, Quality.MISSING),
        (MEASURED | MISSING, ESTIMATED, Quality.MISSING),
        (MEASURED | ESTIMATED, ESTIMATED, Quality.ESTIMATED),
        (ESTIMATED | MISSING, ESTIMATED, Quality.MISSING),
        (MISSING | CALCULATED, CALCULATED, Quality.MISSING),
        (ESTIMATED | CALCULATED, CALCULATED, Quality.ESTIMATED),
        (CALCULATED, CALCULATED, Quality.MEASURED),
    ],
)
def test_status_and_joint_quality(united: int, joint: int, status: Quality) -> None:
    # DK-4.1.5.h: one missing makes the sum missing, one estimated estimated
    sets = np.array([united], dtype=np.uint8)
    assert joint_quality(sets).tolist() == [joint]
    assert status_of(sets).tolist() == [status]


def test_names_of_a_set_come_in_their_order() -> None:
    assert names_of(CALCULATED | MISSING | MEASURED) == ("measured", "missing", "calculated")


@pytest.mark.parametrize(
    ("hour", "quarters"),
    [
        (20_003, [5_001, 5_001, 5_000, 5_001]),
        (250, [63, 62, 63, 62]),
        (-1_117, [-279, -280, -279, -279]),
        (0, [0, 0, 0, 0]),
    ],
)
def test_the_carry_of_the_page(hour: int, quarters: list[int]) -> None:
    assert carried(np.array([[hour] * 4])).tolist() == [quarters]


def test_rounding_takes_halves_away_from_zero() -> None:
    assert rounded(np.array([1, 2, 3, 4, 6, -1, -2, -3, -6])).tolist() == [0, 1, 1, 1, 2, 0, -1, -1, -2]
