"""A message refused at once: nothing of it is taken but the journal's entry, and the findings say why."""

from __future__ import annotations

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

    def settle(self, connection: Connection, transaction: int, at: int) -> Accepted | Refused:
        """Write down why."""
        about = ((journal.WHOLE_MESSAGE, finding) for finding in self.findings)
        journal.note_findings(connection, self.message, at, self.principal.party, about)
        message_id = self.header.message_id[:64] if self.header else None
        process_type = self.header.process_type[:40] if self.header and self.header.process_type else None
        result = Outcome(OutcomeState.REFUSED, message_id, process_type, self.series, transaction)
        journal.conclude(connection, self.message, at, result)
        return Refused(self.findings)


def used_before(
    connection: Connection, profile: MarketProfile, principal: Principal, document: Incoming
) -> tuple[Finding, ...]:
    """Findings for ids the sender has used before; they are unique per sender, for ever."""
    found: list[Finding] = []
    message_id, transactions = document.header.message_id, transactions_of(document)
    if used_ids.is_message_used(connection, principal.party, message_id):
        found.append(profile.finding("message-id-used", "message_id", id=message_id))
    used = used_ids.used_transactions(connection, principal.party, transactions)
    for row, transaction in enumerate(transactions) if used else ():
        if transaction in used:
            path = f"Series/{row}/transaction"
            found.append(profile.finding("transaction-id-used", path, id=transaction))
    return tuple(found)
