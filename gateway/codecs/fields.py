"""The vocabulary of the dialect tables: what stands where on the wire, and which neutral field it carries.

A table is a tree of `Field`, `Group`, `Many`, `Points` and `Values` in the order of the wire. Decoding and encoding
both walk the same tree (`xml_records`, `json_records`), so that a document kind is one table. A record is what a tree
carries: a dict from neutral field names to neutral values, with a list of records for each `Many`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeAlias

from gateway.messages.codes import Quality
from gateway.messages.times import NO_INSTANT, WrittenInstant, parse_instant, to_datetime, to_instant
from gateway.schemas.parsers import UNSPEAKABLE

Record: TypeAlias = dict[str, Any]


class Codes:
    """A code list of the wire and the neutral names of its codes. A code without a name stays the text it is."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._codes = {name: code for code, name in names.items()}

    def read(self, text: str) -> str:
        """The neutral name of a code; white space around it does not count."""
        name = self._names.get(text)
        if name is None:
            text = text.strip()
            name = self._names.get(text, text)
        return name

    def write(self, name: str) -> str:
        """The code of a neutral name."""
        code = self._codes.get(name)
        return str(name) if code is None else code


@dataclass(frozen=True, slots=True)
class Convert:
    """How a field's text becomes its neutral value and back; `write` gives None for what has no text."""

    read: Callable[[str], Any]
    write: Callable[[Any], str | None]


def _as_it_is(text: str) -> str:
    return text


def _or_none(text: str) -> str | None:
    return text or None


def coded(codes: Codes) -> Convert:
    """A field whose text is a code of a list."""
    return Convert(codes.read, codes.write)


# Instants that four digits of a year can say; others count as unreadable.
_FIRST, _LAST = parse_instant("0001-01-02T00:00Z"), parse_instant("9999-12-30T00:00Z")


def _wall_clock(instant: int, precision: str) -> str | None:
    if not _FIRST <= instant <= _LAST:
        return None
    return to_datetime(instant).replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _write_minute(instant: int | None) -> str | None:
    return None if instant is None else _wall_clock(instant, "minutes")


def _write_second(instant: int | None) -> str | None:
    return None if instant is None else _wall_clock(instant, "seconds")


def _read_moment(text: str) -> datetime | None:
    instant = parse_instant(text)
    return to_datetime(instant) if _FIRST <= instant <= _LAST else None


def _write_moment(moment: datetime) -> str | None:
    return _write_second(to_instant(moment))


@lru_cache(maxsize=4096)  # the same few bounds and times come again and again
def _read_instant(text: str) -> int:
    instant = parse_instant(text)
    return instant if _FIRST <= instant <= _LAST else NO_INSTANT


def _read_written(text: str) -> WrittenInstant:
    text = text.strip()
    instant = _read_instant(text)
    return WrittenInstant(instant, "" if text == _write_second(instant) else text)


def _write_written(instant: WrittenInstant) -> str | None:
    return instant.as_written if instant.is_readable and instant.as_written else _write_second(instant.instant)


TEXT = Convert(_as_it_is, str)
"""Text kept to the letter, white space included (xs:string)."""
FILLED = Convert(_or_none, str)
"""Text kept to the letter; empty where the wire needs the element but the document has nothing to say."""
STATED = Convert(_or_none, _or_none)
"""Text kept to the letter; no element where the document has nothing to say."""
TOKEN = Convert(str.strip, str)
"""Text without the white space around it (codes that have no neutral names, durations)."""
MINUTE = Convert(_read_instant, _write_minute)
"""An instant to the minute: `2025-01-14T23:00Z`."""
SECOND = Convert(_read_instant, _write_second)
"""An instant to the second: `2025-01-14T23:00:00Z`."""
WRITTEN = Convert(_read_written, _write_written)
"""An instant to the second that keeps a spelling of its own: `2025-01-15T00:00:00+01:00`."""
MOMENT = Convert(_read_moment, _write_moment)
"""A header's time, as aware datetime; None when it cannot be read."""


