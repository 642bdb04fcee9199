"""Method 2: the same time of the most recent comparable day that was measured in full (D1 §4.1.3)."""

from __future__ import annotations

import numpy as np

from gateway.markets.calendar import WorkingDays
from gateway.messages.masterdata import Rows
from gateway.messages.times import DAY, numbered_day
from gateway.preparation.draft import WhyNot
from gateway.preparation.estimation import Case, Filling, Gaps
from gateway.preparation.point_values import NOWHERE, instants_of

_WORKING_DAY = -1


def from_comparable_day(gaps: Gaps, case: Case) -> Filling:
    """The value at the same local time of the most recent complete measured day of the same type, within the window.

    Comparable are working days among each other, each closed weekday among itself, and holidays with the last closed
    weekday (Sunday). Over a clock change the wall clock counts: both hours of 02-03 take the one of the earlier day,
    and a day that leaves the hour out does not serve for it. The source is the earlier day.
    """
    filling = Filling(len(gaps), WhyNot.NO_COMPARABLE_DAY)
    zone, window = case.zone, case.settings.window_days
    _, first, series = np.unique(gaps.row, return_index=True, return_inverse=True)
    point, day, step = gaps.point[first], gaps.day[first], gaps.step[first]
    types = _DayTypes(case.working_days, day, window)
    wall, left = zone.wall_seconds(gaps.start), np.arange(len(gaps))
    for back in range(1, window + 1):
        lends = (types.of(day - back) == types.of(day)) & (case.days.complete(point, day - back, step) != NOWHERE)
        tried = left[lends[series[left]]]
        if not len(tried):
            continue
        shown = wall[tried] - back * DAY
        instants = instants_of(zone, shown)
        place = case.past.index.find(gaps.point[tried], instants)
        is_found = (place != NOWHERE) & (zone.wall_seconds(instants) == shown)
        found = tried[is_found]
        filling.put(found, case.past.quantity[place[is_found]], gaps.day[found] - back)
        left = np.setdiff1d(left, found, assume_unique=True)
    return filling


class _DayTypes:
    """The type of local days, by their number since 1970-01-01, over the gaps' days and the window before them."""

    def __init__(self, working_days: WorkingDays, days: Rows, window: int) -> None:
        self._first = int(days.min()) - window
        numbers = range(self._first, int(days.max()) + 1)
        named = [numbered_day(number) for number in numbers]
        holidays = {day for year in {day.year for day in named} for day, _ in working_days.holidays(year)}
        closed = working_days.closed_weekdays
        rest = max(closed, default=6)
        self._types = np.array(
            [rest if day in holidays else day.weekday() if day.weekday() in closed else _WORKING_DAY for day in named]
        )

    def of(self, days: Rows) -> Rows:
        """A number for each day, the same for days that are comparable."""
        types: Rows = self._types[days - self._first]
        return types
