"""The ways of the XML dialects: byte grammar, tree, validating stream, and out again."""

from __future__ import annotations

import io
from functools import cache

from gateway.codecs import fast_xml, general_xml
from gateway.codecs.catalogue import ROWS, Row
from gateway.codecs.door import Findings, Taken, misplaced
from gateway.codecs.fields import Record
from gateway.codecs.point_texts import xml_points
from gateway.codecs.xml_records import XmlReader, XmlWriter
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.messages.series import SeriesTable
from gateway.schemas.check_xml import check_xml
from gateway.schemas.detection import detect
from gateway.schemas.parsers import parse_xml
from gateway.schemas.registry import Registry, SchemaEntry
from gateway.schemas.stream_xml import stream_xml


@cache
def _reader(row: Row, namespace: str) -> XmlReader:
    return XmlReader(row.table, namespace)


class XmlDoor:
    """The ways of one XML dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def fast(self, data: bytes, entry: SchemaEntry) -> Taken | None:
        """Measure data that matches the byte grammar."""
        row = ROWS[entry.kind, self._dialect]
        return fast_xml.decode_fast(data, row, entry, _reader(row, entry.namespace))

    def general(self, data: bytes, registry: Registry, kind: DocumentKind | None) -> Taken | Findings:
        """Any document, parsed, checked by its schemas, read from its tree."""
        outcome = parse_xml(data, limit=len(data))
        if outcome.root is None:
            return Findings((outcome.finding,) if outcome.finding else ())
        entry = registry.for_xml(str(outcome.root.tag))
        if isinstance(entry, Finding):
            return Findings((entry,))
        if (wrong := misplaced(entry, self._dialect, kind)) is not None:
            return wrong
        if findings := check_xml(outcome.root, entry):
            return Findings(tuple(findings))
        row = ROWS[entry.kind, self._dialect]
        reader = _reader(row, entry.namespace)
        if row.points is None:
            return Taken(entry, reader.document(outcome.root))
        elements = outcome.root.iterchildren(reader.series_tag)
        return Taken(entry, reader.header(outcome.root), general_xml.read_series(elements, reader, row.points))

    def stream(self, data: bytes, registry: Registry, kind: DocumentKind | None) -> Taken | Findings:
        """Measure data too large for a tree, in the memory of one series; other documents as `general`."""
        entry = detect(data, registry)
        if isinstance(entry, Finding):
            return Findings((entry,))
        row = ROWS[entry.kind, entry.dialect]
        if entry.dialect is not self._dialect or row.points is None:
            return self.general(data, registry, kind)
        if (wrong := misplaced(entry, self._dialect, kind)) is not None:
            return wrong
        reader = _reader(row, entry.namespace)
        stream = stream_xml(io.BytesIO(data), reader.series_tag, entry, limit=len(data))
        series = general_xml.read_series(stream, reader, row.points)
        if stream.findings:
            return Findings(tuple(stream.findings))
        if stream.document is None:
            return self.general(data, registry, kind)
        return Taken(entry, reader.header(stream.document), series)

    def write(self, row: Row, entry: SchemaEntry, record: Record, series: SeriesTable | None) -> bytes:
        """The document under the prefix that the dialect's machines use."""
        writer = XmlWriter(row.table, entry.root, entry.namespace, row.prefix)
        if series is None or row.points is None:
            return writer.document(record)
        return writer.document(record, xml_points(series, row.points, row.prefix))
