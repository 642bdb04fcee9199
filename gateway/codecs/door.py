"""What every dialect offers to `gateway.codecs.table`: the ways in, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from gateway.codecs.catalogue import Row
from gateway.codecs.fields import Record
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.messages.series import SeriesTable
from gateway.schemas.faults import SCHEMA_INVALID, UNKNOWN_NAMESPACE, fault
from gateway.schemas.registry import Registry, SchemaEntry


@dataclass(frozen=True, slots=True)
class Taken:
    """A valid document as its dialect says it.

    Attributes:
        entry: its row of the schema registry.
        record: its fields; without the series where those are columns.
        series: the series of measure data; None for other documents.
    """

    entry: SchemaEntry
    record: Record
    series: SeriesTable | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Why a document was not taken."""

    findings: tuple[Finding, ...]


class Door(Protocol):
    """The ways of one dialect."""

    def fast(self, data: bytes, entry: SchemaEntry) -> Taken | None:
        """Measure data in the spelling machines produce; None when another way has to look at the bytes."""

    def general(self, data: bytes, registry: Registry, kind: DocumentKind | None) -> Taken | Findings:
        """Any document in any spelling, held as a tree."""

    def stream(self, data: bytes, registry: Registry, kind: DocumentKind | None) -> Taken | Findings:
        """As `general`, in the memory of one series."""

    def write(self, row: Row, entry: SchemaEntry, record: Record, series: SeriesTable | None) -> bytes:
        """A document's record and series as bytes."""


def misplaced(entry: SchemaEntry, dialect: Dialect, kind: DocumentKind | None) -> Findings | None:
    """What speaks against a document of this row standing here."""
    if entry.dialect is not dialect:
        return Findings((fault(UNKNOWN_NAMESPACE, f"{entry.root} is a document of another dialect", line=1),))
    if kind is not None and entry.kind is not kind:
        return Findings((fault(SCHEMA_INVALID, f"{entry.root} is not the document expected here", line=1),))
    return None
