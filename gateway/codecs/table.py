"""Bytes into documents and documents into bytes: the one door of the codecs.

`decode` takes the fastest path that is sure of itself: the byte grammar (fast), else parser, schemas and tree
(general), else, for what is too large for a tree, the validating stream. Whatever the path, equal documents come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.codecs.catalogue import ROWS
from gateway.codecs.completion import understand_ebix, understand_ebix_series
from gateway.codecs.door import Door, Findings, Taken
from gateway.codecs.json_door import JsonDoor
from gateway.codecs.records import document_of, header_of, record_of
from gateway.codecs.xml_door import XmlDoor
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.documents import Document, MeasureData
from gateway.messages.findings import Finding
from gateway.schemas.faults import SCHEMA_INVALID, TOO_LARGE, fault
from gateway.schemas.parsers import BODY_LIMIT
from gateway.schemas.registry import Registry, SchemaEntry, shipped

_DOORS: dict[Dialect, Door] = {
    Dialect.CIM_XML: XmlDoor(Dialect.CIM_XML),
    Dialect.CIM_JSON: JsonDoor(Dialect.CIM_JSON),
    Dialect.EBIX_XML: XmlDoor(Dialect.EBIX_XML),
}


class How(StrEnum):
    """The path a document was decoded by."""

    FAST = "fast"
    GENERAL = "general"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A document that is valid by every schema there is for it."""

    document: Document
    entry: SchemaEntry
    how: How


@dataclass(frozen=True, slots=True)
class Undecodable:
    """What is wrong with the bytes; codes are the neutral names of `gateway.schemas.faults`."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes: the greatest document, and from where one is streamed instead of held as a tree."""

    document: int = BODY_LIMIT
    tree: int = 16 * 1024 * 1024


def decode(
    data: bytes,
    dialect: Dialect,
    kind: DocumentKind | None = None,
    registry: Registry | None = None,
    limits: Limits = Limits(),
) -> Decoded | Undecodable:
    """The document in the bytes, or what is wrong with them (GW-1).

    Args:
        data: the document as received.
        dialect: the wire form it came in.
        kind: the document it has to be; any when None.
        registry: the schemas; ours alone when None. With an official pack installed for a document its fast path
            rests, because the byte grammar proves our schema only.
        limits: sizes.

    Returns:
        The document, or findings as the parsers, the registry and the schema checks of `gateway.schemas` name them;
        besides `schema-invalid` for another document than `kind` and for a creation time outside the calendar.
    """
    registry = registry or shipped()
    if len(data) > limits.document:
        return Undecodable((fault(TOO_LARGE, f"the document is larger than {limits.document} bytes"),))
    taken = decode_by(How.FAST, data, dialect, kind, registry)
    if taken is None:
        taken = decode_by(How.STREAM if len(data) > limits.tree else How.GENERAL, data, dialect, kind, registry)
    assert taken is not None
    return taken


def decode_by(
    how: How, data: bytes, dialect: Dialect, kind: DocumentKind | None, registry: Registry
) -> Decoded | Undecodable | None:
    """As `decode`, by one path, whatever the size; None where the fast path leaves the bytes to another."""
    door = _DOORS[dialect]
    if how is How.FAST:
        if kind not in (None, DocumentKind.MEASURE_DATA):
            return None
        entry = registry.entry(DocumentKind.MEASURE_DATA, dialect)
        taken = door.fast(data, entry) if len(entry.files) == 1 else None
        return None if taken is None else _decoded(taken, how)
    found = door.stream(data, registry, kind) if how is How.STREAM else door.general(data, registry, kind)
    return Undecodable(found.findings) if isinstance(found, Findings) else _decoded(found, how)


def _decoded(taken: Taken, how: How) -> Decoded | Undecodable:
    """The document of what a dialect's door took in."""
    record, kind = taken.record, taken.entry.kind
    if taken.entry.dialect is Dialect.EBIX_XML:
        record = understand_ebix(record, kind)
    if record["created_at"] is None:
        text = "the creation time is outside the calendar of four-digit years"
        return Undecodable((fault(SCHEMA_INVALID, text, path=ROWS[kind, taken.entry.dialect].path("created_at")),))
    if taken.series is None:
        return Decoded(document_of(kind, record), taken.entry, how)
    if taken.entry.dialect is Dialect.EBIX_XML:
        understand_ebix_series(taken.series, record["created_at"])
    return Decoded(MeasureData(header=header_of(record), series=taken.series), taken.entry, how)


def is_sayable(kind: DocumentKind, dialect: Dialect) -> bool:
    """Whether a dialect has a form of a document kind: ebIX has none of the requests for results."""
    return (kind, dialect) in ROWS


def encode(document: Document, dialect: Dialect, registry: Registry | None = None) -> bytes:
    """The document in a dialect that has a form of it (`is_sayable`), as bytes in UTF-8.

    What the dialect cannot say is filled or left out by the rules of `gateway.codecs.completion`. A code without a
    word in the dialect (pieces as unit in ebIX) is written as it is; the schema check of outgoing documents finds it.
    Quantities are written with the decimals they were received with (DK-6.2.1.a). Qualities are plain `Quality` values;
    the flag that the store sets on corrected ones (`CORRECTED_FLAG`) has no place on the wire.
    """
    row = ROWS[document.kind, dialect]
    entry = (registry or shipped()).entry(document.kind, dialect)
    record = row.complete(record_of(document), document.kind)
    series = document.series if isinstance(document, MeasureData) else None
    return _DOORS[dialect].write(row, entry, record, series)
