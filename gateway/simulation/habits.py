"""How the simulated grid operators behave: most is sent the next morning, some late, estimated, wrong or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import NamedTuple

import numpy as np

from gateway.markets.calendar import MarketTimetable
from gateway.messages.codes import MeteringPointType, Quality, SettlementMethod
from gateway.messages.series import Quantities
from gateway.rules.batch import DeadlineGroup
from gateway.simulation.market import OUTSIDE, SimulatedMarket
from gateway.simulation.values import MeteredPoint, Meters

MORNING, NOON = 6, 12


class Habit(Enum):
    """What becomes of a point's day: on which days after it what is sent."""

    PROMPT = "sent the next morning"
    ESTIMATED = "sent as estimated, measured before fixation"
    ESTIMATED_LONG = "sent as estimated, measured after fixation"
    MISSING = "sent as missing, then in time"
    LATE = "not sent until the last second of its collection"
    TOO_LATE = "sent after fixation"
    REFUSED = "sent far beyond what a point can carry, which is rejected, and rightly the morning after"
    CORRECTED = "sent the next morning, corrected at the last second before fixation"
    A_SECOND_LATE = "sent the next morning, corrected a second after the cut-off of fixation"
    CORRECTED_LATE = "sent the next morning, corrected weeks after fixation"


_OFTEN = {
    Habit.PROMPT: 0.925,
    Habit.ESTIMATED: 0.020,
    Habit.ESTIMATED_LONG: 0.012,
    Habit.MISSING: 0.012,
    Habit.LATE: 0.010,
    Habit.TOO_LATE: 0.002,
    Habit.REFUSED: 0.003,
    Habit.CORRECTED: 0.007,
    Habit.A_SECOND_LATE: 0.002,
    Habit.CORRECTED_LATE: 0.007,
}

_ESTIMATES = (Habit.ESTIMATED, Habit.ESTIMATED_LONG)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One point's day of operation as it is sent: Wh int64[steps], and the quality of all of them."""

    day: date
    point: MeteredPoint
    quantity: Quantities
    quality: Quality


class Fault(NamedTuple):
    """The meters of an area's outer border show next to nothing of what comes in: the residual turns negative.

    Attributes:
        area: whose border it is.
        first: the first day it happens, counted from the market's first.
        mended: the working day after the day of operation on whose noon the right values are sent.
    """

    area: str
    first: int
    mended: int


FAULTS = (Fault("901", 5, 20), Fault("902", 8, 7))
_FAULT_EVERY = 30
_FAULT_SHOWS = 0.02
"""What part of the flow a faulty border meter shows."""

_ABSURD = 1e6
"""What a value is multiplied by to be above every limit (D1 §4.1.5, table 4)."""

Outbox = dict[int, dict[str, list[Dispatch]]]
"""What is sent by the instant it is sent at and the grid area whose operator sends it."""


def faults_on(market: SimulatedMarket, day: date) -> dict[str, Fault]:
    """The border faults of a day of operation by grid area."""
    number = (day - market.first).days
    return {fault.area: fault for fault in FAULTS if number % _FAULT_EVERY == fault.first}


def dispatches(meters: Meters, day: date, timetable: MarketTimetable) -> Outbox:
    """Everything that will ever be sent of a day of operation."""
    plan = _Plan(meters, day, timetable)
    random = np.random.default_rng([meters.seed, 99, day.toordinal()])
    habits, chances = list(_OFTEN), np.array(list(_OFTEN.values()))
    faults = faults_on(meters.market, day)
    for area, points in meters.points.items():
        drawn = random.choice(len(habits), len(points), p=chances / chances.sum()).tolist()
        wrong = random.uniform(0.8, 1.2, len(points)).tolist()
        soon, weeks_later = random.integers(2, 4, len(points)).tolist(), random.integers(16, 60, len(points)).tolist()
        for number, point in enumerate(points):
            if area in faults and (point.version.from_grid_area, point.version.to_grid_area) == (OUTSIDE, area):
                plan.send(plan.morning(1), point, factor=_FAULT_SHOWS)
                plan.send(plan.mended(faults[area]), point)
            else:
                habit = _habit(habits[drawn[number]], point)
                plan.follow(habit, point, wrong[number], (soon[number], weeks_later[number]))
    return plan.outbox


