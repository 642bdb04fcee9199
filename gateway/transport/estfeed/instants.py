"""Instants as the Estonian datahub writes them, with fractions of a second: in microseconds here."""

from __future__ import annotations

import re

from gateway.messages.times import NO_INSTANT, format_second, parse_instant

_SECOND = 1_000_000
_FRACTION = re.compile(r":\d\d[.,](\d{1,9})", re.ASCII)


def parse_micros(text: str) -> int:
    """An instant in microseconds from `2024-05-23T10:08:44.320005900Z`; NO_INSTANT if unreadable.

    What is finer than a microsecond is dropped.
    """
    second = parse_instant(text)
    fraction = _FRACTION.search(text)
    if second == NO_INSTANT or fraction is None:
        return second if second == NO_INSTANT else second * _SECOND
    return second * _SECOND + int(fraction[1][:6].ljust(6, "0"))


def format_micros(micros: int) -> str:
    """`2025-06-01T08:01:02.000123Z`; without the fraction where it is a whole second."""
    whole, rest = divmod(micros, _SECOND)
    second = format_second(whole)
    return second if not rest else f"{second.removesuffix('Z')}.{rest:06d}Z"
