"""What a row may ask of an event: named pure functions, each with the sentence the drawn table prints."""

from __future__ import annotations

from gateway.messages.findings import has_errors
from gateway.processes.events import (
    Answered,
    Appended,
    BasisCalculated,
    BundleWeighed,
    CancellationChecked,
    Compared,
    CorrectionsSettled,
    DataRead,
    DequeueAsked,
    IntervalsChecked,
    Peeked,
    ReadingChecked,
    RulesChecked,
    Withdrawn,
)


def has_findings(event: RulesChecked | Compared | ReadingChecked | CancellationChecked) -> bool:
    """The rules found at least one error; remarks alone do not count."""
    return has_errors(event.findings)


def takes_nothing(event: IntervalsChecked) -> bool:
    """No accounting interval may be stored."""
    return event.taken == 0


def refuses_some(event: IntervalsChecked) -> bool:
    """At least one accounting interval may not be stored."""
    return event.refused > 0


def has_receivers(event: Appended) -> bool:
    """At least one party is entitled to the series."""
    return event.receivers > 0


def changes_values(event: Compared) -> bool:
    """At least one accepted value or status is different now."""
    return event.changed > 0


def fills_gaps(event: Compared) -> bool:
    """At least one step gets its first value: it was missing within its limit, or never delivered."""
    return event.late + event.added > 0


def is_full(event: BundleWeighed) -> bool:
    """The bundle has as many transactions as a bundle may have."""
    return event.transactions >= event.limits.transactions


def is_heavy(event: BundleWeighed) -> bool:
    """The bundle has as many points as a bundle may have, or the next series would bring it beyond."""
    return event.points >= event.limits.points or event.points + event.next_points > event.limits.points


def is_old(event: BundleWeighed) -> bool:
    """The oldest series in the bundle has waited as long as it may."""
    return event.age >= event.limits.age


def asked_by_owner(event: Peeked | DequeueAsked) -> bool:
    """Who asks is the owner of the queue, party and role alike."""
    return event.asked_by == event.owner


def answered_by_addressee(event: Answered) -> bool:
    """Who answers is the grid operator the query was handed to."""
    return event.asked_by == event.owner


def withdrawn_by_asker(event: Withdrawn) -> bool:
    """Who takes the query back is who asked it, party and role alike."""
    return event.asked_by == event.owner


def owner_needs_rendering(event: Peeked) -> bool:
    """The owner asks, in a dialect the bundle does not exist in yet."""
    return asked_by_owner(event) and not event.rendered


def finds_nothing(event: DataRead) -> bool:
    """No series was found that the requester may see."""
    return event.series == 0


def has_negative_residual(event: BasisCalculated) -> bool:
    """The residual consumption of at least one step is negative."""
    return event.negative_steps > 0


def is_last_settlement(event: CorrectionsSettled) -> bool:
    """It is the settlement three years after the month of operation."""
    return event.is_last


def changes_reading(event: ReadingChecked) -> bool:
    """The reading states another value or status than the one that stands."""
    return event.changes
