"""Losses, load-duration curves and balance areas: the kernels (EE-4.2, EE-4.3, ee-datahub §7)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settlement.balance_area import balance_sums, effects
from gateway.settlement.duration_curve import duration_curve
from gateway.settlement.network_loss import Exchanged, network_loss


def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def test_a_loss_is_what_came_in_and_did_not_leave() -> None:
    # EE-4.2
    border = Exchanged(into=column(1000, 500), out=column(0, 100))
    own = Exchanged(into=column(200, 0), out=column(1150, 410))
    assert network_loss(border, own).tolist() == [50, -10]


@given(st.lists(st.tuples(*[st.integers(0, 10**9)] * 4), min_size=1, max_size=20))
def test_what_enters_is_what_leaves_and_what_is_lost(rows: list[tuple[int, int, int, int]]) -> None:
    # EE-4.2
    into, out, produced, consumed = (column(*values) for values in zip(*rows, strict=True))
    loss = network_loss(Exchanged(into, out), Exchanged(produced, consumed))
    assert (into + produced == out + consumed + loss).all()


def test_the_greatest_load_comes_first_with_the_time_it_lasted() -> None:
    # EE-4.3
    curve = duration_curve(column(250, 1000, 250, 0), 900)
    assert curve.load.tolist() == [4000, 1000, 0]
    assert curve.seconds.tolist() == [900, 2700, 3600]


def test_a_day_of_gas_has_the_mean_load_of_its_hours() -> None:
    # EE-4.3
    assert duration_curve(column(24_000), 86_400).load.tolist() == [1000]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200))
def test_a_curve_falls_and_covers_all_the_time(values: list[int]) -> None:
    # EE-4.3
    curve = duration_curve(column(*values), 900)
    assert (np.diff(curve.load) < 0).all()
    assert (np.diff(curve.seconds) > 0).all()
    assert int(curve.seconds[-1]) == len(values) * 900


@pytest.mark.parametrize(
    ("customer", "grid", "expected"), [(True, False, 1), (False, True, -1), (True, True, 0), (False, False, 0)]
)
def test_a_point_counts_where_the_party_answers_on_one_side_only(customer: bool, grid: bool, expected: int) -> None:
    assert effects(np.array([[customer]]), np.array([[grid]])).tolist() == [[expected]]


@given(st.lists(st.tuples(st.sampled_from([-1, 0, 1]), st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1))
def test_the_sums_of_an_area_are_those_of_its_points(points: list[tuple[int, int, int]]) -> None:
    effect, into, out = (column(*values)[:, None] for values in zip(*points, strict=True))
    sums = balance_sums(effect, into, out)
    assert sums.production.tolist() == [sum(sign * value for sign, value, _ in points)]
    assert sums.saldo.tolist() == [sum(sign * (a - b) for sign, a, b in points)]
