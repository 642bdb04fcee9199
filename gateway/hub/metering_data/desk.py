"""The desk for metering data: implements `gateway.hub.ports_metering_data.MeteringDataDesk`.

Three hands work on a message: admission makes it durable with its UUID, beside it a reader says whether it can be read,
and the processor carries it out, in the order of admission. The sender is answered after the first two.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from gateway.hub.intake import Intake
from gateway.hub.journal import Entry
from gateway.hub.metering_data.admission import Packed, admit
from gateway.hub.metering_data.changes import NoteChanges, note_nothing
from gateway.hub.metering_data.documents import Arrival, Letter
from gateway.hub.metering_data.processing import Processor, Read, Waiting
from gateway.hub.metering_data.reading import Refusal, read_letter
from gateway.hub.metering_data.statuses import status_of, statuses
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Refused, StoreUnavailable
from gateway.hub.ports_metering_data import (
    Busy,
    MeteringDataSubmission,
    NumberedPage,
    Progress,
    StatusPage,
    StatusQuery,
    Submitted,
)
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState

T = TypeVar("T")

_SMALL = 64 * 1024
"""Bytes up to which packing a body costs less than handing it to another thread."""

_MOST_HELD = 256 * 2**20
"""Bytes of bodies whose data are kept in memory until they are processed; further ones are read again then."""


@dataclass(frozen=True, slots=True)
class _Entering:
    """A message at the door: packed for the journal, and being read meanwhile."""

    packed: Packed
    read: Future[Read]


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A message that is durable: what it is read as, and the final state it will reach."""

    letter: Letter
    read: Future[Read]
    finished: Future[ProcessingState]


