"""What the hub offers to who sends metering data: the `MeteringDataDesk`, and the values that pass through it.

A message is answered as soon as it is durable and can be read; what the market's rules say of it is asked for later by
its UUID. Instants are epoch seconds UTC unless said otherwise, intervals half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gateway.hub.ports import Principal, Refused
from gateway.messages.codes import Commodity, FeedForm
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState


@dataclass(frozen=True, slots=True)
class MeteringDataSubmission:
    """One message of metering data as it came in.

    Attributes:
        document_id: the UUID its sender gave it, in lower case; used once per sender, for ever.
        form: how the body is written.
        commodity: what address, headers or context say it measures.
        body: the body as received.
        correlation_id: the reference given to the sender for questions.
    """

    document_id: str
    form: FeedForm
    commodity: Commodity
    body: bytes
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The message is durable and readable: it will reach a final state; `created_at` in microseconds."""

    document_id: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Busy:
    """Too much waits to be processed: nothing was taken; try again after so many seconds."""

    retry_after: int


class Progress(NamedTuple):
    """How far the reading of a message is: rows done of rows in all."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class NumberedPage:
    """The n-th page, counted from 0, of `size` items each."""

    page: int
    size: int


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """Which messages of the reader: every given field must match; created in [created_from, created_to)."""

    document_id: str | None = None
    created_from: int | None = None
    created_to: int | None = None
    state: ProcessingState | None = None
    commodity: Commodity | None = None


@dataclass(frozen=True, slots=True)
class StatusPage:
    """One page of messages in the order they came, and how many there are in all."""

    statuses: tuple[MeteringDataStatus, ...]
    total: int


class MeteringDataDesk(Protocol):
    """Metering data taken, processed and followed. Every call may raise StoreUnavailable; none for bad input."""

    async def submit(self, sender: Principal, submission: MeteringDataSubmission) -> Submitted | Refused | Busy:
        """Take a message: journal, claim its UUID, make both durable, look whether it can be read.

        Refused where its UUID was used before, where the sender may not send this here, and where it cannot be read;
        of the last two there is a status, in error.
        """
        ...

    async def take(self, sender: Principal, submission: MeteringDataSubmission) -> Submitted | Refused | Busy:
        """Take a message and answer as soon as it is durable, before anybody looks whether it can be read."""
        ...

    async def carry_out(
        self, sender: Principal, submission: MeteringDataSubmission
    ) -> MeteringDataStatus | Refused | Busy:
        """Take a message and wait for its final state: for forms that are answered with what became of them."""
        ...

    def progress(self, sender: Principal, document_id: str) -> Progress | None:
        """How far the reading of a message is; None where this process does not read it now."""
        ...

    async def statuses(self, reader: Principal, query: StatusQuery, page: NumberedPage) -> StatusPage | Refused:
        """The reader's own messages as long as they are shown; refused where the query asks for too much."""
        ...
