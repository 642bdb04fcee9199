"""COSEM data in A-XDR: the tagged values of registers, profiles and push telegrams.

A value is a `Data` of tag and content: whole numbers as int, floating point as the shortest exact Decimal, texts as
str, octet strings as bytes, arrays and structures as tuples of `Data`. A cut, an unknown tag, too deep nesting or
octets left over is a `Fault` (IEC 62056-6-2, "COSEM data types").
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple, TypeAlias

import numpy as np

from meter_adapters.dlms.fault import Fault, Malformed

MAX_DEPTH = 12
"""Deepest nesting of structures; the objects of a meter stay below five."""

MAX_ELEMENTS = 1_000_000
"""Most elements in one answer: guards compact arrays of elements without octets."""


class Tag(IntEnum):
    """The type octet before every value."""

    NULL = 0
    ARRAY = 1
    STRUCTURE = 2
    BOOLEAN = 3
    BIT_STRING = 4
    INT32 = 5
    UINT32 = 6
    OCTET_STRING = 9
    VISIBLE_STRING = 10
    UTF8_STRING = 12
    BCD = 13
    INT8 = 15
    INT16 = 16
    UINT8 = 17
    UINT16 = 18
    COMPACT_ARRAY = 19
    INT64 = 20
    UINT64 = 21
    ENUM = 22
    FLOAT32 = 23
    FLOAT64 = 24
    DATE_TIME = 25
    DATE = 26
    TIME = 27
    DONT_CARE = 255


class Data(NamedTuple):
    """One value with its tag."""

    tag: Tag
    value: Content = None

    @property
    def elements(self) -> tuple[Data, ...]:
        """The elements of an array or structure; empty for any other value."""
        return self.value if self.tag in _NESTED and isinstance(self.value, tuple) else ()

    @property
    def number(self) -> int | Decimal | None:
        """The value as a number, where the tag says that it is one."""
        if self.tag in NUMBERS and isinstance(self.value, int | Decimal):
            return self.value
        return None


Content: TypeAlias = "int | Decimal | bool | str | bytes | tuple[Data, ...] | None"

_WHOLE = {
    Tag.INT32: (4, True),
    Tag.UINT32: (4, False),
    Tag.BCD: (1, True),
    Tag.INT8: (1, True),
    Tag.INT16: (2, True),
    Tag.UINT8: (1, False),
    Tag.UINT16: (2, False),
    Tag.INT64: (8, True),
    Tag.UINT64: (8, False),
    Tag.ENUM: (1, False),
}
_TAGS = {tag.value: tag for tag in Tag}
_FIXED_OCTETS = {Tag.DATE_TIME: 12, Tag.DATE: 5, Tag.TIME: 4}
NUMBERS = frozenset(_WHOLE) - {Tag.ENUM, Tag.BCD} | {Tag.FLOAT32, Tag.FLOAT64}
_NESTED = frozenset({Tag.ARRAY, Tag.STRUCTURE})


def decode(data: bytes) -> Data | Fault:
    """The one value some octets carry; octets left over are refused."""
    found = decode_prefix(data, 0)
    if isinstance(found, Fault):
        return found
    value, end = found
    if end != len(data):
        return Fault("data-left-over", f"{len(data) - end} octets are left after the value")
    return value


def decode_prefix(data: bytes, start: int) -> tuple[Data, int] | Fault:
    """The value that begins at `start`, and where the next one begins."""
    reader = _Reader(data, start)
    try:
        return reader.value(0), reader.at
    except Malformed as malformed:
        return malformed.fault


def encode(data: Data) -> bytes:
    """The octets of a value, tag first."""
    return bytes([data.tag]) + _content(data)


def length_octets(length: int) -> bytes:
    """A length or count as A-XDR and BER write it."""
    if length < 0x80:
        return bytes([length])
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(octets)]) + octets


def read_length(data: bytes, at: int) -> tuple[int, int]:
    """A length at a place of some octets, and where it ends. Raises `Malformed` where it is cut or absurd."""
    if at >= len(data):
        raise Malformed("data-cut", "the octets end before a length")
    first = data[at]
    if first < 0x80:
        return first, at + 1
    size = first & 0x7F
    if not 1 <= size <= 4:
        raise Malformed("length-form", f"a length of {size} octets")
    if at + 1 + size > len(data):
        raise Malformed("data-cut", "the octets end within a length")
    return int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


class _Reader:
    """Walks through the octets of one value."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at, self.elements = data, at, 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise Malformed("data-cut", f"the octets end {end - len(self.data)} short of the value")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def length(self) -> int:
        if self.at < len(self.data) and self.data[self.at] < 0x80:
            self.at += 1
            return self.data[self.at - 1]
        value, self.at = read_length(self.data, self.at)
        return value

    def tag(self) -> Tag:
        octet = self.take(1)[0]
        tag = _TAGS.get(octet)
        if tag is None:
            raise Malformed("data-tag", f"no type of COSEM data has the tag {octet}")
        return tag

    def value(self, depth: int) -> Data:
        tag = self.tag()
        if tag is Tag.COMPACT_ARRAY:
            return self.compact_array(depth)
        return self.content(tag, depth)

    def content(self, tag: Tag, depth: int) -> Data:
        whole = _WHOLE.get(tag)
        if whole is not None:
            return Data(tag, int.from_bytes(self.take(whole[0]), "big", signed=whole[1]))
        if tag is Tag.OCTET_STRING:
            return Data(tag, self.take(self.length()))
        if tag in _NESTED:
            return Data(tag, tuple([self.value(depth + 1) for _ in range(self.count(depth))]))
        if tag in (Tag.NULL, Tag.DONT_CARE):
            return Data(tag)
        if tag in (Tag.FLOAT32, Tag.FLOAT64):
            return Data(tag, self.floating(tag))
        return Data(tag, self.octets(tag))

    def count(self, depth: int) -> int:
        count = self.length()
        self.elements += count
        if depth >= MAX_DEPTH:
            raise Malformed("data-depth", f"values are nested more than {MAX_DEPTH} deep")
        if count > len(self.data) - self.at:
            raise Malformed("data-cut", f"{count} elements are announced, {len(self.data) - self.at} octets are left")
        return count

    def floating(self, tag: Tag) -> Decimal:
        raw = self.take(4 if tag is Tag.FLOAT32 else 8)
        number = np.frombuffer(raw, ">f4" if tag is Tag.FLOAT32 else ">f8")[0]
        if not np.isfinite(number):
            raise Malformed("data-not-a-number", "a floating point value is no number")
        return Decimal(str(number))

    def octets(self, tag: Tag) -> bool | str | bytes:
        if tag is Tag.BOOLEAN:
            return self.take(1) != b"\0"
        if tag in _FIXED_OCTETS:
            return self.take(_FIXED_OCTETS[tag])
        length = self.length()
        if tag is Tag.BIT_STRING:
            bits = "".join(f"{octet:08b}" for octet in self.take((length + 7) // 8))
            return bits[:length]
        piece = self.take(length)
        try:
            return piece.decode("latin-1" if tag is Tag.VISIBLE_STRING else "utf-8")
        except UnicodeDecodeError:
            raise Malformed("data-text", "a text is not in UTF-8") from None

    def compact_array(self, depth: int) -> Data:
        """An array whose elements' types stand once, before all of them."""
        kind = self.type_description(depth)
        end = self.length() + self.at
        if end > len(self.data):
            raise Malformed("data-cut", f"the octets end {end - len(self.data)} short of the compact array")
        rows = []
        while self.at < end:
            before = self.at
            rows.append(self.described(kind))
            if self.at == before or self.elements > MAX_ELEMENTS:
                raise Malformed("data-endless", "a compact array repeats elements without octets")
        if self.at != end:
            raise Malformed("data-cut", "the last element of a compact array is not whole")
        return Data(Tag.ARRAY, tuple(rows))

    def type_description(self, depth: int) -> _Type:
        if depth >= MAX_DEPTH:
            raise Malformed("data-depth", f"types are nested more than {MAX_DEPTH} deep")
        tag = self.tag()
        if tag is Tag.ARRAY:
            count = int.from_bytes(self.take(2), "big")
            return _Type(tag, (self.type_description(depth + 1),) * count)
        if tag is Tag.STRUCTURE:
            return _Type(tag, tuple(self.type_description(depth + 1) for _ in range(self.count(depth))))
        if tag is Tag.COMPACT_ARRAY:
            raise Malformed("data-tag", "a compact array within the types of another")
        return _Type(tag, ())

    def described(self, kind: _Type) -> Data:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise Malformed("data-endless", "a compact array has more elements than any meter keeps")
        if kind.tag in _NESTED:
            return Data(kind.tag, tuple(self.described(part) for part in kind.parts))
        return self.content(kind.tag, MAX_DEPTH)


@dataclass(frozen=True, slots=True)
class _Type:
    tag: Tag
    parts: tuple[_Type, ...]


def _content(data: Data) -> bytes:
    tag, value = data.tag, data.value
    if tag in _WHOLE:
        assert isinstance(value, int)
        size, signed = _WHOLE[tag]
        return value.to_bytes(size, "big", signed=signed)
    if tag in _NESTED:
        return length_octets(len(data.elements)) + b"".join(map(encode, data.elements))
    if tag is Tag.OCTET_STRING:
        assert isinstance(value, bytes)
        return length_octets(len(value)) + value
    if tag in _FIXED_OCTETS:
        assert isinstance(value, bytes) and len(value) == _FIXED_OCTETS[tag]
        return value
    return _rare_content(data)


def _rare_content(data: Data) -> bytes:
    tag, value = data.tag, data.value
    if tag in (Tag.NULL, Tag.DONT_CARE):
        return b""
    if tag is Tag.BOOLEAN:
        return b"\1" if value else b"\0"
    if tag in (Tag.FLOAT32, Tag.FLOAT64):
        assert isinstance(value, Decimal | int)
        return struct.pack(">f" if tag is Tag.FLOAT32 else ">d", float(value))
    assert isinstance(value, str), f"{tag.name} is not written"
    if tag is Tag.BIT_STRING:
        padded = value.ljust((len(value) + 7) // 8 * 8, "0")
        packed = int(padded or "0", 2).to_bytes(len(padded) // 8, "big")
        return length_octets(len(value)) + packed
    text = value.encode("latin-1" if tag is Tag.VISIBLE_STRING else "utf-8")
    return length_octets(len(text)) + text


def text_of(data: Data) -> str:
    """A value as a person reads it: octets that are printable as their letters, others in hex."""
    value = data.value
    if isinstance(value, bytes):
        letters = value.rstrip(b"\0 ")
        printable = letters.isascii() and letters.decode("ascii").isprintable()
        return letters.decode("ascii") if printable else value.hex().upper()
    if isinstance(value, tuple):
        return " ".join(map(text_of, data.elements))
    return "" if value is None else str(value)


def whole_number(number: int | Decimal) -> tuple[int, int]:
    """A number as a whole number and a power of ten."""
    if isinstance(number, int):
        return number, 0
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "the decoder lets finite numbers pass only"
    raw = int("".join(map(str, digits)))
    return (-raw if sign else raw), exponent


# Short forms for requests and simulated objects.


def structure(*elements: Data) -> Data:
    """A structure of the given elements."""
    return Data(Tag.STRUCTURE, elements)


def array(elements: tuple[Data, ...] | list[Data]) -> Data:
    """An array of the given elements."""
    return Data(Tag.ARRAY, tuple(elements))


def octets(value: bytes) -> Data:
    """An octet string."""
    return Data(Tag.OCTET_STRING, value)


def unsigned(bits: int, value: int) -> Data:
    """An unsigned number of 8, 16, 32 or 64 bits."""
    return Data({8: Tag.UINT8, 16: Tag.UINT16, 32: Tag.UINT32, 64: Tag.UINT64}[bits], value)


def signed(bits: int, value: int) -> Data:
    """A signed number of 8, 16, 32 or 64 bits."""
    return Data({8: Tag.INT8, 16: Tag.INT16, 32: Tag.INT32, 64: Tag.INT64}[bits], value)
