"""The scheduler: what is due by the market clock is done, in order of when it is due.

It never reads a clock of its own, so that a simulation moves the clock and asks what is due, and the server does the
same every second. A duty that fails is told and tried again when it is next due.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gateway.hub.ports import StoreUnavailable

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Duty:
    """Something that falls due again and again.

    Attributes:
        name: what it is.
        following: the next instant it is due, after a given one.
        do: does it, given the instant it was due.
        due: when it is due next.
    """

    name: str
    following: Callable[[int], int]
    do: Callable[[int], None]
    due: int = field(default=0)


class Scheduler:
    """Duties on the market clock."""

    def __init__(self, duties: Sequence[Duty], now: int) -> None:
        self._duties = list(duties)
        for duty in self._duties:
            duty.due = duty.following(now)

    @property
    def next_due(self) -> int:
        """When the next duty is due."""
        return min(duty.due for duty in self._duties)

    def run_due(self, now: int) -> int:
        """Do all that is due by now, oldest first; how much that was."""
        done = 0
        while (duty := min(self._duties, key=lambda one: one.due)).due <= now:
            due, duty.due = duty.due, duty.following(max(duty.due, now))
            try:
                duty.do(due)
            except StoreUnavailable as error:
                log.warning("%s is put off: %s", duty.name, error)
            except Exception:  # one duty must not stop the others
                log.exception("%s failed", duty.name)
            done += 1
        return done
