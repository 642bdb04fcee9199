"""Exact quantities: decimal text to whole thousandths of the unit and back. No float carries energy.

A quantity is an `int64` of thousandths (1 Wh of a kWh, 1 dm³ of a m³). What a rule must know of the text, such as
four decimals or eleven integer digits, survives as the text itself beside the column (`SeriesTable.as_written`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

NO_QUANTITY = -(2**63)
"""Stands for a quantity that is not there."""

MOST_INTEGER_DIGITS = 10
MOST_DECIMALS = 3

_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?", re.ASCII)
_SCIENTIFIC = re.compile(r"([+-]?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity as read.

    Attributes:
        thousandths: the value, cut towards zero where the text is finer or greater than the column holds.
        decimals: decimals as written.
        is_plain: whether the column says all there is to know: at most 10 integer digits and 3 decimals.
    """

    thousandths: int
    decimals: int
    is_plain: bool


class Digits(NamedTuple):
    """A decimal number as its digits: the whole ones without leading zeros, the decimals as written."""

    negative: bool
    whole: str
    fraction: str

    def scaled(self, places: int) -> int:
        """The number in units of its `places`-th decimal, finer decimals and digits beyond int64 cut off."""
        kept = self.whole[places - 18 :]
        value = int(kept + (self.fraction + "0" * places)[:places])
        return -value if self.negative else value


def digits_of(text: str) -> Digits | None:
    """The digits of decimal text (`56`, `0.250`, `-1.5`, `+.5`, and JSON's `1e2`); None when it is not a number."""
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return _scientific_digits(text)
    return Digits(match[1] == "-", match[2].lstrip("0"), match[3] or "")


def _scientific_digits(text: str) -> Digits | None:
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return None
    digits, exponent = match[2] + (match[3] or ""), int(match[4])
    point = len(match[2]) + exponent
    digits = "0" * max(0, -point) + digits + "0" * max(0, point - len(digits))
    point = max(point, 0)
    return Digits(match[1] == "-", digits[:point].lstrip("0"), digits[point:])


def parse_quantity(text: str) -> Quantity | None:
    """A quantity from decimal text, as `digits_of` reads it; None when it is not a number."""
    digits = digits_of(text)
    if digits is None:
        return None
    decimals = len(digits.fraction)
    is_plain = len(digits.whole) <= MOST_INTEGER_DIGITS and decimals <= MOST_DECIMALS
    return Quantity(digits.scaled(MOST_DECIMALS), decimals, is_plain)


def format_quantity(thousandths: int, decimals: int = MOST_DECIMALS) -> str:
    """Decimal text of a quantity with at least the given decimals and never fewer than exactness needs."""
    return format_scaled(thousandths, MOST_DECIMALS, decimals)


def format_scaled(value: int, places: int, decimals: int) -> str:
    """Decimal text of a number of units of the `places`-th decimal, with at least the given decimals."""
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), 10**places)
    fraction = f"{rest:0{places}d}"
    needed = len(fraction.rstrip("0"))
    shown = fraction[: max(min(decimals, places), needed)]
    return f"{sign}{whole}.{shown}" if shown else f"{sign}{whole}"
