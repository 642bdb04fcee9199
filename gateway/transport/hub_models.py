"""Bodies of the neutral API. Instants are ISO 8601 in UTC, quantities decimal text in the unit named beside them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.hub.ports import (
    Direction,
    HistoryEntry,
    MessageStatus,
    MessageSummary,
    QueueLength,
    SeriesStatus,
    ValueVersion,
)
from gateway.messages.codes import (
    CORRECTED_FLAG,
    Category,
    DocumentKind,
    Flow,
    Quality,
    Resolution,
    Role,
    Unit,
    WireForm,
)
from gateway.messages.quantities import NO_QUANTITY, format_quantity
from gateway.messages.times import to_datetime
from gateway.transport.addresses import MOST_ADDRESSES, network_of
from gateway.transport.problems import FindingBody
from gateway.transport.role_names import ROLE_NAMES


class Body(BaseModel):
    """A body of the API: immutable, closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ValueBody(Body):
    """One value: the start of its interval, the quantity (null when missing), its quality, when the hub learnt it."""

    start: datetime
    quantity: str | None
    quality: str
    corrected: bool
    registered_at: datetime


class PointBody(Body):
    """The values of one metering point in order of time; `flow` is the direction, where the point has several."""

    metering_point: str
    unit: Unit
    step: Resolution
    values: list[ValueBody]
    flow: Flow | None = None


class SeriesBody(Body):
    """Values of metering points, as known at an instant."""

    as_of: datetime
    series: list[PointBody]


class VersionBody(Body):
    """One version of one value: what was said, in which transaction, by which message of whom.

    `registered_at` is when it was stored, `received_at` when the message came; `editor` is the client that sent it, or
    the process of the hub that calculated the value.
    """

    transaction: int
    registered_at: datetime
    quantity: str | None
    quality: str
    corrected: bool
    message_id: str
    sender: str
    received_at: datetime | None = None
    editor: str = ""

    @classmethod
    def of(cls, version: ValueVersion) -> VersionBody:
        """The body of a version."""
        quantity = None if version.quantity == NO_QUANTITY else format_quantity(version.quantity)
        return cls(
            transaction=version.transaction,
            registered_at=to_datetime(version.registered_at),
            quantity=quantity,
            quality=quality_name(version.quality, quantity is not None),
            corrected=bool(version.quality & CORRECTED_FLAG),
            message_id=version.message_id,
            sender=version.sender,
            received_at=None if version.received_at is None else to_datetime(version.received_at),
            editor=version.editor,
        )


class VersionsBody(Body):
    """Every version of one value, oldest first."""

    metering_point: str
    start: datetime
    versions: list[VersionBody]


def quality_name(quality: int, has_quantity: bool) -> str:
    """The word for a stored quality; one not stated means measured, or missing where there is no quantity."""
    plain = Quality(quality & ~CORRECTED_FLAG)
    if plain is Quality.ABSENT:
        plain = Quality.MEASURED if has_quantity else Quality.MISSING
    return plain.name.lower()


class HistoryBody(Body):
    """One step in the life of a message or series."""

    at: datetime
    event: str
    state: str
    text: str = ""

    @classmethod
    def of(cls, entry: HistoryEntry) -> HistoryBody:
        """The body of a step."""
        return cls(at=to_datetime(entry.at), event=entry.event, state=entry.state, text=entry.text)


class SeriesStatusBody(Body):
    """Where one series of a message stands."""

    transaction_id: str
    metering_point: str
    state: str
    findings: list[FindingBody]
    history: list[HistoryBody]

    @classmethod
    def of(cls, status: SeriesStatus) -> SeriesStatusBody:
        """The body of a series' status."""
        return cls(
            transaction_id=status.transaction_id,
            metering_point=status.metering_point,
            state=status.state,
            findings=[FindingBody.of(finding) for finding in status.findings],
            history=[HistoryBody.of(entry) for entry in status.history],
        )


class MessageBody(Body):
    """One message in or out, without its content."""

    message_id: str
    direction: Direction
    kind: DocumentKind | None
    dialect: WireForm
    sender: str
    receiver: str
    state: str
    at: datetime
    series: int

    @classmethod
    def of(cls, summary: MessageSummary) -> MessageBody:
        """The body of a message's summary."""
        return cls(
            message_id=summary.message_id,
            direction=summary.direction,
            kind=summary.kind,
            dialect=summary.dialect,
            sender=summary.sender,
            receiver=summary.receiver,
            state=summary.state,
            at=to_datetime(summary.at),
            series=summary.series,
        )


class MessagesBody(Body):
    """One window of messages, newest first; pass `after` to continue, it is empty at the end."""

    messages: list[MessageBody]
    after: str = ""


class MessageStatusBody(Body):
    """One message with its history, findings and series."""

    message: MessageBody
    history: list[HistoryBody]
    findings: list[FindingBody]
    series: list[SeriesStatusBody]

    @classmethod
    def of(cls, status: MessageStatus) -> MessageStatusBody:
        """The body of a message's status."""
        return cls(
            message=MessageBody.of(status.summary),
            history=[HistoryBody.of(entry) for entry in status.history],
            findings=[FindingBody.of(finding) for finding in status.findings],
            series=[SeriesStatusBody.of(one) for one in status.series],
        )


class QueueBody(Body):
    """How much waits in one queue."""

    party: str
    role: Role
    category: Category
    documents: int
    series: int
    oldest_at: datetime | None

    @classmethod
    def of(cls, queue: QueueLength) -> QueueBody:
        """The body of a queue's length."""
        return cls(
            party=queue.party,
            role=queue.role,
            category=queue.category,
            documents=queue.documents,
            series=queue.series,
            oldest_at=None if queue.oldest_at is None else to_datetime(queue.oldest_at),
        )


class QueuesBody(Body):
    """What waits for the caller; for the hub's operator, every queue."""

    queues: list[QueueBody]


class RowsBody(Body):
    """Rows of a table of master data, each with the columns of an import file; every version is a row."""

    rows: list[dict[str, str]]
    after: str = ""


class FilesBody(Body):
    """Files of master data by name (`parties.csv`, `metering-points.json`), taken all together or not at all."""

    files: dict[str, str]


class ImportBody(Body):
    """Rows taken, by table, and what is remarked on them."""

    rows: dict[str, int]
    findings: list[FindingBody] = []


def _named(role: Role) -> Role:
    """The role, when a token can name it."""
    if role not in ROLE_NAMES.values():
        raise ValueError("no client acts in this role")
    return role


class NewClientBody(Body):
    """Who a client speaks for; `thumbprint` is the SHA-256 of its certificate in hex, if it has one.

    `further_roles` are other roles it may act in, in a market whose clients hold several. `addresses` are those, or
    networks, that it may call from; anywhere where none is named.
    """

    party: Annotated[str, Field(pattern=r"^[0-9A-Z-]{13,16}$")]
    role: Annotated[Role, AfterValidator(_named)]
    thumbprint: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    further_roles: frozenset[Annotated[Role, AfterValidator(_named)]] = frozenset()
    addresses: Annotated[list[Annotated[str, AfterValidator(network_of)]], Field(max_length=MOST_ADDRESSES)] = []


class ClientBody(Body):
    """A registered client; its secret is shown this once."""

    client_id: str
    party: str
    role: Role
    further_roles: list[Role] = []
    addresses: list[str] = []
    secret: str


class HealthBody(Body):
    """Whether the server answers."""

    status: str


class ReadinessBody(Body):
    """Whether the hub can take messages now, and the state of each part it stands on."""

    ready: bool
    parts: dict[str, str]
