"""Qualities of a sum: the set of those that contributed, and the one status Regulation D1 makes of it (§4.1.5).

A set is a uint8 of bits, so that columns of sets unite by a bitwise or.
"""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.series import Qualities

MEASURED, ESTIMATED, MISSING, CALCULATED = 1, 2, 4, 8
CORRECTED = 16
"""Not a quality of its own: some contributing value was corrected since the basis before (Regulation D1 §4.1.5)."""

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


def _set_of(stored: int) -> int:
    if stored & 0x78:
        return 0
    return _BITS[Quality(stored & ~CORRECTED_FLAG)] | (CORRECTED if stored & CORRECTED_FLAG else 0)


SET_OF = _table([_set_of(stored) for stored in range(256)])
"""uint8[256]: the set with the one quality a stored value has, and the mark where it bears one."""

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
    joint: Qualities = _JOINT[united & ~np.uint8(CORRECTED)] | (united & CORRECTED)
    return joint


def status_of(sets: Qualities) -> Qualities:
    """The aggregated status as `Quality`: one missing makes it missing, else one estimated estimated (DK-4.1.5.h).

    That missing comes before estimated is [DEF]; calculated values count as measured.
    """
    status: Qualities = _STATUS[sets & ~np.uint8(CORRECTED)]
    return status


def names_of(united: int) -> tuple[str, ...]:
    """The names in a set, in the order measured, estimated, missing, calculated."""
    return tuple(name for bit, name in enumerate(NAMES) if united >> bit & 1)
