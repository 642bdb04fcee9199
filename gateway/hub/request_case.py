"""A request for measure data carried out (RSM-015, BRS-024 and BRS-025): each transaction is answered or rejected.

The answer is the values as known in the transaction that answers, however late the requester peeks. Every answer and
every reject is a document of its own and goes to who asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub import journal, used_ids
from gateway.hub.journal import Outcome, OutcomeState
from gateway.hub.office import Office
from gateway.hub.outgoing import Address, Answer, Answers, Cause, Rejection, Rejections, enqueue
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Accepted, Principal, Refused
from gateway.hub.refused_case import RefusedCase, used_findings
from gateway.hub.step_log import StepLog
from gateway.messages.codes import Category, DocumentKind, ProcessType
from gateway.messages.documents import MeasureDataRequest
from gateway.messages.findings import Finding
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import Interval
from gateway.processes import effects
from gateway.processes.data_request import DATA_REQUEST, DataRequestState
from gateway.processes.events import DataRead, Event, RulesChecked
from gateway.processes.machine import Transition
from gateway.rules.requests import RequestBatch


@dataclass(frozen=True, slots=True)
class RequestCase:
    """A request that passed the envelope's checks, with what the rules found in each transaction."""

    office: Office
    message: int
    principal: Principal
    document: MeasureDataRequest
    batch: RequestBatch
    findings: dict[int, tuple[Finding, ...]]

    @property
    def numbers(self) -> Sequence[int]:
        """Its number in the journal."""
        return (self.message,)

    def settle(self, connection: Connection, transaction: int, at: int) -> list[Accepted | Refused]:
        """Answer or reject every transaction, unless the ids have been used before."""
        header, series = self.document.header, self.document.series
        (used,) = used_findings(connection, self.office.profile, self.principal.party, [self.document])
        if used:
            refused = RefusedCase(self.message, self.principal, used, header, len(series))
            return refused.settle(connection, transaction, at)
        ids = [(one.transaction, self.message, row, one.point) for row, one in enumerate(series)]
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
        self._answers: dict[int, Answers] = {}
        self._found: list[tuple[int, Finding]] = []

    def carry_out(self) -> None:
        """Walk every transaction through its table."""
        for row in range(len(self._case.document.series)):
            self._happen(row, DataRequestState.RECEIVED, RulesChecked(self._case.findings.get(row, ())))
        journal.note_findings(
            self._connection, self._case.message, self._cause.at, self._case.principal.party, self._found
        )
        self._log.write(self._connection, [self._case.message], self._cause.at)

    def _happen(self, row: int, state: DataRequestState, event: Event) -> None:
        outcome = DATA_REQUEST.step(state, event)
        if not isinstance(outcome, Transition):
            raise TypeError(outcome.finding.text)
        self._log.note(DATA_REQUEST, event, outcome.to, [row])
        named = {effect.name for effect in outcome.effects}
        if effects.REJECT_REQUEST.name in named:
            self._reject(row, event)
        if effects.READ_SERIES.name in named:
            self._happen(row, outcome.to, self._read(row))
        if effects.ANSWER.name in named:
            self._send(self._answers[row], DocumentKind.MEASURE_DATA)

    def _reject(self, row: int, event: Event) -> None:
        """REJECT_REQUEST and COUNT_REJECTION: every reason to the requester, and into the statistics."""
        if not isinstance(event, RulesChecked | DataRead):
            raise TypeError(f"{type(event).__name__} names no findings")
        request = self._case.document.series[row]
        reasons: list[tuple[str, str | None]] = [(found.code, found.text) for found in event.findings]
        rejection = Rejection(request.transaction, reasons, request.point)
        self._send(Rejections((rejection,)), DocumentKind.MEASURE_DATA_REQUEST_REJECT)
        self._found += [(row, found) for found in event.findings]

    def _read(self, row: int) -> DataRead:
        """READ_SERIES: what the requester may see, and whether the store holds any of it."""
        items = [answer for answer in self._possible(row) if self._has_values(answer)]
        self._answers[row] = Answers(tuple(items))
        if items:
            return DataRead(len(items))
        without = np.zeros(len(self._case.document.series), dtype=np.bool_)
        without[row] = True
        return DataRead(0, self._case.office.profile.check_request(self._case.batch, without).rows[row])

    def _possible(self, row: int) -> Sequence[Answer]:
        """One answer for each part the requester may see and each version of the point in it."""
        case, request = self._case, self._case.document.series[row]
        is_annual = case.document.header.process_type == ProcessType.YEARLY_METERING
        found: list[Answer] = []
        for part in case.batch.entitled[row]:
            for version in case.batch.master.versions(request.point, part):
                span = Interval(max(part.start, version.valid_from), min(part.end, version.valid_to))
                found.append(self._answer(request.transaction, version, span, is_annual=is_annual))
        return found[-1:] if is_annual else found

    def _answer(self, transaction: str, version: MeteringPointVersion, span: Interval, *, is_annual: bool) -> Answer:
        return Answer(
            transaction=transaction,
            point=version.metering_point,
            point_type=version.kind,
            unit=version.unit,
            start=span.start,
            end=span.end,
            as_of=self._cause.transaction,
            is_annual=is_annual,
        )

    def _has_values(self, answer: Answer) -> bool:
        points = np.array([int(answer.point)], dtype=np.int64)
        span, kind = Interval(answer.start, answer.end), series_kind(answer.unit)
        return bool(self._case.office.store.read(self._connection, points, span, kind=kind).runs[0])

    def _send(self, content: Answers | Rejections, kind: DocumentKind) -> None:
        header, who = self._case.document.header, self._case.principal
        address = Address(
            party=who.party,
            role=self._case.office.profile.queue_role(who.role),
            category=Category.MEASURE_DATA,
            kind=kind,
            process_type=header.process_type or "",
            document_role=header.sender.role or who.role.value,
            related_message=header.message_id,
            alone=True,
        )
        enqueue(self._connection, [(self._cause, address, content)])
