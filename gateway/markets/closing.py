"""When the balance of a day is open, closing and closed, and until when a supplier answers for corrections (DH-200)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from gateway.messages.agreements import SupplyChain
from gateway.messages.times import MarketZone

FINAL, CLOSED = "final-data-electricity", "imbalance-closed"


class WindowState(StrEnum):
    """Where the balance of a day stands."""

    OPEN = "open"
    """Values still enter imbalance settlement."""
    CLOSING = "closing"
    """Reported and being checked; a correction is stored and does not change the balance unless it is reopened."""
    CLOSED = "closed"


class Window(NamedTuple):
    """The instants the balance of a day of delivery sets, and where it stands.

    Attributes:
        preliminary: the first values are due.
        final: the window ends; a correction from here on is outside of it.
        closed: the balance is closed for good.
    """

    day: date
    preliminary: int
    final: int
    closed: int
    state: WindowState


@dataclass(frozen=True)
class ClosingTerms:
    """A market's balance windows and the limit of a supplier's responsibility.

    Attributes:
        zone: the market's local time.
        instant: a deadline of a day, by its name among the market's numbers.
        responsible_days: how many days after its agreement ended a supplier answers for corrections, on a day.
        reopened: days whose balance was reopened while it closed; they are open until it is closed for good.
    """

    zone: MarketZone
    instant: Callable[[str, date], int]
    responsible_days: Callable[[date], int]
    reopened: frozenset[date] = frozenset()

    def window(self, day: date, now: int) -> Window:
        """The window of a day of delivery (DH-210; the states are [DEF])."""
        final, closed = self.instant(FINAL, day), self.instant(CLOSED, day)
        ended = self.window_end(day)
        state = WindowState.OPEN if now < ended else WindowState.CLOSING if now < closed else WindowState.CLOSED
        return Window(day, self.instant("initial-data-electricity", day), final, closed, state)

    def window_end(self, day: date) -> int:
        """The instant from which on a correction of the day is outside its window."""
        return self.instant(CLOSED if day in self.reopened else FINAL, day)

    def answered_from(self, now: int) -> int:
        """From when on every supplier still answers for its values, whenever its time at the point ended."""
        today = self.zone.day(now)
        return self.zone.midnight(today - timedelta(days=self.responsible_days(today)))

    def is_responsible(self, chain: SupplyChain, now: int) -> bool:
        """Whether a supplier still answers for what is reported of its time at a point (FI-4.2).

        It does while it supplies, and up to the limit after that, counted in local days between the day its last
        agreement ended and the day of the report.
        """
        today, ended = self.zone.day(now), self.zone.day(chain.end) if chain.end <= now else None
        return ended is None or (today - ended).days <= self.responsible_days(today)


def supplied_parts(
    chains: Sequence[SupplyChain], start: int, end: int
) -> Iterator[tuple[int, int, SupplyChain | None]]:
    """The parts of [start, end) by who supplied, in order; None where nobody did. Chains do not overlap."""
    reached = start
    for chain in sorted(chains, key=lambda one: one.start):
        begins, ends = max(chain.start, start), min(chain.end, end)
        if begins >= ends:
            continue
        if begins > reached:
            yield reached, begins, None
        yield begins, ends, chain
        reached = ends
    if reached < end:
        yield reached, end, None
