"""Qualities of a sum: the set of those that contributed, and the one status Regulation D1 makes of it (§4.1.5).

A set is a uint8 of bits, so that columns of sets unite by a bitwise or.
"""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.series import Qualities

MEASURED, ESTIMATED, MISSING, CALCULATED = 1, 2, 4, 8

NAMES = ("measured", "estimated", "missing", "calculated")
"""Names of the bits, lowest first."""

_BITS = {
    Quality.ABSENT: MEASURED,
    Quality.CORRECTED: MEASURED,
    Quality.MISSING: MISSING,
    Quality.ESTIMATED: ESTIMATED,
    Quality.MEASURED: MEASURED,
    Quality.INCOMPLETE: ESTIMATED,
    Quality.CALCULATED: CALCULATED,
    Quality.UNCERTAIN: ESTIMATED,
}


def _table(entries: list[int]) -> Qualities:
    table = np.array(entries, dtype=np.uint8)
    table.setflags(write=False)
    return table


SET_OF = _table([_BITS.get(Quality(stored & ~CORRECTED_FLAG), 0) if stored & 0x78 == 0 else 0 for stored in range(256)])
"""uint8[256]: the set with the one quality a stored value has; that it was corrected is left aside."""

_JOINT = _table(
    [
        CALCULATED
        if united & CALCULATED
        else ESTIMATED
        if united & ESTIMATED or united & (MEASURED | MISSING) == MEASURED | MISSING
        else united & (MEASURED | MISSING)
        for united in range(16)
    ]
)

_STATUS = _table(
    [
        Quality.MISSING if united & MISSING else Quality.ESTIMATED if united & ESTIMATED else Quality.MEASURED
        for united in range(16)
    ]
)


def joint_quality(united: Qualities) -> Qualities:
    """The one quality of a point's hour, from the set of its four quarters' (dk-settlement-dh3 rule 3).

    Any calculated: calculated. Else any estimated, or measured and missing mixed: estimated. Else what all four are.
    """
    return _JOINT[united]


def status_of(sets: Qualities) -> Qualities:
    """The aggregated status as `Quality`: one missing makes it missing, else one estimated estimated (DK-4.1.5.h).

    That missing comes before estimated is [DEF]; calculated values count as measured.
    """
    return _STATUS[sets]


def names_of(united: int) -> tuple[str, ...]:
    """The names in a set, in the order measured, estimated, missing, calculated."""
    return tuple(name for bit, name in enumerate(NAMES) if united >> bit & 1)
