"""What is due on one bus: profiles at interval ends, registers and events slower, gaps in idle slots.

Nothing here reads a clock; every question brings its instant. One meter is visited at a time, the longest due first, so
that a meter that is dead costs the others no more than its own visit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from meter_adapters.collector.patience import Backoff, Breaker, Chance


class Work(StrEnum):
    """What a meter is visited for."""

    PROFILE = "profile"
    EVENTS = "events"
    REGISTERS = "registers"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what is read, in seconds; 0 is never.

    Attributes:
        every: seconds between readings, by kind; profiles at whole multiples of theirs.
        lag: seconds behind an interval's end before it is asked for.
        jitter: most seconds more, by chance.
        idle: seconds until a meter with gaps left is visited again.
    """

    every: dict[Work, int]
    lag: int = 20
    jitter: int = 10
    idle: float = 1.0

    def next(self, work: Work, now: float, chance: float) -> float:
        """When it is due the next time behind an instant."""
        every = self.every[work]
        if every == 0:
            return float("inf")
        return (now - self.lag) // every * every + every + self.lag + self.jitter * chance


@dataclass(frozen=True, slots=True)
class Visit:
    """One session with one meter, and what for."""

    meter: str
    works: frozenset[Work]


@dataclass(slots=True)
class _Plan:
    """When a meter is due for what."""

    due: dict[Work, float]
    backoff: Backoff = field(default_factory=Backoff)
    is_locked: bool = False

    @property
    def earliest(self) -> float:
        return float("inf") if self.is_locked else max(min(self.due.values()), self.backoff.until)


@dataclass
class Schedule:
    """The queue of one bus.

    Attributes:
        rhythm: how often what.
        chance: spreads the meters' times.
        breaker: keeps off a dead line.
    """

    rhythm: Rhythm
    chance: Chance
    breaker: Breaker = field(default_factory=Breaker)
    _plans: dict[str, _Plan] = field(default_factory=dict)

    def add(self, meters: Iterable[str], now: float) -> None:
        """Meters that have not been visited yet are due for everything at once."""
        for meter in meters:
            due = {work: now if every else float("inf") for work, every in self.rhythm.every.items()}
            self._plans[meter] = _Plan(due)

    def take(self, now: float) -> Visit | None:
        """The visit that is due longest; None while none is."""
        if self.breaker.is_open(now) or not self._plans:
            return None
        meter, plan = min(self._plans.items(), key=lambda item: item[1].earliest)
        if plan.earliest > now:
            return None
        works = frozenset(work for work, due in plan.due.items() if due <= now)
        return Visit(meter, works)

    def next_due(self) -> float:
        """The instant at which something is due."""
        earliest = min((plan.earliest for plan in self._plans.values()), default=float("inf"))
        return max(earliest, self.breaker.open_until)

    def done(self, visit: Visit, now: float, has_gaps: bool = False) -> None:
        """A visit went well; a meter with gaps left is visited again when the others have had their turn."""
        plan = self._plans[visit.meter]
        plan.backoff.succeed()
        self.breaker.note(True, now)
        for work in visit.works:
            plan.due[work] = self.rhythm.next(work, now, self.chance())
        if has_gaps:
            plan.due[Work.PROFILE] = min(plan.due[Work.PROFILE], now + self.rhythm.idle)

    def failed(self, visit: Visit, now: float, line_is_alive: bool) -> None:
        """A visit went wrong: what was due stays due, after a while."""
        self._plans[visit.meter].backoff.fail(now, self.chance())
        self.breaker.note(line_is_alive, now)

    def lock(self, meter: str) -> None:
        """A meter refused its password: it is not visited until a person looked."""
        self._plans[meter].is_locked = True
