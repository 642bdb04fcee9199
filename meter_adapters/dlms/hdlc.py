"""HDLC frames as meters send them (IEC 62056-46, frame type 3).

A frame is found by its length, not by the next flag: 7Eh within the information is plain data, nothing is escaped.
Nothing of a frame is used before its check sequences hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.fcs import fcs_octets

FLAG = 0x7E
SEGMENTED = 0x0800

LLC_REQUEST = b"\xe6\xe6\x00"
LLC_ANSWER = b"\xe6\xe7\x00"

SNRM, DISC, UA, DM, FRMR, UI = 0x83, 0x43, 0x63, 0x0F, 0x87, 0x03
"""Controls of unnumbered frames without the poll/final bit."""

POLL_FINAL = 0x10


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame between two flags.

    Attributes:
        destination: address of the receiver as on the wire (1, 2 or 4 octets).
        source: address of the sender as on the wire.
        control: the control octet.
        information: what it carries, without checks.
        segmented: whether more segments of the same message follow.
    """

    destination: bytes
    source: bytes
    control: int
    information: bytes = b""
    segmented: bool = False

    @property
    def final(self) -> bool:
        """Whether the poll or final bit is set: the other side may send."""
        return bool(self.control & POLL_FINAL)

    @property
    def unnumbered(self) -> int | None:
        """The control without the poll/final bit, for an unnumbered frame."""
        return self.control & ~POLL_FINAL if self.control & 0x03 == 0x03 else None

    @property
    def is_information(self) -> bool:
        """Whether it is a numbered information frame."""
        return not self.control & 0x01

    @property
    def send_number(self) -> int:
        """N(S) of an information frame."""
        return self.control >> 1 & 7

    @property
    def receive_number(self) -> int:
        """N(R): the next frame the sender expects."""
        return self.control >> 5 & 7

    def octets(self) -> bytes:
        """The frame with flags and check sequences."""
        addresses = self.destination + self.source + bytes([self.control])
        length = 2 + len(addresses) + 2 + (len(self.information) + 2 if self.information else 0)
        head = (0xA000 | (SEGMENTED if self.segmented else 0) | length).to_bytes(2, "big") + addresses
        body = head + fcs_octets(head)
        if self.information:
            body += self.information
            body += fcs_octets(body)
        return b"\x7e" + body + b"\x7e"


def client_address(number: int) -> bytes:
    """The address of a client: one octet (16 is the public client)."""
    return bytes([number << 1 | 1])


def server_address(logical: int, physical: int | None = None, size: int = 1) -> bytes:
    """The address of a meter in 1, 2 or 4 octets: logical device, and physical device on a bus of many.

    One octet carries the logical device alone, two and four carry both.
    """
    if size == 1:
        return bytes([logical << 1 | 1])
    if size == 2:
        return bytes([logical << 1, (physical or 0) << 1 | 1])
    upper, lower = logical, physical or 0
    return bytes([upper >> 7 << 1, (upper & 0x7F) << 1, lower >> 7 << 1, (lower & 0x7F) << 1 | 1])


def information(send: int, receive: int) -> int:
    """The control octet of an information frame with the poll/final bit."""
    return receive << 5 | POLL_FINAL | send << 1


def receive_ready(receive: int) -> int:
    """The control octet of "ready for frame N(R)" with the poll/final bit."""
    return receive << 5 | POLL_FINAL | 0x01


class FrameReader:
    """Finds frames in a stream of octets, whatever the pieces it comes in.

    Noise before a flag is skipped. A frame whose checks fail is a `Fault`, and the search goes on right behind its
    opening flag, so that a true frame inside is not lost.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame | Fault]:
        """Frames and faults that some more octets complete."""
        self._buffer += data
        found: list[Frame | Fault] = []
        while (outcome := self._next()) is not None:
            found.append(outcome)
        return found

    def reset(self) -> None:
        """Forget a frame that never became whole."""
        self._buffer.clear()

    @property
    def pending(self) -> int:
        """How many octets wait for the rest of their frame."""
        return max(0, len(self._buffer) - 1) if self._buffer[:1] == b"\x7e" else 0

    def _next(self) -> Frame | Fault | None:
        buffer = self._buffer
        while True:
            start = buffer.find(FLAG)
            if start < 0:
                buffer.clear()
                return None
            del buffer[:start]
            while len(buffer) > 1 and buffer[1] == FLAG:
                del buffer[:1]
            if len(buffer) < 3:
                return None
            if buffer[1] >> 4 == 0xA:
                break
            del buffer[:1]
        return self._frame_at_start()

    def _frame_at_start(self) -> Frame | Fault | None:
        buffer = self._buffer
        length = (buffer[1] & 0x07) << 8 | buffer[2]
        damaged = _header_fault(buffer, length)
        if damaged is None and len(buffer) < length + 2:
            return None
        if damaged is None:
            damaged = _frame_fault(buffer, length)
        if damaged is not None:
            del buffer[:1]
            return damaged
        frame = _parse(bytes(buffer[1 : length + 1]))
        del buffer[: length + 1]
        return frame


def _address_end(octets: bytes | bytearray, start: int, stop: int) -> int | None:
    """Where an address ends: behind the first octet with the lowest bit set; None while it is not all there."""
    for at in range(start, min(start + 4, stop)):
        if octets[at] & 1:
            return at + 1
    return None


def _control_at(octets: bytes | bytearray, start: int, stop: int) -> int | None:
    """Where the control octet of a frame stands, behind both addresses."""
    middle = _address_end(octets, start, stop)
    return None if middle is None else _address_end(octets, middle, stop)


def _header_fault(buffer: bytearray, length: int) -> Fault | None:
    """What is wrong with the head of a frame that may not be whole yet: a wrong length is found by its check."""
    if length < 7:
        return Fault("hdlc-length", f"a frame of {length} octets")
    control = _control_at(buffer, 3, min(len(buffer), length + 1))
    if control is None:
        return Fault("hdlc-address", "an address without end") if len(buffer) >= min(length + 1, 11) else None
    if len(buffer) < control + 3 or control + 3 > length + 1:
        return None
    if bytes(buffer[control + 1 : control + 3]) != fcs_octets(bytes(buffer[1 : control + 1])):
        return Fault("hdlc-hcs", "the check of the frame's header is wrong")
    return None


def _frame_fault(buffer: bytearray, length: int) -> Fault | None:
    if buffer[length + 1] != FLAG:
        return Fault("hdlc-flag", f"no flag after the {length} octets of the frame")
    if bytes(buffer[length - 1 : length + 1]) != fcs_octets(bytes(buffer[1 : length - 1])):
        return Fault("hdlc-fcs", f"the check of a frame of {length} octets is wrong")
    control = _control_at(buffer, 3, length - 1)
    if control is None or control + 3 > length + 1:
        return Fault("hdlc-address", "a frame without a whole head")
    return None


def _parse(body: bytes) -> Frame:
    middle = _address_end(body, 2, len(body))
    assert middle is not None, "the frame's addresses were looked at before"
    control = _address_end(body, middle, len(body))
    assert control is not None, "the frame's addresses were looked at before"
    inside = body[control + 3 : -2] if len(body) > control + 3 else b""
    return Frame(body[2:middle], body[middle:control], body[control], inside, bool(body[0] & 0x08))
