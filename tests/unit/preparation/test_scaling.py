"""Raw values times the fixed factor of their point (D1 §6.2.1)."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.preparation.point_values import PointValues
from gateway.preparation.scaling import scaled
from tests.unit.preparation.office import DAY, OTHER, POINT, ZONE, curve, joined


def raw_hours(quantities: list[int], point: str = POINT) -> PointValues:
    """Raw values of a day's first hours, in millionths."""
    return curve(DAY, quantities, point)


def test_plain_values_keep_their_thousandths() -> None:
    # DK-6.2.1.a
    assert scaled(raw_hours([0, 1_000, 1_234_000]), {}, ZONE).quantity.tolist() == [0, 1, 1234]


def test_a_factor_scales_its_own_point_only() -> None:
    # DK-6.2.1.a: a transformer's factor of 40
    values = joined(raw_hours([1_250_000]), raw_hours([1_250_000], OTHER))
    assert scaled(values, {int(POINT): Fraction(40)}, ZONE).quantity.tolist() == [50_000, 1250]


def test_what_is_finer_than_a_thousandth_is_rounded_with_its_day() -> None:
    # DK-6.2.1.a: three times 0.0004 kWh are 0.0012, so one Wh is kept, in the earliest of equals
    assert scaled(raw_hours([400, 400, 400]), {}, ZONE).quantity.tolist() == [1, 0, 0]


def test_a_value_that_needs_no_rounding_is_left_alone() -> None:
    assert scaled(raw_hours([1_000_000, 1_500, 1_500]), {}, ZONE).quantity.tolist() == [1000, 2, 1]


def test_the_day_s_energy_is_kept_under_a_crooked_factor() -> None:
    values = raw_hours([334_000] * 24)
    found = scaled(values, {int(POINT): Fraction("0.3333")}, ZONE).quantity
    assert found.sum() == 2672  # 24 x 334 x 0.3333 = 2671.7
    assert set(found.tolist()) == {111, 112}


def test_a_negative_value_never_becomes_zero_by_rounding() -> None:
    assert scaled(raw_hours([-1, 5_000]), {}, ZONE).quantity.tolist() == [-1, 5]


def test_no_quantity_stays_none() -> None:
    start = np.array([ZONE.midnight(DAY)])
    none = PointValues.of(np.array([int(POINT)]), start, np.array([NO_QUANTITY]), np.array([Quality.MISSING], np.uint8))
    assert scaled(none, {int(POINT): Fraction(3)}, ZONE).quantity.tolist() == [NO_QUANTITY]


def test_great_numbers_do_not_overflow() -> None:
    values = raw_hours([10**16 - 1] * 24)
    found = scaled(values, {int(POINT): Fraction("99999.999999999")}, ZONE).quantity
    assert int(found[0]) in (999999999999989900, 999999999999989899)
