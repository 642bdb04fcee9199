"""Energy communities: the production shared among members, to the Wh (FI-7.1, DH-140).

Shares are millionths and add up to a million. What whole Wh leave over goes to the largest remainders; of equal ones
the earlier member comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.masterdata import Rows
from gateway.messages.series import Qualities, Quantities
from gateway.settlement.netting import Energy
from gateway.settlement.statuses import weakest

WHOLE = 1_000_000


class Shared(NamedTuple):
    """What sharing leaves.

    Attributes:
        allocated: int64[members, steps], Wh of the production each member has.
        consumption: int64[members, steps], what each still takes from the grid.
        surplus: int64[members, steps], what each has more than it uses.
        quality: uint8[members, steps]: the weakest of the production and the member's consumption.
    """

    allocated: Quantities
    consumption: Quantities
    surplus: Quantities
    quality: Qualities


def allocate(production: Quantities, shares: Rows) -> Quantities:
    """The production, int64[steps] Wh, by shares, int64[members] millionths; each step adds up to the production."""
    exact = production[None, :] * shares[:, None]
    allocated = exact // WHOLE
    rest = production - allocated.sum(axis=0)
    order = np.argsort(-(exact - allocated * WHOLE), axis=0, kind="stable")
    rank = np.argsort(order, axis=0, kind="stable")
    found: Quantities = allocated + (rank < rest[None, :])
    return found


def share(production: Energy, consumption: Sequence[Energy], shares: Rows) -> Shared:
    """Share a community's production among its members, in the order of `shares`, which must add up to the whole.

    A missing production is nothing to share, a missing consumption none that it could cover; both show in the status.
    """
    made = np.where(production.quality == Quality.MISSING, 0, production.quantity)
    allocated = allocate(made, shares)
    used = np.stack([np.where(one.quality == Quality.MISSING, 0, one.quantity) for one in consumption])
    quality = np.stack([weakest(np.stack((production.quality, one.quality))) for one in consumption])
    return Shared(allocated, np.maximum(used - allocated, 0), np.maximum(allocated - used, 0), quality)
