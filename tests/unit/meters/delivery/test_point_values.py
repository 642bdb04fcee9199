"""Values of a metering point out of meters' rows: exact sums, rounded together, missing where anything is missing."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Interval
from meter_adapters.delivery.point_values import (
    MILLIONTHS,
    Cell,
    Energy,
    demand_energies,
    interval_energies,
    register_energies,
    steps_of,
)

HOUR = Interval(0, 3600)


def cell(end: int, raw: int, **more: object) -> Cell:
    return Cell(end, 900, 0, raw, 0, True)._replace(**more)  # type: ignore[arg-type]  # of a test


def test_energies_of_intervals_and_of_mean_power() -> None:
    cells = [cell(900, 7, scaler=1), cell(1800, 5, billable=False)]
    assert [one.amount for one in interval_energies(cells)] == [Fraction(70), None]
    assert [one.amount for one in demand_energies(cells)] == [Fraction(70, 4), None]


def test_quarters_make_hours_only_when_all_are_there() -> None:
    quarters = [Energy(900 * n, 900, Fraction(n)) for n in range(1, 5)]
    steps = steps_of(quarters, HOUR, 3600)
    assert (steps.quantity.tolist(), steps.quality.tolist()) == ([10], [Quality.MEASURED])
    assert steps.is_complete
    for missing in range(4):
        rest = quarters[:missing] + quarters[missing + 1 :]
        steps = steps_of(rest, HOUR, 3600)
        assert (steps.quantity.tolist(), steps.quality.tolist()) == ([NO_QUANTITY], [Quality.MISSING])
    assert not steps_of([*quarters[:3], Energy(3600, 900, None)], HOUR, 3600).is_complete


def test_hours_make_no_quarters() -> None:
    steps = steps_of([Energy(3600, 3600, Fraction(8))], HOUR, 900)
    assert not steps.has_values


def test_a_quarter_written_twice_holds_both_energies_and_is_estimated() -> None:
    steps = steps_of([Energy(900, 900, Fraction(3)), Energy(900, 900, Fraction(4))], Interval(0, 900), 900)
    assert (steps.quantity.tolist(), steps.quality.tolist()) == ([7], [Quality.ESTIMATED])


def test_values_beside_the_span_are_left_out() -> None:
    steps = steps_of([Energy(0, 900, Fraction(3)), Energy(4500, 900, Fraction(4))], HOUR, 900)
    assert not steps.has_values


@given(st.lists(st.one_of(st.none(), st.fractions(0, 1000, max_denominator=999)), min_size=4, max_size=4))
def test_rounding_loses_nothing_and_moves_nothing_by_a_whole_part(amounts: list[Fraction | None]) -> None:
    energies = [Energy(900 * (n + 1), 900, amount) for n, amount in enumerate(amounts)]
    steps = steps_of(energies, HOUR, 900)
    known = [(q, a) for q, a in zip(steps.quantity.tolist(), amounts, strict=True) if a is not None]
    total = sum((amount for _, amount in known), Fraction(0))
    assert sum(quantity for quantity, _ in known) == (2 * total.numerator + total.denominator) // (
        2 * total.denominator
    )
    assert all(abs(quantity - amount) < 1 for quantity, amount in known)
    fine = steps_of(energies, HOUR, 900, MILLIONTHS)
    assert all(
        abs(Fraction(q, 1000) - a) < Fraction(1, 1000)
        for q, a in zip(fine.quantity.tolist(), amounts, strict=True)
        if a is not None
    )


def test_a_counter_that_turns_over_goes_on_from_zero() -> None:
    cells = [cell(0, 99_999_990), cell(900, 5), cell(1800, 25)]
    found = register_energies(cells, Fraction(10**8), Fraction(1000))
    assert [one.amount for one in found] == [15, 20]


def test_a_counter_that_went_back_otherwise_has_no_energy() -> None:
    cells = [cell(0, 5000), cell(900, 10), cell(1800, 25)]
    for rollover, most in ((None, None), (Fraction(10**8), None), (Fraction(10**8), Fraction(1000))):
        assert [one.amount for one in register_energies(cells, rollover, most)] == [None, 15]


def test_a_counter_that_leaps_has_no_energy() -> None:
    found = register_energies([cell(0, 0), cell(900, 5000)], None, Fraction(1000))
    assert [one.amount for one in found] == [None]


def test_counters_of_two_meters_or_over_a_hole_are_not_compared() -> None:
    cells = [cell(0, 5, meter="a"), cell(900, 9, meter="a"), cell(900, 1, meter="b"), cell(2700, 8, meter="b")]
    found = register_energies(cells, None, None)
    assert [(one.end, one.amount) for one in found] == [(900, Fraction(4))]


def test_what_is_not_billable_makes_no_energy_on_either_side() -> None:
    cells = [cell(0, 0), cell(900, 4, billable=False), cell(1800, 9), cell(2700, 10)]
    assert [one.amount for one in register_energies(cells, None, None)] == [None, None, 1]
