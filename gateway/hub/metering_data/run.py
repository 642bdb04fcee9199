"""A message of metering data carried out: it walks its process table, and the effects named there are done here.

One transaction holds all of it: values, errors, steps, the final state, what others find in their change feed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub import journal
from gateway.hub.clock import MICROSECONDS
from gateway.hub.journal import Outcome, OutcomeState
from gateway.hub.metering_data import documents
from gateway.hub.metering_data.changes import Change, NoteChanges
from gateway.hub.metering_data.documents import Letter
from gateway.hub.metering_data.errors import note_errors
from gateway.hub.metering_data.reading import Refusal
from gateway.hub.metering_data.storing import MeteringStore, Stored
from gateway.hub.office import Office
from gateway.hub.step_log import StepLog
from gateway.messages.codes import FeedForm
from gateway.messages.findings import Finding
from gateway.messages.masterdata import Rows
from gateway.messages.metering_data import MeteringData, series_of
from gateway.messages.metering_status import ProcessingState, ReportedError
from gateway.messages.series import SeriesTable
from gateway.messages.times import NO_INSTANT
from gateway.processes import effects
from gateway.processes.events import Appended, Event, Failed, IntervalsChecked, Recovered
from gateway.processes.machine import State, Transition
from gateway.processes.metering_data import METERING_DATA, MeteringDataState
from gateway.rules.batch import Sender
from gateway.rules.metering_batch import MeteringBatch

_FINAL: Mapping[State, tuple[ProcessingState, OutcomeState]] = {
    MeteringDataState.SUCCESSFUL: (ProcessingState.SUCCESSFUL, OutcomeState.ACCEPTED),
    MeteringDataState.PARTIAL: (ProcessingState.PARTIALLY_SUCCESSFUL, OutcomeState.PARTLY_ACCEPTED),
    MeteringDataState.ERROR: (ProcessingState.ERROR, OutcomeState.REFUSED),
    MeteringDataState.FAILED: (ProcessingState.ERROR, OutcomeState.FAILED),
}
"""What the sender is told, and what the journal says, by where the process ended."""


@dataclass(frozen=True, slots=True)
class CheckedLetter:
    """A message as the rules found it.

    Attributes:
        letter: the message.
        event: what the check amounts to.
        errors: what was found.
        table: the series to store.
        keys: int64[n], the metering points of their rows.
        recovered: whether it was taken up from the journal.
    """

    letter: Letter
    event: Event
    errors: tuple[ReportedError, ...]
    table: SeriesTable
    keys: Rows
    recovered: bool = False

    @classmethod
    def refused(
        cls, letter: Letter, event: Event, errors: tuple[ReportedError, ...], recovered: bool = False
    ) -> CheckedLetter:
        """A message of which nothing is stored."""
        return cls(letter, event, errors, SeriesTable.of(()), np.empty(0, dtype=np.int64), recovered)


def check_letter(
    office: Office, letter: Letter, read: MeteringData | Refusal, *, recovered: bool = False
) -> CheckedLetter:
    """A message as the market's rules find it with the master data known now, and the rules of when it came."""
    if isinstance(read, Refusal):
        return CheckedLetter.refused(letter, IntervalsChecked(0, 0), _about_message(read.findings), recovered)
    policy, now = office.profile.metering_data, letter.at // MICROSECONDS
    sender = Sender(letter.principal.party, letter.principal.role)
    batch = MeteringBatch(read, office.master, sender, now, policy.terms(now), office.known_agreements)
    verdict = policy.rules.check(batch)
    taken = verdict.taken(batch)
    errors = (*_about_message(office.profile.worded(read.unread)), *verdict.errors)
    count = 0 if read.unread else int(np.count_nonzero(taken))
    event = IntervalsChecked(count, len(read) - count)
    if not count:
        return CheckedLetter.refused(letter, event, errors, recovered)
    table = series_of(read, batch.resolution, office.profile.zone, taken).table
    if read.form is FeedForm.WORKBOOK and table.read_at is not None:  # its empty cells mean now (Elering 12)
        table.read_at[table.read_at == NO_INSTANT] = now
    numbers = dict(zip(batch.points.ids, batch.points.keys.tolist(), strict=True))
    keys = np.array([numbers[point] for point in table.point], dtype=np.int64)
    return CheckedLetter(letter, event, errors, table, keys, recovered)


def _about_message(findings: Iterable[Finding]) -> tuple[ReportedError, ...]:
    return tuple(ReportedError(found) for found in findings)


def failed_letter(letter: Letter, reason: Finding) -> CheckedLetter:
    """A message that our own code failed on: its sender sees an error, and the operator the reason."""
    return CheckedLetter.refused(letter, Failed(reason), _about_message((reason,)))


class MeteringDataRun:
    """One carrying-out of a message within a transaction; `at` in microseconds."""

    def __init__(self, store: MeteringStore, checked: CheckedLetter, at: int, note_changes: NoteChanges) -> None:
        self._store = store
        self._checked = checked
        self._at = at
        self._note_changes = note_changes
        self._stored: list[Stored] = []
        self._log = StepLog([(0, 1)])
        self._do: dict[str, Callable[[], Event | None]] = {
            effects.CHECK.name: lambda: None,  # it was checked before the transaction began
            effects.REPORT_ERRORS.name: self._report_errors,
            effects.APPEND_VERSION.name: self._append,
            effects.NOTE_CHANGES.name: self._publish,
            effects.ALERT.name: self._report_errors,
        }

    @property
    def _connection(self) -> Connection:
        return self._store.connection

    def carry_out(self) -> ProcessingState:
        """Walk the message through its table, write what came of it, and say where it ended."""
        number = self._checked.letter.number
        state: State = METERING_DATA.initial
        happenings: list[Event] = [Recovered()] if self._checked.recovered else []
        happenings.append(self._checked.event)
        while happenings:
            event = happenings.pop(0)
            outcome = METERING_DATA.step(MeteringDataState(state), event)
            if not isinstance(outcome, Transition):
                raise TypeError(outcome.finding.text)
            state = outcome.to
            self._log.note(METERING_DATA, event, state, [0])
            followers = (self._do[effect.name]() for effect in outcome.effects)
            happenings += [follower for follower in followers if follower is not None]
        told, kept = _FINAL[state]
        self._log.write(self._connection, [number], self._at)
        result = Outcome(
            kept,
            self._checked.letter.submission.document_id,
            series=len(self._checked.table),
            transaction=self._store.transaction,
        )
        journal.conclude(self._connection, number, self._at, result)
        documents.finish(self._connection, self._at, [(number, told)])
        return told

    def _report_errors(self) -> None:
        """REPORT_ERRORS and ALERT: every finding with its point and period (EE-1.4)."""
        note_errors(self._connection, self._checked.letter, self._at, self._checked.errors)

    def _append(self) -> Event:
        """APPEND_VERSION: the values, and when they were read."""
        self._stored += self._store.append(self._checked.table, self._checked.keys)
        return Appended(self._store.transaction, 0)

    def _publish(self) -> None:
        """NOTE_CHANGES: what others will find in their change feed."""
        letter = self._checked.letter
        change = Change(self._store.transaction, letter.principal, letter.submission.commodity, tuple(self._stored))
        self._note_changes(self._store.office, self._connection, change)
