"""The runner: load, step, commit. Journal first, in a commit of its own; then all that a message brings about, in one.

A group of messages shares both commits. A message that breaks the group's second commit is carried out alone; one
that cannot be carried out at all is shown as failed and keeps its place in the journal.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from gateway.hub import journal
from gateway.hub.database import allocate
from gateway.hub.journal import Entry, Outcome, OutcomeState, StoredEntry
from gateway.hub.office import Office
from gateway.hub.opening import Mail, ReadMeasureData, join, read_mail
from gateway.hub.ports import Accepted, Principal, Refused, StoreUnavailable, Submission
from gateway.messages.codes import Dialect, NeutralForm
from gateway.messages.findings import Finding

log = logging.getLogger(__name__)

Answer = Accepted | Refused


class CannotBeCarriedOut(Exception):
    """A message that our own code failed on: it is journaled and shown as failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message to carry out.

    Attributes:
        at: when it came, microseconds.
        packed: its journal entry; None while it is small, for then packing costs less than handing it over.
    """

    principal: Principal
    submission: Submission
    at: int
    packed: Entry | None = None

    @property
    def entry(self) -> Entry:
        """Its journal entry."""
        return self.packed or Entry.incoming(self.principal, self.submission, self.at)


class Case(Protocol):
    """Messages that have been read and checked, ready to be carried out; carrying them out twice does it once."""

    @property
    def numbers(self) -> Sequence[int]:
        """Their numbers in the journal."""
        ...

    def settle(self, connection: Connection, transaction: int, at: int) -> Sequence[Answer]:
        """Carry the messages out within a transaction, one answer each; `at` in microseconds."""
        ...


class _DecidedMeanwhileError(Exception):
    """Some messages of a case have been carried out by another process."""


class Runner:
    """Carries out messages in groups."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def handle(self, jobs: Sequence[Job]) -> list[Answer | Exception]:
        """Journal the messages, check them, carry them out; one answer or exception each, in order."""
        entries = [job.entry for job in jobs]
        try:
            # Kept before anyone parses it, should that kill us; the second commit makes it last before the answer.
            with self._office.database.write(lasting=False) as connection:
                numbers = journal.enter_all(connection, entries)
                is_current = self._office.is_current(connection)
            if not is_current:
                self._refresh()
        except StoreUnavailable as error:
            return [error] * len(jobs)
        mail = [Mail(number, job.principal, job.submission) for number, job in zip(numbers, jobs, strict=True)]
        answers = self._carry_out(mail)
        return [answers[number] for number in numbers]

    def recover(self, before: int) -> int:
        """Take up entries that came before an instant (microseconds) and have no outcome; how many there were.

        Raises:
            StoreUnavailable: the rest must wait until the database takes something again.
        """
        done = 0
        while True:
            self._refresh()
            with self._office.database.read() as connection:
                numbers = journal.unfinished(connection, before)
            if not numbers:
                return done
            for number in numbers:
                self._take_up(number)
            done += len(numbers)

    def _take_up(self, number: int) -> None:
        with self._office.database.read() as connection:
            entry = journal.read(connection, number)
        answer = self._carry_out([_mail_of(entry)])[number]
        if isinstance(answer, StoreUnavailable):  # without an outcome it would be found again at once, and for ever
            raise answer

    def _refresh(self) -> None:
        with self._office.database.read() as connection:
            self._office.refresh(connection)

    def _carry_out(self, mail: Sequence[Mail]) -> dict[int, Answer | Exception]:
        """Check messages and carry them out in one commit; what breaks the commit is carried out alone."""
        cases = self._open(mail)
        try:
            return self._settle(cases)
        except StoreUnavailable as error:
            return {one.number: error for one in mail}
        except Exception as error:  # one message must not take the others with it
            if len(mail) == 1:
                return {mail[0].number: self._settle_again(cases[0], error)}
            return {number: answer for one in mail for number, answer in self._carry_out([one]).items()}

    def _open(self, mail: Sequence[Mail]) -> list[Case]:
        cases: list[Case] = []
        measure_data: list[ReadMeasureData] = []
        for one in mail:
            read: ReadMeasureData | Case
            try:
                read = read_mail(self._office, one)
            except Exception:  # our bug; the message must still get an outcome
                log.exception("message %d could not be checked", one.number)
                read = _Failure(one.number)
            if isinstance(read, ReadMeasureData):
                measure_data.append(read)
            else:
                cases.append(read)
        return cases + self._joined(measure_data)

    def _joined(self, read: Sequence[ReadMeasureData]) -> list[Case]:
        try:
            return list(join(self._office, read))
        except Exception:  # our bug; the others must not suffer from one
            if len(read) > 1:
                return [case for one in read for case in self._joined([one])]
            log.exception("message %d could not be checked", read[0].number)
            return [_Failure(read[0].number)]

    def _settle(self, cases: Sequence[Case]) -> dict[int, Answer | Exception]:
        at = self._office.clock.micros()
        answers: dict[int, Answer | Exception] = {}
        with self._office.database.write() as connection:
            transaction = allocate(connection, at)
            for case in cases:
                answers.update(zip(case.numbers, _settled(case, connection, transaction, at), strict=True))
        return answers

    def _settle_again(self, case: Case, error: Exception) -> Answer | Exception:
        """A second look at a message that broke its commit: another process may have taken its ids meanwhile."""
        (number,) = case.numbers
        try:
            if isinstance(error, IntegrityError):
                return self._settle([case])[number]
            log.error("message %d could not be carried out", number, exc_info=error)
            self._settle([_Failure(number)])
        except StoreUnavailable as outage:
            return outage
        return CannotBeCarriedOut(f"message {number} could not be carried out")


def _mail_of(entry: StoredEntry) -> Mail:
    log.warning("message %d was not finished before the restart and is taken up again", entry.id)
    form = entry.dialect if isinstance(entry.dialect, NeutralForm) else Dialect(entry.dialect)
    submission = Submission(entry.kind, form, entry.body, correlation_id=entry.correlation)
    return Mail(entry.id, entry.principal, submission)


def _settled(case: Case, connection: Connection, transaction: int, at: int) -> Sequence[Answer]:
    if journal.are_pending(connection, case.numbers):
        return case.settle(connection, transaction, at)
    if len(case.numbers) > 1:
        raise _DecidedMeanwhileError
    return [_decided(connection, case.numbers[0])]


@dataclass(frozen=True, slots=True)
class _Failure:
    """A message our own code fails on."""

    message: int

    @property
    def numbers(self) -> Sequence[int]:
        """Its number in the journal."""
        return (self.message,)

    def settle(self, connection: Connection, transaction: int, at: int) -> Sequence[Answer]:
        """Show it as failed."""
        journal.conclude(connection, self.message, at, Outcome(OutcomeState.FAILED, transaction=transaction))
        return [_FAILED]


_FAILED = Refused((Finding(code="", text="could not be carried out; the operator has been told", rule="failed"),))


def _decided(connection: Connection, message: int) -> Answer:
    """The answer to a message that somebody else has carried out meanwhile."""
    result = journal.outcome_of(connection, message)
    if result is not None and result.state is OutcomeState.ACCEPTED:
        return Accepted(result.message_id or "")
    if result is not None and result.state is OutcomeState.FAILED:
        return _FAILED
    return Refused(tuple(found for _, found in journal.findings_of(connection, message)))
