"""How the simulated grid operators behave: most is sent the next morning, some late, estimated, wrong or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

import numpy as np

from gateway.messages.codes import MeteringPointType, Quality, SettlementMethod
from gateway.messages.series import Quantities
from gateway.simulation.values import MeteredPoint, Meters


class Habit(Enum):
    """What becomes of a point's day: on which days after it what is sent."""

    PROMPT = "sent the next morning"
    ESTIMATED = "sent as estimated, measured before fixation"
    ESTIMATED_LONG = "sent as estimated, measured after fixation"
    MISSING = "sent as missing, then in time"
    LATE = "not sent the next morning, then in time"
    TOO_LATE = "sent after fixation"
    CORRECTED = "sent the next morning, corrected before fixation"
    CORRECTED_LATE = "sent the next morning, corrected after fixation"


_OFTEN = {
    Habit.PROMPT: 0.930,
    Habit.ESTIMATED: 0.020,
    Habit.ESTIMATED_LONG: 0.012,
    Habit.MISSING: 0.012,
    Habit.LATE: 0.010,
    Habit.TOO_LATE: 0.002,
    Habit.CORRECTED: 0.007,
    Habit.CORRECTED_LATE: 0.007,
}

_ESTIMATES = (Habit.ESTIMATED, Habit.ESTIMATED_LONG)


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One point's day as it is sent: Wh int64[steps], and the quality of all of them."""

    point: MeteredPoint
    quantity: Quantities
    quality: Quality


def dispatches(meters: Meters, day: date) -> dict[date, dict[str, list[Dispatch]]]:
    """Everything that will ever be sent of a day of operation, by the day it is sent on and the grid area."""
    random = np.random.default_rng([meters.seed, 99, day.toordinal()])
    values = meters.day(day)
    plan: dict[date, dict[str, list[Dispatch]]] = {}

    def send(after: int, area: str, point: MeteredPoint, factor: float, quality: Quality) -> None:
        quantity = (values[point.name] * factor).astype(np.int64)
        plan.setdefault(day + timedelta(days=after), {}).setdefault(area, []).append(Dispatch(point, quantity, quality))

    habits, chances = list(_OFTEN), np.array(list(_OFTEN.values()))
    for area, points in meters.points.items():
        drawn = random.choice(len(habits), len(points), p=chances / chances.sum()).tolist()
        wrong = random.uniform(0.8, 1.2, len(points)).tolist()
        soon, later = random.integers(2, 4, len(points)).tolist(), random.integers(12, 60, len(points)).tolist()
        for number, point in enumerate(points):
            match _habit(habits[drawn[number]], point):
                case Habit.PROMPT:
                    send(1, area, point, 1, Quality.MEASURED)
                case Habit.ESTIMATED | Habit.ESTIMATED_LONG as habit:
                    send(1, area, point, wrong[number], Quality.ESTIMATED)
                    send(soon[number] if habit is Habit.ESTIMATED else later[number], area, point, 1, Quality.MEASURED)
                case Habit.MISSING:
                    send(1, area, point, 0, Quality.MISSING)
                    send(2, area, point, 1, Quality.MEASURED)
                case Habit.LATE:
                    send(soon[number], area, point, 1, Quality.MEASURED)
                case Habit.TOO_LATE:
                    send(later[number], area, point, 1, Quality.MEASURED)
                case Habit.CORRECTED | Habit.CORRECTED_LATE as habit:
                    send(1, area, point, wrong[number], Quality.MEASURED)
                    send(soon[number] if habit is Habit.CORRECTED else later[number], area, point, 1, Quality.MEASURED)
    return plan


def _habit(drawn: Habit, point: MeteredPoint) -> Habit:
    """Only flex-settled consumption is estimated; the border is metered with more care than anything else."""
    if point.version.kind is MeteringPointType.EXCHANGE:
        return Habit.PROMPT
    if drawn in _ESTIMATES and point.version.settlement_method is not SettlementMethod.FLEX:
        return Habit.PROMPT
    return drawn
