"""Cells of a sender's files, from their text to the number they stand for; ValueError ends the sentence `VALUE …`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from gateway.codecs.codes_cim import QUALITIES
from gateway.messages.codes import Quality
from gateway.messages.identifiers import is_gsrn
from gateway.messages.quantities import MOST_INTEGER_DIGITS, NO_QUANTITY
from gateway.messages.times import NO_INSTANT, MarketZone, parse_instant

_LONGEST_REASON = 200
_YEARS = (parse_instant("2000-01-01T00:00Z"), parse_instant("2200-01-01T00:00Z"))
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_OFFSET = re.compile(r"T.*(?:Z|[+-]\d\d:\d\d)$", re.ASCII)
_DECIMAL = re.compile(r"(-?)0*(\d*)(?:\.(\d*))?", re.ASCII)
_STATED = (Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING)
_QUALITIES = {
    "": Quality.ABSENT,
    **{quality.name.lower(): quality for quality in _STATED},
    **{code.lower(): quality for code, quality in QUALITIES.items() if quality in _STATED},
}


def gsrn(text: str) -> int:
    """A metering point, as its number."""
    if not is_gsrn(text):
        raise ValueError("is no GSRN of 18 digits")
    return int(text)


def instant(text: str) -> int:
    """An instant with its offset."""
    found = parse_instant(text) if _OFFSET.search(text) else NO_INSTANT
    if found == NO_INSTANT:
        raise ValueError("is no instant with its offset (2025-01-30T23:00Z, 2025-01-31T00:00+01:00)")
    if not _YEARS[0] <= found < _YEARS[1]:
        raise ValueError("lies outside the years 2000 to 2199")
    return found


def day_or_instant(zone: MarketZone) -> Callable[[str], int]:
    """A reader of instants that also takes a local day, meaning the midnight it begins at."""

    def read(text: str) -> int:
        if not _DAY.fullmatch(text):
            return instant(text)
        try:
            return zone.midnight(date.fromisoformat(text))
        except (ValueError, OverflowError):
            raise ValueError("is no day of the calendar") from None

    return read


def quality(text: str) -> int:
    """The quality a sender may state, by its neutral name or its wire code; empty is absent."""
    found = _QUALITIES.get(text.lower())
    if found is None:
        raise ValueError("is not one of measured, estimated, missing, nor A04, A03, A02")
    return int(found)


def quantity(decimals: int, may_be_negative: bool = False) -> Callable[[str], int]:
    """A reader of decimal text as a whole number of the smallest unit of so many decimals; empty is no quantity."""

    def read(text: str) -> int:
        if not text:
            return NO_QUANTITY
        match = _DECIMAL.fullmatch(text)
        if match is None or not any(letter.isdigit() for letter in text):
            raise ValueError("is no decimal number")
        sign, whole, fraction = match[1], match[2], match[3] or ""
        if len(whole) > MOST_INTEGER_DIGITS or len(fraction.rstrip("0")) > decimals:
            raise ValueError(f"has more than {MOST_INTEGER_DIGITS} integer digits or {decimals} decimals")
        amount = int(whole + fraction[:decimals].ljust(decimals, "0"))
        if sign and amount and not may_be_negative:
            raise ValueError("is negative")
        return -amount if sign else amount

    return read


def factor(text: str) -> Fraction:
    """A proportional factor, exactly."""
    match = _DECIMAL.fullmatch(text)
    if match is None or not re.search("[1-9]", text) or match[1] or len(match[2]) > 5 or len(match[3] or "") > 9:
        raise ValueError("is no factor above zero with at most 5 integer digits and 9 decimals")
    return Fraction(text)


def reason(text: str) -> str:
    """Why the operator knows a value."""
    if not text or len(text) > _LONGEST_REASON or not text.isprintable():
        raise ValueError(f"is no reason of at most {_LONGEST_REASON} printable characters")
    return text
