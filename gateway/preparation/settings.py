"""The numbers in force for checking and estimating before values are sent, from the market's dated parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.markets.profile import MarketProfile
from gateway.messages.times import HOUR


@dataclass(frozen=True, slots=True)
class PreparationSettings:
    """How long zeros are plausible, how far back experience reaches, how long a point may be estimated (D1 §4.1.3).

    Attributes:
        zero_run_seconds: zeros that go on for so long are looked at.
        zero_run_history: complete measured days that the history of such a point must hold.
        window_days: how far back comparable days, reference periods and experience are looked for.
        reference_days: complete measured days that a point and its similar point must have in common.
        months, months_profiled: how long a point may be estimated without a measured value.
    """

    zero_run_seconds: int
    zero_run_history: int
    window_days: int
    reference_days: int
    months: int
    months_profiled: int

    @classmethod
    def of(cls, profile: MarketProfile, day: date) -> PreparationSettings:
        """The settings of a market in force on a local day."""
        return cls(
            zero_run_seconds=profile.number("zero-run-hours", day) * HOUR,
            zero_run_history=profile.number("zero-run-history", day),
            window_days=profile.number("estimate-window", day),
            reference_days=profile.number("reference-days", day),
            months=profile.number("estimate-months", day),
            months_profiled=profile.number("estimate-months-profiled", day),
        )
