"""The ways of CIM JSON."""

from __future__ import annotations

import json

from gateway.codecs import fast_json, general_json
from gateway.codecs.catalogue import ROWS, Row
from gateway.codecs.door import Findings, Taken, misplaced
from gateway.codecs.fields import Record
from gateway.codecs.json_pieces import JsonPieces
from gateway.codecs.json_records import json_text, read_object, write_object
from gateway.codecs.point_texts import json_points
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding
from gateway.messages.series import SeriesTable
from gateway.schemas.check_json import check_json
from gateway.schemas.detection import detect
from gateway.schemas.parsers import parse_json
from gateway.schemas.registry import Registry, SchemaEntry


class JsonDoor:
    """The ways of one JSON dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect

    def fast(self, data: bytes, entry: SchemaEntry) -> Taken | None:
        """Measure data that matches the byte grammar."""
        return fast_json.decode_fast(data, ROWS[entry.kind, self._dialect], entry)

    def general(self, data: bytes, registry: Registry, kind: DocumentKind | None) -> Taken | Findings:
        """Any document, parsed, checked by its schemas, read from its objects."""
        outcome = parse_json(data, limit=len(data))
        if outcome.finding is not None:
            return Findings((outcome.finding,))
        value = outcome.value
        entry = registry.for_json(list(value) if isinstance(value, dict) else [])
        if isinstance(entry, Finding):
            return Findings((entry,))
        if (wrong := misplaced(entry, self._dialect, kind)) is not None:
            return wrong
        if findings := check_json(value, entry, data):
            return Findings(tuple(findings))
        assert isinstance(value, dict)
        body = value[entry.root]
        assert isinstance(body, dict)
        row = ROWS[entry.kind, self._dialect]
        if row.points is None:
            return Taken(entry, read_object(row.table, body, {}))
        series = body.pop(row.series.name, [])
        assert isinstance(series, list)
        return Taken(entry, read_object(row.table, body, {}), general_json.read_series(series, row.series))

    def stream(self, data: bytes, registry: Registry, kind: DocumentKind | None) -> Taken | Findings:
        """Measure data too large for a tree, in the memory of one series; other documents as `general`."""
        entry = detect(data, registry)
        if isinstance(entry, Finding):
            return Findings((entry,))
        row = ROWS[entry.kind, entry.dialect]
        pieces = JsonPieces(data, row.series.name, entry)
        if entry.dialect is not self._dialect or row.points is None or not pieces.cut():
            return self.general(data, registry, kind)
        if (wrong := misplaced(entry, self._dialect, kind)) is not None:
            return wrong
        series = general_json.read_series(pieces, row.series)
        if pieces.findings:
            return Findings(tuple(pieces.findings))
        return Taken(entry, read_object(row.table, pieces.header, {}), series)

    def write(self, row: Row, entry: SchemaEntry, record: Record, series: SeriesTable | None) -> bytes:
        """The document with the keys in the order of the XML."""
        if series is None or row.points is None:
            return json_text({entry.root: write_object(row.table, record)}).encode()
        rows = record.pop("series")
        points = json_points(series, row.points)
        name = row.points.name
        items = [
            f'{_text(write_object(row.series.nodes, item))[:-2]}, "{name}": [{points(i)}]}}}}'
            for i, item in enumerate(rows)
        ]
        head = _text({entry.root: write_object(row.table, record)})
        return f'{head[:-2]}, "{row.series.name}": [{", ".join(items)}]}}}}'.encode()


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
