"""The market clock: the one place that reads the time, and a clock that is moved by hand.

Everything below takes instants as arguments, so that a test, the demo or a simulation runs a year in seconds through
the code of production.
"""

from __future__ import annotations

import time
from typing import Protocol

MICROSECONDS = 1_000_000


class Clock(Protocol):
    """Tells the market's time."""

    def micros(self) -> int:
        """Microseconds since 1970-01-01T00:00Z."""
        ...

    def now(self) -> int:
        """The instant, whole seconds since 1970-01-01T00:00Z."""
        ...


class SystemClock:
    """The machine's own time."""

    def micros(self) -> int:
        """Microseconds since 1970-01-01T00:00Z."""
        return time.time_ns() // 1000

    def now(self) -> int:
        """The instant, whole seconds since 1970-01-01T00:00Z."""
        return time.time_ns() // 1_000_000_000


class MovedClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self, instant: int) -> None:
        self._micros = instant * MICROSECONDS

    def micros(self) -> int:
        """Microseconds since 1970-01-01T00:00Z."""
        return self._micros

    def now(self) -> int:
        """The instant, whole seconds since 1970-01-01T00:00Z."""
        return self._micros // MICROSECONDS

    def move_to(self, instant: int) -> None:
        """Let it be a later instant."""
        self._micros = max(self._micros, instant * MICROSECONDS)
