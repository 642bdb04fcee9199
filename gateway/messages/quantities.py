"""Exact quantities: decimal text to whole thousandths of the unit and back. No float carries energy.

A quantity is an `int64` of thousandths (1 Wh of a kWh, 1 dm³ of a m³). What a rule must know of the text, such as
four decimals or eleven integer digits, survives as the text itself beside the column (`SeriesTable.as_written`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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


def parse_quantity(text: str) -> Quantity | None:
    """A quantity from decimal text (`56`, `0.250`, `-1.5`, `+.5`, and JSON's `1e2`); None when it is not a number."""
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        return _parse_scientific(text)
    sign, whole, fraction = match[1], match[2].lstrip("0"), match[3] or ""
    return _quantity(sign == "-", whole, fraction)


def _parse_scientific(text: str) -> Quantity | None:
    match = _SCIENTIFIC.fullmatch(text)
    if match is None:
        return None
    digits, exponent = match[2] + (match[3] or ""), int(match[4])
    point = len(match[2]) + exponent
    digits = "0" * max(0, -point) + digits + "0" * max(0, point - len(digits))
    point = max(point, 0)
    return _quantity(match[1] == "-", digits[:point].lstrip("0"), digits[point:])


def _quantity(negative: bool, whole: str, fraction: str) -> Quantity:
    is_plain = len(whole) <= MOST_INTEGER_DIGITS and len(fraction) <= MOST_DECIMALS
    kept = whole[-15:] if len(whole) > 15 else whole
    thousandths = int(kept or "0") * 1000 + int((fraction + "000")[:3])
    return Quantity(-thousandths if negative else thousandths, len(fraction), is_plain)


def format_quantity(thousandths: int, decimals: int = MOST_DECIMALS) -> str:
    """Decimal text of a quantity with at least the given decimals and never fewer than exactness needs."""
    sign = "-" if thousandths < 0 else ""
    whole, rest = divmod(abs(thousandths), 1000)
    fraction = f"{rest:03d}"
    needed = len(fraction.rstrip("0"))
    shown = fraction[: max(min(decimals, MOST_DECIMALS), needed)]
    return f"{sign}{whole}.{shown}" if shown else f"{sign}{whole}"
