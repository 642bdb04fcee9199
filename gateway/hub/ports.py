"""What the hub offers to whoever stands in front of it: the `Exchange`, and the values that pass through it.

The transport, the commands and the demo speak to the hub through these names only; `gateway.hub.exchange` implements
them. Instants are epoch seconds UTC, intervals are half-open, quantities are thousandths of their unit. Who may see
what is decided behind these calls: what a reader may not see does not exist for it (`None`, `False`, an empty page).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.hub.control.values import (
    ControlSums,
    CorrectionQuery,
    Corrections,
    DayQuery,
    KpiValue,
    MissingPage,
    RejectionCount,
)
from gateway.messages.codes import Category, Dialect, DocumentKind, Flow, NeutralForm, Resolution, Role, Unit, WireForm
from gateway.messages.findings import Finding

if TYPE_CHECKING:
    from gateway.hub.ports_measurements import MeasurementExchange
    from gateway.hub.ports_readings import ReadingExchange
    from gateway.hub.ports_reminders import ReminderPage, ReminderQuery


class StoreUnavailable(Exception):
    """The store cannot take or give anything now: disk full, locked, connection lost. Nothing was kept.

    The one exception of the calls below.
    """


@dataclass(frozen=True, slots=True)
class Principal:
    """Who speaks: one party in one market role, by the client that proved it. `Role.HUB` is the hub's operator."""

    party: str
    role: Role
    client_id: str


@dataclass(frozen=True, slots=True)
class Client:
    """One registered client: one party in one role or more, with what proves it. Secrets stand here as hashes only.

    Attributes:
        client_id: the id the client names itself by; the `azp` of its tokens.
        party: GLN or EIC of the party it speaks for.
        role: the market role it acts in.
        secret_hash: the hash of its secret in the form of `gateway.transport.client_secrets`; empty where it has none.
        thumbprint: SHA-256 of its certificate (DER) in lower-case hex; empty where it has none.
        further_roles: other roles it may act in, where a market lets one client hold several: a technical user.
        addresses: the addresses or networks it may call from; from anywhere when empty.
    """

    client_id: str
    party: str
    role: Role
    secret_hash: str = ""
    thumbprint: str = ""
    further_roles: frozenset[Role] = frozenset()
    addresses: tuple[str, ...] = ()

    @property
    def roles(self) -> frozenset[Role]:
        """Every role it may act in."""
        return self.further_roles | {self.role}


@dataclass(frozen=True, slots=True)
class Submission:
    """One document as it came in.

    Attributes:
        kind: the kind the address or container named; the body may still turn out to be another.
        dialect: the wire form the content type or container named.
        body: the document's own bytes, for the codec.
        envelope: the whole body as received where the document came inside a container; empty where it is the body.
            The journal keeps `envelope or body`.
        correlation_id: the reference given to the sender for questions.
    """

    kind: DocumentKind
    dialect: Dialect | NeutralForm
    body: bytes
    envelope: bytes = b""
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The document is durable and will be processed; `message_id` is the sender's own id of it."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing of it was taken (but for the journal's entry); the findings say why, worst first."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PeekedDocument:
    """The oldest waiting document of a queue, rendered in the dialect asked for. `message_id` is its own id."""

    message_id: str
    kind: DocumentKind
    dialect: Dialect
    content: bytes


@dataclass(frozen=True, slots=True)
class QueueLength:
    """How much waits in one queue; `oldest_at` is the creation of its oldest document, None when it is empty."""

    party: str
    role: Role
    category: Category
    documents: int
    series: int
    oldest_at: int | None


class Direction(StrEnum):
    """Whether a message came to the hub or leaves it."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One step in the life of a message or of one series: what happened, and the state after it."""

    at: int
    event: str
    state: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class SeriesStatus:
    """Where one series of a message stands, with the reasons when it was rejected."""

    transaction_id: str
    metering_point: str
    state: str
    findings: tuple[Finding, ...] = ()
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageSummary:
    """One message in or out, without its content."""

    message_id: str
    direction: Direction
    kind: DocumentKind | None
    dialect: WireForm
    sender: str
    receiver: str
    state: str
    at: int
    series: int


