"""The sans-IO core of a client over HDLC: connect, segmented APDUs both ways, repetition, disconnect.

Window 1. A silent meter is first polled by RR: it then sends again what it sent, or shows by its N(R) that our frame
never came, and the frame is repeated under its old number. After `tries` the link is given up; nothing is resumed in
the middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from meter_adapters.dlms import hdlc
from meter_adapters.dlms.events import Apdu, Connected, Disconnected, Event
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.hdlc import Frame, FrameReader

MAX_APDU = 4 * 1024 * 1024
"""Longest answer put together from segments."""
DEFAULT_INFO = 128
"""Octets of information in a frame where nothing was agreed."""

_MOST_SENT, _MOST_RECEIVED, _WINDOW_SENT, _WINDOW_RECEIVED = 5, 6, 7, 8


@dataclass(frozen=True, slots=True)
class HdlcSettings:
    """How a meter is spoken to over HDLC.

    Attributes:
        client: our address as on the wire.
        server: the meter's address as on the wire (1, 2 or 4 octets).
        most_info: octets of information per frame we offer, 32 to 2030.
        answer_within: seconds the meter may stay silent.
        tries: how often a frame is sent or asked for before the link is given up.
    """

    client: bytes = hdlc.client_address(16)
    server: bytes = hdlc.server_address(1)
    most_info: int = DEFAULT_INFO
    answer_within: float = 5.0
    tries: int = 3


class _State(Enum):
    CLOSED = auto()
    CONNECTING = auto()
    IDLE = auto()
    ASKED = auto()
    LEAVING = auto()


class HdlcClient:
    """One link to one meter. `connect`, then `send` one APDU at a time; each is answered by one `Apdu` event."""

    def __init__(self, settings: HdlcSettings) -> None:
        self._settings = settings
        self._reader = FrameReader()
        self._state = _State.CLOSED
        self._out = b""
        self._most_sent = DEFAULT_INFO
        self._silent = 0
        self._begin()

    def _begin(self) -> None:
        self._send_number = self._receive_number = 0
        self._segments: list[bytes] = []
        self._answer = bytearray()
        self._last = b""

    # What the session asks for

    def connect(self) -> list[Event]:
        """Ask the meter into normal response mode; `Connected` comes with its answer."""
        offered = self._settings.most_info
        information = b""
        if offered != DEFAULT_INFO:
            sizes = bytes([_MOST_SENT, 2]) + offered.to_bytes(2, "big") + bytes([_MOST_RECEIVED, 2])
            sizes += offered.to_bytes(2, "big") + bytes([_WINDOW_SENT, 4, 0, 0, 0, 1, _WINDOW_RECEIVED, 4, 0, 0, 0, 1])
            information = bytes([0x81, 0x80, len(sizes)]) + sizes
        self._begin()
        self._reader.reset()
        self._state = _State.CONNECTING
        self._put(hdlc.SNRM | hdlc.POLL_FINAL, information)
        return []

    def disconnect(self) -> None:
        """Leave politely; `Disconnected` comes with the meter's answer, or without one."""
        if self._state is not _State.CLOSED:
            self._state = _State.LEAVING
            self._put(hdlc.DISC | hdlc.POLL_FINAL)

    def send(self, apdu: bytes) -> None:
        """Send an APDU, in segments as long as the meter takes them."""
        assert self._state is _State.IDLE, "one APDU at a time, on an open link"
        whole = hdlc.LLC_REQUEST + apdu
        size = self._most_sent
        self._segments = [whole[at : at + size] for at in range(0, len(whole), size)]
        self._answer.clear()
        self._state = _State.ASKED
        self._put_segment()

    def listen(self) -> None:
        """Ask the meter for one more APDU of the same answer (streamed blocks)."""
        self._state = _State.ASKED
        self._put(hdlc.receive_ready(self._receive_number))

    def feed(self, data: bytes) -> list[Event]:
        """What some more octets make known."""
        events: list[Event] = []
        for found in self._reader.feed(data):
            if isinstance(found, Fault):
                events += self._repair(found)
            elif found.destination == self._settings.client and found.source == self._settings.server:
                events += self._take(found)
        return events

    def next_bytes(self) -> bytes:
        """What is to be written."""
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        """How many seconds the meter may stay silent from now; None while nothing is awaited."""
        return None if self._state in (_State.CLOSED, _State.IDLE) else self._settings.answer_within

    def expired(self) -> list[Event]:
        """The deadline passed: ask again, or give the link up."""
        self._reader.reset()
        self._silent += 1
        if self._silent >= self._settings.tries:
            leaving, self._state = self._state is _State.LEAVING, _State.CLOSED
            return [Disconnected() if leaving else Fault("no-answer", f"no answer to {self._silent} attempts")]
        if self._state is _State.ASKED and self._silent % 2:
            self._write(self._frame(hdlc.receive_ready(self._receive_number)))
        else:
            self._write(self._last)
        return []

    # Frames out

    def _frame(self, control: int, information: bytes = b"", segmented: bool = False) -> bytes:
        return Frame(self._settings.server, self._settings.client, control, information, segmented).octets()

    def _put(self, control: int, information: bytes = b"", segmented: bool = False) -> None:
        self._last = self._frame(control, information, segmented)
        self._silent = 0
        self._write(self._last)

    def _write(self, octets: bytes) -> None:
        self._out += octets

    def _put_segment(self) -> None:
        control = hdlc.information(self._send_number, self._receive_number)
        self._put(control, self._segments[0], len(self._segments) > 1)

    # Frames in

    def _repair(self, fault: Fault) -> list[Event]:
        """A damaged frame costs one attempt and is asked for again; told is what made us give the link up."""
        if self._state in (_State.CLOSED, _State.IDLE):
            return []
        given_up = self.expired()
        return [fault, *given_up] if given_up else []

    def _take(self, frame: Frame) -> list[Event]:
        control = frame.unnumbered
        if control == hdlc.UI:
            return _notification(frame)
        if control is not None:
            return self._unnumbered(control, frame)
        if self._state is not _State.ASKED:
            return []
        return self._numbered(frame) if frame.is_information else self._supervisory(frame)

    def _unnumbered(self, control: int, frame: Frame) -> list[Event]:
        if self._state is _State.LEAVING and control in (hdlc.UA, hdlc.DM):
            self._state = _State.CLOSED
            return [Disconnected()]
        if self._state is _State.CONNECTING and control == hdlc.UA:
            self._most_sent = min(_most_taken(frame.information), max(self._settings.most_info, DEFAULT_INFO))
            self._state = _State.IDLE
            return [Connected()]
        if control in (hdlc.DM, hdlc.FRMR) and self._state is not _State.CLOSED:
            self._state = _State.CLOSED
            code = "hdlc-disconnected" if control == hdlc.DM else "hdlc-frame-reject"
            return [Fault(code, "the meter is in disconnected mode" if control == hdlc.DM else "frame reject")]
        return []

    def _supervisory(self, frame: Frame) -> list[Event]:
        """RR or RNR: our segment was taken, or never came."""
        if frame.control & 0x0F not in (0x01, 0x05):
            self._state = _State.CLOSED
            return [Fault("hdlc-frame-reject", "the meter rejects our frame")]
        if not self._segments:
            return []
        if frame.receive_number == self._send_number:
            self._write(self._last)
        elif frame.receive_number == (self._send_number + 1) & 7 and len(self._segments) > 1:
            self._acknowledged()
            self._put_segment()
        return []

    def _acknowledged(self) -> None:
        self._send_number = (self._send_number + 1) & 7
        del self._segments[:1]

    def _numbered(self, frame: Frame) -> list[Event]:
        """A piece of the answer. One out of order is a repetition and is left out."""
        if self._segments:
            if frame.receive_number != (self._send_number + 1) & 7 or len(self._segments) > 1:
                return []
            self._acknowledged()
        if frame.send_number != self._receive_number or frame.receive_number != self._send_number:
            return []
        self._receive_number = (self._receive_number + 1) & 7
        self._answer += frame.information
        self._silent = 0
        if len(self._answer) > MAX_APDU:
            self._state = _State.CLOSED
            return [Fault("hdlc-too-long", f"an answer of more than {MAX_APDU} octets")]
        if frame.segmented:
            if frame.final:
                self._put(hdlc.receive_ready(self._receive_number))
            return []
        self._state = _State.IDLE
        return [self._apdu()]

    def _apdu(self) -> Event:
        whole = bytes(self._answer)
        self._answer.clear()
        if not whole.startswith(hdlc.LLC_ANSWER):
            return Fault("hdlc-llc", "the answer does not begin with the LLC octets")
        return Apdu(whole[len(hdlc.LLC_ANSWER) :])


def _notification(frame: Frame) -> list[Event]:
    if frame.information.startswith(hdlc.LLC_ANSWER) and not frame.segmented:
        return [Apdu(frame.information[len(hdlc.LLC_ANSWER) :], unsolicited=True)]
    return []


def _most_taken(parameters: bytes) -> int:
    """How many octets of information the meter takes in one frame, by its answer to SNRM."""
    return negotiated(parameters).get(_MOST_RECEIVED, DEFAULT_INFO)


def negotiated(parameters: bytes) -> dict[int, int]:
    """The link parameters of SNRM or UA: 5 and 6 most octets sent and received, 7 and 8 windows."""
    found: dict[int, int] = {}
    if parameters[:2] != b"\x81\x80" or len(parameters) < 3:
        return found
    at = 3
    while at + 2 <= len(parameters):
        name, size = parameters[at], parameters[at + 1]
        found[name] = int.from_bytes(parameters[at + 2 : at + 2 + size], "big")
        at += 2 + size
    return {name: value for name, value in found.items() if value}
