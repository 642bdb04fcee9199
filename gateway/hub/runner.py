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
from gateway.hub.database import StoreUnavailable, allocate
from gateway.hub.journal import Entry, Outcome, OutcomeState, StoredEntry
from gateway.hub.office import Office
from gateway.hub.opening import open_case
from gateway.hub.ports import Accepted, Principal, Refused, Submission
from gateway.messages.findings import Finding

log = logging.getLogger(__name__)

Answer = Accepted | Refused


class CannotBeCarriedOut(Exception):
    """A message that our own code failed on: it is journaled and shown as failed."""


@dataclass(frozen=True, slots=True)
class Job:
    """One message to carry out, with its packed journal entry."""

    principal: Principal
    submission: Submission
    entry: Entry


class Case(Protocol):
    """A message that has been read and checked, ready to be carried out; carrying it out twice does it once."""

    @property
    def message(self) -> int:
        """Its number in the journal."""
        ...

    def settle(self, connection: Connection, transaction: int, at: int) -> Answer:
        """Carry the message out within a transaction; `at` in microseconds."""
        ...


class Runner:
    """Carries out messages in groups."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def handle(self, jobs: Sequence[Job]) -> list[Answer | Exception]:
        """Journal the messages, check them, carry them out; one answer or exception each, in order."""
        try:
            with self._office.database.write() as connection:
                numbers = [journal.enter(connection, job.entry) for job in jobs]
                is_current = self._office.is_current(connection)
            if not is_current:
                self._refresh()
        except StoreUnavailable as error:
            return [error] * len(jobs)
        cases = [self._open(number, job.principal, job.submission) for number, job in zip(numbers, jobs, strict=True)]
        return self._settle(cases)

    def recover(self, before: int) -> int:
        """Take up entries that came before an instant (microseconds) and have no outcome; how many there were."""
        done = 0
        while True:
            self._refresh()
            with self._office.database.read() as connection:
                entries = [journal.read(connection, n) for n in journal.unfinished(connection, before)]
            if not entries:
                return done
            for entry in entries:
                self._settle([self._reopen(entry)])
            done += len(entries)

    def _refresh(self) -> None:
        with self._office.database.read() as connection:
            self._office.refresh(connection)

    def _reopen(self, entry: StoredEntry) -> Case:
        log.warning("message %d was not finished before the restart and is taken up again", entry.id)
        submission = Submission(entry.kind, entry.dialect, entry.body, correlation_id=entry.correlation)
        return self._open(entry.id, entry.principal, submission)

    def _open(self, number: int, principal: Principal, submission: Submission) -> Case:
        try:
            return open_case(self._office, number, principal, submission)
        except Exception:  # our bug; the message must still get an outcome
            log.exception("message %d could not be checked", number)
            return _Failure(number)

    def _settle(self, cases: Sequence[Case]) -> list[Answer | Exception]:
        at = self._office.clock.micros()
        try:
            with self._office.database.write() as connection:
                transaction = allocate(connection, at)
                return [self._settle_one(case, connection, transaction, at) for case in cases]
        except StoreUnavailable as error:
            return [error] * len(cases)
        except Exception as error:  # one message must not take the others with it
            if len(cases) > 1:
                return [answer for case in cases for answer in self._settle([case])]
            return [self._settle_alone(cases[0], error)]

    def _settle_one(self, case: Case, connection: Connection, transaction: int, at: int) -> Answer:
        if not journal.is_pending(connection, case.message):
            return _decided(connection, case.message)
        return case.settle(connection, transaction, at)

    def _settle_alone(self, case: Case, error: Exception) -> Answer | Exception:
        """A second look at a message that broke its commit: another process may have taken its ids meanwhile."""
        at = self._office.clock.micros()
        try:
            with self._office.database.write() as connection:
                transaction = allocate(connection, at)
                if isinstance(error, IntegrityError):
                    return self._settle_one(case, connection, transaction, at)
                log.error("message %d could not be carried out", case.message, exc_info=error)
                _Failure(case.message).settle(connection, transaction, at)
        except StoreUnavailable as outage:
            return outage
        return CannotBeCarriedOut(f"message {case.message} could not be carried out")


@dataclass(frozen=True, slots=True)
class _Failure:
    """A message our own code fails on."""

    message: int

    def settle(self, connection: Connection, transaction: int, at: int) -> Answer:
        journal.conclude(connection, self.message, at, Outcome(OutcomeState.FAILED, transaction=transaction))
        text = "could not be carried out; the operator has been told"
        return Refused((Finding(code="", text=text, rule="failed"),))


def _decided(connection: Connection, message: int) -> Answer:
    """The answer to a message that somebody else has carried out meanwhile."""
    result = journal.outcome_of(connection, message)
    if result is not None and result.state is OutcomeState.ACCEPTED:
        return Accepted(result.message_id or "")
    return Refused(tuple(found for _, found in journal.findings_of(connection, message)))
