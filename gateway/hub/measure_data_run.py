"""Measure data carried out: each series walks its process tables, and the effects named there are done here.

One transaction holds all of it: the series appended, what is on its way to receivers, the rejections, the steps.
Series that stand alike step together, so a thousand good series take a handful of steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub import journal
from gateway.hub.comparison import compare, is_met, states_correction
from gateway.hub.delivery import DeliveryDesk, Stored
from gateway.hub.office import Office
from gateway.hub.outgoing import Address, Cause, Content, Rejection, Rejections, enqueue
from gateway.hub.period_groups import STATUS_BITS, PeriodGroup, period_groups, rounds
from gateway.hub.ports import Principal
from gateway.hub.step_log import StepLog
from gateway.hub.supplier_rights import SupplierRights
from gateway.messages.codes import Category, DocumentKind
from gateway.messages.documents import Header
from gateway.messages.findings import Finding, Severity
from gateway.messages.series import Mask, Qualities
from gateway.processes import effects
from gateway.processes.correction import CORRECTION, CorrectionState
from gateway.processes.events import Appended, Compared, CorrectionFound, Event, RulesChecked
from gateway.processes.machine import Machine, State, Transition
from gateway.processes.submission import SUBMISSION, SubmissionState
from gateway.rules.batch import Batch
from gateway.rules.deadlines import missing_limits
from gateway.rules.runner import Verdict
from gateway.rules.series_terms import Previous

Happening = tuple[Machine[Any], State, Sequence[int], Event]
"""Series that stand in one state of one process, and what happens to them."""


@dataclass(frozen=True, slots=True)
class CheckedSeries:
    """The series of one sender's messages, and what the rules found in each by row of the batch."""

    office: Office
    principal: Principal
    batch: Batch
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Section:
    """The rows [first, end) of a batch, which one message brought."""

    message: int
    header: Header
    first: int
    end: int


