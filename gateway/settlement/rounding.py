"""Exact quarters of a watt-hour to whole watt-hours: once for each sum, or with the remainder carried in the hour."""

from __future__ import annotations

import numpy as np

from gateway.messages.series import Quantities

QUARTER_WH = 4
"""Parts of a watt-hour that sums are kept in: a quarter of an hourly value is a whole number of them."""


def rounded(parts: Quantities) -> Quantities:
    """Quarter watt-hours to watt-hours, half away from zero."""
    whole: Quantities = np.sign(parts) * ((np.abs(parts) + QUARTER_WH // 2) // QUARTER_WH)
    return whole


def carried(parts: Quantities) -> Quantities:
    """Quarters of hours rounded so that four quarters of one hourly value add up to it (dk-settlement-dh3 rule 5).

    The step at minute 15·i adds to its own exact value what rounding the same value left over in the i steps before
    it. Takes int64[m, 4·hours] quarter watt-hours, the first column the first quarter of an hour.
    """
    value = parts.copy()
    steps = np.arange(parts.shape[-1]) % 4
    for place in range(1, 4):
        later = steps >= place
        left = value[..., later] - QUARTER_WH * rounded(value[..., later])
        value[..., later] = parts[..., later] + left
    return rounded(value)
