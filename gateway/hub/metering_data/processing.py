"""Processing what was accepted: in order of arrival, many messages in one commit, each to a final state (EE-1.3).

Of one sender what came earlier is processed earlier, also where several processes take messages, one of them died or
the database was away for a while: whoever processes a message takes along what stands before it and is still open. A
message that breaks a group's commit is carried out alone; one that cannot be carried out at all ends in error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from gateway.hub import journal
from gateway.hub.database import allocate
from gateway.hub.metering_data import documents
from gateway.hub.metering_data.changes import NoteChanges
from gateway.hub.metering_data.documents import Letter
from gateway.hub.metering_data.reading import Refusal, read_letter
from gateway.hub.metering_data.run import CheckedLetter, MeteringDataRun, check_letter, failed_letter
from gateway.hub.metering_data.storing import MeteringStore
from gateway.hub.office import Office
from gateway.hub.ports import StoreUnavailable
from gateway.messages.metering_data import MeteringData
from gateway.messages.metering_status import ProcessingState

log = logging.getLogger(__name__)

Read = MeteringData | Refusal


@dataclass(frozen=True, slots=True)
class Waiting:
    """An accepted message that waits to be processed.

    Attributes:
        number: its number in the journal.
        sender: the party that sent it.
        letter: the message; None where it is read from the journal again, for memory holds only so many.
        read: what it was read as, once that is known; None likewise.
    """

    number: int
    sender: str
    letter: Letter | None = None
    read: Future[Read] | None = None


class _OvertakenError(Exception):
    """A message came to light that stands before those about to be carried out."""


class Processor:
    """Carries out accepted messages."""

    def __init__(self, office: Office, note_changes: NoteChanges) -> None:
        self._office = office
        self._note_changes = note_changes
        self._turn = threading.Lock()

    def process(self, waiting: Sequence[Waiting]) -> list[ProcessingState | Exception]:
        """Carry out messages, given in order of arrival, and what stands before them; the final state of each."""
        with self._turn:
            try:
                states = self._process({one.number: one for one in waiting})
            except StoreUnavailable as error:
                return [error] * len(waiting)
        return [states[one.number] for one in waiting]

    def recover(self, before: int) -> int:
        """Take up messages that came before an instant (microseconds) and are open; how many there were.

        Raises:
            StoreUnavailable: the rest must wait until the database takes something again.
        """
        done = 0
        while True:
            with self._office.database.read() as connection:
                numbers = documents.open_since(connection, before)
                entries = {number: journal.read(connection, number).principal.party for number in numbers}
            if not numbers:
                return done
            with self._turn:
                self._process({number: Waiting(number, party) for number, party in entries.items()})
            done += len(numbers)

    def _process(self, waiting: Mapping[int, Waiting]) -> dict[int, ProcessingState | Exception]:
        """One group after it was completed by what stands before it."""
        checked: dict[int, CheckedLetter] = {}
        self._refresh()
        while True:
            for number in self._missing(waiting, checked):
                checked[number] = self._check(number, waiting.get(number))
            try:
                return self._carry_out([checked[number] for number in sorted(checked)], waiting)
            except _OvertakenError:
                continue

    def _refresh(self) -> None:
        with self._office.database.read() as connection:
            self._office.refresh(connection)

    def _missing(self, waiting: Mapping[int, Waiting], checked: Mapping[int, CheckedLetter]) -> list[int]:
        """Messages to carry out that have not been checked: those given, and what stands before them."""
        senders = {one.sender for one in waiting.values()}
        with self._office.database.read() as connection:
            before = documents.open_before(connection, max(waiting), senders)
        return sorted({*waiting, *before} - checked.keys())

    def _check(self, number: int, waiting: Waiting | None) -> CheckedLetter:
        letter = waiting.letter if waiting is not None and waiting.read is not None else None
        recovered = letter is None
        if letter is None:
            with self._office.database.read() as connection:
                letter = documents.letter_of(connection, journal.read(connection, number))
        try:
            if waiting is not None and waiting.read is not None:
                read = waiting.read.result()
            else:
                read = read_letter(self._office, letter)
            return check_letter(self._office, letter, read, recovered=recovered)
        except Exception:  # our bug; the message must still get its final state
            log.exception("message %d could not be checked", number)
            return self._failed(letter)

    def _failed(self, letter: Letter) -> CheckedLetter:
        return failed_letter(letter, self._office.profile.finding("not-carried-out"))

    def _carry_out(
        self, checked: Sequence[CheckedLetter], waiting: Mapping[int, Waiting]
    ) -> dict[int, ProcessingState | Exception]:
        """Carry messages out in one commit; what breaks it is carried out alone, and then as failed."""
        try:
            return self._settle(checked, waiting)
        except (StoreUnavailable, _OvertakenError):
            raise
        except Exception as error:  # one message must not take the others with it
            if len(checked) > 1:
                return {number: state for one in checked for number, state in self._carry_out([one], {}).items()}
            log.error("message %d could not be carried out", checked[0].letter.number, exc_info=error)
            return self._settle([self._failed(checked[0].letter)], {})

    def _settle(
        self, checked: Sequence[CheckedLetter], waiting: Mapping[int, Waiting]
    ) -> dict[int, ProcessingState | Exception]:
        at = self._office.clock.micros()
        numbers = [one.letter.number for one in checked]
        states: dict[int, ProcessingState | Exception] = {}
        with self._office.database.write() as connection:
            store = MeteringStore(self._office, connection, allocate(connection, at))
            if waiting:
                before = documents.open_before(connection, max(waiting), {one.sender for one in waiting.values()})
                if not set(before) <= set(numbers):
                    raise _OvertakenError
            still_open = documents.open_among(connection, numbers)
            for one in checked:
                number = one.letter.number
                if number in still_open:
                    states[number] = MeteringDataRun(store, one, at, self._note_changes).carry_out()
                else:  # another process carried it out meanwhile
                    states[number] = documents.state_of(connection, number)
        return states
