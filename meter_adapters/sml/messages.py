"""SML messages: typed values with a length in front, each message with its own CRC.

Of interest is GetList.Response, a meter's values by OBIS code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from meter_adapters.dlms.fault import Fault, Malformed
from meter_adapters.obis import Obis
from meter_adapters.sml.transport import checks_of
from meter_adapters.units import unit_of_code

Element: TypeAlias = "bytes | int | bool | list[Element] | None"
"""One value: octets, a whole number, a boolean, a list, or None where an optional value is left out."""

GET_LIST_RESPONSE = 0x0701
MAX_DEPTH = 10
_OCTETS, _BOOLEAN, _INTEGER, _UNSIGNED, _LIST = 0, 4, 5, 6, 7
_SEC_INDEX, _TIMESTAMP = 1, 2


@dataclass(frozen=True, slots=True)
class SmlEntry:
    """One value of a meter's list.

    Attributes:
        code: its OBIS code.
        raw, scaler, unit: the number; `raw` is None for a text.
        octets: the text or id, where it is no number.
        status: the status word; None where there is none.
        timestamp: its instant, epoch seconds; None where the meter counts seconds of its own.
    """

    code: Obis
    raw: int | None
    scaler: int = 0
    unit: str = ""
    octets: bytes = b""
    status: int | None = None
    timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class SmlList:
    """A GetList.Response: server id, the meter's own time, values."""

    server: bytes
    timestamp: int | None
    entries: tuple[SmlEntry, ...]


def parse_file(content: bytes) -> list[SmlList] | Fault:
    """The lists of a file. One message that is damaged refuses the file."""
    reader = _Reader(content)
    lists: list[SmlList] = []
    try:
        while reader.at < len(content):
            if content[reader.at] == 0:
                reader.at += 1
                continue
            found = _message(reader)
            if found is not None:
                lists.append(found)
    except Malformed as malformed:
        return malformed.fault
    return lists


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def take(self, size: int) -> bytes:
        if size < 0 or self.at + size > len(self.content):
            raise Malformed("data-cut", "the octets end within a value")
        self.at += size
        return self.content[self.at - size : self.at]

    def head(self) -> tuple[int, int]:
        """Type, and length without the octets that state it; the count of elements for a list."""
        octet = self.take(1)[0]
        kind, length, stated = octet >> 4 & 0x07, octet & 0x0F, 1
        while octet & 0x80:
            octet = self.take(1)[0]
            length, stated = length << 4 | octet & 0x0F, stated + 1
            if stated > 4:
                raise Malformed("sml-length", "a length of more than four octets")
        return kind, length if kind == _LIST else length - stated

    def element(self, depth: int = 0) -> Element:
        kind, length = self.head()
        if kind == _LIST:
            if depth >= MAX_DEPTH or length > len(self.content) - self.at:
                raise Malformed("sml-list", "a list is longer or deeper than its file")
            return [self.element(depth + 1) for _ in range(length)]
        if kind == _OCTETS:
            return self.take(length) or None
        piece = self.take(length)
        if kind not in (_BOOLEAN, _INTEGER, _UNSIGNED) or not 1 <= length <= 8:
            raise Malformed("sml-type", f"no value has type {kind} and {length} octets")
        if kind == _BOOLEAN:
            return piece != b"\0"
        return int.from_bytes(piece, "big", signed=kind == _INTEGER)


def _message(reader: _Reader) -> SmlList | None:
    """One message, and its list where it is one."""
    start = reader.at
    kind, count = reader.head()
    if kind != _LIST or count != 6:
        raise Malformed("sml-message", "a message of six parts was due")
    _transaction, _group, _abort, body = (reader.element(1) for _ in range(4))
    checked = reader.content[start : reader.at]
    crc = reader.element(1)
    ends = reader.take(1) == b"\0"
    if not isinstance(crc, int) or not _agrees(crc, checked) or not ends:
        raise Malformed("sml-crc", "the CRC of a message is wrong")
    if not isinstance(body, list) or len(body) != 2:
        raise Malformed("sml-message", "a message without kind and content")
    return _list(body[1]) if body[0] == GET_LIST_RESPONSE else None


def _agrees(crc: int, checked: bytes) -> bool:
    """The CRC is written low octet first, as a number; one that begins with 00 is shorter."""
    return any(crc == (check & 0xFF) << 8 | check >> 8 for check in checks_of(checked))


def _list(content: Element) -> SmlList:
    if not isinstance(content, list) or len(content) != 7 or not isinstance(content[4], list):
        raise Malformed("sml-message", "a list of values in another form")
    server = content[1] if isinstance(content[1], bytes) else b""
    return SmlList(server, _timestamp(content[3]), tuple(_entry(part) for part in content[4]))


def _entry(part: Element) -> SmlEntry:
    if not isinstance(part, list) or len(part) != 7 or not isinstance(part[0], bytes):
        raise Malformed("sml-entry", "an entry in another form")
    code = Obis.from_octets(part[0])
    if code is None:
        raise Malformed("sml-entry", "an entry without an OBIS code")
    status, unit, scaler, value = part[1], part[3], part[4], part[5]
    whole = isinstance(value, int) and not isinstance(value, bool)
    return SmlEntry(
        code,
        value if whole and isinstance(value, int) else None,
        scaler if isinstance(scaler, int) else 0,
        unit_of_code(unit) if isinstance(unit, int) else "",
        value if isinstance(value, bytes) else b"",
        status if isinstance(status, int) else None,
        _timestamp(part[2]),
    )


def _timestamp(time: Element) -> int | None:
    """The instant of a time; seconds since the meter was started are none."""
    if not isinstance(time, list) or len(time) != 2:
        return None
    kind, value = time
    return value if kind == _TIMESTAMP and isinstance(value, int) else None
