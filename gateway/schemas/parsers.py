"""Every parser of the exchange: XML, JSON, gzip. No other module parses bytes of a stranger with these libraries.

Bad input comes back as a `Finding`, never as an exception. What each parser refuses beyond malformed input is listed
in its docstring; the threats are those of the project's security notes (external entities, expansion, depth, huge
numbers, duplicate keys, compression bombs).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from lxml import etree

from gateway.messages.findings import Finding
from gateway.schemas import json_places
from gateway.schemas.faults import MALFORMED, TOO_LARGE, fault

BODY_LIMIT = 50 * 1024 * 1024
"""Greatest document in bytes, after decompression (Danish B2B: 50 MiB)."""

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | Decimal | bool | None"

UTF8_BOM = b"\xef\xbb\xbf"


# ---------------------------------------------------------------------------------------------------------------- XML


# `collect_ids=False` would be faster and is not safe: lxml then opens the external subset of a DOCTYPE.
# Comments go, so that the text around one is a single piece: `<quantity>1<!-- -->2</quantity>` is 12 for the schema
# and must be 12 for a codec.
_SAFE: dict[str, Any] = {
    "resolve_entities": "internal",
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "remove_pis": True,
    "remove_comments": True,
}

# Encodings that agree with ASCII byte for byte or announce themselves by a mark; UTF-7 and its like hide markup.
_ENCODINGS = frozenset(
    {"utf-8", "us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "utf-16", "utf-16le", "utf-16be"}
)

MAX_ATTRIBUTES = 256
"""Most attributes on one element; no document of the market has more than a handful."""

_FROM_EQUALS_SIGN = re.compile(rb"=[^<]*+")
_COUNT_ATTRIBUTES = etree.XPath(f"boolean(//*[count(@*) > {MAX_ATTRIBUTES}])")

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class XmlOutcome:
    """A parsed XML document's root, or the finding that refuses it."""

    root: etree._Element | None
    finding: Finding | None = None


def parse_xml(data: bytes, limit: int = BODY_LIMIT) -> XmlOutcome:
    """Read an XML document from a stranger.

    Comments and processing instructions are dropped. A byte-order mark is tolerated.

    Args:
        data: the document as received.
        limit: greatest size in bytes.

    Returns:
        The root element, or a finding: `too-large`; `malformed` for text that is not well-formed, any DOCTYPE, an
        encoding other than UTF-8, UTF-16, Latin-1, depth over 256, text over 10 MB, over `MAX_ATTRIBUTES` attributes.
    """
    if len(data) > limit:
        return XmlOutcome(None, fault(TOO_LARGE, f"the document is larger than {limit} bytes"))
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError as error:
        return XmlOutcome(None, _syntax_fault(error))
    finding = _refusal(root)
    if finding is None and _may_have_many_attributes(data) and _COUNT_ATTRIBUTES(root):
        finding = fault(MALFORMED, f"an element has more than {MAX_ATTRIBUTES} attributes")
    return XmlOutcome(None, finding) if finding else XmlOutcome(root)


def _may_have_many_attributes(data: bytes) -> bool:
    """Cheap and without false negatives: that many '=' with no '<' between, in any encoding that is accepted."""
    return any(run[0].count(b"=") > MAX_ATTRIBUTES for run in _FROM_EQUALS_SIGN.finditer(data))


def trusted_xml(data: bytes, path: Path, resolver: etree.Resolver) -> etree._Element:
    """Read a schema file of ours or the operator's; what it includes is asked of `resolver`, never of the network.

    Raises:
        etree.XMLSyntaxError: the file is not well-formed.
    """
    parser = etree.XMLParser(**_SAFE)
    parser.resolvers.add(resolver)
    return etree.fromstring(data, parser, base_url=str(path))


def _syntax_fault(error: etree.XMLSyntaxError) -> Finding:
    line, column = error.position
    text = " ".join((error.msg or "not well-formed").split())
    suffix = f", line {line}, column {column}"
    return fault(MALFORMED, f"not well-formed XML: {text.removesuffix(suffix)}{suffix}", line=line)


def _refusal(root: etree._Element) -> Finding | None:
    docinfo: Any = root.getroottree().docinfo  # the stubs know no `doctype`
    if docinfo.doctype or docinfo.internalDTD is not None:
        return fault(MALFORMED, "a DOCTYPE is not accepted", line=1)
    encoding = docinfo.encoding or "utf-8"
    if encoding.lower() not in _ENCODINGS:
        return fault(MALFORMED, f"the encoding {encoding} is not accepted", line=1)
    return None


