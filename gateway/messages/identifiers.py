"""Identifiers of the market: GLN, GSRN, EIC, with their check digits.

The Danish original checks format only; whether the check digit counts is a setting of the profile (DK-1.17), so format
and check digit are separate questions here.
"""

from __future__ import annotations

import re
from enum import StrEnum

_EIC = re.compile(r"[0-9A-Z-]{15}[0-9A-Z]")
_EIC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


class Scheme(StrEnum):
    """Who issues an identifier."""

    GS1 = "gs1"
    """GLN of a party (13 digits) or GSRN of a metering point (18 digits)."""
    EIC = "eic"
    """Energy identification code, 16 characters."""
    GRID_AREA = "dk-grid-area"
    """Danish three-digit code of a metering grid area."""


def is_gln(text: str) -> bool:
    """Whether the text has the form of a global location number: 13 digits."""
    return len(text) == 13 and text.isascii() and text.isdigit()


def is_gsrn(text: str) -> bool:
    """Whether the text has the form of a global service relation number: 18 digits (Regulation D1 §1.17-18)."""
    return len(text) == 18 and text.isascii() and text.isdigit()


def is_eic(text: str) -> bool:
    """Whether the text has the form of an energy identification code: 16 capitals, digits or dashes."""
    return _EIC.fullmatch(text) is not None


def gs1_check_digit(body: str) -> str:
    """The GS1 check digit of the digits before it: weights 3 and 1 from the right, filled up to ten."""
    return str(-(3 * sum(map(int, body[::-2])) + sum(map(int, body[-2::-2]))) % 10)


def has_gs1_check_digit(text: str) -> bool:
    """Whether the last digit of a GLN or GSRN is its check digit (Regulation D1 §1.17-18)."""
    return text.isascii() and text.isdigit() and len(text) > 1 and gs1_check_digit(text[:-1]) == text[-1]


def eic_check_character(body: str) -> str:
    """The check character of the first 15 characters of an EIC: weights 16 to 2, remainder to 37."""
    total = sum(_EIC_ALPHABET.index(character) * (16 - place) for place, character in enumerate(body))
    return _EIC_ALPHABET[(36 - (total - 1) % 37) % 37]


def has_eic_check_character(text: str) -> bool:
    """Whether the last character of an EIC is its check character; a dash never is one."""
    return is_eic(text) and eic_check_character(text[:15]) == text[15]


def point_key(gsrn: str) -> int:
    """The number under which the store keeps a metering point: a GSRN is its own number."""
    if not is_gsrn(gsrn):
        raise ValueError(f"not a GSRN: {gsrn!r}")
    return int(gsrn)


def gsrn_of(key: int) -> str:
    """The GSRN behind a store's number."""
    return f"{key:018d}"
