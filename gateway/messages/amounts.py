"""Exact money: decimal text of prices and amounts to whole millionths of the currency and back. No float."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from gateway.messages.quantities import NO_QUANTITY, digits_of, format_scaled

NO_AMOUNT = NO_QUANTITY
"""Stands for an amount that is not there."""

AMOUNT_DECIMALS = 6
_MOST_INTEGER_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Amounts:
    """Prices or amounts of money, one for each point of a series.

    Attributes:
        millionths: int64[n] of the currency; NO_AMOUNT where the point has none.
        as_written: text of the amounts that the column cannot hold, by index; the text is exact, the column is not.
    """

    millionths: npt.NDArray[np.int64]
    as_written: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.millionths)

    @classmethod
    def none(cls, count: int) -> Amounts:
        """No amount at any of `count` points."""
        return cls(np.full(count, NO_AMOUNT, dtype=np.int64))

    @classmethod
    def read(cls, texts: Sequence[str | None]) -> Amounts:
        """Amounts from decimal texts; None where a point has none."""
        amounts, as_written = cls.none(len(texts)).millionths, {}
        for index, text in enumerate(texts):
            digits = digits_of(text.strip()) if text is not None else None
            if text is None or digits is None:
                continue
            amounts[index] = digits.scaled(AMOUNT_DECIMALS)
            is_plain = len(digits.whole) <= _MOST_INTEGER_DIGITS
            if not is_plain or len(digits.fraction.rstrip("0")) > AMOUNT_DECIMALS:
                as_written[index] = text.strip()
        return cls(amounts, as_written)

    def texts(self) -> list[str]:
        """The amounts with no more decimals than exactness needs; empty where the point has none."""
        texts = [
            "" if amount == NO_AMOUNT else format_scaled(amount, AMOUNT_DECIMALS, 0)
            for amount in self.millionths.tolist()
        ]
        for index, text in self.as_written.items():
            texts[index] = text
        return texts
