"""Profiles of points without interval meters: an estimate or a reading laid along a type-user curve (FI-3.2, FI-3.3).

The curve is that of type user group 1 without temperature correction (DH-200); its weights are whole numbers above 0,
one for each step. Quantities are Wh. Rounding carries on in order of time, so that the steps add up to the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.series import Quantities
from gateway.settlement.netting import Energy


def spread(total: int, weights: Sequence[int]) -> Quantities:
    """A total over steps in proportion to their weights, int64[steps], exactly."""
    if min(weights, default=0) <= 0:
        raise ValueError("a curve has weights above 0")
    whole = sum(weights)
    reached = [(2 * total * so_far + whole) // (2 * whole) for so_far in accumulate(weights)]
    bounds = np.array([0, *reached], dtype=np.int64)
    return bounds[1:] - bounds[:-1]


def from_estimate(annual: int, weights: Sequence[int]) -> Energy:
    """A year by its estimate: uncertain until a reading says more. `weights` are those of the whole year."""
    return _energy(spread(annual, weights), Quality.UNCERTAIN)


def from_reading(consumed: int, weights: Sequence[int]) -> Energy:
    """All steps since the previous reading, from what was consumed between the two: OK."""
    return _energy(spread(consumed, weights), Quality.MEASURED)


def unmetered(annual: int, steps: int) -> Energy:
    """A constant load over the steps of a year, clock changes included: estimated."""
    return _energy(spread(annual, [1] * steps), Quality.ESTIMATED)


def _energy(quantity: Quantities, quality: Quality) -> Energy:
    return Energy(quantity, np.full(len(quantity), quality, dtype=np.uint8))
