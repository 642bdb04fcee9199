"""The gap finder: which interval ends of a load profile are not here yet and worth asking for.

Expected are the ends on the profile's grid behind the mark up to which all is settled. An end the meter was asked for
often enough and does not have is settled too: it was off, or its clock was set over it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

ASKED_ENOUGH = 3
"""How often a meter is asked for an interval it says it does not have."""


@dataclass(frozen=True, slots=True)
class Span:
    """Interval ends to ask for: those in (since, until]."""

    since: int
    until: int

    def ends(self, period: int) -> range:
        """The ends on the grid."""
        return range(self.since - self.since % period + period, self.until + 1, period)


@dataclass(slots=True)
class ProfileState:
    """What is known of one meter's load profile.

    Attributes:
        period: seconds between ends.
        mark: everything up to here is settled.
        until: the newest end that a meter can have closed.
        present: ends that are stored.
        absent: ends the meter did not have, with how often it was asked.
    """

    period: int
    mark: int
    until: int
    present: set[int]
    absent: dict[int, int]

    def is_settled(self, end: int) -> bool:
        """Whether an end is stored or was asked for often enough."""
        return end in self.present or self.absent.get(end, 0) >= ASKED_ENOUGH

    def miss(self, ends: Iterable[int], settled_before: int) -> None:
        """The meter was asked for these ends and has none of them.

        Those before everything that is stored, and before an instant, are settled at once: its memory begins later.
        """
        first = min(self.present, default=settled_before)
        for end in ends:
            is_settled = end < min(first, settled_before)
            self.absent[end] = ASKED_ENOUGH if is_settled else self.absent.get(end, 0) + 1

    def advance(self) -> int:
        """Move the mark over all that is settled; where it then stands."""
        end = self.mark - self.mark % self.period + self.period
        while end <= self.until and self.is_settled(end):
            self.mark = end
            end += self.period
        return self.mark

    def spans(self, longest: int) -> list[Span]:
        """What to ask for, oldest first, each at most `longest` seconds."""
        missing = [end for end in Span(self.mark, self.until).ends(self.period) if not self.is_settled(end)]
        spans: list[Span] = []
        for end in missing:
            last = spans[-1] if spans else None
            if last is not None and end - last.since <= longest and end - last.until <= 4 * self.period:
                spans[-1] = Span(last.since, end)
            else:
                spans.append(Span(end - self.period, end))
        return spans


def state_of(
    period: int, mark: int | None, asked: Span, present: Collection[int], absent: Mapping[int, int]
) -> ProfileState:
    """The state of a profile over the time a meter remembers; what lies before it is settled, for it cannot be had."""
    floor, until = asked.since - asked.since % period, asked.until - asked.until % period
    return ProfileState(period, max(mark if mark is not None else floor, floor), until, set(present), dict(absent))
