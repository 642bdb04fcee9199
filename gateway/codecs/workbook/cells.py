"""Cells as people and spreadsheet programs fill them in: times on the wall clock, amounts, words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from gateway.codecs.time_columns import TimeForm
from gateway.messages.masterdata import Rows
from gateway.messages.times import DAY, HOUR, NO_INSTANT, Instants
from gateway.schemas.workbooks import Cell

_TIME = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4}) +(\d\d?):(\d\d)(?::(\d\d))?(?: *([+-])(\d\d):(\d\d))?", re.ASCII)
_AMOUNT = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?")
_EPOCH = date(1970, 1, 1).toordinal()

NO_OFFSET = NO_INSTANT

_ISO = TimeForm.of(b"1970-01-01T00:00Z")
_AS_ISO = [6, 7, 8, 9, 2, 3, 4, 2, 0, 1, 10, 11, 12, 13, 14, 15, 10]
"""Where in `dd.mm.yyyy hh:mm` the digits of `yyyy-mm-ddThh:mmZ` stand."""
_BETWEEN = np.frombuffer(b".. :", dtype=np.uint8)


class WallTime(NamedTuple):
    """What a clock shows, as seconds since 1970-01-01T00:00 of that clock, and its offset where one is written."""

    shown: int
    offset: int = NO_OFFSET


def wall_time(cell: Cell) -> WallTime | None:
    """A time as a date, or as text `dd.mm.yyyy hh:mm[:ss]` with an offset (`+02:00`) or without; None where it is none.

    A cell of a spreadsheet holds a date as a fraction of days; the nearest second is meant.
    """
    if isinstance(cell, str):
        return _from_text(cell.strip())
    if isinstance(cell, datetime):
        second = cell.hour * HOUR + cell.minute * 60 + cell.second + (cell.microsecond >= 500_000)
        return WallTime((cell.toordinal() - _EPOCH) * DAY + second)
    return WallTime((cell.toordinal() - _EPOCH) * DAY) if isinstance(cell, date) else None


def plain_times(cells: Sequence[Cell]) -> tuple[Rows, Instants]:
    """Places of the cells that are texts of the plain form `dd.mm.yyyy hh:mm`, and what the clock shows in them."""
    places = np.array([k for k, cell in enumerate(cells) if isinstance(cell, str) and len(cell) == 16], dtype=np.int64)
    text = "".join(str(cells[k]) for k in places.tolist())
    if not text or not text.isascii():
        return places[:0], places[:0]
    columns = np.frombuffer(text.encode(), dtype=np.uint8).reshape(-1, 16)
    assert _ISO is not None
    times = _ISO.read(columns[:, _AS_ISO])
    is_plain = (columns[:, [2, 5, 10, 13]] == _BETWEEN).all(axis=1) & ~times.wrong
    return places[is_plain], times.instant[is_plain]


def _from_text(text: str) -> WallTime | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute = (int(found[k]) for k in range(1, 6))
    second = int(found[6] or 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    shown = days * DAY + hour * HOUR + minute * 60 + second
    if found[7] is None:
        return WallTime(shown)
    offset = int(found[8]) * HOUR + int(found[9]) * 60
    return WallTime(shown, -offset if found[7] == "-" else offset)


def amount_text(cell: Cell) -> str | None:
    """The decimal text of an amount; empty where the cell is, None where it is no number.

    A spreadsheet keeps a number to 15 digits and shows it so; what its binary form has behind them was never written.
    """
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float | int):
        text = f"{cell:.15g}"
        if "e" in text:  # very small or very great
            text = format(Decimal(text), "f")
        return text if _AMOUNT.fullmatch(text) else None
    if isinstance(cell, str):
        text = cell.strip()
        return text if not text or _AMOUNT.fullmatch(text) else None
    return None


def amount_texts(cells: Sequence[Cell]) -> list[str] | None:
    """The texts of a column whose cells are all plain numbers or empty; None where one has to be looked at."""
    if not set(map(type, cells)) <= {float, str}:
        return None
    texts = [f"{cell:.15g}" if isinstance(cell, float) else str(cell) for cell in cells]
    return texts if _AMOUNTS.fullmatch(" ".join(texts)) else None


_AMOUNTS = re.compile(r"[0-9. ]*+")
