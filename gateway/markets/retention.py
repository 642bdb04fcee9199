"""How long a market's hub keeps values, and whether it takes older ones away by itself (DH-200)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.rules.periods import years_before


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """What is kept.

    Attributes:
        years: values are kept so many calendar years; None for ever.
        nightly: whether older ones are taken away each night; otherwise when the operator says so.
    """

    years: int | None = None
    nightly: bool = False

    def first_kept(self, today: date) -> date | None:
        """The first local day that is kept; None where everything is."""
        return None if self.years is None else years_before(today, self.years)


KEEPS_ALL = RetentionTerms()
"""Of a market that names no time."""


def read_retention(table: Mapping[str, Any], corrected_years: int) -> RetentionTerms:
    """The terms from a market's TOML; what may still be corrected is kept."""
    terms = RetentionTerms(**table)
    if terms.years is not None and terms.years < corrected_years:
        raise ValueError(f"values are corrected for {corrected_years} years and cannot be kept for {terms.years} only")
    return terms
