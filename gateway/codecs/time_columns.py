"""Many times at once, given as columns of bytes.

Everything here says beside what it read where the bytes were no time; what it read there means nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.series import Mask
from gateway.messages.times import DAY, HOUR, Instants

Bytes = npt.NDArray[np.uint8]

_ZERO, _NINE = b"0"[0], 9


class Times(NamedTuple):
    """Instants, where a fraction of a second other than zero was written, and where there was no time."""

    instant: Instants
    is_fractional: Mask | None
    wrong: Mask

    def repeated(self, count: int) -> Times:
        """One time, as often as it stands there."""
        is_fractional = None if self.is_fractional is None else np.repeat(self.is_fractional, count)
        return Times(np.repeat(self.instant, count), is_fractional, np.repeat(self.wrong, count))


_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d(?P<s>:\d\d(?:\.(?P<f>\d{1,9}))?)?(?P<o>Z|[+-]\d\d:\d\d)")

_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _year_table() -> tuple[Instants, Mask]:
    """Days from 1970 to the first of each year from 0 to 9999, and whether it is a leap year."""
    years = np.arange(10_000)
    is_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    days = np.cumsum(365 + is_leap) - (365 + is_leap)
    return days - days[1970], is_leap


_YEAR_BEGINS, _IS_LEAP = _year_table()
_MONTH_LENGTH = np.array([[0, *_MONTHS], [0, 31, 29, *_MONTHS[2:]]], dtype=np.uint8)
_MONTH_BEGINS = np.cumsum(np.hstack([np.zeros((2, 1), dtype=np.int64), _MONTH_LENGTH[:, :-1]]), axis=1)


_DATE = len("2026-08-01")


def _two(digits: Bytes, place: int) -> Bytes:
    """The numbers that two digits make; more than 99 where one of them is none."""
    pair: Bytes = digits[place] * np.uint8(10) + digits[place + 1]
    return pair


def _days(digits: Bytes) -> tuple[Instants, Mask]:
    """Days since 1970 of dates given as columns of digits, and where there is no such day.

    Times mostly stand in order, many of one date: each run of equal dates is worked out once.
    """
    changes = np.flatnonzero((digits[:, 1:] != digits[:, :-1]).any(axis=0)) + 1
    begins = np.concatenate([np.zeros(min(digits.shape[1], 1), dtype=np.int64), changes])
    heads = digits[:, begins]
    year = np.minimum(_two(heads, 0), 99).astype(np.int64) * 100 + np.minimum(_two(heads, 2), 99)
    month, day = _two(heads, 5), _two(heads, 8)
    leap, month_at = _IS_LEAP[year].view(np.uint8), np.minimum(month, 12)
    wrong = (year == 0) | (month == 0) | (month > 12) | (day == 0) | (day > _MONTH_LENGTH[leap, month_at])
    days = _YEAR_BEGINS[year] + _MONTH_BEGINS[leap, month_at] + day - 1
    counts = np.diff(begins, append=digits.shape[1])
    return np.repeat(days, counts), np.repeat(wrong, counts)


class TimeForm:
    """How a time is written: with seconds, a fraction, an offset, or without; one form is as long everywhere."""

    def __init__(self, second: bool, fraction: int, sign: int) -> None:
        self._second = second
        self._fraction = fraction
        self._sign = sign
        self._offset = 16 + (3 if second else 0) + (1 + fraction if fraction else 0)
        self.length = self._offset + (6 if sign else 1)
        self.digits = self._digit_places()

    @classmethod
    def of(cls, text: bytes) -> TimeForm | None:
        """The form of a time; None where it is none."""
        found = _TIME.fullmatch(text)
        if found is None:
            return None
        sign = {b"Z": 0, b"+": 1, b"-": -1}[found["o"][:1]]
        return cls(found["s"] is not None, len(found["f"] or b""), sign)

    def _digit_places(self) -> tuple[int, ...]:
        places = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15]
        if self._second:
            places += [17, 18]
        places += range(self._offset - self._fraction, self._offset)
        if self._sign:
            places += [self._offset + k for k in (1, 2, 4, 5)]
        return tuple(places)

    def read(self, texts: Bytes) -> Times:
        """The instants of uint8[n, length]; what stands between the digits is proven already."""
        if len(texts) > 1 and (texts[1:] == texts[0]).all():  # values of a message are often read at one time
            return self.read(texts[:1]).repeated(len(texts))
        digits = np.ascontiguousarray(texts.T) - np.uint8(_ZERO)

        wrong = (digits[list(self.digits)] > _NINE).any(axis=0)
        days, wrong_days = _days(digits[:_DATE])
        hour, minute = _two(digits, 11), _two(digits, 14)
        second = _two(digits, 17) if self._second else np.zeros_like(hour)
        wrong |= wrong_days | (hour > 23) | (minute > 59) | (second > 59)
        instant = days * DAY + hour.astype(np.int64) * HOUR + minute.astype(np.int64) * 60 + second
        if self._sign:
            ahead, minutes = _two(digits, self._offset + 1), _two(digits, self._offset + 4)
            wrong |= (ahead > 18) | (minutes > 59)
            instant -= self._sign * (ahead.astype(np.int64) * HOUR + minutes.astype(np.int64) * 60)
        if not self._fraction:
            return Times(instant, None, wrong)
        fraction = digits[self._offset - self._fraction : self._offset]
        return Times(instant, np.logical_or.reduce(fraction != 0, axis=0), wrong)
