"""What waits for a receiver: references into the series store or into snapshots, reasons of rejections, missing data.

A message of a thousand series for two suppliers is two rows, each a packed table of references. Bytes for the wire
are made when the receiver peeks, from the values as they were stored, so a queue costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.database import run_many
from gateway.messages.codes import Category, DocumentKind, ProcessType, Role
from gateway.messages.documents import Reason

_NUMBERS = ("segment", "row", "first", "count", "point", "start", "registered_at")
_TEXTS = ("point_type", "unit", "resolution", "product", "original_transaction", "in_area", "out_area")
_SMALL = 2048
"""Bytes up to which a table is not worth compressing."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Series on their way, as references into the series store: one row per series.

    Attributes:
        numbers: int64[n, 7], the columns `segment`, `row`, `first`, `count`, `point`, `start`, `registered_at`.
        point_type, unit, resolution: as in the series.
        product: None where the sender named none.
        original_transaction: the request's transaction an answer names; None for what nobody asked for.
        in_area, out_area: codes of the areas that say a series' direction; None where none is said.
    """

    numbers: Numbers
    point_type: list[str]
    unit: list[str]
    resolution: list[str]
    product: list[str | None]
    original_transaction: list[str | None]
    in_area: list[str | None]
    out_area: list[str | None]

    def __len__(self) -> int:
        return len(self.point_type)

    @property
    def segment(self) -> Numbers:
        """Segment of the series store in which each series stands."""
        return self.numbers[:, 0]

    @property
    def row(self) -> Numbers:
        """Its row in the segment."""
        return self.numbers[:, 1]

    @property
    def first(self) -> Numbers:
        """The first of its steps that is delivered."""
        return self.numbers[:, 2]

    @property
    def count(self) -> Numbers:
        """How many steps are delivered."""
        return self.numbers[:, 3]

    @property
    def point(self) -> Numbers:
        """Key of its metering point."""
        return self.numbers[:, 4]

    @property
    def start(self) -> Numbers:
        """Instant of the first delivered step."""
        return self.numbers[:, 5]

    @property
    def registered_at(self) -> Numbers:
        """The sender's registration time, copied."""
        return self.numbers[:, 6]

    def part(self, first: int, last: int) -> Deliveries:
        """The rows [first, last)."""
        return Deliveries(self.numbers[first:last], *(getattr(self, name)[first:last] for name in _TEXTS))

    def pack(self) -> bytes:
        """The table as bytes for the queue."""
        texts = [_coded(getattr(self, name)) for name in _TEXTS]
        packed = msgspec.msgpack.encode((self.numbers.astype("<i8", order="C", copy=False).tobytes(), texts))
        if len(packed) <= _SMALL:
            return b"d" + packed
        return b"D" + zstandard.ZstdCompressor(level=1).compress(packed)

    @classmethod
    def unpack(cls, data: bytes) -> Deliveries:
        """The table from the queue's bytes."""
        packed = data[1:] if data[:1] == b"d" else zstandard.ZstdDecompressor().decompress(data[1:])
        numbers, texts = msgspec.msgpack.decode(packed)
        return cls(np.frombuffer(numbers, dtype="<i8").reshape(-1, len(_NUMBERS)), *map(_decoded, texts))

    @classmethod
    def joined(cls, parts: Sequence[Deliveries]) -> Deliveries:
        """Several tables behind each other."""
        texts = ([value for part in parts for value in getattr(part, name)] for name in _TEXTS)
        return cls(np.concatenate([part.numbers for part in parts]), *texts)


def _coded(values: list[str | None]) -> list[Any]:
    """A column of mostly equal texts: the distinct ones, and which of them each row has."""
    if values and values.count(values[0]) == len(values):
        return [values[:1], len(values)]
    places = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return [list(places), np.array([places[v] for v in values], dtype="<i4").tobytes()]


def _decoded(coded: list[Any]) -> list[Any]:
    names: list[Any] = coded[0]
    places: int | bytes = coded[1]
    if isinstance(places, int):
        return names * places
    return [names[i] for i in np.frombuffer(places, dtype="<i4").tolist()]


class Rejection(msgspec.Struct, frozen=True):
    """A transaction that is rejected, with every reason; `point` is named in a request's reject only."""

    transaction: str
    reasons: list[tuple[str, str | None]]
    point: str | None = None

    def as_reasons(self) -> tuple[Reason, ...]:
        """The reasons as a document carries them."""
        return tuple(Reason(code=code, text=text) for code, text in self.reasons)


class Answer(msgspec.Struct, frozen=True):
    """One series of an answer to a request: values as known at the transaction that answered it.

    Attributes:
        transaction: the request's transaction, which the answer names.
        start, end: the part of the interval asked for that the requester may see.
        as_of: the version of the series store.
        is_annual: whether one sum of the twelve months up to `end` is meant (BRS-024).
        flow: the direction, of a point that has a series for each.
        in_area, out_area: codes of the areas that say it.
    """

    transaction: str
    point: str
    point_type: str
    unit: str
    start: int
    end: int
    as_of: int
    is_annual: bool = False
    flow: str | None = None
    in_area: str | None = None
    out_area: str | None = None


@dataclass(frozen=True, slots=True)
class Answers:
    """An answer's series, in order of time."""

    items: tuple[Answer, ...]

    def __len__(self) -> int:
        return len(self.items)


