"""docs/guide/rules-dk.md is what `explain` says; refresh it with `gridpost explain dk 2025-06-10 > …`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from gateway.markets.explanation import explain
from gateway.markets.registry import profile

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "rules-dk.md"


def test_the_page_of_danish_rules_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == explain(profile("dk"), date(2025, 6, 10))
