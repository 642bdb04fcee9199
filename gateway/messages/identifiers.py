"""Identifiers of the market: GLN, GSRN, EIC, with their check digits.

The Danish original checks format only; whether the check digit counts is a setting of the profile (DK-1.17), so format
and check digit are separate questions here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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


LEAST_EIC_KEY = -1 - 37**12
"""The number of the last EIC with its check character; those of listed codes lie below."""

_LISTED: dict[str, int] = {}
_LISTED_IDS: dict[int, str] = {}


def is_point_id(text: str) -> bool:
    """Whether a text names a metering point: a GSRN, or an EIC that has a key (`point_key`)."""
    return is_gsrn(text) or is_point_eic(text)


def is_point_eic(text: str) -> bool:
    """Whether the text is the EIC of a metering point: office 38, type Z, with its check character (Elering 12).

    Or one that is listed (`list_point_codes`).
    """
    return (text[:3] == POINT_EIC and has_eic_check_character(text)) or text in _LISTED


def list_point_codes(codes: Iterable[str]) -> None:
    """Give numbers to EICs of metering points that count although their check character is wrong (Elering 12).

    This process knows them from then on. A number follows from the code alone, whatever else is listed: all of it as
    digits to base 37, folded into the numbers below those of all other codes. Codes that name no metering point, and
    those with a number of their own, pass by.

    Raises:
        ValueError: two codes have the same number.
    """
    room = 2**63 + LEAST_EIC_KEY - 1
    for code in codes:
        if not is_eic(code) or code[2] != "Z" or is_point_eic(code):
            continue
        key = LEAST_EIC_KEY - 1 - _as_number(code) % room
        if key in _LISTED_IDS:
            raise ValueError(f"the metering points {code} and {_LISTED_IDS[key]} cannot both be listed")
        _LISTED[code], _LISTED_IDS[key] = key, code


def has_point_id(key: int) -> bool:
    """Whether this process can name the metering point behind a number: one that was listed may be so no more."""
    return key >= LEAST_EIC_KEY or key in _LISTED_IDS


def point_key(point: str) -> int:
    """The number under which the store keeps a metering point, which says all of its id.

    A GSRN is its own number. An EIC is the negative of its twelve free characters as digits to base 37, from -2
    downwards; office and type are the same in all of them, and the check character follows from the rest. A listed
    EIC has a number below these.
    """
    if is_gsrn(point):
        return int(point)
    if point in _LISTED:
        return _LISTED[point]
    if not is_point_eic(point):
        raise ValueError(f"not the id of a metering point: {point!r}")
    return -2 - _as_number(point[3:15])


def _as_number(characters: str) -> int:
    """Characters of an EIC as digits to base 37."""
    number = 0
    for character in characters:
        number = number * 37 + EIC_ALPHABET.index(character)
    return number


def point_id(key: int) -> str:
    """The id of the metering point behind a store's number."""
    if key >= 0:
        return f"{key:018d}"
    if key < LEAST_EIC_KEY:
        return _LISTED_IDS[key]
    number = -2 - key
    characters = []
    for _ in range(12):
        number, place = divmod(number, 37)
        characters.append(EIC_ALPHABET[place])
    body = POINT_EIC + "".join(reversed(characters))
    return body + eic_check_character(body)
