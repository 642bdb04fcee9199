"""The fast path of XML: accept fast, reject never.

The header goes to the parser and the schemas like any document. Every series must match in full the byte grammar that
`gateway.codecs.grammar` generates from our XSD. After that proof nothing needs parsing any more: one pass deletes the
markup of the values, and numpy reads their digits. Whatever does not match is no error but a matter for the general
path, which alone rejects.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from gateway.codecs.door import Taken
from gateway.codecs.fields import Field, Group, Node, Points
from gateway.codecs.grammar import NoGrammar, Pattern, grammar_of
from gateway.codecs.points import Marks, read_stream
from gateway.codecs.records import Column, table_of
from gateway.codecs.tables import Row
from gateway.codecs.xml_records import XmlReader
from gateway.schemas.check_xml import check_xml
from gateway.schemas.parsers import parse_xml
from gateway.schemas.registry import SchemaEntry

_START = re.compile(
    rb"(?:\xef\xbb\xbf)?+"
    rb"(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?i:utf-8)[\"'])?+"
    rb"(?: standalone=[\"'](?:yes|no)[\"'])?+ ?+\?>)?+"
    rb"[ \t\r\n]*+<(?:([A-Za-z_][A-Za-z0-9_.-]{0,31}+):)?+([A-Za-z_]++)[ \t\r\n>]"
)


def decode_fast(data: bytes, row: Row, entry: SchemaEntry, reader: XmlReader) -> Taken | None:
    """The message, or None when the general path has to look at it."""
    start = _START.match(data)
    if start is None or start[2] != entry.root.encode():
        return None
    assert row.marks is not None
    prefix = start[1] + b":" if start[1] else b""
    plan = _plan(row, entry, prefix)
    first = data.find(plan.opening)
    if plan.pattern is None or first < 0:
        return None
    root = parse_xml(data[:first] + plan.closing_of_header).root
    if root is None or root.tag != entry.tag or check_xml(root, entry):
        return None
    rows, streams, end = _match_all(data, first, plan, row.marks)
    if plan.closing.match(data, end) is None:
        return None
    points, offsets = read_stream(streams, row.marks)
    series = table_of(plan.columns(rows), len(rows), points, offsets)
    return Taken(entry, reader.header(root), series)


def _match_all(data: bytes, start: int, plan: _Plan, marks: Marks) -> tuple[list[tuple[bytes, ...]], list[bytes], int]:
    """The captured texts of each series that matches, the streams of their values, and where matching ended."""
    rows: list[tuple[bytes, ...]] = []
    streams: list[bytes] = []
    assert plan.pattern is not None
    match_at, block_at, wanted = plan.pattern.regex.match, plan.block, plan.wanted
    found = match_at(data, start)
    while found is not None:
        block = found[block_at]
        if plan.stripped:
            block = block.replace(plan.stripped, b"")
        streams.append(marks.stream(block))
        rows.append(found.group(*wanted))
        start = found.end()
        found = match_at(data, start)
    return rows, streams, start


@dataclass(frozen=True, slots=True)
class _Plan:
    """The fast path under one prefix.

    Attributes:
        pattern: of one series; None where the schema has no grammar.
        fields: the group of each captured text, its field, and whether it is the field's scheme.
        block: the group of the values.
        opening: the start tag of a series.
        closing_of_header: ends a document after its header.
        closing: what may follow the last series.
        stripped: the prefix, where it would disturb the stream of tokens.
    """

    pattern: Pattern | None
    fields: tuple[tuple[int, Field, bool], ...]
    block: int
    opening: bytes
    closing_of_header: bytes
    closing: re.Pattern[bytes]
    stripped: bytes

    @property
    def wanted(self) -> tuple[int, ...]:
        """The groups of the captured texts; the values are not among them."""
        return tuple(group for group, _, _ in self.fields)

    def columns(self, rows: Sequence[tuple[bytes, ...]]) -> dict[str, Column]:
        """The neutral columns of the captured texts."""
        texts = list(zip(*rows, strict=True))
        found: dict[str, Column] = {}
        for column, (_, field, is_scheme) in zip(texts, self.fields, strict=False):
            key = field.scheme.key if is_scheme and field.scheme else field.key
            found[key] = _converted(column, field, is_scheme)
        return found


def _converted(texts: Sequence[bytes | None], field: Field, is_scheme: bool) -> Column:
    """A column of texts as neutral values; a text that repeats is converted once."""
    known: dict[bytes | None, Any] = {None: None}
    read = field.scheme.codes.read if is_scheme and field.scheme else field.convert.read
    for text in texts:
        if text not in known and text is not None:
            known[text] = read((text[1:-1] if is_scheme else text).decode())
    return [known[text] for text in texts]


@lru_cache(maxsize=64)
def _plan(row: Row, entry: SchemaEntry, prefix: bytes) -> _Plan:
    assert row.marks is not None
    series = row.series
    captures = dict(_captures(series.nodes, ""))
    block = next(path for path in captures if path.endswith("*"))
    try:
        pattern = grammar_of(entry.files[0]).element(entry.root, series.name, prefix, captures)
    except NoGrammar:
        pattern = None
    captured = pattern.captures if pattern else ()
    fields = [(group, captures[path], "@" in path) for group, path in enumerate(captured, 1)]
    end = b"</" + prefix + entry.root.encode() + b">"
    return _Plan(
        pattern,
        tuple((group, field, is_scheme) for group, field, is_scheme in fields if field is not None),
        captured.index(block) + 1 if pattern else 0,
        b"<" + prefix + series.name.encode() + b">",
        row.stub.replace("{p}", prefix.decode()).encode() + end,
        re.compile(re.escape(end) + rb"[ \t\r\n]*+\Z"),
        prefix if set(prefix) & set(row.marks.kept) else b"",
    )


def _captures(nodes: Sequence[Node], path: str) -> list[tuple[str, Field | None]]:
    """What the grammar captures of a series: each field's text, its scheme, and the block of its values."""
    found: list[tuple[str, Field | None]] = []
    for node in nodes:
        below = f"{path}/{node.name}".lstrip("/")
        if isinstance(node, Field):
            found.append((below, node))
            if node.scheme is not None:
                found.append((f"{below}@{node.scheme.name}", node))
        elif isinstance(node, Group):
            found += _captures(node.nodes, below)
        elif isinstance(node, Points):
            found.append((f"{below}*", None))
    return found
