"""Checks of a document's envelope, made at once, before its series are processed (dk-messages §5).

All of them run and everything they find is returned. What only history or the schema can know (an id used before, a
namespace unknown) has its wording in the same table and comes from whoever knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.messages.codes import Role
from gateway.messages.documents import Header
from gateway.messages.findings import Finding
from gateway.messages.identifiers import Scheme, has_eic_check_character, has_gs1_check_digit
from gateway.rules.batch import Sender
from gateway.rules.hits import Words
from gateway.rules.runner import Wording

LONGEST_ID = 36


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a market takes in documents of one kind.

    Attributes:
        sender_roles: roles a sender may state.
        process_types: business processes, by `ProcessType`.
        type_codes: document types as on the wire.
        acts_as: roles a token's role may state besides its own.
        business_sectors: codes of the energy business.
        hub: the party that receives.
        hub_role: the role it receives in.
    """

    sender_roles: frozenset[str]
    process_types: frozenset[str]
    type_codes: frozenset[str]
    acts_as: Mapping[Role, frozenset[str]]
    business_sectors: frozenset[str]
    hub: str
    hub_role: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """One document's header and transaction ids beside the party that was authenticated.

    Attributes:
        header: the header as decoded.
        transactions: the transaction id of each series.
        sender: the authenticated party and the role of its token.
        acceptance: what the market takes in this kind of document.
        is_delegated: whether every series is delegated to the caller, which settles the question of roles.
    """

    header: Header
    transactions: Sequence[str]
    sender: Sender
    acceptance: Acceptance
    is_delegated: bool = False


class Breach(NamedTuple):
    """Where an envelope breaks a rule, counted from 0, and what the wording may name."""

    path: str
    words: Words


EnvelopeRule = Callable[[Envelope], Iterable[Breach]]


def token_has_sender_role(envelope: Envelope) -> Iterator[Breach]:
    """The role of the token is the stated sender role, or may act as it."""
    stated, own = envelope.header.sender.role, envelope.sender.role
    if not envelope.is_delegated and stated != own and stated not in envelope.acceptance.acts_as.get(own, ()):
        yield Breach("sender/role", {"role": stated, "token_role": own})


def sender_is_caller(envelope: Envelope) -> Iterator[Breach]:
    """The stated sender is the party that was authenticated (D1 §3.2.1)."""
    if envelope.header.sender.id != envelope.sender.party:
        yield Breach("sender/id", {"sender": envelope.header.sender.id})


def sender_check_digit(envelope: Envelope) -> Iterator[Breach]:
    """The sender's id ends in its check digit (D1 §1.17-18)."""
    sender = envelope.header.sender
    is_right = has_eic_check_character if sender.scheme == Scheme.EIC else has_gs1_check_digit
    if not is_right(sender.id):
        yield Breach("sender/id", {"sender": sender.id})


def sender_role_allowed(envelope: Envelope) -> Iterator[Breach]:
    """The stated sender role may send this kind of document."""
    role = envelope.header.sender.role
    if not envelope.is_delegated and role not in envelope.acceptance.sender_roles:
        yield Breach("sender/role", {"role": role})


def message_id_present(envelope: Envelope) -> Iterator[Breach]:
    """The document has an id."""
    if not envelope.header.message_id.strip():
        yield Breach("message_id", {})


def message_id_short(envelope: Envelope) -> Iterator[Breach]:
    """The document's id is no longer than 36 characters."""
    if len(envelope.header.message_id) > LONGEST_ID:
        yield Breach("message_id", {"longest": LONGEST_ID})


def transaction_id_present(envelope: Envelope) -> Iterator[Breach]:
    """Every series has an id."""
    if not all(map(str.strip, envelope.transactions)):
        yield from _series(envelope, lambda _, transaction: not transaction.strip())


def transaction_id_short(envelope: Envelope) -> Iterator[Breach]:
    """The id of every series is no longer than 36 characters."""
    if envelope.transactions and max(map(len, envelope.transactions)) > LONGEST_ID:
        yield from _series(envelope, lambda _, transaction: len(transaction) > LONGEST_ID)


def transaction_id_unique(envelope: Envelope) -> Iterator[Breach]:
    """No two series of the document share an id."""
    if len(set(envelope.transactions)) < len(envelope.transactions):
        first: dict[str, int] = {}
        for row, transaction in enumerate(envelope.transactions):
            first.setdefault(transaction, row)
        yield from _series(envelope, lambda row, transaction: bool(transaction) and first[transaction] != row)


def receiver_is_hub(envelope: Envelope) -> Iterator[Breach]:
    """The document is addressed to the hub."""
    if envelope.header.receiver.id != envelope.acceptance.hub:
        yield Breach("receiver/id", {"receiver": envelope.header.receiver.id, "hub": envelope.acceptance.hub})


def receiver_role_is_hub(envelope: Envelope) -> Iterator[Breach]:
    """The receiver's role is the hub's, where the dialect states one."""
    role = envelope.header.receiver.role
    if role is not None and role != envelope.acceptance.hub_role:
        yield Breach("receiver/role", {"role": role})


def document_type_right(envelope: Envelope) -> Iterator[Breach]:
    """The document's type is the one of its kind."""
    code = envelope.header.type_code
    if code is not None and code not in envelope.acceptance.type_codes:
        yield Breach("type_code", {"type": code})


def process_type_accepted(envelope: Envelope) -> Iterator[Breach]:
    """The business process is one that this kind of document serves."""
    process = envelope.header.process_type
    if process not in envelope.acceptance.process_types:
        yield Breach("process_type", {"process": process})


def business_sector_right(envelope: Envelope) -> Iterator[Breach]:
    """The business sector, where stated, is electricity."""
    sector = envelope.header.business_sector
    if sector is not None and sector not in envelope.acceptance.business_sectors:
        yield Breach("business_sector", {"sector": sector})


@dataclass(frozen=True, slots=True)
class EnvelopeRules:
    """The envelope checks a market has enabled, each under its wording.

    Attributes:
        rules: in the order in which findings are returned.
        most_findings: how many findings of one rule are written out; one more counts the rest.
    """

    rules: tuple[tuple[EnvelopeRule, Wording], ...]
    most_findings: int = 100

    def check(self, envelope: Envelope) -> tuple[Finding, ...]:
        """Everything that is wrong with the envelope, in the order of the rules."""
        found: list[Finding] = []
        for rule, wording in self.rules:
            breaches = list(rule(envelope))
            if not breaches:
                continue
            found += [wording.finding(words, path) for path, words in breaches[: self.most_findings]]
            if (rest := len(breaches) - self.most_findings) > 0:
                found.append(wording.closing(rest, "Series"))
        return tuple(found)


def _series(envelope: Envelope, is_wrong: Callable[[int, str], bool]) -> Iterator[Breach]:
    for row, transaction in enumerate(envelope.transactions):
        if is_wrong(row, transaction):
            yield Breach(f"Series/{row}/transaction", {"transaction": transaction, "longest": LONGEST_ID})
