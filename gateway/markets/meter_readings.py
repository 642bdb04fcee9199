"""How a market handles the meter readings of profile-settled points: its numbers, deadlines and rules (D1 §5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.markets.parameters import Parameter
from gateway.rules.annual import PlausibleBand
from gateway.rules.readings import CaseRules, PeriodCase, ReadingCase, ReadingNumbers

_BAND = re.compile(r"(\d+): (\d+)%([+-]\d+) to (\d+)%([+-]\d+)")


@dataclass(frozen=True, slots=True)
class ReadingTerms:
    """The terms of meter readings in one market.

    Attributes:
        parameters: the market's dated numbers.
        area_limits: kWh a year of grid areas whose mandatory limit is their own, by grid area.
        readings, cancellations: the rules enabled.
    """

    parameters: Mapping[str, Parameter]
    area_limits: Mapping[str, int]
    readings: CaseRules[ReadingCase]
    cancellations: CaseRules[PeriodCase]

    def numbers(self, grid_area: str, day: date) -> ReadingNumbers:
        """The numbers in force in a grid area on a local day."""
        return ReadingNumbers(
            bands=_bands(self.parameters["plausible-annual-consumption"].text(day)),
            mandatory_limit=self.area_limits.get(grid_area, self._number("mandatory-hourly-limit", day)),
            annual_days=self._number("annual-consumption-days", day),
            due_days=self._number("reading-due-days", day),
        )

    def annual_days(self, day: date) -> int:
        """How many days annual consumption is read from at the least."""
        return self._number("annual-consumption-days", day)

    def months_between(self, day: date) -> int:
        """How many months lie between two ordinary readings of a point."""
        return self._number("reading-interval", day)

    def statements_a_year(self, day: date) -> int:
        """How many readings a year a point has at the least that is read from afar (D1 §5.1.1)."""
        return self._number("statements-a-year", day)

    def last_day_unreminded(self, nominal: date) -> date:
        """The last day for which nobody is reminded: so many calendar days after the nominal one (D1 §5.1.2)."""
        return nominal + timedelta(days=self._number("reading-reminder-days", nominal))

    def due(self, nominal: date) -> date:
        """The last day on which a reading is in time (D1 §5.1.1)."""
        return nominal + timedelta(days=self._number("reading-due-days", nominal))

    def _number(self, name: str, day: date) -> int:
        return self.parameters[name].number(day)


def _bands(text: str) -> tuple[PlausibleBand, ...]:
    """The bands a parameter writes as `0: 100%-1000 to 125%+1000; 2000: …`, ascending."""
    found: list[PlausibleBand] = []
    for part in text.split("; "):
        match = _BAND.fullmatch(part)
        if match is None:
            raise ValueError(f"not a band of plausible consumption: {part!r}")
        found.append(PlausibleBand(*map(int, match.groups())))
    return tuple(sorted(found))
