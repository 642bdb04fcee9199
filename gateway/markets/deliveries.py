"""Until when a market wants metering data: of a day at first, and in their final form (EE-4.1, DH-210)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.markets.calendar import MarketTimetable
from gateway.markets.parameters import Parameter
from gateway.messages.codes import Commodity
from gateway.messages.times import Interval


def day_hour(parameters: Mapping[str, Parameter], commodity: Commodity, day: date) -> int:
    """The local hour at which a commodity's own day begins: `day-start-natural-gas`, else midnight."""
    start = parameters.get(f"day-start-{commodity}")
    return 0 if start is None else start.number(day)


class DeliveryStage(StrEnum):
    """Which delivery of a day's values is meant."""

    INITIAL = "initial"
    FINAL = "final"


@dataclass(frozen=True)
class DeliveryDeadlines:
    """The deadlines of deliveries in force on each day.

    They are the market's numbers `initial-data-electricity`, `final-data-natural-gas` and so on, deadlines of its
    timetable.
    """

    timetable: MarketTimetable
    parameters: Mapping[str, Parameter]

    def deadline(self, stage: DeliveryStage, commodity: Commodity, day: date) -> int:
        """Until when the values of a local day have to be there; they are late from this instant on."""
        return self.timetable.instant(f"{stage}-data-{commodity}", day)

    def day_of(self, commodity: Commodity, day: date) -> Interval:
        """The commodity's own day that begins on a local day."""
        zone, hour = self.timetable.zone, day_hour(self.parameters, commodity, day)
        return Interval(zone.at(day, hour), zone.at(day + timedelta(days=1), hour))
