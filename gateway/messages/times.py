"""Market time: instants in UTC, local days of 23, 24 or 25 hours.

An instant is a whole number of seconds since 1970-01-01T00:00Z, an `int` alone and `int64` in a column; `NO_INSTANT`
stands for one that is absent or unreadable. Intervals are half-open [start, end).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import Resolution

Instants = npt.NDArray[np.int64]

NO_INSTANT = -(2**63)
HOUR = 3600
DAY = 86_400

STEP_SECONDS: dict[str, int] = {Resolution.QUARTER: 900, Resolution.HOUR: HOUR}
"""Length of the resolutions whose steps are equally long; days, months and years are local (see `MarketZone`)."""

_EPOCH = date(1970, 1, 1)
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)


def parse_instant(text: str) -> int:
    """An instant from `2025-01-14T23:00Z`, with or without seconds, fraction and offset; NO_INSTANT if unreadable.

    A fraction of a second is dropped, a time without an offset is taken as UTC, `24:00` is the next midnight.
    """
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        return NO_INSTANT
    year, month, day, hour, minute, second, offset = match.groups()
    whole = (int(hour) * 60 + int(minute)) * 60 + int(second or 0)
    if not _is_time_of_day(int(hour), int(minute), int(second or 0)):
        return NO_INSTANT
    try:
        days = date(int(year), int(month), int(day)).toordinal() - _EPOCH.toordinal()
    except ValueError:
        return NO_INSTANT
    return days * DAY + whole - _offset_seconds(offset)


def _is_time_of_day(hour: int, minute: int, second: int) -> bool:
    return (hour < 24 and minute < 60 and second < 60) or (hour == 24 and minute == second == 0)


def _offset_seconds(offset: str | None) -> int:
    if offset is None or offset == "Z":
        return 0
    seconds = (int(offset[1:3]) * 60 + int(offset[4:6])) * 60
    return -seconds if offset[0] == "-" else seconds


def format_minute(instant: int) -> str:
    """`2025-01-14T23:00Z`: the minute precision of a CIM time interval."""
    return f"{to_datetime(instant):%Y-%m-%dT%H:%MZ}"


def format_second(instant: int) -> str:
    """`2025-01-14T23:00:00Z`: the second precision of every other time on the wire."""
    return f"{to_datetime(instant):%Y-%m-%dT%H:%M:%SZ}"


def to_datetime(instant: int) -> datetime:
    """The instant as an aware UTC datetime."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=instant)


def to_instant(moment: datetime) -> int:
    """The instant of an aware datetime, fraction dropped."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone is no instant")
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1))


def day_number(day: date) -> int:
    """A local day as days since 1970-01-01, as the store counts it."""
    return (day - _EPOCH).days


def numbered_day(number: int) -> date:
    """The local day behind its number."""
    return _EPOCH + timedelta(days=number)


class WrittenInstant(NamedTuple):
    """An instant of a document whose market minds how it is written.

    `as_written` is the text where it is not that of `format_second`, empty where it is.
    """

    instant: int
    as_written: str = ""

    @property
    def is_readable(self) -> bool:
        """Whether it is an instant at all."""
        return self.instant != NO_INSTANT


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open span of time [start, end) in instants."""

    start: int
    end: int

    def overlaps(self, other: Interval) -> bool:
        """Whether the two spans share any moment."""
        return self.start < other.end and other.start < self.end

    def common(self, other: Interval) -> Interval | None:
        """What the two spans share, None where that is nothing."""
        return Interval(max(self.start, other.start), min(self.end, other.end)) if self.overlaps(other) else None

    def contains(self, instant: int) -> bool:
        """Whether the instant lies in the span; its end does not."""
        return self.start <= instant < self.end


