"""What holds of netting, sharing and spreading whatever the numbers (FI-3.2, FI-4.3, FI-7.1)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages.codes import Quality
from gateway.settlement.balance_deviations import StepDeviation, summaries
from gateway.settlement.communities import WHOLE, allocate, share
from gateway.settlement.netting import Energy, net
from gateway.settlement.usage_profiles import spread

QUICK = settings(max_examples=60)
WH = st.integers(0, 10**9)
STATUSES = st.sampled_from([Quality.MISSING, Quality.UNCERTAIN, Quality.ESTIMATED, Quality.MEASURED, Quality.CORRECTED])


def energies(steps: int) -> st.SearchStrategy[Energy]:
    columns = st.tuples(
        st.lists(WH, min_size=steps, max_size=steps), st.lists(STATUSES, min_size=steps, max_size=steps)
    )
    return columns.map(lambda given: Energy(np.array(given[0], np.int64), np.array(given[1], np.uint8)))


def counted(energy: Energy) -> list[int]:
    there = energy.quality != Quality.MISSING
    return (energy.quantity * there).tolist()  # type: ignore[no-any-return]


@QUICK
@given(energies(5), energies(5))
def test_netting_keeps_the_balance(consumption: Energy, production: Energy) -> None:
    found = net(consumption, production)
    left = (found.consumption.quantity - found.production.quantity).tolist()
    assert left == [c - p for c, p in zip(counted(consumption), counted(production), strict=True)]
    assert not (found.consumption.quantity * found.production.quantity).any()
    assert min(found.consumption.quantity.min(), found.production.quantity.min()) >= 0


@st.composite
def shares(draw: st.DrawFn) -> list[int]:
    cuts = sorted(draw(st.lists(st.integers(1, WHOLE - 1), max_size=6, unique=True)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, WHOLE], strict=True)]


@QUICK
@given(st.lists(WH, min_size=1, max_size=8), shares())
def test_sharing_gives_everything_and_nobody_a_wh_too_much(production: list[int], parts: list[int]) -> None:
    found = allocate(np.array(production, np.int64), np.array(parts, np.int64))
    assert found.sum(axis=0).tolist() == production
    for row, part in zip(found.tolist(), parts, strict=True):
        for got, made in zip(row, production, strict=True):
            assert abs(got * WHOLE - made * part) < WHOLE


@QUICK
@given(
    energies(4),
    shares().flatmap(
        lambda parts: st.tuples(st.just(parts), st.lists(energies(4), min_size=len(parts), max_size=len(parts)))
    ),
)
def test_a_community_uses_or_passes_on_what_it_makes(
    production: Energy, members: tuple[list[int], list[Energy]]
) -> None:
    parts, consumption = members
    found = share(production, consumption, np.array(parts, np.int64))
    used = np.array([counted(one) for one in consumption])
    assert ((used - found.allocated) == (found.consumption - found.surplus)).all()
    assert found.allocated.sum(axis=0).tolist() == counted(production)


@QUICK
@given(st.integers(0, 10**12), st.lists(st.integers(1, 10**6), min_size=1, max_size=200))
def test_a_curve_adds_up(total: int, weights: list[int]) -> None:
    found = spread(total, weights)
    assert int(found.sum()) == total
    reached, so_far, whole = np.cumsum(found).tolist(), 0, sum(weights)
    for place, weight in enumerate(weights):
        so_far += weight
        assert abs(2 * (reached[place] * whole - total * so_far)) <= whole


@QUICK
@given(
    st.lists(
        st.builds(
            StepDeviation,
            st.sampled_from(["S1", "S2", "S3"]),
            st.sampled_from(["A", "B"]),
            st.booleans(),
            WH,
            WH,
            st.integers(-500_000, 4_000_000),
        ),
        max_size=20,
    )
)
def test_a_run_adds_up_to_nothing_in_every_area(steps: list[StepDeviation]) -> None:
    found = summaries(steps, {"A": "LA", "B": "LB"})
    for area in ("A", "B"):
        assert sum(one.amount for one in found if one.grid_area == area) == 0
        assert sum(one.energy for one in found if one.grid_area == area) == 0
