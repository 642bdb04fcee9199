"""Push telegrams: DATA-NOTIFICATION with values by OBIS code, by an object list, or by position.

Most telegrams describe themselves: each value stands behind its OBIS code, with or without scaler and unit, flat or in
structures, or an object list comes first. What is left unsaid a layout table says; a value nobody names is refused
with its whole telegram.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from decimal import Decimal

from meter_adapters.dlms.axdr import Data, Tag, decode_prefix, text_of, whole_number
from meter_adapters.dlms.cosem_time import CosemTime, looks_like_time, parse_time
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.layouts.tables import Layout, layout_for
from meter_adapters.obis import Obis
from meter_adapters.units import unit_of_code

DATA_NOTIFICATION = 0x0F

UNNAMED = Obis(0, 0, 0, 0, 0, 0)
"""A text or time that stands in a telegram without any code: its list id, its own time."""

_TEXTS = frozenset(
    {Tag.OCTET_STRING, Tag.VISIBLE_STRING, Tag.UTF8_STRING, Tag.BIT_STRING, Tag.BOOLEAN, Tag.ENUM, Tag.BCD}
)
_TIMES = frozenset({Tag.OCTET_STRING, Tag.DATE_TIME})
_DESCRIPTOR = (Tag.UINT16, Tag.OCTET_STRING, Tag.INT8)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of a telegram.

    Attributes:
        code: its OBIS code; `UNNAMED` for a text or time without one.
        raw, scaler, unit: the number, where it is one.
        text: the text or time, where it is none.
        time: the time it is, where it is one.
        is_number: whether it is a number.
    """

    code: Obis
    raw: int = 0
    scaler: int = 0
    unit: str = ""
    text: str = ""
    time: CosemTime | None = None
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Telegram:
    """What a push says: its own time, where it states one, its values, and by which layout they were read."""

    time: CosemTime | None
    entries: tuple[Entry, ...]
    layout: str = ""