class MeasureDataRun:
    """One carrying-out of messages: holds what the effects of their steps have in common."""

    def __init__(
        self, checked: CheckedSeries, sections: Sequence[Section], connection: Connection, transaction: int, at: int
    ) -> None:
        self._office = checked.office
        self._principal = checked.principal
        self._batch = checked.batch
        self._verdict = checked.verdict
        self._sections = sections
        self._connection = connection
        self._transaction = transaction
        self._at = at
        self._log = StepLog([(section.first, section.end) for section in sections])
        closing = checked.office.profile.closing
        rights = SupplierRights(checked.office, connection, closing, checked.batch) if closing else None
        self._desk = DeliveryDesk(checked.office.profile, checked.batch, checked.verdict.refused, rights)
        self._rejections: dict[int, Rejection] = {}
        self._found: list[tuple[int, Finding]] = []
        self._qualities: dict[int, Qualities] = {}
        self._happenings: deque[Happening] = deque()
        self._do: dict[str, Callable[[Sequence[int], Event], Iterable[Happening]]] = {
            effects.REJECT.name: self._reject,
            effects.COUNT_REJECTION.name: self._count_rejection,
            effects.APPEND.name: self._append,
            effects.BEGIN_CORRECTION.name: self._compare,
            effects.APPEND_DELIVERY.name: self._append_again,
            effects.APPEND_CORRECTION.name: self._append_again,
            effects.PUBLISH.name: self._publish,
            effects.PUBLISH_CORRECTION.name: self._publish,
        }

    def carry_out(self) -> None:
        """Walk every series through its tables, then write what came of it."""
        rejected, findings = self._verdict.refused, self._verdict.rows
        rows = [row for section in self._sections for row in range(section.first, section.end)]
        accepted = [row for row in rows if row not in rejected] if rejected else rows
        for row in rows if findings else ():
            if row in rejected:
                self._happen(SUBMISSION, SubmissionState.RECEIVED, [row], RulesChecked(findings[row]))
            else:
                self._found += [(row, remark) for remark in findings.get(row, ())]
        for some in rounds(self._batch.keys, accepted) if accepted else ():
            self._happen(SUBMISSION, SubmissionState.RECEIVED, some, RulesChecked())
        self._write()

    def _happen(self, machine: Machine[Any], state: State, rows: Sequence[int], event: Event) -> None:
        """Step series, and those that the effects of the step bring about, until nothing more happens."""
        self._happenings.append((machine, state, rows, event))
        while self._happenings:
            machine, state, rows, event = self._happenings.popleft()
            outcome = machine.step(state, event)
            if not isinstance(outcome, Transition):
                raise TypeError(outcome.finding.text)
            self._log.note(machine, event, outcome.to, rows)
            for effect in outcome.effects:
                self._happenings.extend(self._do[effect.name](rows, event))

    def _write(self) -> None:
        waiting: list[tuple[Cause, Address, Content]] = []
        deliveries = self._desk.deliveries([range(section.first, section.end) for section in self._sections])
        for section, own in zip(self._sections, deliveries, strict=True):
            cause = Cause(section.message, self._transaction, self._at)
            waiting += [(cause, *delivery) for delivery in own]
            if self._rejections or self._found:
                waiting += [(cause, *rejection) for rejection in self._refuse(section)]
        enqueue(self._connection, waiting)
        self._log.write(self._connection, [section.message for section in self._sections], self._at)

    def _refuse(self, section: Section) -> Iterator[tuple[Address, Rejections]]:
        """Keep what was found in a message, and answer what of it is rejected."""
        own = range(section.first, section.end)
        found = [
            (row - section.first, _local(finding, row, row - section.first))
            for row, finding in self._found
            if row in own
        ]
        journal.note_findings(self._connection, section.message, self._at, self._principal.party, found)
        rejections = tuple(self._rejections[row] for row in own if row in self._rejections)
        if rejections:
            yield self._sender_address(section.header), Rejections(rejections)

    def _sender_address(self, header: Header) -> Address:
        """An RSM-009 goes to who sent the message, never to a delegate in its place (B2B protocol)."""
        who = self._principal
        return Address(
            party=who.party,
            role=self._office.profile.queue_role(who.role),
            category=Category.MEASURE_DATA,
            kind=DocumentKind.ACKNOWLEDGEMENT,
            process_type=header.process_type or "",
            document_role=header.sender.role or who.role.value,
            related_message=header.message_id,
        )

    def _reject(self, rows: Sequence[int], event: Event) -> Iterable[Happening]:
        """REJECT: the reasons travel to the sender as RSM-009 (D1 §4.1.5)."""
        for row in rows:
            errors = [f for f in _findings(event) if f.severity is Severity.ERROR]
            reasons: list[tuple[str, str | None]] = [(found.code, found.text) for found in errors]
            self._rejections[row] = Rejection(self._batch.series.transaction[row], reasons)
        return ()

    def _count_rejection(self, rows: Sequence[int], event: Event) -> Iterable[Happening]:
        """COUNT_REJECTION: the findings kept are the statistics (D1 §4.1.5)."""
        self._found += [(row, found) for row in rows for found in _findings(event)]
        return ()

    def _append(self, rows: Sequence[int], event: Event) -> Iterable[Happening]:
        """APPEND: store what meets no accepted value; report the rest as corrections."""
        fresh: list[PeriodGroup] = []
        met: list[int] = []
        for group in period_groups(self._batch.series, self._batch.keys, rows):
            current = self._office.store.current(self._connection, group.period, group.points)
            if not current.known.any() and not states_correction(group).any():
                fresh.append(group)
                continue
            again = is_met(current) | states_correction(group)
            met += [row for row, is_again in zip(group.rows, again.tolist(), strict=True) if is_again]
            if not again.all():
                fresh.append(group.only(np.flatnonzero(~again).tolist()))
        yield from self._store(fresh, SUBMISSION, SubmissionState.ACCEPTED)
        if met:
            yield SUBMISSION, SubmissionState.ACCEPTED, sorted(met), CorrectionFound()

    def _compare(self, rows: Sequence[int], event: Event) -> Iterable[Happening]:
        """BEGIN_CORRECTION and COMPARE: what each series changes, and what the rules for corrections say of it."""
        unchanged, looked_up = np.zeros((2, len(self._batch.series)), dtype=np.bool_)
        previous = Previous.nothing(len(self._batch.series.quantity))
        events: dict[int, Compared] = {}
        for group in period_groups(self._batch.series, self._batch.keys, rows):
            current = self._office.store.current(self._connection, group.period, group.points)
            found = compare(group, current, self._within_limit(group))
            columns = (found.changed, found.late, found.added, found.unchanged)
            counts = np.stack([column.sum(axis=1) for column in columns], axis=1).tolist()
            places = self._batch.series.offsets[group.rows][:, None] + np.arange(group.period.count)
            previous.quality[places] = current.quality & STATUS_BITS
            previous.quantity[places] = current.quantity
            looked_up[group.rows] = True
            for i, row in enumerate(group.rows):
                events[row] = Compared(*counts[i])
                self._qualities[row] = found.quality[i]
                unchanged[row] = counts[i][3] == group.period.count
        remarks = dict(self._office.profile.check_history(self._batch, unchanged, looked_up, previous).rows)
        grouped: dict[Compared, list[int]] = {}
        for row, happened in sorted(events.items()):
            found_here = remarks.get(row, ())
            self._found += [(row, f) for f in found_here if f.severity is not Severity.ERROR]
            grouped.setdefault(replace(happened, findings=found_here) if found_here else happened, []).append(row)
        for happened, some in grouped.items():
            yield CORRECTION, CorrectionState.FOUND, some, happened

    def _within_limit(self, group: PeriodGroup) -> Mask:
        """Where a value stated as missing may still be delivered as if for the first time."""
        zone, period = self._office.profile.zone, group.period
        starts = zone.step_starts(period.resolution, period.start, period.count)
        rows = np.repeat(np.asarray(group.rows, dtype=np.int64), period.count)
        limits = missing_limits(self._batch, rows, np.tile(starts, len(group.rows)))
        within: Mask = (limits >= self._batch.now).reshape(len(group.rows), period.count)
        return within

    def _append_again(self, rows: Sequence[int], event: Event) -> Iterable[Happening]:
        """APPEND_CORRECTION and APPEND_DELIVERY: a later version beside the old, changed values marked."""
        groups = period_groups(self._batch.series, self._batch.keys, rows)
        corrects = isinstance(event, Compared) and event.changed > 0
        state = CorrectionState.CORRECTING if corrects else CorrectionState.LATE
        yield from self._store(groups, CORRECTION, state)

    def _store(self, groups: list[PeriodGroup], machine: Machine[Any], state: State) -> Iterable[Happening]:
        """Append groups to the series store and report who is entitled to what was appended."""
        if not groups:
            return
        inputs = [
            group.as_input(np.stack([self._qualities[row] for row in group.rows]))
            if group.rows[0] in self._qualities
            else group.as_input()
            for group in groups
        ]
        refs = self._office.store.append(self._connection, self._transaction, inputs)
        receivers: dict[int, list[int]] = {}
        for group, ref in zip(groups, refs, strict=True):
            self._desk.stored(Stored(group, ref.segment, ref.first_row))
            for row in group.rows:
                receivers.setdefault(self._desk.receivers(row), []).append(row)
        for number, rows in receivers.items():
            yield machine, state, sorted(rows), Appended(self._transaction, number)

    def _publish(self, rows: Sequence[int], event: Event) -> Iterable[Happening]:
        """PUBLISH and PUBLISH_CORRECTION: a place in the queue of everybody entitled."""
        self._desk.publish(rows)
        return ()


def _findings(event: Event) -> tuple[Finding, ...]:
    if isinstance(event, RulesChecked | Compared):
        return event.findings
    return ()


def _local(finding: Finding, row: int, number: int) -> Finding:
    """A finding with the series counted within its own message."""
    before = f"Series/{row}"
    if row == number or not finding.path.startswith(before):
        return finding
    return replace(finding, path=f"Series/{number}{finding.path[len(before) :]}")
