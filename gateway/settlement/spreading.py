"""Many readings of one reading period spread at once, each exactly as `profiles.periodised` spreads it alone.

Most of it is done in doubles, whose error is bounded: only where they cannot tell two remainders apart, or a whole
number from one just below it, is a reading spread in whole numbers.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.series import Mask, Quantities
from gateway.settlement.profiles import Curve, periodised

_ERROR = 2.0**-45
"""Most a share in doubles may be off, relative to the largest; n summands and three roundings stay far below it."""

Reals = npt.NDArray[np.float64]


class CurveColumns(NamedTuple):
    """The distribution curve over a stretch of time, whatever months it touches.

    Attributes:
        residual: int64[n], the fixed residual consumption of each step.
        total: int64[n], the sum of load shares in force, greater than 0.
    """

    residual: Quantities
    total: Quantities

    def cut_by_total(self) -> list[Curve]:
        """The same as one curve for each run of steps with one sum of load shares."""
        bounds = np.flatnonzero(np.diff(self.total)) + 1
        parts = zip(np.split(self.residual, bounds), np.split(self.total, bounds), strict=True)
        return [Curve(residual, int(total[0])) for residual, total in parts]


class _Cut(NamedTuple):
    """Parts of readings in doubles, and which of them are not to be trusted."""

    parts: Quantities
    in_doubt: Mask


def spread(consumption: Quantities, curve: CurveColumns) -> Quantities:
    """Readings int64[m] over one period as int64[m, n], every row adding up to its reading (DK-1.32).

    Where the curve sums to zero or less, every reading is spread evenly.
    """
    residual, total = curve
    k = residual / total
    whole, size = float(k.sum()), float(np.abs(k).sum())
    if abs(whole) <= size * 2.0**-20:  # too near to nothing for doubles to tell its sign, or a bound on their error
        return _one_by_one(consumption, curve)
    if whole < 0:
        residual, total = np.ones_like(residual), np.ones_like(total)
        k, whole, size = np.ones_like(k), float(len(k)), float(len(k))
    cut = _cut(consumption, CurveColumns(residual, total), k / whole, size / whole)
    if cut.in_doubt.any():
        cut.parts[cut.in_doubt] = _one_by_one(consumption[cut.in_doubt], curve)
    return cut.parts


def _one_by_one(consumption: Quantities, curve: CurveColumns) -> Quantities:
    distinct, place = np.unique(consumption, return_inverse=True)
    curves = curve.cut_by_total()
    rows = [periodised(one, curves).quantity for one in distinct.tolist()]
    return np.array(rows, dtype=np.int64)[place.reshape(-1)]


def _cut(consumption: Quantities, curve: CurveColumns, share: Reals, condition: float) -> _Cut:
    """Every share cut to a whole number, and what is left given to the largest remainders, earlier ones first."""
    residual, total = curve
    exact = consumption[:, None] * share
    low = np.floor(exact)
    rest = exact - low
    parts = low.astype(np.int64)
    left = consumption - parts.sum(axis=1)
    error = (_ERROR * condition * np.abs(exact).max(axis=1))[:, None]
    in_doubt: Mask = (consumption < 0) | (left < 0) | (left >= len(share))
    in_doubt |= (((rest < error) | (rest > 1 - error)) & (residual != 0)).any(axis=1)
    ranked = np.sort(rest, axis=1)
    threshold = np.append(ranked, np.full((len(ranked), 1), 2.0), axis=1)
    least = np.take_along_axis(threshold, np.clip(len(share) - left, 0, len(share))[:, None], axis=1)
    near = np.abs(rest - least) <= 2 * error
    for row in np.flatnonzero(near.sum(axis=1) > 1).tolist():
        alike = near[row]
        in_doubt[row] |= np.ptp(residual[alike]) > 0 or np.ptp(total[alike]) > 0
    above, equal = rest > least, rest == least
    wanted = left[:, None] - above.sum(axis=1, keepdims=True)
    parts += above | (equal & (np.cumsum(equal, axis=1) <= wanted))
    return _Cut(parts, in_doubt)