def parse_notification(apdu: bytes, maker: str = "") -> Telegram | Fault:
    """The telegram of a plain DATA-NOTIFICATION; `maker` are the three letters of its sender, where known."""
    if len(apdu) < 7 or apdu[0] != DATA_NOTIFICATION:
        return Fault("not-a-push", "no DATA-NOTIFICATION")
    at = 5
    if apdu[at] == Tag.OCTET_STRING:
        at += 1
    length = apdu[at]
    own = parse_time(apdu[at + 1 : at + 1 + length]) if length else None
    if isinstance(own, Fault):
        return own
    found = decode_prefix(apdu, at + 1 + length)
    if isinstance(found, Fault):
        return found
    body, end = found
    if end != len(apdu):
        return Fault("data-left-over", f"{len(apdu) - end} octets are left after the telegram's values")
    return _read(body, own, maker)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value as found: its code, and scaler and unit where they came with it."""

    code: Obis | None
    data: Data
    step: tuple[int, str] | None = None


def _read(body: Data, own: CosemTime | None, maker: str) -> Telegram | Fault:
    found = list(_values(body))
    list_id = next((text for value in found[:1] if (text := _text(value.data))), "")
    layout = layout_for(list_id, maker)
    if layout is not None and all(value.code is None for value in found):
        codes = layout.positions(len(found))
        if codes:
            found = [_Value(code, value.data) for code, value in zip(codes, found, strict=True)]
    entries = []
    for value in found:
        entry = _entry(value, layout)
        if isinstance(entry, Fault):
            return entry
        if entry is not None:
            entries.append(entry)
    if not entries:
        return Fault("telegram-empty", "the telegram carries no values")
    return Telegram(own, tuple(entries), layout.title if layout else "")


def _values(data: Data) -> Iterator[_Value]:
    """The values of a telegram in their order, however they are nested."""
    parts = data.elements
    if not parts:
        if data.tag not in (Tag.ARRAY, Tag.STRUCTURE):
            yield _Value(None, data)
        return
    turned = _value_first(parts)
    if turned is not None:
        yield turned
        return
    described = _by_object_list(parts)
    if described is not None:
        yield from described
        return
    at = 0
    while at < len(parts):
        at = yield from _one(parts, at)


def _one(parts: tuple[Data, ...], at: int) -> Generator[_Value, None, int]:
    """The value that begins at a place; returns the place behind it."""
    if parts[at].tag in (Tag.ARRAY, Tag.STRUCTURE):
        yield from _values(parts[at])
        return at + 1
    start = at + 1 if parts[at].tag is Tag.UINT16 and _code(parts, at + 1) else at
    code = _code(parts, start)
    if code is None:
        yield _Value(None, parts[at])
        return at + 1
    place, step = start + 1, None
    if start > at and place + 1 < len(parts) and parts[place].tag is Tag.INT8:
        step = _scaler_alone(parts[place])
        place += 1
    if step is None and place + 1 < len(parts):
        step = _step(parts[place + 1])
        if step is not None:
            yield _Value(code, parts[place], step)
            return place + 2
    yield _Value(code, parts[place], step)
    return place + 1


def _code(parts: tuple[Data, ...], at: int) -> Obis | None:
    """The OBIS code at a place, where a value follows it."""
    if at + 1 >= len(parts) or parts[at].tag is not Tag.OCTET_STRING:
        return None
    octets = parts[at].value
    return Obis.from_octets(octets) if isinstance(octets, bytes) else None


def _step(data: Data) -> tuple[int, str] | None:
    """Scaler and unit, where a structure is just that."""
    parts = data.elements
    if data.tag is not Tag.STRUCTURE or [part.tag for part in parts] != [Tag.INT8, Tag.ENUM]:
        return None
    scaler, unit = parts[0].value, parts[1].value
    assert isinstance(scaler, int) and isinstance(unit, int), "whole numbers by their tags"
    return scaler, unit_of_code(unit)


def _scaler_alone(data: Data) -> tuple[int, str] | None:
    """The scaler between a code and its value; a number from 1 on there is that of the attribute instead."""
    return (data.value, "") if isinstance(data.value, int) and data.value < 1 else None


def _value_first(parts: tuple[Data, ...]) -> _Value | None:
    """A structure of value, class, scaler with unit, code."""
    if [part.tag for part in parts[1:]] != [Tag.UINT16, Tag.STRUCTURE, Tag.OCTET_STRING]:
        return None
    octets, step = parts[3].value, _step(parts[2])
    code = Obis.from_octets(octets) if isinstance(octets, bytes) else None
    return _Value(code, parts[0], step) if code is not None and step is not None else None


def _by_object_list(parts: tuple[Data, ...]) -> list[_Value] | None:
    """The values of a telegram whose first element lists the objects of all that follow; None for any other."""
    listed = parts[0].elements
    if parts[0].tag is not Tag.ARRAY or not listed or len(listed) not in (len(parts), len(parts) - 1):
        return None
    codes = [_described(one) for one in listed]
    if None in codes:
        return None
    values = parts[1:] if len(listed) == len(parts) - 1 else parts
    pairs = zip(codes, values, strict=True)
    return [_Value(code, value) for code, value in pairs if value is not parts[0]]


def _described(data: Data) -> Obis | None:
    parts = data.elements
    if data.tag is not Tag.STRUCTURE or tuple(part.tag for part in parts[:3]) != _DESCRIPTOR:
        return None
    octets = parts[1].value
    return Obis.from_octets(octets) if isinstance(octets, bytes) else None


def _entry(value: _Value, layout: Layout | None) -> Entry | Fault | None:
    """The entry of a value; None for an empty one."""
    number, data = value.data.number, value.data
    if number is not None:
        return _number(value, number, layout)
    if data.tag is Tag.NULL:
        return None
    code = value.code or UNNAMED
    time = _time(data)
    if time is not None:
        return Entry(code, text=str(time), time=time)
    text = _text(data)
    if text is None:
        return Fault("telegram-value", f"a value of type {data.tag.name} in a telegram")
    return Entry(code, text=text)


def _number(value: _Value, number: int | Decimal, layout: Layout | None) -> Entry | Fault:
    if value.code is None:
        return Fault("layout-unknown", "a number without any code, in a list no layout table knows")
    scaler, unit = value.step or (0, "")
    told = layout.step(value.code) if layout is not None and value.step is None else None
    if told is not None:
        scaler, unit = told.scaler, told.unit
    raw, own = whole_number(number)
    return Entry(value.code, raw, scaler + own, unit, is_number=True)


def _time(data: Data) -> CosemTime | None:
    if data.tag not in _TIMES or not isinstance(data.value, bytes) or not looks_like_time(data.value):
        return None
    found = parse_time(data.value)
    return None if isinstance(found, Fault) else found


def _text(data: Data) -> str | None:
    """The text of a value that may stand as one."""
    return text_of(data) if data.tag in _TEXTS else None