def first_xml_tag(head: bytes) -> str | Finding:
    """The root element of an XML document in Clark notation, from its first bytes, or why there is none."""
    parser = etree.XMLPullParser(events=("start",), **_SAFE)
    fault_of_head = None
    try:
        parser.feed(head)
        parser.close()
    except etree.XMLSyntaxError as error:
        fault_of_head = _syntax_fault(error)  # usually that the head is no whole document
    for _, element in parser.read_events():
        if isinstance(element, etree._Element):
            return _refusal(element) or str(element.tag)
    return fault_of_head or fault(MALFORMED, "not well-formed XML: no root element", line=1)


class XmlPieces:
    """The root's children of one tag, one after the other, in memory of a few of them.

    When a piece comes it is complete and the last child of `document`: a document of its own, with a copy of what
    stood before the first piece (the header). It is gone when the next is asked for. `finding` tells after the
    iteration whether the document ended well; its fault may be on the last line. `rest` is then the root with
    everything that was no piece, and `header_length` how many of its children are the header.
    """

    def __init__(self, source: BinaryIO, tag: str, limit: int = BODY_LIMIT) -> None:
        self.document: etree._Element | None = None
        self.rest: etree._Element | None = None
        self.header_length = 0
        self.finding: Finding | None = None
        self._source = source
        self._limit = limit
        self._parser = etree.XMLPullParser(events=("end",), tag=tag, **_SAFE)

    def __iter__(self) -> Iterator[etree._Element]:
        try:
            for element in self._elements():
                document = self._header(element) if self.document is None else self.document
                if len(document) > self.header_length:
                    del document[-1]
                document.append(element)  # moves it out of the tree being read
                yield element
        except etree.XMLSyntaxError as error:
            self.finding = _syntax_fault(error)

    def _elements(self) -> Iterator[etree._Element]:
        size = 0
        while chunk := self._source.read(_CHUNK):
            size += len(chunk)
            if size > self._limit:
                self.finding = fault(TOO_LARGE, f"the document is larger than {self._limit} bytes")
                return
            self._parser.feed(chunk)
            for _, element in self._parser.read_events():
                if isinstance(element, etree._Element) and self._is_piece(element):
                    yield element
            if self.finding:
                return
        self._accepts(self._parser.close())

    def _is_piece(self, element: etree._Element) -> bool:
        return self._accepts(element.getroottree().getroot()) and element.getparent() is self.rest

    def _accepts(self, root: etree._Element) -> bool:
        """Look at the document once, as soon as there is an element of it; says whether reading may go on."""
        if self.rest is None:
            self.rest = root
            self.finding = _refusal(root)
        return self.finding is None

    def _header(self, first: etree._Element) -> etree._Element:
        """The document that the pieces come in: the root with a copy of what stands before the first of them."""
        root = first.getparent()
        assert root is not None
        self.header_length = root.index(first)
        namespaces: Any = root.nsmap  # the stubs know no default namespace
        self.document = etree.Element(root.tag, {str(name): str(value) for name, value in root.items()}, namespaces)
        self.document.extend(deepcopy(child) for child in islice(root, self.header_length))
        return self.document


# --------------------------------------------------------------------------------------------------------------- JSON


UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that no document can carry, for XML 1.0 does not know them; halves of surrogate pairs among them."""

MAX_DEPTH = 64
"""Deepest nesting of JSON; the documents of the market nest nine deep."""

_ESCAPE = re.compile(rb"\\.", re.DOTALL)
_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")


@dataclass(frozen=True, slots=True)
class JsonOutcome:
    """A parsed JSON document's value, or the finding that refuses it."""

    value: JsonValue
    finding: Finding | None = None


class _RefusedError(ValueError):
    """Raised by the parser's hooks; the text says why, the place is looked up afterwards."""


