"""The register of documents the exchange has schemas for: one row per (kind, dialect, version).

Adding a document kind is one row and its schema file. An operator's official pack, once installed (see
`gateway.schemas.packs`), stands beside ours: a document is then checked by both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import jsonschema_rs
from lxml import etree

from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas import compiled
from gateway.schemas.compiled import SchemaFile
from gateway.schemas.faults import SCHEMA_INVALID, UNKNOWN_NAMESPACE, fault
from gateway.schemas.packs import read_pack

_OURS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class SchemaEntry:
    """One document in one dialect and version, with the schemas it is checked by.

    Attributes:
        kind: the market document.
        dialect: its wire form.
        version: of the document's definition, as its namespace spells it (`0:1`, `v3`).
        namespace: the XML namespace; empty for JSON.
        root: the XML root element's name or the JSON root key.
        files: our schema first, then those of the installed packs.
    """

    kind: DocumentKind
    dialect: Dialect
    version: str
    namespace: str
    root: str
    files: tuple[SchemaFile, ...]

    @property
    def key(self) -> str:
        """The row's name in an index: `measure-data/cim-xml/0:1`."""
        return f"{self.kind}/{self.dialect}/{self.version}"

    @property
    def tag(self) -> str:
        """The root element in Clark notation."""
        return f"{{{self.namespace}}}{self.root}"

    @property
    def is_xml(self) -> bool:
        """Whether the dialect is one of XML."""
        return bool(self.namespace)

    @property
    def xml_schemas(self) -> tuple[etree.XMLSchema, ...]:
        """The compiled XSDs, ours first; of this thread, not to be handed to another."""
        return tuple(compiled.xsd(file) for file in self.files)

    @property
    def json_schemas(self) -> tuple[jsonschema_rs.Validator, ...]:
        """The compiled JSON Schemas, ours first."""
        return tuple(compiled.json_schema(file) for file in self.files)


# kind, CIM area and name, CIM root without its ending, ebIX root; empty where version 3 of ebIX has no form
_DOCUMENTS = (
    (DocumentKind.ACKNOWLEDGEMENT, "general:acknowledgement", "Acknowledgement", "DK_Acknowledgement"),
    (
        DocumentKind.MEASURE_DATA,
        "measure:notifyvalidatedmeasuredata",
        "NotifyValidatedMeasureData",
        "DK_MeteredDataTimeSeries",
    ),
    (
        DocumentKind.MEASURE_DATA_REQUEST,
        "measure:requestvalidatedmeasuredata",
        "RequestValidatedMeasureData",
        "DK_RequestMeteredDataValidated",
    ),
    (
        DocumentKind.MEASURE_DATA_REQUEST_REJECT,
        "measure:rejectrequestvalidatedmeasuredata",
        "RejectRequestValidatedMeasureData",
        "DK_RejectRequestMeteredDataValidated",
    ),
    (
        DocumentKind.AGGREGATED_MEASURE_DATA,
        "measure:notifyaggregatedmeasuredata",
        "NotifyAggregatedMeasureData",
        "DK_AggregatedMeteredDataTimeSeries",
    ),
    (
        DocumentKind.MISSING_DATA_REMINDER,
        "measure:reminderofmissingmeasuredata",
        "ReminderOfMissingMeasureData",
        "DK_NotifyMissingData",
    ),
    (
        DocumentKind.WHOLESALE_SERVICES,
        "measure:notifywholesaleservices",
        "NotifyWholesaleServices",
        "DK_NotifyAggregatedWholesaleServices",
    ),
    (
        DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST,
        "measure:requestaggregatedmeasuredata",
        "RequestAggregatedMeasureData",
        "",
    ),
    (
        DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT,
        "measure:rejectrequestaggregatedmeasuredata",
        "RejectRequestAggregatedMeasureData",
        "DK_RejectRequestMeteredDataAggregated",
    ),
    (
        DocumentKind.WHOLESALE_SETTLEMENT_REQUEST,
        "measure:requestwholesalesettlement",
        "RequestWholesaleSettlement",
        "",
    ),
    (
        DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT,
        "measure:rejectrequestwholesalesettlement",
        "RejectRequestWholesaleSettlement",
        "DK_RejectAggregatedBillingInformation",
    ),
)


