"""Many readings spread at once come out as each does alone (DK-1.32)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.settlement.profiles import Curve, periodised
from gateway.settlement.spreading import CurveColumns, spread

MONTHS = st.lists(
    st.tuples(
        st.lists(st.one_of(st.integers(-1000, 10**9), st.sampled_from([0, 1, 20_000])), min_size=1, max_size=40),
        st.one_of(st.integers(1, 10**12), st.sampled_from([1, 2, 1000])),
    ),
    min_size=1,
    max_size=4,
)
READINGS = st.lists(st.integers(0, 10**10), min_size=1, max_size=20)


def columns(curves: Sequence[Curve]) -> CurveColumns:
    return CurveColumns(
        np.concatenate([curve.residual for curve in curves]),
        np.repeat([curve.total for curve in curves], [len(curve.residual) for curve in curves]),
    )


@settings(max_examples=300)
@given(READINGS, MONTHS)
@example([360_000, 361_000, 0], [([20_000] * 24, 4_000_000)])
@example([7, 8], [([3, -4, 0], 10)])
@example([7, 8, 10**10], [([3, -3], 10)])
@example([7, 8, 10**10], [([0, 0], 1)])
@example([1, 2, 3], [([1, 2], 3), ([2, 4, 1], 6)])
@example([5, 10**10 - 1], [([10**9, -(10**9) + 1, 7], 10)])
def test_many_readings_are_spread_as_each_alone(readings: list[int], months: list[tuple[list[int], int]]) -> None:
    """DK-1.32: to the thousandth, ties included."""
    curves = [Curve(np.array(residual), total) for residual, total in months]
    together = spread(np.array(readings), columns(curves))
    assert together.tolist() == [periodised(one, curves).quantity.tolist() for one in readings]


def test_a_year_of_readings_is_spread_as_each_alone() -> None:
    """DK-1.32: a year of hours with curves as they are, twelve load shares and everything below a thousandth."""
    chance = np.random.default_rng(7)
    curves = [Curve(chance.integers(10**7, 10**9, 730), int(chance.integers(10**9, 10**12))) for _ in range(12)]
    readings = chance.integers(0, 20_000_000, 12)
    together = spread(readings, columns(curves))
    assert together.sum(axis=1).tolist() == readings.tolist()
    assert together.tolist() == [periodised(one, curves).quantity.tolist() for one in readings.tolist()]
