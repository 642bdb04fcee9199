"""Exact quantities: thousandths of the unit, and what of the text they cannot hold (DK-6.2.1.a)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.quantities import Quantity, format_quantity, parse_quantity


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("56", Quantity(56_000, 0, True)),
        ("0.250", Quantity(250, 3, True)),
        ("-1.5", Quantity(-1500, 1, True)),
        ("+.5", Quantity(500, 1, True)),
        ("1.", Quantity(1000, 0, True)),
        ("0012.3", Quantity(12_300, 1, True)),
        ("1.25", Quantity(1250, 2, True)),
        ("1.2500", Quantity(1250, 4, False)),
        ("-0.0001", Quantity(0, 4, False)),
        ("1234567890.123", Quantity(1_234_567_890_123, 3, True)),
        ("12345678901", Quantity(12_345_678_901_000, 0, False)),
        ("1.25e1", Quantity(12_500, 1, True)),
        ("1e2", Quantity(100_000, 0, True)),
        ("15e-1", Quantity(1500, 1, True)),
    ],
)
def test_text_becomes_thousandths(text: str, quantity: Quantity) -> None:
    # DK-6.2.1.a: at most three decimals, as written.
    assert parse_quantity(text) == quantity


@pytest.mark.parametrize("text", ["", ".", "-", "1,5", "NaN", "Infinity", "1e", "0x1", "\u0661", "1 2", "1e9999"])
def test_what_is_no_number(text: str) -> None:
    assert parse_quantity(text) is None


@given(st.decimals(-9_999_999_999, 9_999_999_999, places=3, allow_nan=False))
def test_no_digit_is_lost(value: Decimal) -> None:
    parsed = parse_quantity(f"{value:f}")
    assert parsed is not None
    assert parsed.is_plain
    assert parsed.thousandths == value * 1000
    assert Decimal(format_quantity(parsed.thousandths)) == value


@given(st.integers(-(10**13), 10**13), st.integers(0, 3))
def test_text_never_has_fewer_decimals_than_exactness_needs(thousandths: int, decimals: int) -> None:
    text = format_quantity(thousandths, decimals)
    assert Decimal(text) * 1000 == thousandths
    assert len(text.partition(".")[2]) >= decimals