@dataclass(frozen=True, slots=True)
class MessageStatus:
    """One message with its history, its findings and each of its series."""

    summary: MessageSummary
    history: tuple[HistoryEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    series: tuple[SeriesStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages: every given field must match; `start` and `end` bound the instant of receipt or creation."""

    direction: Direction | None = None
    kind: DocumentKind | None = None
    state: str = ""
    metering_point: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A window into an ordered answer: at most `limit` items behind the opaque cursor `after` (empty: from start)."""

    limit: int = 100
    after: str = ""


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One window of messages, newest first; `after` continues behind it and is empty at the end."""

    messages: tuple[MessageSummary, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class SeriesQuery:
    """Which values: of these points, in [start, end), as known at `as_of` (None: now).

    `unit` None is the unit of the point; `step` None is the resolution as stored; `flow` None is every direction that
    the point has a series for.
    """

    points: tuple[str, ...]
    start: int
    end: int
    as_of: int | None = None
    unit: Unit | None = None
    step: Resolution | None = None
    flow: Flow | None = None


@dataclass(frozen=True, slots=True)
class PointSeries:
    """The values of one metering point as columns of one length, in order of time, as known at the instant asked.

    Attributes:
        metering_point: GSRN.
        unit: unit of the quantities.
        step: resolution of the values.
        starts: int64, start of each interval.
        quantities: int64 thousandths of the unit; NO_QUANTITY where the value is missing.
        qualities: uint8, Quality with CORRECTED_FLAG where the value superseded an accepted one.
        registered_at: int64, when the hub learnt the value (the newest of them where the step sums several).
        flow: the direction, of a point that has a series for each.
    """

    metering_point: str
    unit: Unit
    step: Resolution
    starts: NDArray[np.int64]
    quantities: NDArray[np.int64]
    qualities: NDArray[np.uint8]
    registered_at: NDArray[np.int64]
    flow: Flow | None = None


@dataclass(frozen=True, slots=True)
class ValueVersion:
    """One version of one value: what was said, by which message and when (FI-2.4).

    Attributes:
        registered_at: when it was stored: the edit.
        message_id, sender: empty where the hub itself calculated it.
        received_at: when the message came; None where there is none.
        editor: the client that sent the message, or the hub's process that calculated the value.
    """

    transaction: int
    registered_at: int
    quantity: int
    quality: int
    message_id: str
    sender: str
    received_at: int | None = None
    editor: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import of master data did: rows taken by table; with an error among the findings, nothing was taken."""

    rows: Mapping[str, int]
    findings: tuple[Finding, ...] = ()


class MasterDataTable(StrEnum):
    """The tables of master data, named as the files of an import."""

    PARTIES = "parties"
    GRID_AREAS = "grid-areas"
    METERING_POINTS = "metering-points"
    DELEGATIONS = "delegations"
    LOAD_SHARES = "load-shares"
    TARIFFS = "tariffs"
    FORMULAS = "formulas"
    GRID_LOSS = "grid-loss"
    POINT_PERMISSIONS = "point-permissions"
    AGREEMENTS = "agreements"
    PERMISSIONS = "permissions"
    POINT_DETAILS = "point-details"
    REACTIVE_ORDERS = "reactive-orders"
    COMMUNITIES = "communities"


MasterDataRow = Mapping[str, str]
"""One row as an import file has it: column name to text, instants as ISO 8601, absent cells left out."""


@dataclass(frozen=True, slots=True)
class MasterDataPage:
    """One window of rows of a table, in order of key and validity; `after` continues and is empty at the end."""

    rows: tuple[MasterDataRow, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether the hub can take messages now, and the state of each part it stands on."""

    ready: bool
    parts: Mapping[str, str]


class Exchange(Protocol):
    """The hub as seen from outside. Every call may raise StoreUnavailable; none raises for bad input."""

    async def submit(self, sender: Principal, submission: Submission) -> Accepted | Refused:
        """Take a document: journal, check, make durable. When this returns Accepted, nothing can lose it."""
        ...

    async def peek(self, reader: Principal, category: Category | None, dialect: Dialect) -> PeekedDocument | None:
        """The oldest waiting document of the reader's queue, the same until dequeued; None category: of both."""
        ...

    async def dequeue(self, reader: Principal, message_id: str) -> bool:
        """Take a peeked document off the reader's own queue; False when there is none such, or it was not peeked."""
        ...

    async def fetch(self, reader: Principal, message_id: str, dialect: Dialect) -> PeekedDocument | None:
        """A document already peeked by the reader, dequeued or not, once more."""
        ...

    async def queue_lengths(self, reader: Principal) -> tuple[QueueLength, ...]:
        """What waits for the reader; for the hub's operator, every queue."""
        ...

    async def message_status(self, reader: Principal, message_id: str) -> MessageStatus | None:
        """Where a message stands that the reader sent or received; the hub's operator sees all."""
        ...

    async def messages(self, reader: Principal, wanted: MessageFilter, page: Page) -> MessagePage:
        """The reader's own messages in and out, newest first."""
        ...

    async def read_series(self, reader: Principal, query: SeriesQuery) -> tuple[PointSeries, ...] | Refused | None:
        """Values of points as of an instant; None when the reader may not see one of the points or it is unknown."""
        ...

    async def value_versions(
        self, reader: Principal, point: str, at: int, sort: tuple[Unit | None, Flow | None] = (None, None)
    ) -> tuple[ValueVersion, ...] | None:
        """Every version of the value whose interval starts at `at`, oldest first.

        `sort` tells a point's series apart: a unit of its sort, the point's own when None, and the direction.
        """
        ...

    async def kpis(self, reader: Principal, query: DayQuery) -> tuple[KpiValue, ...] | None:
        """Key figures of the reader's grid areas; None for an area that is not its own."""
        ...

    async def missing_values(self, reader: Principal, query: DayQuery, page: Page) -> MissingPage | Refused | None:
        """What is missing in the reader's grid areas after its limit; None for an area that is not its own."""
        ...

    async def reminders(self, reader: Principal, query: ReminderQuery, page: Page) -> ReminderPage | Refused | None:
        """Who was reminded of what in the reader's grid areas; None for an area that is not its own."""
        ...

    async def corrections(self, reader: Principal, query: CorrectionQuery, page: Page) -> Corrections | Refused | None:
        """What was corrected of the points the reader may see; None where it names another."""
        ...

    async def rejections(self, reader: Principal, query: DayQuery) -> tuple[RejectionCount, ...]:
        """How much of what the reader sent was rejected, by day and reason; for the hub's operator, of everybody."""
        ...

    async def control_sums(self, reader: Principal, day: date, as_of: int | None) -> ControlSums:
        """What the points the reader may see add up to on a local day, and the hub's own sums to hold it against."""
        ...

    async def master_data(
        self, reader: Principal, table: MasterDataTable, key: str, page: Page
    ) -> MasterDataPage | None:
        """Rows of a table, every version of them; `key` empty is every row the reader may see.

        None when a key is given and the reader may see nothing under it.
        """
        ...

    async def import_master_data(self, operator: Principal, files: Mapping[str, bytes]) -> ImportReport:
        """Take files of master data (`parties.csv`, `metering-points.json`, …) all together or not at all."""
        ...

    @property
    def readings(self) -> ReadingExchange:
        """Meter readings of profile-settled points."""
        ...

    @property
    def measurements(self) -> MeasurementExchange:
        """What collectors read from meters."""
        ...

    async def find_client(self, client_id: str) -> Client | None:
        """The client registered under an id."""
        ...

    async def find_client_by_thumbprint(self, thumbprint: str) -> Client | None:
        """The client registered with a certificate, by its SHA-256 thumbprint in lower-case hex."""
        ...

    async def register_client(self, client: Client) -> Refused | None:
        """Add a client or replace the one of the same id; refused where the market's terms of clients forbid it."""
        ...

    async def readiness(self) -> Readiness:
        """Whether the store answers and has room. Does not raise: an unreachable store is the answer."""
        ...
