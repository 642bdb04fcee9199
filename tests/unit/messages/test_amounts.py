"""Exact money: millionths of the currency, and what of the text they cannot hold."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.amounts import NO_AMOUNT, Amounts


@pytest.mark.parametrize(
    ("text", "millionths", "kept"),
    [
        ("0.25", 250_000, None),
        ("25.375000", 25_375_000, None),
        ("-0.000001", -1, None),
        ("+.5", 500_000, None),
        ("0.1234567", 123_456, "0.1234567"),
        ("999999999999.999999", 10**18 - 1, None),
        ("1234567890123", 234_567_890_123_000_000, "1234567890123"),
        ("0", 0, None),
    ],
)
def test_text_becomes_millionths(text: str, millionths: int, kept: str | None) -> None:
    read = Amounts.read([None, f" {text} "])
    assert read.millionths.tolist() == [NO_AMOUNT, millionths]
    assert read.as_written == ({1: kept} if kept else {})


@given(st.lists(st.none() | st.decimals(-(10**15), 10**15, places=8, allow_nan=False), max_size=5))
def test_no_digit_is_lost(values: list[Decimal | None]) -> None:
    read = Amounts.read([None if value is None else f"{value:f}" for value in values])
    texts = read.texts()
    assert [Decimal(text) if text else None for text in texts] == values
    assert Amounts.read([text or None for text in texts]).texts() == texts


def test_no_amount_is_not_zero() -> None:
    assert Amounts.none(2).texts() == ["", ""]
    assert Amounts.read(["0.000000"]).texts() == ["0"]
