"""Load-duration curves: for how long a load was at least so high (EE-4.3)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gateway.messages.series import Quantities
from gateway.messages.times import HOUR


class DurationCurve(NamedTuple):
    """A load-duration curve: int64 columns of one length, the greatest load first.

    Attributes:
        load: thousandths of a kW, each of them once, descending.
        seconds: for how long the load was at least as high as this.
    """

    load: Quantities
    seconds: Quantities


def duration_curve(energy: Quantities, step: int) -> DurationCurve:
    """The curve of the mean loads of equal steps.

    Args:
        energy: int64, thousandths of a kWh of each step; steps without a value are left out by the caller.
        step: seconds of a step, a divisor or a multiple of an hour.
    """
    per_step, hours = (HOUR // step, 1) if step <= HOUR else (1, step // HOUR)
    loads, times = np.unique(energy * per_step // hours, return_counts=True)
    return DurationCurve(loads[::-1], np.cumsum(times[::-1]) * step)
