"""The fast path of JSON: accept fast, reject never.

As in XML, every series must match a byte grammar in full, and what is left without the series goes to the parser and
the schemas like any document. The grammar comes from the dialect's table, its codes and formats from our XSD of the
same document. It takes the keys of an object in any order, each once; a value's position comes first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from gateway.codecs.catalogue import Row
from gateway.codecs.door import Taken
from gateway.codecs.fields import Field, Group, JsonForm, Node, Points
from gateway.codecs.grammar import JSON_INK, SPACE, Grammar, grammar_of
from gateway.codecs.json_records import read_object
from gateway.codecs.points import Marks, read_stream
from gateway.codecs.proven import Capture, ProvenColumns
from gateway.codecs.records import table_of
from gateway.messages.codes import Dialect
from gateway.schemas.check_json import check_json
from gateway.schemas.parsers import parse_json
from gateway.schemas.registry import SchemaEntry, shipped


@dataclass(frozen=True, slots=True)
class _Spelling:
    """What stands between the tokens of JSON: behind an opening bracket and before a closing one, for `,` and `:`."""

    space: bytes
    comma: bytes
    colon: bytes


_ANY = _Spelling(SPACE, SPACE + b"," + SPACE, SPACE + b":" + SPACE)
_SPELLINGS = (_Spelling(b"", b", ", b": "), _Spelling(b"", b",", b":"), _ANY)
"""The spellings of most machines, which match twice as fast, and the one that takes all white space."""

_NUMBER = rb"(?:0|[1-9][0-9]{0,9}+)(?:\.[0-9]{1,3}+)?+"
"""A JSON number of at most 10 + 3 digits, with neither sign nor exponent."""


def decode_fast(data: bytes, row: Row, entry: SchemaEntry) -> Taken | None:
    """The message, or None when the general path has to look at it."""
    plan = _plan(row)
    opening = plan.opening.search(data)
    if opening is None or row.marks is None:
        return None
    texts, streams, end = _match_all(data, opening.end(), plan, row.marks)
    if not texts or data[end : end + 1] != b"]":
        return None
    rest = data[: opening.end()] + data[end:]
    value = parse_json(rest).value
    body = value.get(entry.root) if isinstance(value, dict) else None
    if not isinstance(body, dict) or check_json(value, entry, rest):
        return None
    points, offsets = read_stream(streams, row.marks)
    series = table_of(plan.captures.columns(texts), len(texts), points, offsets)
    return Taken(entry, read_object(row.table, body, {}), series)


def _match_all(data: bytes, start: int, plan: _Plan, marks: Marks) -> tuple[list[tuple[bytes, ...]], list[bytes], int]:
    """The captured texts of each series that matches, the streams of their values, and where the array ends."""
    texts: list[tuple[bytes, ...]] = []
    streams: list[bytes] = []
    block_at, wanted = plan.block, plan.captures.groups
    found, match_at = None, plan.series[-1].match
    for pattern in plan.series:
        if (found := pattern.match(data, start)) is not None:
            match_at = pattern.match
            break
    while found is not None:
        streams.append(marks.stream(found[block_at]))
        texts.append(found.group(*wanted))
        start = found.end()
        if data[start : start + 1] != b",":
            break
        found = match_at(data, start + 1) or plan.series[-1].match(data, start + 1)
    return texts, streams, start


@dataclass(frozen=True, slots=True)
class _Plan:
    """The fast path of one document: how its series begin, the grammar of one in each spelling, and its captures."""

    opening: re.Pattern[bytes]
    series: tuple[re.Pattern[bytes], ...]
    captures: ProvenColumns
    block: int


@cache
def _plan(row: Row) -> _Plan:
    xml = shipped().entry(row.kind, Dialect.CIM_XML)
    grammar, name = grammar_of(xml.files[0], JSON_INK), row.series.name
    writers = [_Writer(grammar, xml.root, spelling) for spelling in _SPELLINGS]
    patterns = [SPACE + writer.object(row.series.nodes, name) + SPACE for writer in writers]
    return _Plan(
        re.compile(b'"' + name.encode() + b'"' + _ANY.colon + rb"\["),
        tuple(re.compile(pattern) for pattern in patterns),
        ProvenColumns.of(writers[0].captured),
        writers[0].block,
    )


@dataclass(slots=True)
class _Writer:
    """Writes the pattern of an object and counts its groups."""

    grammar: Grammar
    root: str
    spelling: _Spelling
    groups: int = 0
    block: int = 0
    captured: list[Capture] = field(default_factory=list)

    def object(self, nodes: tuple[Node, ...], path: str) -> bytes:
        """An object with the keys of the nodes: in any order, none twice, the required ones present."""
        members: list[bytes] = []
        required = b""
        for node in nodes:
            self.groups += 1
            seen = self.groups
            once = rb"(?(%d)(?!)|)()" % seen
            members.append(self._key(node.name) + once + self._value(node, f"{path}/{node.name}"))
            if isinstance(node, Points) or (not isinstance(node, Field) or node.required):
                required += rb"(?(%d)|(?!))" % seen
        space, comma = self.spelling.space, self.spelling.comma
        behind = rb"(?:" + comma + rb'(?=")|' + space + rb"(?=\}))"  # a comma before the next key, or the end
        member = b"(?:(?:" + b"|".join(members) + b")" + behind + b"){1,%d}" % len(nodes)
        return rb"\{" + space + member + rb"\}" + required

    def _value(self, node: Node, path: str) -> bytes:
        if isinstance(node, Field):
            return self._field(node, path)
        if isinstance(node, Points):
            return self._points(node, path)
        assert isinstance(node, Group)
        return self.object(node.nodes, path)

    def _field(self, node: Field, path: str) -> bytes:
        text = self.grammar.text(self.root, path)
        if node.json is JsonForm.BARE:
            return b'"' + self._capture(node, text) + b'"'
        if node.scheme is None:
            return self._valued(b'"' + self._capture(node, text) + b'"')
        scheme = self._capture(node, self.grammar.attribute(self.root, path, node.scheme.name), is_scheme=True)
        first = self._key(node.scheme.name) + b'"' + scheme + b'"'
        second = self._key("value") + b'"' + self._capture(node, text) + b'"'
        return rb"\{" + self.spelling.space + first + self.spelling.comma + second + self.spelling.space + rb"\}"

    def _capture(self, node: Field, pattern: bytes, is_scheme: bool = False) -> bytes:
        self.groups += 1
        self.captured.append(Capture(self.groups, node, is_scheme))
        return b"(" + pattern + b")"

    def _points(self, node: Points, path: str) -> bytes:
        space, comma = self.spelling.space, self.spelling.comma
        position = self._key(node.position) + self._valued(self.grammar.text(self.root, f"{path}/{node.position}"))
        quantity = comma + self._key(node.quantity) + _NUMBER
        code = self.grammar.text(self.root, f"{path}/{node.quality}")
        quality = comma + self._key(node.quality) + self._valued(b'"' + code + b'"')
        either = quantity + b"(?:" + quality + b")?+|" + quality + b"(?:" + quantity + b")?+"
        point = rb"\{" + space + position + b"(?:" + either + b")?+" + space + rb"\}"
        self.groups += 1
        self.block = self.groups
        return rb"\[" + space + b"(" + point + b"(?:" + comma + point + b")*+)" + space + rb"\]"

    def _key(self, name: str) -> bytes:
        return b'"' + re.escape(name.encode()) + b'"' + self.spelling.colon

    def _valued(self, pattern: bytes) -> bytes:
        space = self.spelling.space
        return rb"\{" + space + self._key("value") + pattern + space + rb"\}"
