"""A request carried out: each transaction is answered or rejected (RSM-015, RSM-016, RSM-017; BRS-024 to BRS-028).

Every answer and every reject is a document of its own and goes to who asked, never to a delegate of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sqlalchemy.engine import Connection

from gateway.hub import journal, used_ids
from gateway.hub.journal import Outcome, OutcomeState
from gateway.hub.office import Office
from gateway.hub.outgoing import Address, Cause, Content, Rejection, Rejections, Reply, enqueue
from gateway.hub.ports import Accepted, Principal, Refused
from gateway.hub.refused_case import RefusedCase, used_findings
from gateway.hub.step_log import StepLog
from gateway.messages.codes import REJECT_KINDS, Category, DocumentKind
from gateway.messages.documents import Request, RequestedResults, RequestedSeries
from gateway.messages.findings import Finding
from gateway.processes import effects
from gateway.processes.data_request import DATA_REQUEST, DataRequestState
from gateway.processes.events import DataRead, Event, RulesChecked
from gateway.processes.machine import Transition


class Reading(NamedTuple):
    """What was found for one transaction: the documents that answer it, or the findings that say why none does."""

    replies: tuple[Reply, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def series(self) -> int:
        """How many series the documents hold."""
        return sum(len(reply.content) for reply in self.replies)


class Source(Protocol):
    """Where the transactions of one request are answered from."""

    def read(self, connection: Connection, rows: Sequence[int], transaction: int) -> Mapping[int, Reading]:
        """What there is for each of some transactions that broke no rule, as known in a transaction of the hub."""


@dataclass(frozen=True, slots=True)
class RequestCase:
    """A request that passed the envelope's checks, with what the rules found in each transaction."""

    office: Office
    message: int
    principal: Principal
    document: Request
    source: Source
    findings: Mapping[int, tuple[Finding, ...]]

    @property
    def numbers(self) -> Sequence[int]:
        """Its number in the journal."""
        return (self.message,)

    def settle(self, connection: Connection, transaction: int, at: int) -> list[Accepted | Refused]:
        """Answer or reject every transaction, unless the ids have been used before."""
        header = self.document.header
        series: Sequence[RequestedSeries | RequestedResults] = self.document.series
        (used,) = used_findings(connection, self.office.profile, self.principal.party, [self.document])
        if used:
            refused = RefusedCase(self.message, self.principal, used, header, len(series))
            return refused.settle(connection, transaction, at)
        ids = [(one.transaction, self.message, row, _point(one) or "") for row, one in enumerate(series)]
        used_ids.claim(connection, self.principal.party, [(self.message, header.message_id)], ids)
        _Run(self, connection, Cause(self.message, transaction, at)).carry_out()
        result = Outcome(OutcomeState.ACCEPTED, header.message_id, header.process_type, len(series), transaction)
        journal.conclude(connection, self.message, at, result)
        return [Accepted(header.message_id)]


class _Run:
    """One carrying-out of a request."""

    def __init__(self, case: RequestCase, connection: Connection, cause: Cause) -> None:
        self._case = case
        self._connection = connection
        self._cause = cause
        self._log = StepLog([(0, len(case.document.series))])
        self._wanted: list[int] = []
        self._found: list[tuple[int, Finding]] = []
        self._outgoing: list[tuple[Cause, Address, Content]] = []

    def carry_out(self) -> None:
        """Walk every transaction through its table."""
        for row in range(len(self._case.document.series)):
            self._happen(row, DataRequestState.RECEIVED, RulesChecked(self._case.findings.get(row, ())))
        readings = self._case.source.read(self._connection, self._wanted, self._cause.transaction)
        for row in self._wanted:
            reading = readings[row]
            self._happen(row, DataRequestState.AUTHORISED, DataRead(reading.series, reading.findings), reading.replies)
        enqueue(self._connection, self._outgoing)
        journal.note_findings(
            self._connection, self._case.message, self._cause.at, self._case.principal.party, self._found
        )
        self._log.write(self._connection, [self._case.message], self._cause.at)

    def _happen(self, row: int, state: DataRequestState, event: Event, replies: tuple[Reply, ...] = ()) -> None:
        outcome = DATA_REQUEST.step(state, event)
        if not isinstance(outcome, Transition):
            raise TypeError(outcome.finding.text)
        self._log.note(DATA_REQUEST, event, outcome.to, [row])
        named = {effect.name for effect in outcome.effects}
        if effects.REJECT_REQUEST.name in named:
            self._reject(row, event)
        if effects.READ_SERIES.name in named:
            self._wanted.append(row)
        if effects.ANSWER.name in named:
            self._send(replies)

    def _reject(self, row: int, event: Event) -> None:
        """REJECT_REQUEST and COUNT_REJECTION: every reason to the requester, and into the statistics."""
        if not isinstance(event, RulesChecked | DataRead):
            raise TypeError(f"{type(event).__name__} names no findings")
        request = self._case.document.series[row]
        reasons: list[tuple[str, str | None]] = [(found.code, found.text) for found in event.findings]
        rejection = Rejection(request.transaction, reasons, _point(request))
        self._send([Reply(REJECT_KINDS[self._case.document.kind], Rejections((rejection,)))])
        self._found += [(row, found) for found in event.findings]

    def _send(self, replies: Sequence[Reply]) -> None:
        """Each reply as a document of its own, to who asked."""
        self._outgoing += [(self._cause, self._address(reply.kind), reply.content) for reply in replies]

    def _address(self, kind: DocumentKind) -> Address:
        document, who = self._case.document, self._case.principal
        return Address(
            party=who.party,
            role=self._case.office.profile.queue_role(who.role),
            category=_CATEGORIES[document.kind],
            kind=kind,
            process_type=document.header.process_type or "",
            document_role=document.header.sender.role or who.role.value,
            related_message=document.header.message_id,
            alone=True,
        )


_CATEGORIES = {
    DocumentKind.MEASURE_DATA_REQUEST: Category.MEASURE_DATA,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: Category.AGGREGATIONS,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: Category.AGGREGATIONS,
}
"""The section of the requester's queue in which a request is answered."""


def _point(request: RequestedSeries | RequestedResults) -> str | None:
    """The metering point a transaction asks about; None for results, which are of no single one."""
    return request.point if isinstance(request, RequestedSeries) else None
