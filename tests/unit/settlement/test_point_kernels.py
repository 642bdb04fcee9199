"""Netting, communities, profiles, balance deviations and balance windows: the examples of the rules, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from gateway.markets.closing import WindowState, supplied_parts
from gateway.markets.registry import profile
from gateway.messages.agreements import Agreement, AgreementFacts, Agreements, SupplyChain
from gateway.messages.codes import AgreementKind, DeviationType, Quality
from gateway.messages.identifiers import gs1_check_digit, point_key
from gateway.messages.times import parse_instant
from gateway.settlement.balance_deviations import DeviationSummary, StepDeviation, summaries
from gateway.settlement.communities import allocate, share
from gateway.settlement.netting import Energy, net
from gateway.settlement.statuses import weakest
from gateway.settlement.usage_profiles import from_estimate, from_reading, spread, unmetered

FI = profile("fi")
ZONE = FI.zone
POINT = "64300000000000001" + gs1_check_digit("64300000000000001")
M, U, E, OK, C, P = (
    Quality.MISSING,
    Quality.UNCERTAIN,
    Quality.ESTIMATED,
    Quality.MEASURED,
    Quality.CORRECTED,
    Quality.INCOMPLETE,
)


def energy(*quantities: int, quality: Sequence[Quality] | Quality = OK) -> Energy:
    statuses = [quality] * len(quantities) if isinstance(quality, Quality) else list(quality)
    return Energy(np.array(quantities, dtype=np.int64), np.array(statuses, dtype=np.uint8))


def test_netting_leaves_what_is_left() -> None:
    # FI-7.1: c=3.0, p=1.2 -> 1.8/0; c=0.5, p=2.0 -> 0/1.5
    found = net(energy(3000, 500), energy(1200, 2000))
    assert found.consumption.quantity.tolist() == [1800, 0]
    assert found.production.quantity.tolist() == [0, 1500]


def test_netting_says_how_sure_it_is() -> None:
    # FI-7.1: status = weakest input; missing input -> 0 and partially missing
    consumed = energy(3000, 3000, 0, 0, 3000, quality=[OK, OK, M, M, C])
    produced = energy(0, 1000, 2000, 0, 0, quality=[E, U, OK, M, OK])
    found = net(consumed, produced)
    assert found.consumption.quality.tolist() == [E, U, P, M, C]
    assert found.production.quantity.tolist() == [0, 0, 2000, 0, 0]


def test_the_weakest_status_of_all() -> None:
    order = [M, P, U, E, C, OK]
    for weak in range(1, len(order)):
        for strong in range(weak, len(order)):
            pair = np.array([[order[weak]], [order[strong]]], dtype=np.uint8)
            assert weakest(pair).tolist() == [order[weak]]


def test_a_community_shares_its_production() -> None:
    # FI-7.1: G=10.000, shares 50/30/20 %, c = 3/4/2 -> consumption 0/1.000/0, surplus 2.000/0/0
    shares = np.array([500_000, 300_000, 200_000])
    found = share(energy(10_000), [energy(3000), energy(4000), energy(2000)], shares)
    assert found.allocated[:, 0].tolist() == [5000, 3000, 2000]
    assert found.consumption[:, 0].tolist() == [0, 1000, 0]
    assert found.surplus[:, 0].tolist() == [2000, 0, 0]
    assert set(found.quality.ravel().tolist()) == {OK}


def test_whole_wh_go_to_the_largest_remainders() -> None:
    third = np.array([333_334, 333_333, 333_333])
    assert allocate(np.array([10, 11, 1, 0]), third).T.tolist() == [[4, 3, 3], [4, 4, 3], [1, 0, 0], [0, 0, 0]]


def test_a_curve_carries_its_rounding_on() -> None:
    # FI-3.2, FI-3.3: the steps add up to the Wh, whatever the weights
    assert spread(10, [1, 1, 1]).tolist() == [3, 4, 3]
    year = from_estimate(5_000_000, [1 + place % 7 for place in range(8760)])
    assert (year.quantity.sum(), set(year.quality.tolist())) == (5_000_000, {U})
    read = from_reading(123_457, [3, 2, 1] * 100)
    assert (read.quantity.sum(), set(read.quality.tolist())) == (123_457, {OK})
    light = unmetered(1_752_000, 35_040)
    assert (light.quantity.tolist(), set(light.quality.tolist())) == ([50] * 35_040, {E})
    with pytest.raises(ValueError, match="above 0"):
        spread(1, [1, 0])


def test_a_deviation_is_paid_at_the_step_s_price() -> None:
    # FI-4.3: 10.000 -> 12.500 kWh at 40.00 EUR/MWh: +2.500 kWh, 0.10 EUR to be paid by the supplier
    step = StepDeviation("S1", "A", is_production=False, old=10_000, new=12_500, price=40_000)
    (supplier, losses) = summaries([step], {"A": "L"})
    assert supplier == DeviationSummary("S1", "A", DeviationType.ACCOUNTING_POINT, 2500, 10)
    assert losses == DeviationSummary("L", "A", DeviationType.LOSSES, -2500, -10)


def test_production_turns_the_sign_and_a_run_adds_up_to_nothing() -> None:
    # FI-4.3
    steps = [
        StepDeviation("S1", "A", is_production=True, old=0, new=100_000, price=55_125),
        StepDeviation("S2", "A", is_production=False, old=7_000, new=1_234, price=-10_500),
        StepDeviation("S2", "B", is_production=False, old=0, new=1, price=5_000),
    ]
    found = summaries(steps, {"A": "L"})
    assert [(one.supplier, one.grid_area, one.amount) for one in found] == [
        ("S1", "A", -551), ("S2", "A", 6), ("S2", "B", 0), ("L", "A", 545)
    ]  # fmt: skip
    assert sum(one.amount for one in found if one.grid_area == "A") == 0


@pytest.mark.parametrize(
    ("day", "final"),
    [(date(2025, 3, 10), "2025-03-21T22:00Z"), (date(2025, 3, 20), "2025-03-31T21:00Z")],
)
def test_the_window_ends_with_the_eleventh_day(day: date, final: str) -> None:
    # DH-210: D+11 24:00 local time, winter and summer
    assert FI.closing is not None
    window = FI.closing.window(day, 0)
    assert window.final == parse_instant(final)
    states = [(0, "open"), (window.final - 1, "open"), (window.final, "closing"), (window.closed, "closed")]
    assert [FI.closing.window(day, at).state for at, _ in states] == [WindowState(name) for _, name in states]
    assert window.preliminary == ZONE.midnight(date(2025, day.month, day.day + 2))


def midnight(year: int, month: int, day: int) -> int:
    return ZONE.midnight(date(year, month, day))


def agreed(*rows: tuple[str, tuple[str, ...], int, int]) -> tuple[SupplyChain, ...]:
    facts = [
        Agreement(str(place), AgreementKind.SUPPLY, party, start, end, metering_point=POINT, customers=customers)
        for place, (party, customers, start, end) in enumerate(rows)
    ]
    return Agreements.build(AgreementFacts(facts)).supply_chains(point_key(POINT))


def goes_to(chains: tuple[SupplyChain, ...], start: int, end: int, now: int) -> list[str | None]:
    assert FI.closing is not None
    return [
        chain.party if chain is not None and FI.closing.is_responsible(chain, now) else None
        for _, _, chain in supplied_parts(chains, start, end)
    ]


LONG_AGO, EVER = midnight(2024, 1, 1), 2**62
CHANGED = (("S1", ("Ann",), LONG_AGO, midnight(2025, 5, 1)), ("S2", ("Ann",), midnight(2025, 5, 1), EVER))
APRIL = (midnight(2025, 4, 1), midnight(2025, 5, 1))


def report(month: int, day: int) -> int:
    """The middle of a day of reporting in 2025."""
    return midnight(2025, month, day) + 12 * 3600


def test_case_1_the_old_supplier_corrects_for_42_days() -> None:
    # FI-4.2
    assert goes_to(agreed(*CHANGED), *APRIL, report(6, 12)) == ["S1"]
    assert goes_to(agreed(*CHANGED), *APRIL, midnight(2025, 6, 13) - 1) == ["S1"]


def test_case_2_and_not_for_43() -> None:
    # FI-4.2
    assert goes_to(agreed(*CHANGED), *APRIL, report(6, 13)) == [None]
    assert goes_to(agreed(*CHANGED), *APRIL, midnight(2025, 6, 13)) == [None]
    assert goes_to(agreed(*CHANGED), midnight(2025, 5, 1), midnight(2025, 6, 1), report(6, 13)) == ["S2"]


NOVEMBER = (midnight(2024, 11, 1), midnight(2024, 12, 1))


def test_case_3_a_common_customer_continues_the_agreement() -> None:
    # FI-4.2
    new_year = midnight(2025, 1, 1)
    chains = agreed(("S1", ("Ann", "Bo"), LONG_AGO, new_year), ("S1", ("Bo",), new_year, EVER))
    assert goes_to(chains, *NOVEMBER, report(6, 1)) == ["S1"]


def test_case_4_another_customer_does_not() -> None:
    # FI-4.2
    new_year = midnight(2025, 1, 1)
    chains = agreed(("S1", ("Ann",), LONG_AGO, new_year), ("S1", ("Cai",), new_year, EVER))
    assert goes_to(chains, *NOVEMBER, report(6, 1)) == [None]


def test_case_5_a_correction_over_the_change_is_split() -> None:
    # FI-4.2
    chains = agreed(*CHANGED)
    first, last = midnight(2025, 4, 15), midnight(2025, 5, 15)
    assert goes_to(chains, first, last, report(6, 1)) == ["S1", "S2"]
    parts = [(start, end) for start, end, _ in supplied_parts(chains, first, last)]
    assert parts == [(first, midnight(2025, 5, 1)), (midnight(2025, 5, 1), last)]
