"""The meter's side of HDLC: one secondary station that answers a primary, in segments, and repeats what was lost."""

from __future__ import annotations

from collections.abc import Callable

from meter_adapters.dlms import hdlc
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.hdlc import Frame, FrameReader
from meter_adapters.dlms.hdlc_client import DEFAULT_INFO, negotiated

Answer = Callable[[bytes], list[bytes]]
"""What the meter's application says to an APDU."""


class HdlcStation:
    """One meter on a line. Frames for other addresses are not its own.

    Args:
        address: the meter's address as on the wire.
        conversation: begins a conversation with a client's address, and gives what answers its APDUs.
        most_info: octets of information it sends and takes in one frame.
    """

    def __init__(self, address: bytes, conversation: Callable[[int], Answer], most_info: int = DEFAULT_INFO) -> None:
        self._address, self._conversation, self._offered = address, conversation, most_info
        self._reader = FrameReader()
        self._client: bytes | None = None
        self._answer: Answer | None = None
        self._begin(DEFAULT_INFO)

    def _begin(self, most_info: int) -> None:
        self._most_info = most_info
        self._send_number = self._receive_number = 0
        self._request = bytearray()
        self._queue: list[tuple[bytes, bool]] = []
        self._last = b""
        self._unacknowledged = False

    def feed(self, data: bytes) -> list[Frame]:
        """The whole frames for this meter in some more octets. Damaged ones are passed over, as meters do."""
        found = self._reader.feed(data)
        return [one for one in found if not isinstance(one, Fault) and one.destination == self._address]

    def react(self, frame: Frame) -> bytes:
        """What the meter sends back to a frame; empty for silence."""
        kind = frame.unnumbered
        if kind == hdlc.SNRM:
            return self._connect(frame)
        if kind == hdlc.DISC:
            was_open, self._client = self._client == frame.source, None
            return self._frame(frame.source, (hdlc.UA if was_open else hdlc.DM) | hdlc.POLL_FINAL)
        if self._client != frame.source:
            return self._frame(frame.source, hdlc.DM | hdlc.POLL_FINAL)
        if frame.is_information:
            return self._information(frame)
        return self._ready(frame) if frame.control & 0x0F == 0x01 else b""

    def _connect(self, frame: Frame) -> bytes:
        asked = negotiated(frame.information)
        self._begin(min(self._offered, asked.get(6, DEFAULT_INFO)))
        self._client = frame.source
        self._answer = self._conversation(frame.source[0] >> 1)
        sent, taken = self._most_info.to_bytes(2, "big"), self._offered.to_bytes(2, "big")
        sizes = b"\x05\x02" + sent + b"\x06\x02" + taken + b"\x07\x04\x00\x00\x00\x01\x08\x04\x00\x00\x00\x01"
        return self._frame(frame.source, hdlc.UA | hdlc.POLL_FINAL, b"\x81\x80" + bytes([len(sizes)]) + sizes)

    def _frame(self, client: bytes, control: int, information: bytes = b"", segmented: bool = False) -> bytes:
        return Frame(client, self._address, control, information, segmented).octets()

    def _information(self, frame: Frame) -> bytes:
        assert self._client is not None and self._answer is not None, "asked before"
        if frame.send_number != self._receive_number:
            return self._last
        if frame.receive_number == self._send_number:
            self._unacknowledged = False
        self._receive_number = (self._receive_number + 1) & 7
        self._request += frame.information
        if frame.segmented:
            return self._say_ready()
        whole = bytes(self._request).removeprefix(hdlc.LLC_REQUEST)
        self._request.clear()
        self._queue = []
        for apdu in self._answer(whole):
            octets = hdlc.LLC_ANSWER + apdu
            pieces = [octets[at : at + self._most_info] for at in range(0, len(octets), self._most_info)]
            self._queue += [(piece, place < len(pieces)) for place, piece in enumerate(pieces, 1)]
        return self._next()

    def _ready(self, frame: Frame) -> bytes:
        """RR: what was sent last arrived, or is to be sent again."""
        if self._unacknowledged and frame.receive_number != self._send_number:
            return self._last
        self._unacknowledged = False
        return self._next()

    def _next(self) -> bytes:
        if not self._queue:
            return self._say_ready()
        piece, segmented = self._queue.pop(0)
        assert self._client is not None, "asked before"
        control = hdlc.information(self._send_number, self._receive_number)
        self._last = self._frame(self._client, control, piece, segmented)
        self._send_number = (self._send_number + 1) & 7
        self._unacknowledged = True
        return self._last

    def _say_ready(self) -> bytes:
        assert self._client is not None, "asked before"
        answer = self._frame(self._client, hdlc.receive_ready(self._receive_number))
        if not self._unacknowledged:
            self._last = answer
        return answer
