"""SML files in a stream of octets: escaped start and end, padding and CRC (transport protocol version 1)."""

from __future__ import annotations

from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.fcs import fcs16

_ESCAPE = b"\x1b\x1b\x1b\x1b"
_START = _ESCAPE + b"\x01\x01\x01\x01"
_END = 0x1A
LONGEST_FILE = 64 * 1024


class SmlReader:
    """Finds SML files. Octets before a start are skipped; a file whose CRC is wrong is a fault."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes | Fault]:
        """The files, without padding, that some more octets complete."""
        self._buffer += data
        found: list[bytes | Fault] = []
        while (outcome := self._next()) is not None:
            found.append(outcome)
        return found

    @property
    def pending(self) -> int:
        """How many octets wait for the rest of their file."""
        return len(self._buffer) if self._buffer.startswith(_START) else 0

    def _next(self) -> bytes | Fault | None:
        buffer = self._buffer
        start = buffer.find(_START)
        if start < 0:
            del buffer[: max(0, len(buffer) - len(_START) + 1)]
            return None
        del buffer[:start]
        return self._file()

    def _file(self) -> bytes | Fault | None:
        """The file that begins the buffer. Escapes stand at places divisible by four, as the padding makes them."""
        buffer, at, content = self._buffer, len(_START), bytearray()
        while at + 8 <= len(buffer):
            group = bytes(buffer[at : at + 4])
            if group != _ESCAPE:
                content += group
                at += 4
                if at > LONGEST_FILE:
                    return self._give_up(1, Fault("sml-transport", "a file without end"))
                continue
            mark = bytes(buffer[at + 4 : at + 8])
            if mark == _ESCAPE:
                content += _ESCAPE
                at += 8
            elif mark[0] == _END and mark[1] <= 3:
                return self._ended(at, content, mark)
            else:
                return self._give_up(at, Fault("sml-transport", "the file breaks off before its end"))
        return None

    def _ended(self, at: int, content: bytearray, mark: bytes) -> bytes | Fault:
        checked = bytes(self._buffer[: at + 6])
        if int.from_bytes(mark[2:4], "little") not in checks_of(checked):
            return self._give_up(1, Fault("sml-crc", "the CRC of the file is wrong"))
        del self._buffer[: at + 8]
        return bytes(content[: len(content) - mark[1]])

    def _give_up(self, octets: int, fault: Fault) -> Fault:
        del self._buffer[:octets]
        return fault


def checks_of(octets: bytes) -> tuple[int, int]:
    """The checks a meter may use: CRC-16/X-25 by the standard, and Kermit as some makers have it."""
    return fcs16(octets), fcs16(octets, start=0, final=0)