class MarketZone:
    """Local time of a market: days and months from local midnight, over clock changes (D1 §1.42, FI-2.7)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)
        self._changes, self._offsets = _transitions(name)
        self._listed: tuple[list[int], list[int]] = self._changes.tolist(), self._offsets.tolist()

    def __repr__(self) -> str:
        return f"MarketZone({self.name!r})"

    def local(self, instant: int) -> datetime:
        """The instant on the market's wall clock."""
        return to_datetime(instant).astimezone(self._zone)

    def at(self, day: date, hour: int = 0, minute: int = 0) -> int:
        """The instant of a wall-clock time on a local day; an hour that occurs twice means the first."""
        return to_instant(datetime(day.year, day.month, day.day, hour, minute, tzinfo=self._zone))

    def midnight(self, day: date) -> int:
        """The instant at which a local day begins."""
        return self.at(day)

    def day(self, instant: int) -> date:
        """The local day an instant falls on."""
        return self.local(instant).date()

    def day_interval(self, day: date) -> Interval:
        """The local day as instants: 23, 24 or 25 hours long."""
        return Interval(self.midnight(day), self.midnight(day + timedelta(days=1)))

    def wall_seconds(self, instants: Instants) -> Instants:
        """What the market's clocks show at many instants, as seconds since 1970-01-01T00:00 of that clock."""
        shown: Instants = instants + self._offsets[np.searchsorted(self._changes, instants, side="right")]
        return shown

    def first_and_last(self, shown: Instants) -> tuple[Instants, Instants]:
        """The first and the last instant at which the market's clocks show each of many times.

        Two of them where an hour comes twice, NO_INSTANT where one is left out. Times as `wall_seconds` gives them.
        """
        first = np.full(len(shown), NO_INSTANT, dtype=np.int64)
        last = first.copy()
        for offset in sorted(set(self._offsets.tolist()), reverse=True):
            instants = shown - offset
            right = self.wall_seconds(instants) == shown
            first = np.where(right & (first == NO_INSTANT), instants, first)
            last = np.where(right, instants, last)
        return first, last

    def day_numbers(self, instants: Instants) -> Instants:
        """Local days of many instants, as days since 1970-01-01."""
        return self.wall_seconds(instants) // DAY

    def days_of(self, start: int, end: int) -> range:
        """The local days that [start, end) touches, as days since 1970-01-01; the span must not be empty."""
        return range(self._day_number(start), self._day_number(end - 1) + 1)

    def _day_number(self, instant: int) -> int:
        changes, offsets = self._listed
        return (instant + offsets[bisect_right(changes, instant)]) // DAY

    def is_month_start(self, instant: int) -> bool:
        """Whether the instant is local midnight on the first of a month."""
        local = self.local(instant)
        return local.day == 1 and (local.hour, local.minute, local.second) == (0, 0, 0)

    def step_starts(self, resolution: str, start: int, count: int) -> Instants:
        """Start instants of `count` steps from `start`; days, months and years follow the wall clock."""
        if seconds := STEP_SECONDS.get(resolution):
            return start + seconds * np.arange(count, dtype=np.int64)
        return np.array([self._advance(resolution, start, n) for n in range(count)], dtype=np.int64)

    def end(self, resolution: str, start: int, count: int) -> int:
        """The instant at which `count` steps from `start` end."""
        if seconds := STEP_SECONDS.get(resolution):
            return start + seconds * count
        return self._advance(resolution, start, count)

    def steps(self, resolution: str, interval: Interval) -> int | None:
        """How many whole steps fill the interval; None when they do not fill it exactly."""
        if seconds := STEP_SECONDS.get(resolution):
            whole, rest = divmod(interval.end - interval.start, seconds)
            return whole if rest == 0 else None
        first, last = self.local(interval.start), self.local(interval.end)
        count = {
            Resolution.DAY: (last.date() - first.date()).days,
            Resolution.MONTH: (last.year - first.year) * 12 + last.month - first.month,
            Resolution.YEAR: last.year - first.year,
        }.get(Resolution(resolution))
        if count is None or count < 0 or self._advance(resolution, interval.start, count) != interval.end:
            return None
        return count

    def _advance(self, resolution: str, start: int, count: int) -> int:
        local = self.local(start)
        if resolution == Resolution.DAY:
            day = local.date() + timedelta(days=count)
        else:
            months = count * (12 if resolution == Resolution.YEAR else 1)
            year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
            day = _clamped(year, month + 1, local.day)
        moment = datetime(day.year, day.month, day.day, local.hour, local.minute, local.second, tzinfo=self._zone)
        return to_instant(moment)


def _clamped(year: int, month: int, day: int) -> date:
    """The day of a month, or the month's last when it is shorter."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day - 1), following - timedelta(days=1))


@cache
def _transitions(name: str) -> tuple[Instants, Instants]:
    """Where the zone's offset changes between 1970 and 2100, and the offset before, between and after, in seconds."""
    zone = ZoneInfo(name)
    changes: list[int] = []
    offsets = [_offset(zone, 0)]
    low = 0
    while low < 130 * 366 * DAY:
        high = low + 30 * DAY
        if _offset(zone, high) != offsets[-1]:
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if _offset(zone, middle) != offsets[-1] else (middle, high)
            changes.append(high)
            offsets.append(_offset(zone, high))
        low = high
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = to_datetime(instant).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
