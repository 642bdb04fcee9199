"""Telegrams a meter pushes by itself: mode D, and P1 of DSMR and its Nordic kin with a CRC behind the `!`.

The CRC is CRC-16/ARC over everything from `/` to `!` inclusive, four hex digits. Older telegrams and mode D carry none;
what they say is marked unprotected. A telegram that states a version of P1 has to carry one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from meter_adapters.iec62056_21.data_sets import DataSet, Unreadable, data_sets, first_of
from meter_adapters.iec62056_21.messages import Identification, identification, seven_bit
from meter_adapters.readings import Protection

_END = re.compile(rb"!([0-9A-Fa-f]{4})?[ \r\n]*")
_FIRST_WITH_CRC = 40
"""Version 4.0 of DSMR brought the CRC."""


def _table() -> tuple[int, ...]:
    entries = []
    for octet in range(256):
        value = octet
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        entries.append(value)
    return tuple(entries)


_TABLE = _table()


def crc16(octets: bytes) -> int:
    """CRC-16/ARC: polynomial 8005h, reflected, from 0."""
    value = 0
    for octet in octets:
        value = value >> 8 ^ _TABLE[(value ^ octet) & 0xFF]
    return value


@dataclass(frozen=True, slots=True)
class TelegramText:
    """What a sound telegram says; `check` tells how its CRC compared, empty where it carries none."""

    ident: Identification
    sets: tuple[DataSet, ...]
    protection: Protection
    check: str = ""


@dataclass(frozen=True, slots=True)
class UnsoundTelegram:
    """Why a telegram is not taken; `is_check` where its CRC, and not its text, is at fault."""

    text: str
    is_check: bool


def read_telegram(octets: bytes) -> TelegramText | UnsoundTelegram:
    """The data sets of a telegram from `/` to the line of its `!`, or why it is refused as a whole."""
    plain = seven_bit(octets)
    if plain is None:
        return UnsoundTelegram("octets with the eighth bit set within 7-bit text", is_check=True)
    place = max(plain.rfind(b"\n!"), plain.rfind(b")!")) + 1
    end = _END.fullmatch(plain, place) if place else None
    if end is None:
        return UnsoundTelegram("the line of the ! is not whole", is_check=True)
    check = ""
    if end[1] is not None:
        stated, computed = int(end[1], 16), crc16(plain[: place + 1])
        check = f"CRC {stated:04X}h, computed {computed:04X}h"
        if stated != computed:
            return UnsoundTelegram(check, is_check=True)
    return _read_text(plain[:place], check)


def _read_text(plain: bytes, check: str) -> TelegramText | UnsoundTelegram:
    line, _, text = plain.partition(b"\n")
    ident = identification(line.rstrip(b"\r"))
    if ident is None:
        return UnsoundTelegram("the identification is not readable", is_check=False)
    sets = data_sets(text.decode("ascii"))
    if isinstance(sets, Unreadable):
        return UnsoundTelegram(f"line {sets.line + 1}: {sets.text}", is_check=False)
    version = first_of((one for one in sets if one.id == "1-3:0.2.8"), "1-3:0.2.8")
    if not check and version is not None and version.isdecimal() and int(version) >= _FIRST_WITH_CRC:
        return UnsoundTelegram(f"a telegram of version {version} without its CRC", is_check=True)
    return TelegramText(ident, sets, Protection.CRC if check else Protection.NONE, check)
