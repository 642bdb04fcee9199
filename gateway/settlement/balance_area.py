"""The balance area of a balance responsible party: which points are added to it and which are taken off (Elering 12).

A point counts where the party answers on one of its two sides only: for the customer, by the chain from its supplier
up, or for the grid, by the chain from the grid operator that runs the point. Where it answers on both or on neither,
the point leaves its balance unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gateway.messages.series import Quantities


class Sides(NamedTuple):
    """Who stands on the two sides of a metering point.

    Attributes:
        customer: the supplier of the customer; the grid operator where it has none (general service).
        grid: the grid operator that runs the point.
    """

    customer: str
    grid: str


class BalanceSums(NamedTuple):
    """Production and consumption of a balance area in each interval: int64 columns of one length, Wh."""

    production: Quantities
    consumption: Quantities

    @property
    def saldo(self) -> Quantities:
        """What is left: production less consumption."""
        saldo: Quantities = self.production - self.consumption
        return saldo


def chain(party: str, providers: Mapping[str, str]) -> tuple[str, ...]:
    """A party and those above it, each the portfolio provider of the one before; a ring ends where it began."""
    found = [party]
    while (above := providers.get(found[-1])) is not None and above not in found:
        found.append(above)
    return tuple(found)


def effect(sides: Sides, responsible: str, providers: Mapping[str, str]) -> int:
    """What a point does to the balance of a party: +1 added, -1 taken off, 0 nothing (BHT).

    Args:
        sides: who stands on its two sides.
        responsible: the balance responsible party.
        providers: the portfolio provider of each party that has one.
    """
    return (responsible in chain(sides.customer, providers)) - (responsible in chain(sides.grid, providers))


def balance_sums(effects: Quantities, into: Quantities, out: Quantities) -> BalanceSums:
    """The sums of a balance area: what flowed into the grid is production, what flowed out is consumption.

    Args:
        effects: int64[points], as `effect` says.
        into: int64[points, intervals] Wh into the grid.
        out: the same out of it.
    """
    return BalanceSums(
        np.tensordot(effects, into, axes=1).astype(np.int64), np.tensordot(effects, out, axes=1).astype(np.int64)
    )
