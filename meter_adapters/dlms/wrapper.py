"""The wrapper of DLMS on TCP and UDP: version, source, destination and length before each APDU (IEC 62056-47).

The wrapper has no check sequence. Octets that do not begin with its version mean that the stream is out of step, and
nothing after them can be trusted: the connection is given up.
"""

from __future__ import annotations

from meter_adapters.dlms.events import Apdu, Event
from meter_adapters.dlms.fault import Fault

ANSWER_WITHIN = 10.0


def wrap(source: int, destination: int, apdu: bytes) -> bytes:
    """An APDU with its wrapper."""
    return b"\x00\x01" + b"".join(part.to_bytes(2, "big") for part in (source, destination, len(apdu))) + apdu


class WrapperReader:
    """Finds wrapped APDUs in a stream: (source, destination, APDU), or a fault after which it stays silent."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> list[tuple[int, int, bytes] | Fault]:
        """The APDUs some more octets complete."""
        self._buffer += data
        found: list[tuple[int, int, bytes] | Fault] = []
        while not self._lost and self._buffer:
            if not b"\x00\x01".startswith(bytes(self._buffer[:2])):
                self._lost = True
                found.append(Fault("wrapper-version", "the stream is out of step: no wrapper of version 1"))
                break
            if len(self._buffer) < 8:
                break
            source, destination, length = (int.from_bytes(self._buffer[at : at + 2], "big") for at in (2, 4, 6))
            if len(self._buffer) < 8 + length:
                break
            found.append((source, destination, bytes(self._buffer[8 : 8 + length])))
            del self._buffer[: 8 + length]
        return found

    @property
    def pending(self) -> int:
        """How many octets wait for the rest of their APDU."""
        return len(self._buffer)


class WrapperClient:
    """The sans-IO core of a client behind the wrapper: the connection is the TCP connection itself."""

    def __init__(self, client: int, server: int, answer_within: float = ANSWER_WITHIN) -> None:
        self._client, self._server, self._within = client, server, answer_within
        self._reader = WrapperReader()
        self._out = b""
        self._waiting = False

    def connect(self) -> list[Event]:
        """Nothing to agree about: TCP is connected already."""
        return []

    def disconnect(self) -> None:
        """Nothing to say: the TCP connection is closed."""

    def send(self, apdu: bytes) -> None:
        """Queue an APDU; its answer is awaited from now on."""
        self._out += wrap(self._client, self._server, apdu)
        self._waiting = True

    def listen(self) -> None:
        """Await one more APDU without sending."""
        self._waiting = True

    def feed(self, data: bytes) -> list[Event]:
        """Events of some more octets; an answer from another address is a fault."""
        events: list[Event] = []
        for found in self._reader.feed(data):
            if isinstance(found, Fault):
                events.append(found)
            elif found[:2] != (self._server, self._client):
                events.append(Fault("wrapper-address", f"an answer from {found[0]} for {found[1]}"))
            else:
                events.append(Apdu(found[2]))
                self._waiting = False
        return events

    def next_bytes(self) -> bytes:
        """What is to be written."""
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        """How many seconds the meter may stay silent from now; None while nothing is awaited."""
        return self._within if self._waiting else None

    def expired(self) -> list[Event]:
        """The deadline passed in silence. TCP repeats by itself, so the answer is lost."""
        self._waiting = False
        return [Fault("no-answer", f"no answer within {self._within:g} s")]