class _Plan:
    """What is sent of one day of operation, as it is decided point by point."""

    def __init__(self, meters: Meters, day: date, timetable: MarketTimetable) -> None:
        self._day, self._timetable, self._values = day, timetable, meters.day(day)
        self.outbox: Outbox = {}

    def send(self, at: int, point: MeteredPoint, quality: Quality = Quality.MEASURED, *, factor: float = 1.0) -> None:
        """Send the point's values, or a part of them."""
        quantity = self._values[point.name]
        if factor != 1.0:
            quantity = (quantity * factor).astype(np.int64)
        found = self.outbox.setdefault(at, {}).setdefault(point.version.grid_area, [])
        found.append(Dispatch(self._day, point, quantity, quality))

    def morning(self, days: int) -> int:
        """So many mornings after the day of operation."""
        return self._timetable.zone.at(self._day + timedelta(days=days), MORNING)

    def mended(self, fault: Fault) -> int:
        """When the right values of a faulty border are sent."""
        return self._timetable.zone.at(mended_on(self._timetable, self._day, fault), NOON)

    def follow(self, habit: Habit, point: MeteredPoint, wrong: float, mornings: tuple[int, int]) -> None:
        """Send a point's day as a habit has it.

        `wrong` is what errors and estimates make of it, `mornings` when it is put right: before fixation, or weeks
        after it.
        """
        before_fixation, weeks_later = (self.morning(count) for count in mornings)
        fixation = self._timetable.fixation(self._day)
        match habit:
            case Habit.PROMPT:
                self.send(self.morning(1), point)
            case Habit.ESTIMATED:
                self.send(self.morning(1), point, Quality.ESTIMATED, factor=wrong)
                self.send(before_fixation, point)
            case Habit.ESTIMATED_LONG:
                self.send(self.morning(1), point, Quality.ESTIMATED, factor=wrong)
                self.send(weeks_later, point)
            case Habit.MISSING:
                self.send(self.morning(1), point, Quality.MISSING)
                self.send(self.morning(2), point)
            case Habit.LATE:
                self.send(self._timetable.collection_limit(self._day, _group(point)), point)
            case Habit.TOO_LATE:
                self.send(weeks_later, point)
            case Habit.REFUSED:
                self.send(self.morning(1), point, factor=_ABSURD)
                self.send(self.morning(2), point)
            case Habit.CORRECTED:
                self.send(self.morning(1), point, factor=wrong)
                self.send(fixation, point)
            case Habit.A_SECOND_LATE:
                self.send(self.morning(1), point, factor=wrong)
                self.send(fixation + 1, point)
            case Habit.CORRECTED_LATE:
                self.send(self.morning(1), point, factor=wrong)
                self.send(weeks_later, point)


def mended_on(timetable: MarketTimetable, day: date, fault: Fault) -> date:
    """The day on which the right values of a faulty border are sent."""
    return timetable.working_days.after(day, fault.mended)


def _group(point: MeteredPoint) -> DeadlineGroup:
    is_flex = point.version.settlement_method is SettlementMethod.FLEX
    return DeadlineGroup.FLEX if is_flex else DeadlineGroup.HOURLY


def _habit(drawn: Habit, point: MeteredPoint) -> Habit:
    """Only flex-settled consumption is estimated; the border is metered with more care than anything else."""
    if point.kind is MeteringPointType.EXCHANGE:
        return Habit.PROMPT
    if drawn in _ESTIMATES and point.version.settlement_method is not SettlementMethod.FLEX:
        return Habit.PROMPT
    return drawn