class SettledSeries(msgspec.Struct, frozen=True, array_like=True):
    """A row of a snapshot on its way: the snapshot, the number of the row, the request's transaction it answers.

    `following` is the same row in the snapshots of the days behind it, which go on in the same series.
    """

    snapshot: int
    number: int
    original_transaction: str | None = None
    following: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """Results of settlements that travel together."""

    items: tuple[SettledSeries, ...]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Missing:
    """Metering points of which data are missing, by the day they are missing of; one row for each series.

    Attributes:
        point: int64 keys.
        day: int64, the instant each day begins.
    """

    point: Numbers
    day: Numbers

    def __len__(self) -> int:
        return len(self.point)

    def pack(self) -> bytes:
        """The table as bytes for the queue."""
        return zstandard.ZstdCompressor(level=1).compress(np.stack((self.point, self.day)).astype("<i8").tobytes())

    @classmethod
    def unpack(cls, data: bytes) -> Missing:
        """The table from the queue's bytes."""
        packed = zstandard.ZstdDecompressor().decompress(data)
        return cls(*np.frombuffer(packed, dtype="<i8").reshape(2, -1))


@dataclass(frozen=True, slots=True)
class Rejections:
    """Transactions rejected together."""

    items: tuple[Rejection, ...]

    def __len__(self) -> int:
        return len(self.items)


Content = Deliveries | Answers | Rejections | Settled | Missing


class Reply(NamedTuple):
    """A document that answers or rejects a transaction of a request: its kind, and what it says."""

    kind: DocumentKind
    content: Content


def pack(content: Content) -> bytes:
    """Content as bytes for the queue, its sort in the first of them."""
    match content:
        case Deliveries():
            return content.pack()
        case Answers():
            return b"A" + msgspec.json.encode(content.items)
        case Rejections():
            return b"R" + msgspec.json.encode(content.items)
        case Settled():
            return b"S" + msgspec.msgpack.encode(content.items)
        case Missing():
            return b"M" + content.pack()


def unpack(payload: bytes) -> Content:
    """Content from the queue's bytes."""
    sort, packed = payload[:1], payload[1:]
    if sort in (b"d", b"D"):
        return Deliveries.unpack(payload)
    if sort == b"A":
        return Answers(msgspec.json.decode(packed, type=tuple[Answer, ...]))
    if sort == b"S":
        return Settled(msgspec.msgpack.decode(packed, type=tuple[SettledSeries, ...]))
    if sort == b"M":
        return Missing.unpack(packed)
    return Rejections(msgspec.json.decode(packed, type=tuple[Rejection, ...]))


def part_of(content: Content, first: int, last: int) -> Content:
    """The series [first, last) of a content."""
    if isinstance(content, Deliveries):
        return content.part(first, last)
    if isinstance(content, Answers):
        return Answers(content.items[first:last])
    if isinstance(content, Settled):
        return Settled(content.items[first:last])
    if isinstance(content, Missing):
        return Missing(content.point[first:last], content.day[first:last])
    return Rejections(content.items[first:last])


def joined(parts: Sequence[Content]) -> Content:
    """Contents of one sort behind each other."""
    if isinstance(parts[0], Deliveries):
        return Deliveries.joined([part for part in parts if isinstance(part, Deliveries)])
    if isinstance(parts[0], Answers):
        return Answers(tuple(item for part in parts if isinstance(part, Answers) for item in part.items))
    if isinstance(parts[0], Settled):
        return Settled(tuple(item for part in parts if isinstance(part, Settled) for item in part.items))
    if isinstance(parts[0], Missing):
        tables = [part for part in parts if isinstance(part, Missing)]
        return Missing(*(np.concatenate([getattr(part, name) for part in tables]) for name in ("point", "day")))
    return Rejections(tuple(item for part in parts if isinstance(part, Rejections) for item in part.items))


def series_id(message_id: str, number: int) -> str:
    """The id of a document's series: 32 characters that follow from the document's own id."""
    return f"{message_id[:24]}{number:08x}"


@dataclass(frozen=True, slots=True)
class Address:
    """For whom, and as what: everything that must be equal for two series to travel in one document.

    Attributes:
        party, role: owner of the queue.
        document_role: the role the document names the receiver in.
        related_message: the rejected message of an RSM-009; empty otherwise.
        alone: whether it is a document of its own (answers and rejects of requests).
    """

    party: str
    role: Role
    category: Category
    kind: DocumentKind
    process_type: str
    document_role: str
    related_message: str = ""
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """What brought something outgoing about: the journal entry, the transaction, the moment in microseconds.

    The journal entry is None where the market clock did: sums, bases, reminders.
    """

    message: int | None
    transaction: int
    at: int


_ENQUEUE = (
    "insert into outgoing (party, role, category, kind, process_type, document_role, related_message, alone,"
    ' created_at, message, "transaction", series, points, bundled, payload)'
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
)


def enqueue(connection: Connection, waiting: Iterable[tuple[Cause, Address, Content]]) -> None:
    """Put series, answers or rejections into receivers' queues, in the transaction that stores what they say."""
    rows = [_row(address, cause, content) for cause, address, content in waiting]
    if rows:
        run_many(connection, _ENQUEUE, rows)


def _row(address: Address, cause: Cause, content: Content) -> tuple[object, ...]:
    points = int(content.count.sum()) if isinstance(content, Deliveries) else 0
    return (
        address.party,
        address.role.value,
        address.category.value,
        address.kind.value,
        address.process_type,
        address.document_role,
        address.related_message,
        int(address.alone),
        cause.at,
        cause.message,
        cause.transaction,
        len(content),
        points,
        pack(content),
    )


DELIVERY_PROCESS = ProcessType.PERIODIC_METERING
"""The process every delivered series names, whatever the submission named (BRS-021)."""