class JsonForm(StrEnum):
    """How the JSON dialect spells a field."""

    BARE = "bare"
    """`"mRID": "…"`"""
    VALUE = "value"
    """`"type": {"value": "E66"}`"""
    IDENTIFIER = "identifier"
    """`"…mRID": {"codingScheme": "A10", "value": "…"}`"""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The attribute that says who issued an identifier, and the neutral field that carries it."""

    name: str
    key: str
    codes: Codes
    others: str
    """The code written for a scheme that the attribute cannot say."""
    sayable: frozenset[str] | None = None
    """The codes that the attribute can say; None for all of its list."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Attributes written beside a code."""

    def write(self, scheme: str | None) -> str:
        """The attribute's text for a scheme."""
        code = self.codes.write(scheme) if scheme else self.others
        return code if self.sayable is None or code in self.sayable else self.others


@dataclass(frozen=True, slots=True)
class Field:
    """One element of the wire that carries one neutral field.

    Attributes:
        name: the element's name, without namespace.
        key: the neutral field.
        convert: text to neutral value and back.
        required: whether the element must be there; what the document lacks is then written as `absent`.
        absent: the text of a required element the document has nothing for.
        default: the text an empty element stands for (a default of the schema).
        scheme: the identifier's scheme, where it has one.
        listed: the attributes that name the list of a code, computed from the code; written, never read.
        json: the spelling in JSON.
    """

    name: str
    key: str
    convert: Convert = TEXT
    required: bool = True
    absent: str = ""
    default: str = ""
    scheme: Scheme | None = None
    listed: Callable[[str], str] | None = None
    json: JsonForm = JsonForm.BARE


@dataclass(frozen=True, slots=True)
class Group:
    """An element that only holds others; its fields belong to the record around it."""

    name: str
    nodes: tuple[Node, ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Many:
    """An element that stands once for each record of a list."""

    name: str
    key: str
    nodes: tuple[Node, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Points:
    """The values of a series: never records, always columns (`gateway.codecs.points`).

    Attributes:
        name: the element of one value; the others are its children.
        position: the number of the value.
        quantity: the amount.
        quality: how the value came about.
        missing: the flag of a value that is not there, in the dialect that has one.
        qualities: the codes of `quality`.
        listed: attributes of `quality`, as of a `Field`.
    """

    name: str
    position: str
    quantity: str
    quality: str
    qualities: Mapping[str, int]
    missing: str = ""
    listed: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Amount:
    """One amount of a point of results.

    Attributes:
        name: the element.
        key: the column: `quantity`, `price` or `amount`.
        missing: the flag of an amount that is not there, in the dialect that has one.
        means: the `Quality` that the flag says.
        json: the spelling in JSON.
    """

    name: str
    key: str
    missing: str = ""
    means: int = 0
    json: JsonForm = JsonForm.BARE


@dataclass(frozen=True, slots=True)
class Status:
    """How the value of a point of results came about.

    Attributes:
        name: the element.
        read: the `Quality` of each code.
        write: the code of each `Quality`; one that is not there is not said.
        listed: the attributes that name the list of a code, as of a `Field`.
    """

    name: str
    read: Mapping[str, int]
    write: Mapping[Quality, str]
    listed: Callable[[str], str] | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """The points of a series of results, which have several amounts: columns too (`gateway.codecs.values`).

    Attributes:
        name: the element of one point.
        position: the element of its number, which comes first.
        parts: its other elements, in the order of the wire.
    """

    name: str
    position: str
    parts: tuple[Amount | Status, ...]


Node: TypeAlias = Field | Group | Many | Points | Values


def text_of(field: Field, record: Record) -> str | None:
    """The text a field is written with, None where it stays away; what no document can carry is replaced."""
    value = record.get(field.key)
    text = None if value is None else field.convert.write(value)
    if text is None:
        return field.absent if field.required else None
    return UNSPEAKABLE.sub("\ufffd", text)
