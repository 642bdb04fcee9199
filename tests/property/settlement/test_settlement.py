"""Settlement of random markets, by both methods, against the rules worked out value by value."""

from __future__ import annotations

import pickle
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages.codes import Resolution
from gateway.settlement.dh3 import settle_dh3
from gateway.settlement.energy import energy_plan
from gateway.settlement.kernel import Partial
from gateway.settlement.results import ResultKind, SettlementResults, area_of, brp_of
from gateway.settlement.sums import sums
from tests.property.settlement import reference
from tests.property.settlement.markets import LOSS, SETTLED, Market, markets

RESULTS = st.sampled_from([Resolution.QUARTER, Resolution.HOUR])
SEEDS = st.integers(0, 2**32)
SUMMED = [
    (ResultKind.PRODUCTION_PER_SUPPLIER, ResultKind.PRODUCTION_PER_BRP, ResultKind.PRODUCTION),
    (ResultKind.FLEX_PER_SUPPLIER, ResultKind.FLEX_PER_BRP, ResultKind.FLEX),
    (ResultKind.HOURLY_PER_SUPPLIER, ResultKind.HOURLY_PER_BRP, ResultKind.HOURLY),
]


def settled_d1(market: Market, results: Resolution, seed: int, parts: int = 1) -> SettlementResults:
    energy = energy_plan(market.master, market.interval, SETTLED)
    return sums(energy, market.partial(energy.plan, Random(seed), parts), results)


def settled_dh3(market: Market, results: Resolution, seed: int, parts: int = 1) -> SettlementResults:
    without = np.array([point + place for point in LOSS.values() for place in range(2)])
    energy = energy_plan(market.master, market.interval, SETTLED, without, results == Resolution.HOUR)
    return settle_dh3(energy, market.partial(energy.plan, Random(seed), parts), results, market.losses)


@settings(max_examples=150)
@given(markets(), RESULTS, SEEDS)
def test_the_sums_of_the_regulation(market: Market, results: Resolution, seed: int) -> None:
    """DK-1.35, DK-4.1.5.g, DK-6.1.1, DK-6.2.2: a day of 23, 24 or 25 hours, quarters and hours side by side."""
    assert reference.as_tables(settled_d1(market, results, seed)) == reference.d1(market, results)


@settings(max_examples=150)
@given(markets(), RESULTS, SEEDS)
def test_the_results_of_todays_hub(market: Market, results: Resolution, seed: int) -> None:
    assert reference.as_tables(settled_dh3(market, results, seed)) == reference.dh3(market, results)


@settings(max_examples=60)
@given(markets(), RESULTS, SEEDS, st.integers(1, 5))
def test_any_order_and_partition_gives_the_same(market: Market, results: Resolution, seed: int, parts: int) -> None:
    once, again = settled_dh3(market, results, seed), settled_dh3(market, results, seed + 1, parts)
    for kind, table in once.tables.items():
        other = again.tables[kind]
        assert table.keys == other.keys
        assert np.array_equal(table.quantity, other.quantity)
        assert np.array_equal(table.qualities, other.qualities)
        assert np.array_equal(table.exists, other.exists)


@settings(max_examples=60)
@given(markets(), SEEDS)
def test_suppliers_parties_and_area_add_up(market: Market, seed: int) -> None:
    """DK-4.1.5.g: in whole hours under the regulation, and in quarters with the remainder carried."""
    for results in (settled_d1(market, Resolution.HOUR, seed), settled_dh3(market, Resolution.QUARTER, seed)):
        for per_supplier, per_brp, whole in SUMMED:
            tables = results.tables
            for finer, coarser in ((tables[per_supplier].by(brp_of), per_brp), (tables[per_brp].by(area_of), whole)):
                assert finer.keys == tables[coarser].keys
                assert np.array_equal(finer.quantity, tables[coarser].quantity)
                assert np.array_equal(finer.qualities, tables[coarser].qualities)


@settings(max_examples=40)
@given(markets(), SEEDS)
def test_quarters_carried_add_up_to_the_hours_of_the_regulation(market: Market, seed: int) -> None:
    """dk-settlement-dh3: hourly sums agree exactly with four quarters because of the carry."""
    hours, quarters = settled_d1(market, Resolution.HOUR, seed), settled_dh3(market, Resolution.QUARTER, seed)
    for kind in (ResultKind.HOURLY_PER_SUPPLIER, ResultKind.PRODUCTION_BEFORE_LOSS, ResultKind.FLEX_BEFORE_LOSS):
        quantity = quarters.tables[kind].quantity
        four = sum(quantity[:, place::4] for place in range(4))
        assert np.array_equal(four, hours.tables[kind].quantity)


@settings(max_examples=30)
@given(markets(), RESULTS, SEEDS)
def test_a_partial_travels_without_its_plan(market: Market, results: Resolution, seed: int) -> None:
    energy = energy_plan(market.master, market.interval, SETTLED)
    partial = market.partial(energy.plan, Random(seed))
    travelled = pickle.loads(pickle.dumps(partial))
    assert travelled.plan is None
    with pytest.raises(ValueError, match="without its plan"):
        travelled.totals(results)
    home = Partial(energy.plan)
    home.merge(travelled)
    assert np.array_equal(home.totals(results).parts, partial.totals(results).parts)
    assert np.array_equal(home.totals(results).qualities, partial.totals(results).qualities)
