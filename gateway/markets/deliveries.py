"""Until when a market wants metering data: of a day at first, and in their final form (EE-4.1, DH-210)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.markets.calendar import WorkingDays, month_after
from gateway.markets.parameters import Parameter
from gateway.messages.codes import Commodity
from gateway.messages.times import Interval, MarketZone

_OF_DAY = re.compile(r"(WD|D)(\d+) (\d\d):(\d\d)")
_OF_MONTH = re.compile(r"M\+(\d+) D(\d+) (\d\d):(\d\d)")


class DeliveryStage(StrEnum):
    """Which delivery of a day's values is meant."""

    INITIAL = "initial"
    FINAL = "final"


@dataclass(frozen=True)
class DeliveryDeadlines:
    """The deadlines of deliveries in force on each day.

    They are the market's numbers `initial-data-electricity`, `final-data-natural-gas` and so on, written as
    `WD1 10:00` (10:00 on the first working day after the day), `D11 24:00` (end of the eleventh day after it) or
    `M+1 D5 24:00` (end of the 5th of the month after its month).
    """

    zone: MarketZone
    working_days: WorkingDays
    parameters: Mapping[str, Parameter]

    def deadline(self, stage: DeliveryStage, commodity: Commodity, day: date) -> int:
        """Until when the values of a local day have to be there; they are late from this instant on."""
        name = f"{stage}-data-{commodity}"
        text = str(self.parameters[name].on(day).value)
        if match := _OF_MONTH.fullmatch(text):
            months, count, hour, minute = map(int, match.groups())
            return self._at(month_after(day, months) + timedelta(days=count - 1), hour, minute)
        found = _OF_DAY.fullmatch(text)
        if found is None:
            raise ValueError(f"{name} is no deadline: {text!r}")
        count, hour, minute = (int(number) for number in found.groups()[1:])
        if found[1] == "WD":
            return self._at(self.working_days.after(day, count), hour, minute)
        return self._at(day + timedelta(days=count), hour, minute)

    def day_of(self, commodity: Commodity, day: date) -> Interval:
        """The commodity's own day that begins on a local day: at midnight, or at the hour `day-start-natural-gas`."""
        start = self.parameters.get(f"day-start-{commodity}")
        hour = 0 if start is None else int(start.on(day).value)
        return Interval(self.zone.at(day, hour), self.zone.at(day + timedelta(days=1), hour))

    def _at(self, day: date, hour: int, minute: int) -> int:
        if hour == 24:  # the whole day belongs to the deadline
            day, hour = day + timedelta(days=1), 0
        return self.zone.at(day, hour, minute)
