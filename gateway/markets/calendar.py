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

_DEADLINE = re.compile(r"(?:M\+(\d+) )?(WD|D)(\d+) (\d\d):(\d\d)")
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


@dataclass(frozen=True)
class MarketTimetable:
    """The instants a day of operation sets, by the deadlines in force on it (D1 §4.1, §4.2).

    Attributes:
        zone: the market's local time.
        working_days: its calendar.
        deadline: the text of a named deadline in force on a day: `WD3 10:00` (10:00 on the third working day after
            the day), `D11 24:00` (end of the eleventh day after it), `M+1 WD5 21:00` or `M+1 D5 24:00` (of the month
            after its month), or `08:00`.
    """

    zone: MarketZone
    working_days: WorkingDays
    deadline: Callable[[str, date], str]
    _known: dict[tuple[str, date], int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def instant(self, name: str, day: date) -> int:
        """A deadline of a day by its name among the market's numbers."""
        known = self._known.get((name, day))
        if known is None:
            if len(self._known) > 100_000:  # a long simulation must not keep every day it has seen
                self._known.clear()
            known = self._known[name, day] = self._worked_out(name, day)
        return known

    def collection_limit(self, day: date, group: DeadlineGroup) -> int:
        """When collection of a day ends for a group; a month's day is its last."""
        return self.instant(f"collection-{group.name.lower()}", day)

    def missing_limit(self, day: date, group: DeadlineGroup) -> int:
        """The last instant at which a value of the day may be stated as missing: the end of its collection."""
        return self.collection_limit(day, group)

    def early_look(self, day: date) -> int:
        """When it is first looked at how complete a day is."""
        return self.instant("completeness-early", day)

    def control_opens(self, day: date) -> int:
        """When the control period of a day opens."""
        return self.instant("control-opens", day)

    def fixation(self, day: date) -> int:
        """When a day of operation is fixed."""
        return self.instant("fixation", day)

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
        return self.instant(name, day.replace(day=1))

    def evening(self, day: date) -> int:
        """The cut-off of a local day: what was received by then, the instant included, enters its sums (D1 §4.1.5)."""
        return self.zone.at(day, *self._time("evening", day))

    def sent_by(self, evening: int) -> int:
        """When what was settled on an evening is sent at the latest: in the morning of the next calendar day."""
        day = self.zone.day(evening)
        return self.zone.at(day + timedelta(days=1), *self._time("basis-due", day))

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
        return self.instant("production-reading", last_of_month(day))

    def production_series(self, day: date) -> int:
        """Until when the series of monthly read production are sent for the month of a day (D1 §5.2)."""
        return self.instant("production-series", last_of_month(day))

    def production_multi_fuel(self, day: date) -> int:
        """Until when the renewable share of multi-fuel units is sent for the month of a day (D1 §5.2)."""
        return self.instant("production-multi-fuel", last_of_month(day))

    def reminders_before(self, group: ReminderGroup, instant: int) -> int:
        """The newest instant before one just after which a group's reminders go out, on a working day (D1 app. 4)."""
        day = self.zone.day(instant)
        while True:
            if self.working_days.is_working_day(day):
                found = self.zone.at(day, *self._time(f"reminders-{group.value}", day))
                if found < instant:
                    return found
            day -= timedelta(days=1)

    def _worked_out(self, name: str, day: date) -> int:
        months, days, count, *clock = self._read(_DEADLINE, name, day)
        before = day if months is None else month_after(day, int(months)) - timedelta(days=1)
        counted = int(count)
        found = self.working_days.after(before, counted) if days == "WD" else before + timedelta(days=counted)
        hour, minute = map(int, clock)
        if (hour, minute) == (24, 0):  # the whole day belongs to the limit
            found, hour = found + timedelta(days=1), 0
        return self.zone.at(found, hour, minute)

    def _time(self, name: str, day: date) -> tuple[int, int]:
        """A local time of day by its name among the market's numbers: hour and minute."""
        hour, minute = self._read(_TIME, name, day)
        return int(hour), int(minute)

    def _read(self, form: re.Pattern[str], name: str, day: date) -> tuple[str, ...]:
        text = self.deadline(name, day)
        match = form.fullmatch(text)
        if match is None:
            raise ValueError(f"{name} is no deadline: {text!r}")
        return match.groups()


def last_of_month(day: date) -> date:
    """The last day of a day's month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1) - timedelta(days=1)
