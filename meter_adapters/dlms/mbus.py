"""Long frames of wired M-Bus as push interfaces of meters send them (EN 13757-1 and -2): 68h L L 68h ... CS 16h.

An APDU comes in numbered frames; CI 00h to 1Fh carries the frame's number in four bits and "last" in the fifth.
"""

from __future__ import annotations

from dataclasses import dataclass

from meter_adapters.dlms.fault import Fault

_START, _STOP = 0x68, 0x16
_LAST = 0x10
_HEAD, _ENDPOINTS = 3, 2


@dataclass(frozen=True, slots=True)
class MbusFrame:
    """One long frame: its number, whether the APDU ends with it, and its part of the APDU."""

    number: int
    last: bool
    part: bytes


class MbusReader:
    """Finds long frames in a stream. Octets before a start are skipped; a frame whose checks fail is a fault."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[MbusFrame | Fault]:
        """Frames and faults that some more octets complete."""
        self._buffer += data
        found: list[MbusFrame | Fault] = []
        while (outcome := self._next()) is not None:
            found.append(outcome)
        return found

    @property
    def pending(self) -> int:
        """How many octets wait for the rest of their frame."""
        return len(self._buffer)

    def _next(self) -> MbusFrame | Fault | None:
        buffer = self._buffer
        start = buffer.find(_START)
        del buffer[: len(buffer) if start < 0 else start]
        if len(buffer) < 4:
            return None
        length = buffer[1]
        if buffer[2] != length or buffer[3] != _START:
            del buffer[:1]
            return Fault("mbus-head", "the two lengths of a frame differ")
        whole = length + 6
        if len(buffer) < whole:
            return None
        fault = _frame_fault(buffer, length)
        if fault is not None:
            del buffer[:1]
            return fault
        control, part = buffer[6], bytes(buffer[4 + _HEAD + _ENDPOINTS : 4 + length])
        del buffer[:whole]
        return MbusFrame(control & 0x0F, bool(control & _LAST), part)


def _frame_fault(buffer: bytearray, length: int) -> Fault | None:
    if buffer[length + 5] != _STOP:
        return Fault("mbus-stop", f"no stop octet after the {length} octets of the frame")
    if sum(buffer[4 : 4 + length]) & 0xFF != buffer[4 + length]:
        return Fault("mbus-checksum", "the checksum of a frame is wrong")
    if length < _HEAD + _ENDPOINTS or buffer[6] > 0x1F:
        return Fault("mbus-control", "the frame carries no DLMS")
    return None


class MbusAssembly:
    """Puts the frames of an APDU together."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    @property
    def pending(self) -> int:
        """How many frames wait for their last one."""
        return len(self._parts)

    def take(self, frame: MbusFrame) -> bytes | Fault | None:
        """The whole APDU with its last frame; None before it; a fault where a frame is missing."""
        wanted = len(self._parts) & 0x0F
        if frame.number != wanted and not (frame.number == 0 and frame.last):
            self._parts.clear()
            return Fault("mbus-order", f"frame {frame.number} came where {wanted} was due")
        if frame.number == 0 and frame.last:
            self._parts.clear()
        self._parts.append(frame.part)
        if not frame.last:
            return None
        whole = b"".join(self._parts)
        self._parts.clear()
        return whole
