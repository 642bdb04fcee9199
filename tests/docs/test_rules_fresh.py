"""docs/guide/rules-*.md are what `explain` says; refresh one with `gridpost explain dk 2025-06-10 > …`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gateway.markets.explanation import explain
from gateway.markets.registry import profile

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
DAYS = {"dk": date(2025, 6, 10), "fi": date(2025, 3, 10)}


@pytest.mark.parametrize("market", sorted(DAYS))
def test_the_page_of_a_market_s_rules_is_fresh(market: str) -> None:
    assert (GUIDE / f"rules-{market}.md").read_text("utf-8") == explain(profile(market), DAYS[market])
