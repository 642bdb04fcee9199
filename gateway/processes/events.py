"""What happens to an instance of a process: facts only, frozen, and equal when their facts are.

An event never names the instance it happens to, so instances that share its facts can be stepped as one. Instants are
epoch seconds UTC, durations seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gateway.messages.findings import Finding


@dataclass(frozen=True, slots=True)
class Event:
    """Base of everything that can happen to an instance."""


@dataclass(frozen=True, slots=True)
class RulesChecked(Event):
    """The market rules have all run; what they found is complete."""

    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class IntervalsChecked(Event):
    """The market rules have spoken on a message of metering data, or it could not be read.

    Attributes:
        taken: accounting intervals that may be stored.
        refused: accounting intervals that may not.
    """

    taken: int
    refused: int


@dataclass(frozen=True, slots=True)
class CorrectionFound(Event):
    """At least one step of the series already has an accepted value; nothing was written."""


@dataclass(frozen=True, slots=True)
class Appended(Event):
    """The series is durable in the series store.

    Attributes:
        transaction: the store's transaction that holds it.
        receivers: how many parties are entitled to it; 0 where nobody is.
    """

    transaction: int
    receivers: int


@dataclass(frozen=True, slots=True)
class Compared(Event):
    """The series stands beside the accepted values it meets, step by step.

    Attributes:
        changed: steps whose accepted value or status differs, a missing value after its limit included.
        late: steps where a value replaces a missing one before its limit.
        added: steps without any accepted value.
        unchanged: steps with the same value and status.
        findings: what the rules for corrections say, as a full resend outside its window.
    """

    changed: int = 0
    late: int = 0
    added: int = 0
    unchanged: int = 0
    findings: tuple[Finding, ...] = ()


class BundleLimits(NamedTuple):
    """When a bundle closes: settings of the market; one transaction means that every series travels alone."""

    transactions: int
    points: int
    age: int


@dataclass(frozen=True, slots=True)
class BundleWeighed(Event):
    """The open bundle a series waits in was weighed.

    Attributes:
        transactions: series in the bundle.
        points: points in the bundle.
        next_points: points of the series that would come next; 0 where none waits.
        age: seconds the oldest series has waited.
        limits: when a bundle closes.
    """

    transactions: int
    points: int
    next_points: int
    age: int
    limits: BundleLimits


@dataclass(frozen=True, slots=True)
class DeadlinePassed(Event):
    """The instant has come at which something is due."""

    at: int


class Actor(NamedTuple):
    """A party in one of its roles: the owner of a queue, or who asks."""

    party: str
    role: str


@dataclass(frozen=True, slots=True)
class Peeked(Event):
    """Somebody asks to see the bundle.

    Attributes:
        owner: whose queue the bundle is in.
        asked_by: who asks.
        rendered: whether the bundle exists already in the dialect asked for.
    """

    owner: Actor
    asked_by: Actor
    rendered: bool = False


@dataclass(frozen=True, slots=True)
class DequeueAsked(Event):
    """Somebody asks to take the bundle off its queue."""

    owner: Actor
    asked_by: Actor


@dataclass(frozen=True, slots=True)
class DataRead(Event):
    """The series asked for have been looked up.

    Attributes:
        series: how many were found that the requester may see.
        findings: the market's reason where there are none; a read without data must name it.
    """

    series: int
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """No data without a reason: the rejection that follows has to name one."""
        if not self.series and not self.findings:
            raise ValueError("a read without data names its reason")


@dataclass(frozen=True, slots=True)
class SumsCalculated(Event):
    """A day's sums were calculated before its fixation, from what was accepted by 21:00."""


@dataclass(frozen=True, slots=True)
class BasisCalculated(Event):
    """The day's settlement basis was calculated from what was accepted by the cut-off of the evening it is due.

    Attributes:
        negative_steps: steps of the day whose residual consumption is negative.
    """

    negative_steps: int = 0


@dataclass(frozen=True, slots=True)
class NegativeResidualAccepted(Event):
    """The hub's operator lets the negative residual stand, for the reason given."""

    reason: str


@dataclass(frozen=True, slots=True)
class FixationPostponed(Event):
    """The hub's operator moves the fixation, and with it the cut-off, to a later evening (epoch seconds)."""

    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class CorrectionsSettled(Event):
    """What changed since the final refixation was settled.

    Attributes:
        is_last: whether it is the settlement three years on, after which no correction is taken.
    """

    is_last: bool


@dataclass(frozen=True, slots=True)
class ReadingChecked(Event):
    """A meter reading for the period was checked against the rules and against what stands.

    Attributes:
        changes: whether it states a value, or another one than stands.
        findings: what the rules found.
    """

    changes: bool
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class CancellationChecked(Event):
    """The wish to cancel the reading of the period was checked; `findings` is what the rules found."""

    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """Somebody answers the query.

    Attributes:
        owner: the grid operator it was handed to.
        asked_by: who answers.
    """

    owner: Actor
    asked_by: Actor


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """Somebody takes the query back, or lays it aside once it is answered.

    Attributes:
        owner: who asked it.
        asked_by: who takes it back.
    """

    owner: Actor
    asked_by: Actor


@dataclass(frozen=True, slots=True)
class DataMissing(Event):
    """What was owed is still missing after its limit, when reminders go out."""


@dataclass(frozen=True, slots=True)
class DataCame(Event):
    """What was owed is there in full."""


@dataclass(frozen=True, slots=True)
class NothingOwed(Event):
    """The master data or the settings say now that nothing is owed, or that nobody wants to be reminded of it."""


@dataclass(frozen=True, slots=True)
class Recovered(Event):
    """The hub has restarted and found the instance unfinished."""


@dataclass(frozen=True, slots=True)
class Failed(Event):
    """A dependency stayed broken after every attempt, for the reason given."""

    reason: Finding


EVENTS: Mapping[str, type[Event]] = {
    event.__name__: event
    for event in (
        RulesChecked,
        IntervalsChecked,
        CorrectionFound,
        Appended,
        Compared,
        BundleWeighed,
        DeadlinePassed,
        Peeked,
        DequeueAsked,
        DataRead,
        SumsCalculated,
        BasisCalculated,
        NegativeResidualAccepted,
        FixationPostponed,
        CorrectionsSettled,
        ReadingChecked,
        CancellationChecked,
        Answered,
        Withdrawn,
        DataMissing,
        DataCame,
        NothingOwed,
        Recovered,
        Failed,
    )
}
"""Every kind of event by its name, as a stored history spells it."""
