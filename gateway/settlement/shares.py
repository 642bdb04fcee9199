"""Exact parts of a whole: thousandths handed out in proportion, the remainders to those who lost most by rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.messages.series import Quantities

_MOST = 2**62


def largest_remainder(whole: Quantities, weights: npt.NDArray[Any]) -> Quantities:
    """Parts int64[m, n] of int64[n] wholes in proportion to weights [m, n], which add up to each whole exactly.

    Every part is cut to a whole number, and what is left goes one by one to the largest remainders, of equal ones to
    the first row. A negative whole is parted like a positive one and its sign put back. Weights are whole numbers, in
    int64 or as objects where they are larger; single ones may be negative, but not the sum of a column, nor 0.
    """
    size = np.abs(whole)
    greatest = int(size.max(initial=1)) * int(np.abs(weights).max(initial=0)) * len(weights)
    exact = weights if greatest < _MOST else weights.astype(object)
    product = size * exact
    total = exact.sum(axis=0)
    parts, remainders = product // total, product % total
    left = (size - parts.sum(axis=0)).astype(np.int64)
    order = np.argsort(-remainders, axis=0, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(len(weights))[:, None] * np.ones_like(order), axis=0)
    given: Quantities = (parts + (place < left)).astype(np.int64) * np.sign(whole)
    return given