def _rows(kind: DocumentKind, cim: str, cim_root: str, ebix_root: str) -> tuple[SchemaEntry, ...]:
    """The dialects of one Danish document."""
    stem = f"{cim.partition(':')[2]}-0-1"
    root = f"{cim_root}_MarketDocument"
    rows = (
        SchemaEntry(kind, Dialect.CIM_XML, "0:1", f"urn:ediel.org:{cim}:0:1", root, _ours(f"xsd/cim/{stem}.xsd")),
        SchemaEntry(kind, Dialect.CIM_JSON, "0:1", "", root, _ours(f"json/cim/{stem}.json")),
    )
    if not ebix_root:
        return rows
    ebix = f"un:unece:260:data:EEM-{ebix_root}:v3"
    return (*rows, SchemaEntry(kind, Dialect.EBIX_XML, "v3", ebix, ebix_root, _ours(f"xsd/ebix/{ebix_root}-v3.xsd")))


def _ours(file: str) -> tuple[SchemaFile, ...]:
    path = _OURS / file
    return (SchemaFile(path, path.parent),)


ENTRIES: tuple[SchemaEntry, ...] = tuple(entry for document in _DOCUMENTS for entry in _rows(*document))


class Registry:
    """The entries, by what a document shows of itself.

    Args:
        entries: the rows.
        packs: directories of installed official packs, each checked beside ours.
    """

    def __init__(self, entries: Sequence[SchemaEntry] = ENTRIES, packs: Sequence[Path] = ()) -> None:
        beside = [read_pack(pack) for pack in packs]
        self.entries = tuple(
            replace(entry, files=entry.files + tuple(pack[key] for pack in beside if (key := entry.key) in pack))
            for entry in entries
        )
        self._xml = {entry.namespace: entry for entry in self.entries if entry.is_xml}
        self._json = {entry.root: entry for entry in self.entries if not entry.is_xml}

    def entry(self, kind: DocumentKind, dialect: Dialect) -> SchemaEntry:
        """The current version of a document in a dialect.

        Raises:
            KeyError: the registry has no such document.
        """
        for entry in self.entries:
            if (entry.kind, entry.dialect) == (kind, dialect):
                return entry
        raise KeyError((kind, dialect))

    def for_xml(self, tag: str) -> SchemaEntry | Finding:
        """The entry for a root element in Clark notation.

        Returns:
            The entry, or a finding: `unknown-namespace` for a document or version without a schema; `schema-invalid`
            for a namespace too short to name a version, or a root element that is not the document's.
        """
        namespace, _, root = tag.rpartition("}")
        namespace = namespace[1:]
        entry = self._xml.get(namespace)
        if entry is None and namespace.count(":") < _VERSION_COLONS:
            return fault(SCHEMA_INVALID, f"the namespace {namespace!r} names no document and version", line=1)
        if entry is None:
            return fault(UNKNOWN_NAMESPACE, f"no schema for the namespace {namespace!r}", line=1)
        if root != entry.root:
            return fault(SCHEMA_INVALID, f"the root element is {root!r}, expected {entry.root!r}", line=1)
        return entry

    def for_json(self, keys: Sequence[str]) -> SchemaEntry | Finding:
        """The entry for the keys of a JSON document's outermost object.

        Returns:
            The entry of the first key that is a document's name, or a `schema-invalid` finding.
        """
        for key in keys:
            if key in self._json:
                return self._json[key]
        named = f"{keys[0]!r} is" if keys else "there is"
        return fault(SCHEMA_INVALID, f"{named} no document the exchange knows", line=1)


_VERSION_COLONS = 5  # urn:ediel.org:measure:document:0:1


@cache
def shipped() -> Registry:
    """The registry with our schemas alone."""
    return Registry()
