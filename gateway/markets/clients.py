"""Which programs may speak for a party: the market's terms of clients."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ClientTerms:
    """How many clients a party has, and how many roles a client.

    Attributes:
        one_per_role: a party has one client for each role, and a client one role; otherwise a client may hold several
            roles and several clients the same (Estonian technical users, Elering 12).
        most_per_party: most clients of a party; 0 for as many as it has roles.
    """

    one_per_role: bool = True
    most_per_party: int = 0


ONE_PER_ROLE = ClientTerms()
"""Of a market that says nothing: one client speaks for a party in a role."""


def read_client_terms(table: Mapping[str, Any]) -> ClientTerms:
    """The terms from a market's TOML."""
    return ClientTerms(**table)
