"""The fast path of XML: accept fast, reject never.

Every series must match in full the byte grammar that `gateway.codecs.grammar` generates from our XSD; a header that
does not match its own goes to the parser and the schemas like any document. After that proof nothing needs parsing any
more: one pass deletes the markup of the values, and numpy reads their digits. Whatever does not match is no error but a
matter for the general path, which alone rejects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.codecs.catalogue import Row
from gateway.codecs.door import Taken
from gateway.codecs.fields import Field, Group, Node, Points, Record
from gateway.codecs.grammar import NoGrammar, Pattern, grammar_of
from gateway.codecs.points import Marks, read_stream
from gateway.codecs.proven import Capture, ProvenColumns
from gateway.codecs.records import table_of
from gateway.codecs.xml_records import XmlReader
from gateway.schemas.check_xml import check_xml
from gateway.schemas.parsers import parse_xml
from gateway.schemas.registry import SchemaEntry

_START = re.compile(
    rb"(?:\xef\xbb\xbf)?+"
    rb"(?:<\?xml version=(?:\"1\.0\"|'1\.0')(?: encoding=(?:\"(?i:utf-8)\"|'(?i:utf-8)'))?+"
    rb"(?: standalone=(?:\"(?:yes|no)\"|'(?:yes|no)'))?+ ?+\?>)?+"
    rb"[ \t\r\n]*+<(?:((?!(?i:xml))[A-Za-z_][A-Za-z0-9_.-]{0,31}+):)?+([A-Za-z_]++)(?=[ \t\r\n>])"
)
"""The beginning of a document up to the root's name; prefixes that begin with xml belong to XML itself."""


def decode_fast(data: bytes, row: Row, entry: SchemaEntry, reader: XmlReader) -> Taken | None:
    """The message, or None when the general path has to look at it."""
    start = _START.match(data)
    if start is None or start[2] != entry.root.encode():
        return None
    plan = _plan(row, entry, start[1] + b":" if start[1] else b"")
    first = data.find(plan.opening) if plan else -1
    if plan is None or row.marks is None or first < 0:
        return None
    header = plan.header(data, start.end(), first) or _read_header(data[:first] + plan.closing_of_header, entry, reader)
    if header is None:
        return None
    rows, streams, end = _match_all(data, first, plan, row.marks)
    if plan.closing.match(data, end) is None:
        return None
    points, offsets = read_stream(streams, row.marks)
    return Taken(entry, header, table_of(plan.captures.columns(rows), len(rows), points, offsets))


def _read_header(header: bytes, entry: SchemaEntry, reader: XmlReader) -> Record | None:
    """The header's record by parser and schemas; None where they refuse it."""
    root = parse_xml(header).root
    if root is None or root.tag != entry.tag or check_xml(root, entry):
        return None
    return reader.header(root)


def _match_all(data: bytes, start: int, plan: _Plan, marks: Marks) -> tuple[list[tuple[bytes, ...]], list[bytes], int]:
    """The captured texts of each series that matches, the streams of their values, and where matching ended."""
    rows: list[tuple[bytes, ...]] = []
    streams: list[bytes] = []
    match_at, block_at, wanted = plan.series.match, plan.block, plan.captures.groups
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
        heading: the grammar of the header, from behind the root element's name.
        head: what it captures.
        series: the grammar of one series.
        captures: what it captures but for the values.
        block: the group of the values.
        opening: the start tag of a series.
        closing_of_header: ends a document after its header.
        closing: what may follow the last series.
        stripped: the prefix, where it would disturb the stream of tokens.
    """

    heading: re.Pattern[bytes]
    head: ProvenColumns
    series: re.Pattern[bytes]
    captures: ProvenColumns
    block: int
    opening: bytes
    closing_of_header: bytes
    closing: re.Pattern[bytes]
    stripped: bytes

    def header(self, data: bytes, start: int, end: int) -> Record | None:
        """The header's record by the grammar; None where it does not match in full."""
        found = self.heading.match(data, start)
        if found is None or found.end() != end:
            return None
        return self.head.record(found.group(*self.head.groups))


MOST_PLANS = 64
_plans: dict[tuple[Row, bytes], _Plan | None] = {}


def _plan(row: Row, entry: SchemaEntry, prefix: bytes) -> _Plan | None:
    """The plan for a prefix, made once; None where there is no grammar.

    A plan costs as much as fifty small messages. After the first prefixes the world uses, no more are made, so that
    nobody can have us compile grammars by sending ever new ones.
    """
    key = (row, prefix)
    if key not in _plans and len(_plans) < MOST_PLANS:
        _plans[key] = _compiled(row, entry, prefix)
    return _plans.get(key)


def _compiled(row: Row, entry: SchemaEntry, prefix: bytes) -> _Plan | None:
    assert row.marks is not None
    grammar, name = grammar_of(entry.files[0]), row.series.name
    top, inner = dict(_captures(row.table, "")), dict(_captures(row.series.nodes, ""))
    try:
        head = grammar.header(entry.root, name, prefix, top)
        series = grammar.element(entry.root, name, prefix, inner)
    except NoGrammar:
        return None
    end = b"</" + prefix + entry.root.encode() + b">"
    return _Plan(
        re.compile(_declaration(entry.namespace, prefix) + head.regex.pattern),
        ProvenColumns.of(_taken(head, top)),
        series.regex,
        ProvenColumns.of(_taken(series, inner)),
        next(group for group, path in enumerate(series.captures, 1) if path.endswith("*")),
        b"<" + prefix + name.encode() + b">",
        row.stub.replace("{p}", prefix.decode()).encode() + end,
        re.compile(re.escape(end) + rb"[ \t\r\n]*+\Z"),
        prefix if set(prefix) & set(row.marks.kept) else b"",
    )


def _declaration(namespace: str, prefix: bytes) -> bytes:
    """The rest of the root's start tag: nothing but the declaration of its namespace."""
    attribute = re.escape(b"xmlns:" + prefix[:-1] if prefix else b"xmlns")
    name = re.escape(namespace.encode())
    return rb"[ \t\r\n]++" + attribute + b'=(?:"' + name + b"\"|'" + name + b"')>"


def _taken(pattern: Pattern, fields: Mapping[str, Field | None]) -> Iterator[Capture]:
    """The fields that a pattern captures."""
    for group, path in enumerate(pattern.captures, 1):
        field = fields[path]
        if field is not None:
            yield Capture(group, field, "@" in path)


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
