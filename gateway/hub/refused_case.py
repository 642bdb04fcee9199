"""A message refused at once: nothing of it is taken but the journal's entry, and the findings say why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.hub import journal, used_ids
from gateway.hub.journal import Outcome, OutcomeState
from gateway.hub.ports import Accepted, Principal, Refused
from gateway.markets.profile import Incoming, MarketProfile, transactions_of
from gateway.messages.documents import Header
from gateway.messages.findings import Finding


@dataclass(frozen=True, slots=True)
class RefusedCase:
    """A message with errors in its form or envelope; the header is there once it could be read."""

    message: int
    principal: Principal
    findings: tuple[Finding, ...]
    header: Header | None = None
    series: int = 0

    @property
    def numbers(self) -> Sequence[int]:
        """Its number in the journal."""
        return (self.message,)

    def settle(self, connection: Connection, transaction: int, at: int) -> list[Accepted | Refused]:
        """Write down why."""
        about = ((journal.WHOLE_MESSAGE, finding) for finding in self.findings)
        journal.note_findings(connection, self.message, at, self.principal.party, about)
        message_id = self.header.message_id[:64] if self.header else None
        process_type = self.header.process_type[:40] if self.header and self.header.process_type else None
        result = Outcome(OutcomeState.REFUSED, message_id, process_type, self.series, transaction)
        journal.conclude(connection, self.message, at, result)
        return [Refused(self.findings)]


def used_findings(
    connection: Connection, profile: MarketProfile, sender: str, documents: Sequence[Incoming]
) -> list[tuple[Finding, ...]]:
    """For each of a sender's documents the ids it has used before, be it in an earlier one of these documents.

    They are unique per sender, for ever; a document refused for them uses none.
    """
    ids = [transactions_of(document) for document in documents]
    messages = used_ids.used_messages(connection, sender, [one.header.message_id for one in documents])
    transactions = used_ids.used_transactions(connection, sender, [one for own in ids for one in own])
    found: list[tuple[Finding, ...]] = []
    for document, own in zip(documents, ids, strict=True):
        message_id = document.header.message_id
        said: list[Finding] = []
        if message_id in messages:
            said.append(profile.finding("message-id-used", "message_id", id=message_id))
        if not transactions.isdisjoint(own):
            said += [
                profile.finding("transaction-id-used", f"Series/{row}/transaction", id=one)
                for row, one in enumerate(own)
                if one in transactions
            ]
        if not said:
            messages.add(message_id)
            transactions.update(own)
        found.append(tuple(said))
    return found
