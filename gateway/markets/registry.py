"""The markets there are, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from gateway.markets import dk, ee, fi
from gateway.markets.distribution import Behaviour
from gateway.markets.profile import MarketProfile
from gateway.markets.reading import Table, read_profile, read_table

BEHAVIOURS: Mapping[str, Behaviour] = {"dk": dk.BEHAVIOUR, "ee": ee.BEHAVIOUR, "fi": fi.BEHAVIOUR}


@cache
def profile(name: str) -> MarketProfile:
    """A market's profile as delivered; KeyError for a market that is none."""
    return changed_profile(name, {}, {})


def changed_profile(name: str, settings: Table, rules: Table) -> MarketProfile:
    """A market's profile with an operator's settings and rules laid over it, entry by entry.

    `changed_profile("dk", {"correction": {"outward": "plain"}}, {"history": {"resend-in-window": {"severity":
    "error"}}})` says how corrected values leave and what becomes of a full resend.
    """
    behaviour = BEHAVIOURS[name]
    return read_profile(
        _laid_over(read_table(name), settings), _laid_over(read_table(f"{name}-rules"), rules), behaviour
    )


def _laid_over(table: Table, changes: Table) -> dict[str, Any]:
    """A table with changes laid over it; an entry the table does not have is a mistake, but for switches of a rule."""
    laid = dict(table)
    for key, value in changes.items():
        below = table.get(key)
        laid[key] = _laid_over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return laid
