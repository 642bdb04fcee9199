"""Units of meter values without prefix, and exact numbers: a raw integer times a power of ten.

`kWh` of a readout and unit code 30 of a COSEM register with scaler 3 are the same: `Wh` and a scaler of 3 more. No
float takes part.
"""

from __future__ import annotations

import re
from typing import NamedTuple

UNIT_CODES: dict[int, str] = {
    5: "month",
    6: "week",
    7: "d",
    8: "h",
    9: "min",
    10: "s",
    11: "deg",
    12: "degC",
    13: "m3",
    14: "m3",
    27: "W",
    28: "VA",
    29: "var",
    30: "Wh",
    31: "VAh",
    32: "varh",
    33: "A",
    34: "C",
    35: "V",
    36: "V/m",
    37: "F",
    38: "ohm",
    44: "Hz",
    56: "%",
    57: "Ah",
    255: "",
}
"""Units of COSEM by their code (IEC 62056-62); a code that is not here becomes `unit-<code>`."""

_PREFIXES = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "m": -3}
_BASES = {unit.lower(): unit for unit in ("W", "Wh", "VA", "VAh", "var", "varh", "V", "A", "Ah", "Hz")}
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:[.,](\d*))?", re.ASCII)
_MOST_DIGITS = 36


class Number(NamedTuple):
    """A number as written: `raw` times ten to the `scaler`."""

    raw: int
    scaler: int


class Scaled(NamedTuple):
    """A unit without prefix, and the power of ten that its prefix was."""

    unit: str
    scaler: int


def unit_of_code(code: int) -> str:
    """The unit of a COSEM unit code."""
    return UNIT_CODES.get(code, f"unit-{code}")


def split_unit(text: str) -> Scaled:
    """`kWh` as `Wh` and 3; a text that is no electrical unit stays what it is, with scaler 0.

    The letters' case is kept only where it tells prefixes apart: `m` is thousandth, `M` million; `KWH` is `kWh`.
    """
    for prefix, scaler in _PREFIXES.items():
        base = _BASES.get(text.removeprefix(prefix).lower()) if text.startswith(prefix) else None
        if base is not None:
            return Scaled(base, scaler)
    return Scaled(text, 0)


def number_of(text: str) -> Number | None:
    """The exact number of decimal text with point or comma (`0158.6890`, `-4,2`); None where it is none."""
    match = _DECIMAL.fullmatch(text.strip())
    if match is None:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    digits = whole + fraction
    if not digits or len(digits) > _MOST_DIGITS:
        return None
    raw = int(digits)
    return Number(-raw if sign == "-" else raw, -len(fraction))
