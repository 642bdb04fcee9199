"""Calculated metering points (DK-6.1.3)."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.findings import Severity
from gateway.settlement.formulas import Formula, PointValues, Term, evaluate

NET, FROM_GRID, TO_GRID, OWN = 571313000000000016, 571313000000000023, 571313000000000030, 571313000000000047


def formula(point: int, **factors: str) -> Formula:
    points = {"net": NET, "from_grid": FROM_GRID, "to_grid": TO_GRID, "own": OWN}
    return Formula(point, tuple(Term(points[name], Decimal(factor)) for name, factor in factors.items()))


def values(*quantity: int, quality: list[int] | None = None) -> PointValues:
    qualities = [int(Quality.MEASURED)] * len(quantity) if quality is None else quality
    return PointValues(np.array(quantity, dtype=np.int64), np.array(qualities, dtype=np.uint8))


def test_a_formula_may_need_another_and_comes_after_it() -> None:
    # DK-6.1.3
    own = formula(OWN, net="1", to_grid="1")
    net = formula(NET, from_grid="1", to_grid="-1")
    found = evaluate((net, own), {FROM_GRID: values(10, 20), TO_GRID: values(3, 0)}, 2)
    assert found.values[NET].quantity.tolist() == [7, 20]
    assert found.values[OWN].quantity.tolist() == [10, 20]
    assert found.values[OWN].quality.tolist() == [Quality.CALCULATED, Quality.CALCULATED]
    assert found.findings == ()


def test_factors_are_exact_and_the_result_is_rounded_once() -> None:
    # DK-6.1.3: 0.1 three times is 0.3; halves go away from zero
    found = evaluate(
        [formula(NET, from_grid="0.1", to_grid="0.2")],
        {FROM_GRID: values(5, 10**13, 1), TO_GRID: values(10, 10**13, 1)},
        3,
    )
    assert found.values[NET].quantity.tolist() == [3, 3 * 10**12, 0]
    half = evaluate([formula(NET, from_grid="-0.5")], {FROM_GRID: values(1, 3, 4)}, 3)
    assert half.values[NET].quantity.tolist() == [-1, -2, -2]


def test_one_missing_term_makes_it_missing_and_one_estimate_estimated() -> None:
    # DK-6.1.3, DK-4.1.5.h
    found = evaluate(
        [formula(NET, from_grid="1", to_grid="-1")],
        {
            FROM_GRID: values(10, 10, 10, quality=[Quality.MISSING, Quality.ESTIMATED, Quality.MEASURED]),
            TO_GRID: values(1, 1, 1, quality=[Quality.ESTIMATED, Quality.MEASURED | CORRECTED_FLAG, Quality.ABSENT]),
        },
        3,
    )
    assert found.values[NET].quality.tolist() == [Quality.MISSING, Quality.ESTIMATED, Quality.CALCULATED]
    assert found.values[NET].quantity.tolist() == [0, 9, 9]


def test_a_term_nothing_is_known_of_is_missing_throughout() -> None:
    # DK-6.1.3
    found = evaluate([formula(NET, from_grid="1", to_grid="-1")], {FROM_GRID: values(10, 10)}, 2)
    assert found.values[NET].quality.tolist() == [Quality.MISSING] * 2
    assert found.values[NET].quantity.tolist() == [0, 0]


def test_a_negative_result_is_a_finding_with_its_position() -> None:
    # DK-6.1.3, DK-6.2.2
    found = evaluate(
        [formula(NET, from_grid="1", to_grid="-1")], {FROM_GRID: values(1, 1, 1), TO_GRID: values(0, 2, 3)}, 3
    )
    (finding,) = found.findings
    assert (finding.rule, finding.position, finding.severity) == ("negative-result", 2, Severity.WARNING)
    assert found.values[NET].quantity.tolist() == [1, -1, -2]
