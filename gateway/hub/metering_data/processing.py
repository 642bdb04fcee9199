"""Processing what was accepted: in order of arrival, many messages in one commit, each to a final state (EE-1.3).

Of one sender what came earlier is processed earlier, also where several processes take messages, one of them died or
the database was away for a while: whoever processes a message takes along what stands before it and is still open. A
message that breaks a group's commit is carried out alone; one that cannot be carried out at all ends in error.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
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

_MOST_TAKEN_UP = 32
"""How many messages are read from the journal at a time: their data are all in memory until the commit."""


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
    """Messages came to light that stand before those about to be carried out."""

    def __init__(self, before: Mapping[int, Waiting]) -> None:
        super().__init__(f"{len(before)} messages stand before")
        self.before = before


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
                found = documents.open_since(connection, before, _MOST_TAKEN_UP)
            if not found:
                return done
            with self._turn:
                self._process(_from_journal(found))
            done += len(found)

    def _process(self, waiting: Mapping[int, Waiting]) -> dict[int, ProcessingState | Exception]:
        """Messages after what stands before them: of that so many as go along, the rest in groups of its own."""
        while len(before := self._before(waiting)) > _MOST_TAKEN_UP:
            self._process_group(before)
        return self._process_group(before | dict(waiting))

    def _before(self, waiting: Mapping[int, Waiting]) -> dict[int, Waiting]:
        """What stands before messages and is not among them; at most one more than go along."""
        most = len(waiting) + _MOST_TAKEN_UP + 1
        with self._office.database.read() as connection:
            found = documents.open_before(connection, max(waiting), _senders(waiting), most)
        strange = [one for one in found if one[0] not in waiting]
        return _from_journal(strange[: _MOST_TAKEN_UP + 1])

    def _process_group(self, waiting: Mapping[int, Waiting]) -> dict[int, ProcessingState | Exception]:
        with self._office.database.read() as connection:
            self._office.refresh(connection)
            self._office.agreements(connection)
        checked = {number: self._check(one) for number, one in waiting.items()}
        while True:
            try:
                return self._carry_out([checked[number] for number in sorted(checked)], waiting)
            except _OvertakenError as overtaken:
                checked |= {number: self._check(one) for number, one in overtaken.before.items()}

    def _check(self, waiting: Waiting) -> CheckedLetter:
        letter = waiting.letter
        if letter is None:
            with self._office.database.read() as connection:
                letter = documents.letter_of(connection, journal.read(connection, waiting.number))
        try:
            read = read_letter(self._office, letter) if waiting.read is None else waiting.read.result()
            return check_letter(self._office, letter, read, recovered=waiting.letter is None)
        except Exception:  # our bug; the message must still get its final state
            log.exception("message %d could not be checked", waiting.number)
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
                before = documents.open_before(connection, max(waiting), _senders(waiting), len(numbers) + 1)
                if strange := [one for one in before if one[0] not in numbers]:
                    raise _OvertakenError(_from_journal(strange))
            still_open = documents.open_among(connection, numbers)
            for one in checked:
                number = one.letter.number
                if number in still_open:
                    states[number] = MeteringDataRun(store, one, at, self._note_changes).carry_out()
                else:  # another process carried it out meanwhile
                    states[number] = documents.state_of(connection, number)
        return states


def _from_journal(found: Iterable[tuple[int, str]]) -> dict[int, Waiting]:
    return {number: Waiting(number, sender) for number, sender in found}


def _senders(waiting: Mapping[int, Waiting]) -> set[str]:
    return {one.sender for one in waiting.values()}
