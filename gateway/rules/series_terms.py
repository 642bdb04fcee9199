"""What a market's own data say to the rules of series: which status may follow which, how many decimals there are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gateway.messages.series import Qualities, Quantities


class Move(IntEnum):
    """What the table of transitions says of a pair of statuses."""

    NO = 0
    YES = 1
    IF_DIFFERENT = 2
    """Only where the quantity changes; the same again is no change."""


@dataclass(frozen=True, slots=True)
class Transitions:
    """The table of transitions, and the market's own names of the statuses (DH-200).

    Attributes:
        moves: int8[statuses, statuses] of `Move`, from and to by the numbers of `Quality`; row 0 is no value yet.
        names: what the market calls each `Quality`; the first is no value.
    """

    moves: npt.NDArray[np.int8]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FuseDecimals:
    """Least and most decimals of a quantity by unit, for small fuses and for the rest (DH-200).

    Attributes:
        small_fuse: amperes of all phases together up to which a fuse is small: 189 of 3x63.
        bounds: int64[2, units + 1, 2]: row 0 of small fuses, row 1 of the rest; least and most; the last unit is NONE.
    """

    small_fuse: int
    bounds: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Previous:
    """What is known already of every value of a message, beside its point columns.

    Attributes:
        quality: uint8[k] of `Quality`; 0 where nothing is known.
        quantity: int64[k] thousandths in the store's unit; 0 where nothing is known or it is missing.
    """

    quality: Qualities
    quantity: Quantities

    @classmethod
    def nothing(cls, points: int) -> Previous:
        """Nothing known of any value."""
        return cls(np.zeros(points, dtype=np.uint8), np.zeros(points, dtype=np.int64))
