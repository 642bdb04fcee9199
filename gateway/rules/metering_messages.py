"""Rules of a message of metering data as a whole: who sends it, where to, how much (Elering 12). Answered at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gateway.messages.codes import Commodity, FeedForm, Role
from gateway.messages.findings import Finding
from gateway.messages.metering_data import MeteringData
from gateway.rules.batch import Sender
from gateway.rules.envelope import Breach
from gateway.rules.metering_batch import MeteringTerms
from gateway.rules.runner import Wording


@dataclass(frozen=True, slots=True)
class Closing:
    """From an instant on, some roles may not send a commodity in a form any more."""

    form: FeedForm
    commodity: Commodity
    roles: frozenset[Role]
    at: int


@dataclass(frozen=True, slots=True)
class MessageCase:
    """One message beside who sent it.

    Attributes:
        form, commodity: how and for what it was sent.
        sender: who sent it, in the role it stated.
        data: the message; None where it could not be read, or is not needed.
        now: instant of receipt.
        terms: what the market says today.
        closings: forms that are closed or will be.
    """

    form: FeedForm
    commodity: Commodity
    sender: Sender
    data: MeteringData | None
    now: int
    terms: MeteringTerms
    closings: tuple[Closing, ...] = ()


MessageRule = Callable[[MessageCase], Iterator[Breach]]


def form_open(case: MessageCase) -> Iterator[Breach]:
    """The form is open to the role for the commodity."""
    for closing in case.closings:
        is_meant = (closing.form, closing.commodity) == (case.form, case.commodity)
        if is_meant and case.sender.role in closing.roles and case.now >= closing.at:
            yield Breach("", {"form": case.form, "role": case.sender.role, "commodity": case.commodity})


def role_may_submit(case: MessageCase) -> Iterator[Breach]:
    """The sender acts in a role that may send the commodity."""
    if case.sender.role not in case.terms.submitters[case.commodity]:
        yield Breach("", {"role": case.sender.role, "commodity": case.commodity})


def caller_is_sender(case: MessageCase) -> Iterator[Breach]:
    """The participant that the message's context names is the one that was authenticated."""
    caller = case.data.caller if case.data else None
    if caller is not None and caller.party != case.sender.party:
        path = "marketParticipantContext.marketParticipantIdentification"
        yield Breach(path, {"stated": caller.party[:40], "party": case.sender.party})


def commodity_as_addressed(case: MessageCase) -> Iterator[Breach]:
    """The commodity of the message is that of the address or the headers."""
    if case.data is not None and case.data.commodity != case.commodity:
        yield Breach("", {"stated": case.data.commodity, "commodity": case.commodity})


def intervals_not_too_many(case: MessageCase) -> Iterator[Breach]:
    """A message holds no more accounting intervals than the market takes: a year of quarters."""
    if case.data is not None and len(case.data) > case.terms.most_intervals:
        yield Breach("", {"count": len(case.data), "most": case.terms.most_intervals})


@dataclass(frozen=True)
class MessageRules:
    """The rules of messages a market has enabled, in their order."""

    rules: tuple[tuple[MessageRule, Wording], ...] = ()

    def check(self, case: MessageCase) -> tuple[Finding, ...]:
        """Everything they find in a message; empty when it may go on."""
        return tuple(
            wording.finding(breach.words, breach.path) for rule, wording in self.rules for breach in rule(case)
        )