class Desk:
    """Metering data taken, processed and followed. Start it before use and stop it after."""

    def __init__(self, office: Office, note_changes: NoteChanges = note_nothing) -> None:
        self.processor = Processor(office, note_changes)
        self._office = office
        self._admission: Intake[_Entering, _Admitted | Refused] = Intake(self._admit)
        self._processing: Intake[Waiting, ProcessingState] = Intake(self.processor.process, most_jobs=64)
        self._readers = ThreadPoolExecutor(2, "metering-data-reader")
        self._count = threading.Lock()
        self._waiting = 0
        self._held = 0
        self._reading: dict[tuple[str, str], Progress] = {}

    def start(self) -> None:
        """Begin to take messages."""
        self._admission.start()
        self._processing.start()

    def stop(self) -> None:
        """Finish what has been taken."""
        self._admission.stop()
        self._processing.stop()
        self._readers.shutdown()

    async def submit(self, sender: Principal, submission: MeteringDataSubmission) -> Submitted | Refused | Busy:
        """Take a message: journal, claim its UUID, make both durable, look whether it can be read (EE-1.1)."""
        admitted = await self._admitted(sender, submission)
        if not isinstance(admitted, _Admitted):
            return admitted
        refusal = await _refusal(admitted)
        return refusal or Submitted(submission.document_id, admitted.letter.at)

    async def take(self, sender: Principal, submission: MeteringDataSubmission) -> Submitted | Refused | Busy:
        """Take a message and answer as soon as it is durable, before anybody looks whether it can be read."""
        admitted = await self._admitted(sender, submission)
        if not isinstance(admitted, _Admitted):
            return admitted
        return Submitted(submission.document_id, admitted.letter.at)

    async def carry_out(
        self, sender: Principal, submission: MeteringDataSubmission
    ) -> MeteringDataStatus | Refused | Busy:
        """Take a message and wait for its final state."""
        admitted = await self._admitted(sender, submission)
        if not isinstance(admitted, _Admitted):
            return admitted
        with suppress(StoreUnavailable):  # then it is told as being in processing, and finished later
            await _outcome(admitted.finished)
        return await asyncio.to_thread(self._status_of, admitted.letter.number)

    async def statuses(self, reader: Principal, query: StatusQuery, page: NumberedPage) -> StatusPage | Refused:
        """The reader's own messages as long as they are shown (EE-1.2)."""
        return await asyncio.to_thread(self._statuses, reader, query, page)

    def progress(self, sender: Principal, document_id: str) -> Progress | None:
        """How far the reading of a message is; None where this process does not read it now."""
        return self._reading.get((sender.party, document_id))

    def recover(self, before: int) -> int:
        """Take up messages that came before an instant (microseconds) and have no final state (EE-1.3)."""
        return self.processor.recover(before)

    async def _admitted(self, sender: Principal, submission: MeteringDataSubmission) -> _Admitted | Refused | Busy:
        arrival, weight = Arrival(sender, submission, self._office.clock.micros()), len(submission.body)
        if (busy := self._enter_queue()) is not None:
            return busy
        try:
            read = self._readers.submit(self._read, arrival)
            pack = functools.partial(Entry.metering_data, sender, submission, arrival.at)
            entry = pack() if weight < _SMALL else await asyncio.to_thread(pack)
        except BaseException:
            self._leave_queue()
            raise
        admitted = self._admission.submit(_Entering((arrival, entry), read), weight)
        admitted.add_done_callback(self._leave_unless_admitted)
        return await asyncio.wrap_future(admitted)

    def _enter_queue(self) -> Busy | None:
        terms = self._office.profile.metering_data.desk_terms(self._office.clock.now())
        with self._count:
            if self._waiting >= terms.most_waiting:
                return Busy(terms.retry_after)
            self._waiting += 1
        return None

    def _leave_queue(self, weight: int = 0) -> None:
        with self._count:
            self._waiting -= 1
            self._held -= weight

    def _leave_unless_admitted(self, done: Future[_Admitted | Refused]) -> None:
        if done.cancelled() or done.exception() is not None or isinstance(done.result(), Refused):
            self._leave_queue()

    def _admit(self, entering: Sequence[_Entering]) -> list[_Admitted | Refused]:
        """Make messages durable, then hand each, in the same order, to the processor."""
        answers = admit(self._office, [one.packed for one in entering])
        return [
            self._hand_on(answer, one.read) if isinstance(answer, Letter) else answer
            for answer, one in zip(answers, entering, strict=True)
        ]

    def _hand_on(self, letter: Letter, read: Future[Read]) -> _Admitted:
        weight = self._hold(len(letter.submission.body))
        held = (letter, read) if weight else ()
        finished = self._processing.submit(Waiting(letter.number, letter.principal.party, *held), weight)
        finished.add_done_callback(lambda _: self._leave_queue(weight))
        return _Admitted(letter, read, finished)

    def _read(self, arrival: Arrival) -> Read:
        def note(done: int, total: int) -> None:
            self._reading[arrival.key] = Progress(done, total)

        try:
            return read_letter(self._office, arrival, note)
        finally:
            self._reading.pop(arrival.key, None)

    def _hold(self, weight: int) -> int:
        """How much of a body of this weight is held in memory: all of it or nothing."""
        with self._count:
            if self._held + weight > _MOST_HELD:
                return 0
            self._held += weight
        return weight

    def _status_of(self, number: int) -> MeteringDataStatus:
        with self._office.database.read() as connection:
            return status_of(connection, number)

    def _statuses(self, reader: Principal, query: StatusQuery, page: NumberedPage) -> StatusPage | Refused:
        with self._office.database.read() as connection:
            return statuses(self._office, connection, reader, query, page)


async def _refusal(admitted: _Admitted) -> Refused | None:
    """Why a message cannot be read, once its status says so too; None where it can."""
    try:
        read = await _outcome(admitted.read)
    except Exception:  # our bug; the processor meets it too and tells it in the status
        return None
    if not isinstance(read, Refusal):
        return None
    with suppress(StoreUnavailable):  # it is durable: the status follows as soon as the database is back
        await _outcome(admitted.finished)
    return Refused(read.findings)


async def _outcome(of: Future[T]) -> T:
    """What becomes of a message that was accepted; a caller that goes away changes nothing about it."""
    return await asyncio.shield(asyncio.wrap_future(of))
