"""Decimal numbers at many places of a document at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.codecs.estfeed.windows import Bytes, Offsets, Source
from gateway.messages.quantities import MOST_DECIMALS, MOST_INTEGER_DIGITS
from gateway.messages.series import Mask, Qualities, Quantities

_ZERO, _NINE, _DOT = b"0"[0], 9, b"."[0]
_LONGEST = MOST_INTEGER_DIGITS + 1 + MOST_DECIMALS
_SCALE = np.array([1000, 100, 10, 1], dtype=np.int64)


class Numbers(NamedTuple):
    """Decimal numbers: thousandths, decimals as written, length, and where there was no number the column can hold."""

    quantity: Quantities
    decimals: Qualities
    length: Offsets
    wrong: Mask


def read_numbers(source: Source, places: Offsets, behind: int) -> Numbers:
    """The JSON numbers that begin at each place, at most 10 + 3 digits, with neither sign nor exponent.

    Args:
        source: the document.
        places: where they begin.
        behind: the byte that stands behind them; the caller proves that it does.
    """
    numbers, others = _read_words(source, places, behind)
    if len(others):
        found = _read_columns(source, places[others])
        numbers.quantity[others], numbers.decimals[others] = found.quantity, found.decimals
        numbers.length[others], numbers.wrong[others] = found.length, found.wrong
    return numbers


# ---------------------------------------------------------------------------------------- three decimals, eight bytes


_ONES = 0x0101010101010101
_LOW = 0x00000000FFFFFFFF
_ABOVE_POINT = 0xFFFFFF0000000000
_HIGH_HALVES = 0xF0F0F0F0F0F0F0F0


def _read_words(source: Source, places: Offsets, behind: int) -> tuple[Numbers, Offsets]:
    """Numbers with three decimals in eight bytes at most, each held in one machine word; and those that are others.

    The first character is the lowest byte of a word. As texts, numbers are put to the upper end of their words and
    filled up with zeros below; without the point, eight digits are left, which three multiplications add up.
    """
    words = source.words(places)
    apart = words ^ (_ONES * behind)
    marks = (apart - _ONES) & ~apart & (_ONES << 7)  # the lowest mark is that of the first byte which is `behind`
    length = np.bitwise_count((marks & (~marks + 1)) - 1) >> 3
    bits = length.astype(np.uint64) << 3
    texts = (words << np.minimum(64 - bits, 63)) | ((_ONES * _ZERO) >> np.minimum(bits, 63))
    digits = (texts & _LOW) << 8 | texts & _ABOVE_POINT | _ZERO
    is_plain = (texts >> 32 & 0xFF) == _DOT
    is_plain &= (digits & (digits + _ONES * 6) & _HIGH_HALVES) == _ONES * _ZERO
    is_plain &= ((digits ^ (digits + _ONES * 6)) & _HIGH_HALVES) == 0
    is_plain &= (length >= 5) & (((words & 0xFF) != _ZERO) | (length == 5))
    found = Numbers(
        _eight_digits(digits).astype(np.int64),
        np.full(len(places), MOST_DECIMALS, dtype=np.uint8),
        length.astype(np.int64),
        np.zeros(len(places), dtype=np.bool_),
    )
    return found, np.empty(0, dtype=np.int64) if is_plain.all() else np.flatnonzero(~is_plain)


def _eight_digits(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The numbers that eight digits make, the first in the lowest byte: pairs, then fours, then all."""
    pairs = (words & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(10 * 2**8 + 1) >> _U8
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(100 * 2**16 + 1) >> _U16
    whole: npt.NDArray[np.uint64] = (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(10_000 * 2**32 + 1) >> _U32
    return whole


_U8, _U16, _U32 = np.uint64(8), np.uint64(16), np.uint64(32)


# ------------------------------------------------------------------------------------------------- all other spellings


def _read_columns(source: Source, places: Offsets) -> Numbers:
    """Numbers of any length, read character by character."""
    left = np.ascontiguousarray(source.at(places, _LONGEST + 1).T)
    is_dot = left == _DOT
    is_part = ((left - _ZERO) <= _NINE) | is_dot
    alive = np.ones(len(places), dtype=np.bool_)
    length, dots = np.zeros(len(places), dtype=np.uint8), np.zeros(len(places), dtype=np.uint8)
    for column, dot in zip(is_part, is_dot, strict=True):
        alive &= column
        if not alive.any():
            break
        length += alive
        dots += alive & dot
    longest = min(int(length.max(initial=1)), _LONGEST)
    right = np.ascontiguousarray(source.at(places + length - longest, longest).T) - np.uint8(_ZERO)
    decimals = _decimals(right, length)
    whole = length - decimals - (decimals > 0)
    wrong = (length > _LONGEST) | (dots != (decimals > 0)) | (whole < 1) | (whole > MOST_INTEGER_DIGITS)
    wrong |= (left[0] == _ZERO) & (whole > 1)
    return Numbers(_thousandths(right, length, decimals), decimals, length.astype(np.int64), wrong)


_DOT_LESS_ZERO = np.uint8(_DOT - _ZERO & 0xFF)


def _decimals(right: Bytes, length: Bytes) -> Qualities:
    """How many of the last characters, aligned to the right, stand behind a point; 0 where that is not one to three."""
    found = np.zeros(len(length), dtype=np.uint8)
    for decimals in range(1, min(MOST_DECIMALS, len(right) - 1) + 1):
        is_here = (right[-1 - decimals] == _DOT_LESS_ZERO) & (length > decimals)
        np.maximum(found, is_here.view(np.uint8) * np.uint8(decimals), out=found)
    return found


def _thousandths(right: Bytes, length: Bytes, decimals: Qualities) -> Quantities:
    """The value of digits aligned to the right, that have one count of decimals or several."""
    value = np.zeros(len(length), dtype=np.int64)
    same = int(decimals[0]) if len(decimals) and (decimals == decimals[0]).all() else None
    for place in range(len(right)):  # counted from the right
        digit = right[-1 - place] * (length > place).view(np.uint8)
        if same is not None:
            if same == 0 or place != same:
                value += digit.astype(np.int64) * 10 ** (place - (place > same > 0))
            continue
        behind = (decimals > 0) & (place > decimals)
        power = np.where(behind, place - 1, place)
        value += np.where((decimals > 0) & (decimals == place), 0, digit.astype(np.int64) * _POWERS[power])
    return value * _SCALE[decimals] if same is None else value * int(_SCALE[same])


_POWERS = 10 ** np.arange(18, dtype=np.int64)
