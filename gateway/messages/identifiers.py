"""Identifiers of the market: GLN, GSRN, EIC, with their check digits.

The Danish original checks format only; whether the check digit counts is a setting of the profile (DK-1.17), so format
and check digit are separate questions here.
"""

from __future__ import annotations

import re
from enum import StrEnum
from operator import mul

_EIC = re.compile(r"[0-9A-Z-]{15}[0-9A-Z]")
EIC_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"
_EIC_WEIGHTS = range(16, 1, -1)
POINT_EIC = "38Z"
"""Issuing office and type of the EICs that name metering points: 37 to the 12th of them fit a store's number."""


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
    total = sum(map(mul, map(EIC_ALPHABET.index, body), _EIC_WEIGHTS))
    return EIC_ALPHABET[(36 - (total - 1) % 37) % 37]


def has_eic_check_character(text: str) -> bool:
    """Whether the last character of an EIC is its check character; a dash never is one."""
    return is_eic(text) and eic_check_character(text[:15]) == text[15]


BEFORE_ALL = -(2**63)
"""A number below that of every metering point."""


def is_point_id(text: str) -> bool:
    """Whether a text names a metering point: a GSRN, or an EIC that has a key (`point_key`)."""
    return is_gsrn(text) or is_point_eic(text)


def is_point_eic(text: str) -> bool:
    """Whether the text is the EIC of a metering point: office 38, type Z, with its check character (Elering 12)."""
    return text[:3] == POINT_EIC and has_eic_check_character(text)


def point_key(point: str) -> int:
    """The number under which the store keeps a metering point, which says all of its id.

    A GSRN is its own number. An EIC is the negative of its twelve free characters as digits to base 37, from -2
    downwards; office and type are the same in all of them, and the check character follows from the rest.
    """
    if is_gsrn(point):
        return int(point)
    if not is_point_eic(point):
        raise ValueError(f"not the id of a metering point: {point!r}")
    number = 0
    for character in point[3:15]:
        number = number * 37 + EIC_ALPHABET.index(character)
    return -2 - number


def point_id(key: int) -> str:
    """The id of the metering point behind a store's number."""
    if key >= 0:
        return f"{key:018d}"
    number = -2 - key
    characters = []
    for _ in range(12):
        number, place = divmod(number, 37)
        characters.append(EIC_ALPHABET[place])
    body = POINT_EIC + "".join(reversed(characters))
    return body + eic_check_character(body)
