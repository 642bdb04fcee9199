"""What a market lets customers grant, and how it hands on anonymous queries (D1 §3.5, §4.1.4)."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.messages.codes import Resolution
from gateway.messages.times import DAY, Interval, MarketZone


@dataclass(frozen=True, slots=True)
class GrantPolicy:
    """What a grant holds where the customer says nothing, and its limits.

    Attributes:
        quotation_months: length of the historical year a third party sees in a quotation phase.
        days: how long a grant is valid.
        longest_days: how long it may be valid.
        most_points: how many metering points it may name.
    """

    quotation_months: int
    days: int
    longest_days: int
    most_points: int

    def quotation_period(self, zone: MarketZone, now: int) -> Interval:
        """The historical year: whole local days up to the last midnight (D1 §3.5)."""
        midnight = zone.midnight(zone.day(now))
        return Interval(zone.end(Resolution.MONTH, midnight, -self.quotation_months), midnight)

    def valid_until(self, now: int) -> int:
        """Until when a grant is valid where the customer says nothing."""
        return now + self.days * DAY

    def latest_end(self, now: int) -> int:
        """Until when a grant may be valid at most."""
        return now + self.longest_days * DAY


@dataclass(frozen=True, slots=True)
class QueryPolicy:
    """How anonymous queries are handed on.

    Attributes:
        window_seconds: queries asked within one window are handed on together at its end, which is the one instant
            the addressee sees.
        answer_days: how long one waits for its answer.
        keep_days: how long an answer waits to be laid aside.
        longest_text: most characters of a question or an answer.
    """

    window_seconds: int
    answer_days: int
    keep_days: int
    longest_text: int

    def window_end(self, now: int) -> int:
        """The end of the window an instant lies in."""
        return now - now % self.window_seconds + self.window_seconds


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Access beside the market's messages: grants of customers, and queries between parties."""

    grants: GrantPolicy
    queries: QueryPolicy


NO_ACCESS = AccessPolicy(GrantPolicy(0, 0, 0, 0), QueryPolicy(1, 0, 0, 0))
"""Of a market without grants and anonymous queries (`Service.CUSTOMERS`, `Service.QUERIES`)."""
