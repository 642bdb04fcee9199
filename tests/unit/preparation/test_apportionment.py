"""Rounding together and sharing out: the largest remainder."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.preparation.apportionment import apportioned, half_up, product, rounded_together


def test_the_earlier_of_equal_remainders_gets_the_rest() -> None:
    assert apportioned(100, np.array([1, 1, 1])).tolist() == [34, 33, 33]


def test_largest_remainders_get_the_rest() -> None:
    # 10 x (3, 5, 4) / 12 = 2.5, 4.17, 3.33: one is left over for the first
    assert apportioned(10, np.array([3, 5, 4])).tolist() == [3, 4, 3]


def test_nothing_is_shared_out_by_nothing() -> None:
    assert apportioned(0, np.array([0, 0])).tolist() == [0, 0]
    with pytest.raises(ValueError, match="nothing to share"):
        apportioned(1, np.array([0, 0]))


def test_halves_go_up() -> None:
    assert [half_up(number, 2) for number in (0, 1, 2, 3)] == [0, 1, 1, 2]


weights = st.lists(st.integers(0, 10**15), min_size=1, max_size=30)


@given(total=st.integers(0, 10**15), shares=weights)
def test_shares_add_up_exactly_and_stay_within_one_of_their_due(total: int, shares: list[int]) -> None:
    whole = sum(shares)
    if not whole:
        return
    found = apportioned(total, np.array(shares)).tolist()
    assert sum(found) == total
    assert all(abs(Fraction(total * weight, whole) - share) < 1 for weight, share in zip(shares, found, strict=True))


@given(values=weights, factor=st.integers(1, 10**9), denominator=st.integers(1, 10**9))
def test_rounded_values_add_up_to_the_rounded_sum(values: list[int], factor: int, denominator: int) -> None:
    if max(values) * factor // denominator > 2**62:
        return
    found = rounded_together(product(np.array(values), factor), denominator).tolist()
    exact = [Fraction(value * factor, denominator) for value in values]
    assert sum(found) == half_up(sum(values) * factor, denominator)
    assert all(
        share == due if due.denominator == 1 else abs(share - due) < 1 for share, due in zip(found, exact, strict=True)
    )
