"""The status of what is calculated from several values: the weakest of them (DH-200, DH-220)."""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.series import Qualities

WEAKEST_FIRST = (
    Quality.MISSING,
    Quality.INCOMPLETE,
    Quality.UNCERTAIN,
    Quality.ESTIMATED,
    Quality.CORRECTED,
    Quality.MEASURED,
    Quality.CALCULATED,
)
_RANKS = np.zeros(len(Quality), dtype=np.uint8)
for _rank, _quality in enumerate(WEAKEST_FIRST):
    _RANKS[_quality] = _rank
_BY_RANK = np.array(WEAKEST_FIRST, dtype=np.uint8)


def weakest(qualities: Qualities) -> Qualities:
    """The status of each column of uint8[inputs, steps] of `Quality`.

    Nothing but missing inputs: missing. Some missing: partially missing (`Quality.INCOMPLETE`). Else the weakest.
    """
    ranks = _RANKS[qualities]
    gone = qualities == Quality.MISSING
    found: Qualities = _BY_RANK[ranks.min(axis=0)]
    found[gone.any(axis=0) & ~gone.all(axis=0)] = Quality.INCOMPLETE
    return found
