"""Patience with meters and buses that do not answer: waits that double, and a breaker for a line that is dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """How long a meter is left alone after failures in a row: doubling up to a ceiling, with some chance.

    Attributes:
        first: seconds after the first failure.
        ceiling: most seconds.
        failures: in a row, so far.
        until: not to be asked before this instant.
    """

    first: float = 30.0
    ceiling: float = 3600.0
    failures: int = 0
    until: float = 0.0

    def fail(self, now: float, chance: float) -> None:
        """It failed once more; `chance` is a number in [0, 1)."""
        wait = min(self.ceiling, self.first * 2.0 ** min(self.failures, 20))
        self.failures += 1
        self.until = now + wait * (0.75 + 0.25 * chance)

    def succeed(self) -> None:
        """It answered."""
        self.failures, self.until = 0, 0.0


@dataclass(slots=True)
class Breaker:
    """Keeps off a line on which nobody answers: opens after failures of the line in a row, then lets one visit try.

    Attributes:
        limit: failures in a row after which it opens.
        rest: seconds it stays open.
        failures: in a row, so far.
        open_until: nobody is asked before.
    """

    limit: int = 5
    rest: float = 60.0
    failures: int = 0
    open_until: float = 0.0

    def note(self, is_alive: bool, now: float) -> None:
        """A visit ended; alive is a line on which anything answered."""
        if is_alive:
            self.failures, self.open_until = 0, 0.0
            return
        self.failures += 1
        if self.failures >= self.limit:
            self.open_until = now + self.rest

    def is_open(self, now: float) -> bool:
        """Whether the line is to be left alone."""
        return now < self.open_until


Chance = Callable[[], float]
"""Gives a number in [0, 1) each time."""
