"""What counts when a market's hub computes the losses of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class OwnPoints(StrEnum):
    """Which metering points of a network count as its own."""

    REGISTERED = "registered"
    """All that are registered in it."""
    AGREED = "agreed"
    """Those with a valid agreement on grid service (Elering 12)."""


@dataclass(frozen=True, slots=True)
class NetworkTerms:
    """The terms of a market's network reports."""

    own_points: OwnPoints


NO_NETWORKS = NetworkTerms(OwnPoints.REGISTERED)
"""Of a market that says nothing about them."""


def read_networks(table: Mapping[str, Any]) -> NetworkTerms:
    """The terms from a market's TOML."""
    return NetworkTerms(OwnPoints(table["own_points"]))
