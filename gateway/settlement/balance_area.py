"""The balance area of a balance responsible party: which points are added to it and which are taken off (Elering 12).

A point counts where the party answers on one of its two sides only: for the customer, by the chain from its supplier
up, or for the grid, by the chain from the grid operator that runs the point. Where it answers on both or on neither,
the point leaves its balance unchanged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages.series import Mask, Quantities


class BalanceSums(NamedTuple):
    """Production and consumption of a balance area in each interval: int64 columns of one length, Wh."""

    production: Quantities
    consumption: Quantities

    @property
    def saldo(self) -> Quantities:
        """What is left: production less consumption."""
        saldo: Quantities = self.production - self.consumption
        return saldo


def effects(customer_side: Mask, grid_side: Mask) -> Quantities:
    """What points do to the balance of a party: +1 added, -1 taken off, 0 nothing (BHT).

    Args:
        customer_side: bool[points, intervals], where the party answers for the customer, by the chain from its supplier
            up; without a supplier from the grid operator or the one it names.
        grid_side: likewise for the grid, by the chain from the grid operator that runs the point.
    """
    return customer_side.astype(np.int64) - grid_side.astype(np.int64)


def balance_sums(effect: Quantities, into: Quantities, out: Quantities) -> BalanceSums:
    """The sums of a balance area: what flowed into the grid is production, what flowed out is consumption.

    Args:
        effect: int64[points, intervals], as `effects` says.
        into: int64[points, intervals] Wh into the grid.
        out: the same out of it.
    """
    return BalanceSums((effect * into).sum(axis=0), (effect * out).sum(axis=0))
