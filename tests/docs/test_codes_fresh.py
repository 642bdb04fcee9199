"""docs/guide/error-codes.md is made from the market's profile; refresh it with `gridpost explain dk … --codes > …`."""

from __future__ import annotations

from pathlib import Path

from gateway.cli.code_table import code_table
from gateway.markets.registry import profile

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "error-codes.md"


def test_the_page_of_error_codes_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == code_table(profile("dk")), "stale: run gridpost explain dk 2025-06-10 --codes"


def test_every_code_of_a_rule_stands_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for wording in profile("dk").rules.wordings.values():
        assert f"| {wording.code} " in page, wording.rule
