"""Working days and the instants they set: collection, control, fixation of a day of operation (D1 §4, appendix 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from gateway.messages.codes import ReminderGroup, SettlementStage
from gateway.messages.times import MarketZone
from gateway.rules.batch import DeadlineGroup, ResendWindow

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_WORKING_DAY_TIME = re.compile(r"WD(\d+) (\d\d):(\d\d)")
_CALENDAR_DAY_TIME = re.compile(r"D(\d+) (\d\d):(\d\d)")
_MONTH_TIME = re.compile(r"M\+(\d+) WD(\d+) (\d\d):(\d\d)")
_TIME = re.compile(r"(\d\d):(\d\d)")


def easter_sunday(year: int) -> date:
    """Easter Sunday of a Gregorian year."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    remainder = (32 + 2 * e + 2 * i - h - k) % 7
    p = h + remainder - 7 * ((a + 11 * h + 22 * remainder) // 451) + 114
    return date(year, p // 31, p % 31 + 1)


class FixedHoliday(NamedTuple):
    """A closed day on the same date every year."""

    name: str
    month: int
    day: int


class EasterHoliday(NamedTuple):
    """A closed day so many days from Easter Sunday, up to and including a year."""

    name: str
    offset: int
    last_year: int = 9999


@dataclass(frozen=True)
class WorkingDays:
    """Which days work in a market (D1 appendix 3).

    Attributes:
        closed_weekdays: 0 is Monday.
        fixed, easter: holidays by date and by distance from Easter.
        extra: further closed days.
    """

    closed_weekdays: frozenset[int]
    fixed: tuple[FixedHoliday, ...]
    easter: tuple[EasterHoliday, ...]
    extra: frozenset[date] = frozenset()
    _by_year: dict[int, frozenset[date]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def holidays(self, year: int) -> Iterator[tuple[date, str]]:
        """The closed days of a year with their names, weekends aside, in no order."""
        sunday = easter_sunday(year)
        yield from ((date(year, holiday.month, holiday.day), holiday.name) for holiday in self.fixed)
        for holiday in self.easter:
            if year <= holiday.last_year:
                yield sunday + timedelta(days=holiday.offset), holiday.name
        yield from ((day, "extra closed day") for day in self.extra if day.year == year)

    def is_working_day(self, day: date) -> bool:
        """Whether the market works on a local day."""
        if day.weekday() in self.closed_weekdays:
            return False
        closed = self._by_year.get(day.year)
        if closed is None:
            closed = self._by_year[day.year] = frozenset(holiday for holiday, _ in self.holidays(day.year))
        return day not in closed

    def before(self, day: date, count: int) -> date:
        """The count-th working day strictly before a day, which itself is never counted."""
        found = 0
        while found < count:
            day -= timedelta(days=1)
            found += self.is_working_day(day)
        return day

    def after(self, day: date, count: int) -> date:
        """The count-th working day strictly after a day, which itself is never counted: WD(d, n)."""
        found = 0
        while found < count:
            day += timedelta(days=1)
            found += self.is_working_day(day)
        return day


def month_after(month: date, count: int) -> date:
    """The first day of the month so many after a given one; before it when negative."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def _of_day(day: date, text: str) -> tuple[date, int, int, int]:
    """`WD5 21:00`: the day to count working days from, how many, the local time; `D11 24:00` counts every day."""
    if match := _CALENDAR_DAY_TIME.fullmatch(text):
        days, hour, minute = map(int, match.groups())
        return day + timedelta(days=days), 0, hour, minute
    count, hour, minute = _clock(_WORKING_DAY_TIME, text)
    return day, count, hour, minute


def _of_month(month: date, text: str) -> tuple[date, int, int, int]:
    """`M+1 WD5 21:00` likewise: the working days of a later month are counted from the day before it."""
    months, count, hour, minute = _clock(_MONTH_TIME, text)
    return month_after(month, months) - timedelta(days=1), count, hour, minute


Form = Callable[[date, str], tuple[date, int, int, int]]
"""How the text of a deadline is read."""


@dataclass(frozen=True)
class MarketTimetable:
    """The instants a day of operation sets, by the deadlines in force on it (D1 §4.1, §4.2).

    Attributes:
        zone: the market's local time.
        working_days: its calendar.
        deadline: the text of a named deadline in force on a day: `WD3 10:00`, `D11 24:00`, or `08:00`.
    """

    zone: MarketZone
    working_days: WorkingDays
    deadline: Callable[[str, date], str]
    _known: dict[tuple[str, date], int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def instant(self, name: str, day: date) -> int:
        """A deadline of a day by its name among the market's numbers."""
        return self._instant(name, day)

    def collection_limit(self, day: date, group: DeadlineGroup) -> int:
        """When collection of a day ends for a group; a month's day is its last."""
        return self._instant(f"collection-{group.name.lower()}", day)

    def missing_limit(self, day: date, group: DeadlineGroup) -> int:
        """The last instant at which a value of the day may be stated as missing: the end of its collection."""
        return self.collection_limit(day, group)

    def early_look(self, day: date) -> int:
        """When it is first looked at how complete a day is."""
        return self._instant("completeness-early", day)

    def control_opens(self, day: date) -> int:
        """When the control period of a day opens."""
        return self._instant("control-opens", day)

    def fixation(self, day: date) -> int:
        """When a day of operation is fixed."""
        return self._instant("fixation", day)

    def basis_due(self, day: date) -> int:
        """When the fixed basis of a day is sent at the latest: in the morning of the calendar day after fixation."""
        return self.sent_by(self.fixation(day))

    def settled(self, stage: SettlementStage, day: date) -> int:
        """The evening on which a stage of a day of operation is settled: its fixation, refixations, last corrections.

        Refixations go by the month of the day, counting the working days of a later month from its first on (D1 §4.4).
        """
        if stage is SettlementStage.FIXATION:
            return self.fixation(day)
        name = "correction-settlement" if stage is SettlementStage.CORRECTION else stage.value
        return self._instant(name, day.replace(day=1), _of_month)

    def evening(self, day: date) -> int:
        """The cut-off of a local day: what was received by then, the instant included, enters its sums (D1 §4.1.5)."""
        return self.zone.at(day, *_clock(_TIME, self.deadline("evening", day)))

    def sent_by(self, evening: int) -> int:
        """When what was settled on an evening is sent at the latest: in the morning of the next calendar day."""
        day = self.zone.day(evening)
        return self.zone.at(day + timedelta(days=1), *_clock(_TIME, self.deadline("basis-due", day)))

    def open_days(self, evening: date) -> list[date]:
        """The days of operation that are over on an evening and not fixed before it, oldest first."""
        at = self.evening(evening)
        day = evening - timedelta(days=1)
        found: list[date] = []
        while self.fixation(day) >= at:
            found.append(day)
            day -= timedelta(days=1)
        return found[::-1]

    def resend_window(self, day: date) -> ResendWindow:
        """When everything may be sent again for a day: from the opening of control to fixation."""
        return ResendWindow(self.control_opens(day), self.fixation(day))

    def production_reading(self, day: date) -> int:
        """Until when the meters of monthly read production are read for the month of a day (D1 §5.2)."""
        return self._instant("production-reading", last_of_month(day))

    def production_series(self, day: date) -> int:
        """Until when the series of monthly read production are sent for the month of a day (D1 §5.2)."""
        return self._instant("production-series", last_of_month(day))

    def production_multi_fuel(self, day: date) -> int:
        """Until when the renewable share of multi-fuel units is sent for the month of a day (D1 §5.2)."""
        return self._instant("production-multi-fuel", last_of_month(day))

    def reminders_before(self, group: ReminderGroup, instant: int) -> int:
        """The newest instant before one just after which a group's reminders go out, on a working day (D1 app. 4)."""
        day = self.zone.day(instant)
        while True:
            if self.working_days.is_working_day(day):
                name = f"reminders-{group.value}"
                found = self.zone.at(day, *_clock(_TIME, self.deadline(name, day)))
                if found < instant:
                    return found
            day -= timedelta(days=1)

    def _instant(self, name: str, day: date, form: Form = _of_day) -> int:
        known = self._known.get((name, day))
        if known is None:
            before, count, hour, minute = form(day, self.deadline(name, day))
            if len(self._known) > 100_000:  # a long simulation must not keep every day it has seen
                self._known.clear()
            found = self.working_days.after(before, count)
            if (hour, minute) == (24, 0):  # the whole day belongs to the limit
                found, hour = found + timedelta(days=1), 0
            known = self._known[name, day] = self.zone.at(found, hour, minute)
        return known


def last_of_month(day: date) -> date:
    """The last day of a day's month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)


def _clock(form: re.Pattern[str], text: str) -> tuple[int, ...]:
    match = form.fullmatch(text)
    if match is None:
        raise ValueError(f"not a deadline: {text!r}")
    return tuple(int(number) for number in match.groups())