def parse_json(data: bytes, limit: int = BODY_LIMIT) -> JsonOutcome:
    """Read a JSON document from a stranger, exactly.

    Integers come as `int`, other numbers as `Decimal` with the digits as written: `1.2500` keeps its four decimals
    (see `number_text`). A byte-order mark is tolerated.

    Args:
        data: the document as received, in UTF-8.
        limit: greatest size in bytes.

    Returns:
        The value, or a finding: `too-large`; `malformed` for text that is no JSON or no UTF-8, a key that occurs
        twice in one object, NaN and Infinity, numbers beyond the range of a double or of more than 64 characters,
        lone surrogates and characters XML does not know (NUL), nesting over 64. Its text and line say where.
    """
    if len(data) > limit:
        return JsonOutcome(None, fault(TOO_LARGE, f"the document is larger than {limit} bytes"))
    if _depth(data) > MAX_DEPTH:
        return JsonOutcome(None, fault(MALFORMED, f"the document nests deeper than {MAX_DEPTH}"))
    try:
        return _read_json(str(data.removeprefix(UTF8_BOM), "utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return JsonOutcome(None, fault(MALFORMED, f"not UTF-8 at byte {error.start}", line=line))


def _read_json(text: str) -> JsonOutcome:
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        return JsonOutcome(None, _place_fault(text, error.msg, error.pos))
    except _RefusedError:
        return JsonOutcome(None, _place_fault(text, *json_places.first_fault(text)))
    if ("\\" in text or UNSPEAKABLE.search(text)) and _has_unspeakable(value):
        text = "not well-formed JSON: half of a surrogate pair, or a character XML does not know"
        return JsonOutcome(None, fault(MALFORMED, text))
    return JsonOutcome(value)


_FIRST_KEY = re.compile(rb'\{[ \t\r\n]*("(?:[^"\\]|\\.)*+")[ \t\r\n]*:', re.DOTALL)


def first_json_key(head: bytes) -> list[str] | Finding:
    """The first key of the outermost JSON object as a list, from its first bytes; an empty list for `{}`."""
    found = _FIRST_KEY.match(head)
    if found is None:
        empty = head[1:].lstrip().startswith(b"}")
        return [] if empty else fault(MALFORMED, "not well-formed JSON: no first key", line=1)
    key = parse_json(found[1])
    return [key.value] if isinstance(key.value, str) else key.finding or []


def _place_fault(text: str, message: str, offset: int) -> Finding:
    line, column = json_places.line_and_column(text, offset)
    return fault(MALFORMED, f"not well-formed JSON: {message}, line {line}, column {column}", line=line)


def _depth(data: bytes) -> int:
    """Greatest nesting, counted without parsing: brackets outside strings, at the speed of memory."""
    plain = _ESCAPE.sub(b"", data) if b"\\" in data else data
    brackets = b"".join(plain.split(b'"')[::2]).translate(None, _NOT_BRACKETS)
    if len(brackets) <= MAX_DEPTH:
        return 0
    opening = (np.frombuffer(brackets, np.uint8) & 0b110) == 0b010  # '[' and '{' end in 011, ']' and '}' in 101
    return int(np.cumsum(np.where(opening, 1, -1), dtype=np.int64).max())


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError
    return found


def _number(read: Callable[[str], int | Decimal]) -> Callable[[str], int | Decimal]:
    def exact(text: str) -> int | Decimal:
        if json_places.number_fault(text):
            raise _RefusedError
        return read(text)

    return exact


def _constant(name: str) -> JsonValue:
    raise _RefusedError(name)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_number(int), parse_float=_number(Decimal), parse_constant=_constant
)


def _decode(text: str) -> JsonValue:
    value: JsonValue = _DECODER.decode(text)
    return value


def _has_unspeakable(value: JsonValue) -> bool:
    """Whether a text in the value holds half a surrogate pair or a character that XML 1.0 does not know, as NUL."""
    if isinstance(value, str):
        return UNSPEAKABLE.search(value) is not None
    if isinstance(value, dict):
        return any(_has_unspeakable(key) or _has_unspeakable(below) for key, below in value.items())
    return isinstance(value, list) and any(map(_has_unspeakable, value))


def number_text(value: int | Decimal) -> str:
    """A JSON number as plain decimal digits, with the decimals it was written with: `1.2500`, `0.0015` for `1.5e-3`."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


# --------------------------------------------------------------------------------------------------------------- gzip


MAX_RATIO = 400
"""Greatest expansion of a compressed body; the dullest honest message measured expands 130 times."""

_RATIO_FROM = 1 << 20  # a small body may expand as it likes
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class GunzipOutcome:
    """The decompressed bytes, or the finding that refuses them."""

    data: bytes
    finding: Finding | None = None


def gunzip(data: bytes, limit: int = BODY_LIMIT) -> GunzipOutcome:
    """Decompress an HTTP body of `Content-Encoding: gzip`, never producing more than `limit` bytes.

    Returns:
        The bytes, or a finding: `too-large` over the limit or over `MAX_RATIO` times the compressed size; `malformed`
        for a damaged or truncated stream, bytes behind it, or gzip within gzip.
    """
    member = zlib.decompressobj(31)
    allowed = min(limit, max(_RATIO_FROM, len(data) * MAX_RATIO))
    try:
        plain = member.decompress(data, allowed + 1)
    except zlib.error:
        return GunzipOutcome(b"", fault(MALFORMED, "the gzip stream is damaged"))
    if len(plain) > allowed:
        return GunzipOutcome(b"", fault(TOO_LARGE, f"the gzip stream expands to more than {allowed} bytes"))
    if not member.eof:
        return GunzipOutcome(b"", fault(MALFORMED, "the gzip stream is truncated"))
    if member.unused_data:
        return GunzipOutcome(b"", fault(MALFORMED, "there are bytes behind the gzip stream"))
    if plain.startswith(_GZIP_MAGIC):
        return GunzipOutcome(b"", fault(MALFORMED, "gzip within gzip is not accepted"))
    return GunzipOutcome(plain)
