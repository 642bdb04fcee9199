"""What waits for a receiver: references into the series store, or the reasons of a rejection.

A message of a thousand series for two suppliers is two rows, each a packed table of references. Bytes for the wire
are made when the receiver peeks, from the values as they were stored, so a queue costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.database import run
from gateway.messages.codes import Category, DocumentKind, ProcessType, Role
from gateway.messages.documents import Reason

Column = npt.NDArray[Any]

_COLUMNS: dict[str, str] = {
    "segment": "<i8",
    "row": "<i4",
    "first": "<i4",
    "count": "<i4",
    "point": "<i8",
    "start": "<i8",
    "registered_at": "<i8",
}
_TEXTS = ("point_type", "unit", "resolution", "product", "original_transaction")


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Series on their way, as references into the series store: one row per series, columns of one length.

    Attributes:
        segment, row: where the series stands in the store.
        first, count: which of its steps are delivered: [first, first + count).
        point: key of the metering point.
        start: instant of the first delivered step.
        registered_at: the sender's registration time, copied.
        point_type, unit, resolution: as in the series.
        product: None where the sender named none.
        original_transaction: the request's transaction an answer names; None for what nobody asked for.
    """

    segment: Column
    row: Column
    first: Column
    count: Column
    point: Column
    start: Column
    registered_at: Column
    point_type: list[str]
    unit: list[str]
    resolution: list[str]
    product: list[str | None]
    original_transaction: list[str | None]

    def __len__(self) -> int:
        return len(self.point_type)

    def part(self, first: int, last: int) -> Deliveries:
        """The rows [first, last)."""
        return Deliveries(**{f.name: getattr(self, f.name)[first:last] for f in fields(self)})

    def pick(self, rows: Sequence[int]) -> Deliveries:
        """The given rows in the given order."""
        places = np.asarray(rows, dtype=np.int64)
        columns: dict[str, Any] = {name: getattr(self, name)[places] for name in _COLUMNS}
        columns |= {name: [getattr(self, name)[i] for i in rows] for name in _TEXTS}
        return Deliveries(**columns)

    def pack(self) -> bytes:
        """The table as bytes for the queue."""
        packed: dict[str, Any] = {
            name: np.ascontiguousarray(getattr(self, name), dtype=kind).tobytes() for name, kind in _COLUMNS.items()
        }
        for name in _TEXTS:
            packed[name] = _coded(getattr(self, name))
        return zstandard.ZstdCompressor(level=1).compress(msgspec.msgpack.encode(packed))

    @classmethod
    def unpack(cls, data: bytes) -> Deliveries:
        """The table from the queue's bytes."""
        packed = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(data))
        columns: dict[str, Any] = {name: np.frombuffer(packed[name], dtype=kind) for name, kind in _COLUMNS.items()}
        columns |= {name: _decoded(packed[name]) for name in _TEXTS}
        return cls(**columns)

    @classmethod
    def joined(cls, parts: Sequence[Deliveries]) -> Deliveries:
        """Several tables behind each other."""
        columns: dict[str, Any] = {name: np.concatenate([getattr(p, name) for p in parts]) for name in _COLUMNS}
        columns |= {name: [value for p in parts for value in getattr(p, name)] for name in _TEXTS}
        return cls(**columns)


def _coded(values: list[str | None]) -> list[Any]:
    """A column of mostly equal texts: the distinct ones, and which of them each row has."""
    places = {value: i for i, value in enumerate(dict.fromkeys(values))}
    if len(places) == 1:
        return [list(places), len(values)]
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
    """

    transaction: str
    point: str
    point_type: str
    unit: str
    start: int
    end: int
    as_of: int
    is_annual: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """An answer's series, in order of time."""

    items: tuple[Answer, ...]

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True)
class Rejections:
    """Transactions rejected together."""

    items: tuple[Rejection, ...]

    def __len__(self) -> int:
        return len(self.items)


Content = Deliveries | Answers | Rejections


def pack(content: Content) -> bytes:
    """Content as bytes for the queue, its sort in the first of them."""
    match content:
        case Deliveries():
            return b"D" + content.pack()
        case Answers():
            return b"A" + msgspec.json.encode(content.items)
        case Rejections():
            return b"R" + msgspec.json.encode(content.items)


def unpack(payload: bytes) -> Content:
    """Content from the queue's bytes."""
    sort, packed = payload[:1], payload[1:]
    if sort == b"D":
        return Deliveries.unpack(packed)
    if sort == b"A":
        return Answers(msgspec.json.decode(packed, type=tuple[Answer, ...]))
    return Rejections(msgspec.json.decode(packed, type=tuple[Rejection, ...]))


def part_of(content: Content, first: int, last: int) -> Content:
    """The series [first, last) of a content."""
    if isinstance(content, Deliveries):
        return content.part(first, last)
    if isinstance(content, Answers):
        return Answers(content.items[first:last])
    return Rejections(content.items[first:last])


def joined(parts: Sequence[Content]) -> Content:
    """Contents of one sort behind each other."""
    if isinstance(parts[0], Deliveries):
        return Deliveries.joined([part for part in parts if isinstance(part, Deliveries)])
    if isinstance(parts[0], Answers):
        return Answers(tuple(item for part in parts if isinstance(part, Answers) for item in part.items))
    return Rejections(tuple(item for part in parts if isinstance(part, Rejections) for item in part.items))


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
    """What brought something outgoing about: the journal entry, the transaction, the moment in microseconds."""

    message: int
    transaction: int
    at: int


_ENQUEUE = (
    "insert into outgoing (party, role, category, kind, process_type, document_role, related_message, alone,"
    ' created_at, message, "transaction", series, points, bundled, payload)'
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)"
)


def enqueue(connection: Connection, address: Address, cause: Cause, content: Content) -> None:
    """Put series, answers or rejections into a receiver's queue, in the transaction that stores what they say."""
    points = int(content.count.sum()) if isinstance(content, Deliveries) else 0
    run(
        connection,
        _ENQUEUE,
        (
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
        ),
    )


DELIVERY_PROCESS = ProcessType.PERIODIC_METERING
"""The process every delivered series names, whatever the submission named (BRS-021)."""
