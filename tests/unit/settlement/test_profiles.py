"""Load shares, the distribution curve, distributed and periodised consumption: the examples of dk-settlement §8."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.findings import Finding, Severity
from gateway.messages.series import Qualities
from gateway.settlement.profiles import (
    Curve,
    LoadShares,
    distributed,
    distributed_per_brp,
    distribution_curve,
    load_share_sums,
    periodised,
)
from gateway.settlement.quality_sets import ESTIMATED, MEASURED
from gateway.settlement.results import ResultKey
from gateway.settlement.shares import largest_remainder

A, B, C = (ResultKey("543", f"579000000010{number}", brp) for number, brp in ((1, "brp-1"), (2, "brp-2"), (3, "brp-1")))


def shares(*kwh: int) -> LoadShares:
    return LoadShares("543", (A, B, C), np.array(kwh, dtype=np.int64) * 1000)


def sets(count: int) -> Qualities:
    return np.full(count, MEASURED, dtype=np.uint8)


@pytest.mark.parametrize(
    ("residual", "of", "expected"),
    [
        (1_000_000, (200_000, 250_000, 150_000), (333_333, 416_667, 250_000)),
        (100_000, (7, 7, 7), (33_334, 33_333, 33_333)),
        (-100_000, (7, 7, 7), (-33_334, -33_333, -33_333)),
        (0, (7, 7, 7), (0, 0, 0)),
    ],
)
def test_the_examples_of_the_regulation(residual: int, of: tuple[int, ...], expected: tuple[int, ...]) -> None:
    # DK-1.16
    found = distributed(np.array([residual]), sets(1), shares(*of))
    assert found.keys == (A, B, C)
    assert tuple(found.quantity[:, 0].tolist()) == expected


def test_of_equal_remainders_the_lowest_supplier_takes_the_thousandth() -> None:
    # DK-1.16
    backwards = LoadShares("543", (C, B, A), np.array([5, 5, 5]))
    found = distributed(np.array([1, 2]), sets(2), backwards)
    assert found.keys == (A, B, C)
    assert found.quantity.tolist() == [[1, 1], [0, 1], [0, 0]]


def test_a_balance_responsible_party_gets_the_sum_of_its_suppliers() -> None:
    # DK-1.16
    per_supplier = distributed(np.array([100_000]), np.array([ESTIMATED], dtype=np.uint8), shares(7, 7, 7))
    per_brp = distributed_per_brp(per_supplier)
    assert [key.brp for key in per_brp.keys] == ["brp-1", "brp-2"]
    assert per_brp.quantity[:, 0].tolist() == [66_667, 33_333]
    assert per_brp.qualities[:, 0].tolist() == [ESTIMATED, ESTIMATED]


def test_load_shares_are_summed_by_area_and_supplier() -> None:
    # DK-1.15
    elsewhere = ResultKey("244", A.supplier, A.brp)
    found = load_share_sums([C, A, elsewhere], np.array([0, 1, 1, 2]), np.array([5, 7, 11, 13]))
    assert found["543"].keys == (A, C)
    assert (found["543"].share.tolist(), found["543"].total) == ([18, 5], 23)
    assert found["244"].total == 13


def test_the_curve_is_residual_by_load_shares() -> None:
    # DK-1.15
    curve = distribution_curve(np.array([1_000_000, -2, 0]), shares(200_000, 250_000, 150_000))
    assert isinstance(curve, Curve)
    assert Fraction(int(curve.residual[0]), curve.total) == Fraction(1_000_000, 600_000_000)
    assert curve.shown() == ["0.00166666666667", "-0.00000000333333333333", "0"]
    assert curve.shown(15)[0] == "0.00166666666666667"


def test_without_load_shares_there_is_no_curve() -> None:
    # DK-1.15
    nothing = shares(0, 0, 0)
    refused = distribution_curve(np.array([5, -4]), nothing)
    assert isinstance(refused, Finding)
    assert (refused.rule, refused.severity) == ("no-load-shares", Severity.ERROR)
    remark = distribution_curve(np.array([0, 0]), nothing)
    assert isinstance(remark, Finding)
    assert remark.severity is Severity.WARNING
    with pytest.raises(ValueError, match="no load shares"):
        distributed(np.array([5]), sets(1), nothing)


def test_a_reading_is_spread_by_the_curve_of_each_month() -> None:
    # DK-1.32: in the second month the shares are twice as large, so that the same residual counts half
    curves = [Curve(np.array([100, 200]), 1000), Curve(np.array([200, 200]), 2000)]
    found = periodised(1000, curves)
    assert found.quantity.tolist() == [200, 400, 200, 200]
    assert found.finding is None


def test_of_equal_remainders_the_earlier_step_takes_the_thousandth() -> None:
    # DK-1.32
    assert periodised(5, [Curve(np.array([1, 1, 1]), 10)]).quantity.tolist() == [2, 2, 1]
    assert periodised(-5, [Curve(np.array([1, 1, 1]), 10)]).quantity.tolist() == [-2, -2, -1]


def test_a_curve_that_sums_to_nothing_spreads_evenly_and_is_flagged() -> None:
    # DK-1.32
    found = periodised(7, [Curve(np.array([3, -4, 0]), 10)])
    assert found.quantity.tolist() == [3, 2, 2]
    assert found.finding is not None
    assert found.finding.rule == "curve-not-positive"


@given(
    st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=5),
    st.lists(st.integers(0, 10**13), min_size=1, max_size=6).filter(any),
)
def test_what_is_distributed_adds_up_to_the_residual(residual: list[int], weights: list[int]) -> None:
    """DK-1.16: exactly, and no part is a thousandth or more away from its exact share."""
    columns = np.repeat(np.array(weights, dtype=np.int64)[:, None], len(residual), axis=1)
    parts = largest_remainder(np.array(residual, dtype=np.int64), columns)
    assert parts.sum(axis=0).tolist() == residual
    for row, weight in enumerate(weights):
        for column, whole in enumerate(residual):
            assert abs(int(parts[row, column]) - Fraction(whole * weight, sum(weights))) < 1


@given(
    st.integers(-(10**10), 10**10),
    st.lists(
        st.tuples(st.lists(st.integers(-1000, 10**9), min_size=1, max_size=6), st.integers(1, 10**12)),
        min_size=1,
        max_size=4,
    ),
)
def test_what_is_periodised_adds_up_to_the_reading(consumption: int, months: list[tuple[list[int], int]]) -> None:
    """DK-1.32."""
    found = periodised(consumption, [Curve(np.array(residual), total) for residual, total in months])
    assert int(found.quantity.sum()) == consumption
    exact = [Fraction(value, total) for residual, total in months for value in residual]
    if sum(exact) > 0:
        for value, weight in zip(found.quantity.tolist(), exact, strict=True):
            assert abs(value - consumption * weight / sum(exact)) < 1
    else:
        assert found.finding is not None
