"""Rounding many values together, and sharing out a whole in proportion: nothing is lost, nothing invented.

The rule is the largest remainder: each value is rounded down to a whole number; what their exact sum, rounded half up,
has over the rounded ones is given, one by one, to the largest remainders, the earlier first among equals.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gateway.messages.series import Quantities

Whole = npt.NDArray[np.int64] | npt.NDArray[np.object_]
"""Whole numbers of any size: as int64 where these hold them, otherwise as Python's own."""

_SAFE = 2**62


def product(values: Quantities, factor: int) -> Whole:
    """Whole numbers, zero or more, times another, exactly."""
    greatest = int(values.max(initial=0))
    return values * factor if greatest * factor * max(len(values), 1) < _SAFE else values.astype(object) * factor


def rounded_together(numerators: Whole, denominator: int) -> Quantities:
    """Ratios, zero or more, as whole numbers that add up to the exact sum of the ratios rounded half up.

    A ratio that is whole already stays what it is.
    """
    whole, remainders = numerators // denominator, numerators % denominator
    left = half_up(int(numerators.sum()), denominator) - int(whole.sum())
    shares: Quantities = whole.astype(np.int64)
    shares[np.argsort(-remainders, kind="stable")[:left]] += 1
    return shares


def apportioned(total: int, weights: Quantities) -> Quantities:
    """Shares of a total in proportion to weights, whole numbers that add up to it exactly.

    The total and all weights are zero or more; where all weights are zero the total must be zero too.
    """
    whole = int(weights.astype(object).sum()) if len(weights) else 0
    if whole:
        return rounded_together(product(weights, total), whole)
    if total:
        raise ValueError("nothing to share out by")
    return np.zeros(len(weights), dtype=np.int64)


def half_up(numerator: int, denominator: int) -> int:
    """A ratio of whole numbers, zero or more, rounded to the nearest whole number, halves up."""
    return (2 * numerator + denominator) // (2 * denominator)
