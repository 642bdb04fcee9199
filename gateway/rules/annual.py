"""Annual consumption from meter readings, scaled to 365 days, and how far it may plausibly move (D1 §5.1.1, table 5).

All of it is exact: fractions of kWh, compared as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from gateway.messages.readings import DAYS_OF_A_YEAR, ReadingPeriod


class PlausibleBand(NamedTuple):
    """One line of table 5: for a latest annual consumption x above `above` kWh, lowest and highest plausible.

    Lowest is `low_percent` of x plus `low_kwh`, highest `high_percent` of x plus `high_kwh`.
    """

    above: int
    low_percent: int
    low_kwh: int
    high_percent: int
    high_kwh: int


class Bounds(NamedTuple):
    """What a new annual consumption may be, kWh; both ends belong to it."""

    low: Fraction
    high: Fraction


def plausible_bounds(bands: tuple[PlausibleBand, ...], latest: Fraction) -> Bounds:
    """The interval of a new annual consumption given the latest one (D1 §5.1.1, table 5); never below 0.

    `bands` ascend; neighbours agree where they meet, so that it does not matter which of them owns the bound.
    """
    band = next((band for band in reversed(bands) if latest > band.above), bands[0])
    low = latest * band.low_percent / 100 + band.low_kwh
    return Bounds(max(Fraction(0), low), latest * band.high_percent / 100 + band.high_kwh)


def scaled(thousandths: int, days: int) -> Fraction:
    """Consumption of so many days as kWh of 365."""
    return Fraction(thousandths * DAYS_OF_A_YEAR, days * 1000)


def latest_annual(newest_first: Iterable[ReadingPeriod], least_days: int) -> Fraction | None:
    """The annual consumption that the newest periods show, kWh; None where there is none.

    Periods are taken from the newest back, whole, until they cover `least_days`: a quarter alone would carry its
    season into the year.
    """
    total = days = 0
    for period in newest_first:
        total, days = total + period.consumption, days + period.days
        if days >= least_days:
            break
    return scaled(total, days) if days else None
