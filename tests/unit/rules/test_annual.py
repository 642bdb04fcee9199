"""Table 5 of Regulation D1 §5.1.1: which annual consumption is plausible after another (DK-5.1.1.a)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.codes import Quality
from gateway.messages.readings import ReadingPeriod
from gateway.messages.times import DAY
from gateway.rules.annual import Bounds, latest_annual, plausible_bounds, scaled
from gateway.rules.readings import kwh_text

from .village import DK

BANDS = DK.readings.numbers("", date(2025, 1, 1)).bands
KWH = st.fractions(0, 200_000)


@pytest.mark.parametrize(
    ("latest", "low", "high"),
    [
        (0, 0, 1_000),
        (1_000, 0, 2_250),
        (2_000, 1_000, 3_500),
        (3_000, 1_700, 4_900),
        (4_000, 2_400, 6_300),
        (6_000, 3_900, 8_900),
        (10_000, 6_900, 14_100),
        (20_000, 14_900, 26_600),
    ],
)
def test_the_values_of_the_table(latest: int, low: int, high: int) -> None:
    # DK-5.1.1.a
    assert plausible_bounds(BANDS, Fraction(latest)) == Bounds(Fraction(low), Fraction(high))


@pytest.mark.parametrize("seam", [2_000, 4_000, 10_000])
def test_bands_meet_without_a_jump(seam: int) -> None:
    at, above = plausible_bounds(BANDS, Fraction(seam)), plausible_bounds(BANDS, seam + Fraction(1, 10**9))
    assert all(0 <= over - on < Fraction(1, 10**8) for on, over in zip(at, above, strict=True))


@given(KWH, KWH)
def test_more_consumption_never_lowers_what_is_plausible(one: Fraction, other: Fraction) -> None:
    less, more = sorted((one, other))
    lower, upper = plausible_bounds(BANDS, less), plausible_bounds(BANDS, more)
    assert lower.low <= upper.low
    assert lower.high <= upper.high
    assert 0 <= lower.low <= less <= lower.high, "what stays as it was is plausible"


def period(number: int, days: int, consumption: int) -> ReadingPeriod:
    return ReadingPeriod(0, days * DAY, consumption, Quality.MEASURED, date(2025, 1, number))


def test_consumption_is_scaled_to_365_days() -> None:
    assert scaled(3_660_000, 366) == 3_650
    assert scaled(1, 7) == Fraction(365, 7000)
    assert latest_annual([], 300) is None
    assert latest_annual([period(1, 365, 4_000_000), period(2, 365, 1)], 300) == 4_000
    quarters = [period(1, 92, 500_000), period(2, 91, 500_000), period(3, 90, 1_000_000), period(4, 92, 2_000_000)]
    assert latest_annual([*quarters, period(5, 365, 9)], 300) == 4_000
    assert latest_annual(quarters[:1], 300) == Fraction(500 * 365, 92)


def test_energy_for_people_is_rounded_half_up() -> None:
    assert [kwh_text(Fraction(n, 2)) for n in (0, 1, 2, 3)] == ["0", "1", "1", "2"]
