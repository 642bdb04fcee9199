"""The pages of each market's rules are made from its profile; refresh them with `make docs`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.markets.explanation import explain
from gateway.markets.registry import profile

GUIDE = Path(__file__).parents[2] / "docs" / "guide"


@pytest.mark.parametrize(
    ("market", "day"), [("dk", date(2025, 6, 10)), ("ee", date(2026, 8, 1)), ("fi", date(2025, 3, 10))]
)
def test_the_page_of_a_markets_rules_is_fresh(market: str, day: date) -> None:
    page = (GUIDE / f"rules-{market}.md").read_text("utf-8")
    assert page == explain(profile(market), day), f"stale: run gridpost explain {market} {day} > rules-{market}.md"
