"""Cutting a stream of octets into identifications, checked messages and telegrams (IEC 62056-21, section 5).

`Framer` is fed whatever arrives, in whatever pieces, and says what was whole. A message whose check does not hold is
`Damaged` as a whole: nothing of it comes out. It knows no clock; who feeds it says when the line fell silent
(`finish`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from meter_adapters.iec62056_21.messages import (
    ACK,
    EOT,
    ETX,
    NAK,
    SOH,
    STX,
    Identification,
    block_check,
    identification,
    seven_bit,
)

MOST_LINE = 160
MOST_MESSAGE = 4 * 1024 * 1024
"""A message that grows beyond is no message; a month of a profile of 8 channels is 0.2 MB."""
_CR, _LF, _SLASH, _BANG = 0x0D, 0x0A, 0x2F, 0x21
_CRC_LINE = re.compile(rb"![0-9A-Fa-f]{4}\r?")
_SILENT = frozenset({0x00, _CR, _LF, 0x7F, 0xFF})
"""Octets a quiet or waking line brings; they are no noise worth a word."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message between SOH or STX and its block check.

    Attributes:
        body: what stands between STX and ETX (or EOT), without them.
        command: the letters behind SOH (`P0`, `B0`); empty for a data block.
        is_last: whether it ended with ETX; EOT announces another partial block.
        is_checked: whether a block check came and held; False where the stream ended behind ETX.
    """

    body: bytes
    command: str = ""
    is_last: bool = True
    is_checked: bool = True


@dataclass(frozen=True, slots=True)
class Telegram:
    """A telegram without STX, from `/` to the line of its `!` (mode D, P1); its CRC is not judged here."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """A lone ACK (`positive`) or NAK."""

    positive: bool


@dataclass(frozen=True, slots=True)
class Damaged:
    """Something that began like a message and is none; `octets` is what came of it."""

    text: str
    octets: bytes = b""


@dataclass(frozen=True, slots=True)
class Noise:
    """Octets that belong to nothing."""

    octets: bytes


Frame = Identification | Message | Telegram | Answered | Damaged | Noise


@dataclass(slots=True)
class Framer:
    """The grammar of the line, octet by octet. `feed` and `finish` give the frames that became whole."""

    _held: bytearray = field(default_factory=bytearray)
    _noise: bytearray = field(default_factory=bytearray)
    _frames: list[Frame] = field(default_factory=list)
    _step: Callable[[int], None] | None = None

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return self._step is not None and self._step != self._behind_identification

    def feed(self, octets: bytes) -> list[Frame]:
        """What became whole with these octets."""
        for octet in octets:
            (self._step or self._hunt)(octet)
        return self._taken()

    def finish(self) -> list[Frame]:
        """The line fell silent, or the stream ended: what was begun is judged as it stands."""
        held, step = bytes(self._held), self._step
        self._reset()
        if step == self._check:
            self._close(held, None)
        elif step == self._telegram and _CRC_LINE.fullmatch(held.rpartition(b"\n")[2]):
            self._frames.append(Telegram(held))
        elif step == self._telegram and _has_data(held):
            self._frames.append(Damaged("the telegram ends before the line of its !", held))
        elif step == self._line:
            self._frames.append(Damaged("the line of an identification has no end", held))
        elif step == self._message:
            self._frames.append(Damaged("the message ends before its ETX", held))
        self._flush_noise()
        return self._taken()

    # Steps: one for each place a stream can be in

    def _hunt(self, octet: int) -> None:
        plain = octet & 0x7F
        if plain in (SOH, STX):
            self._begin(octet, self._message)
        elif plain == _SLASH:
            self._begin(octet, self._line)
        elif plain in (ACK, NAK):
            self._flush_noise()
            self._frames.append(Answered(plain == ACK))
        else:
            self._noise.append(octet)

    def _message(self, octet: int) -> None:
        self._held.append(octet)
        if octet & 0x7F in (ETX, EOT):
            self._step = self._check
        elif len(self._held) > MOST_MESSAGE:
            self._abandon("the message is longer than any")

    def _check(self, octet: int) -> None:
        held = bytes(self._held)
        self._reset()
        self._close(held, octet)

    def _line(self, octet: int) -> None:
        """From `/` to the end of its line: an identification, or the echo of our own request."""
        if octet & 0x7F == _SLASH:
            self._noise += self._held
            self._held.clear()
        self._held.append(octet)
        if octet & 0x7F != _LF:
            if len(self._held) > MOST_LINE:
                self._abandon("the line of an identification is too long")
            return
        held = bytes(self._held)
        line = (seven_bit(held) or b"").rstrip(b"\r\n")
        found = identification(line)
        if found is not None:
            self._flush_noise()
            self._frames.append(found)
            self._step = self._behind_identification
            return
        self._reset()
        if not line.startswith(b"/?"):
            self._frames.append(Damaged("a line that begins with / is no identification", held))

    def _behind_identification(self, octet: int) -> None:
        """An empty line begins a telegram; anything else is not part of it."""
        if octet & 0x7F in (_CR, _LF):
            self._held.append(octet)
            self._step = self._telegram
            return
        self._reset()
        self._hunt(octet)

    def _telegram(self, octet: int) -> None:
        self._held.append(octet)
        plain = octet & 0x7F
        if plain == _LF and _is_end(self._held):
            held = bytes(self._held)
            self._reset()
            self._frames.append(Telegram(held))
        elif plain < 0x20 and plain not in (_CR, _LF):
            self._break_out(octet)
        elif len(self._held) > MOST_MESSAGE:
            self._abandon("the telegram is longer than any")

    # Ends

    def _begin(self, octet: int, step: Callable[[int], None]) -> None:
        self._flush_noise()
        self._held.append(octet)
        self._step = step

    def _break_out(self, octet: int) -> None:
        """A control character ends what looked like a telegram: damage, unless only empty lines came so far."""
        held = bytes(self._held[:-1])
        self._reset()
        if _has_data(held):
            self._frames.append(Damaged("a control character within the telegram", held))
        self._hunt(octet)

    def _close(self, held: bytes, check: int | None) -> None:
        """A message came to its end character, and its check or the end of the stream behind it."""
        plain = seven_bit(held if check is None else held + bytes([check]))
        if plain is None:
            self._frames.append(Damaged("the parity bits of the message contradict each other", held))
            return
        whole = plain if check is None else plain[:-1]
        if check is not None and block_check(whole[1:]) != plain[-1]:
            text = f"block check {plain[-1]:02X}h, computed {block_check(whole[1:]):02X}h"
            self._frames.append(Damaged(text, held))
            return
        head, behind_stx, body = (b"", b"", whole[1:-1]) if whole[0] == STX else whole[1:-1].partition(bytes([STX]))
        if whole[0] == SOH and not behind_stx:
            head, body = whole[1:-1], b""
        if _has_control(body) or _has_control(head) or (whole[0] == SOH and not 1 <= len(head) <= 2):
            self._frames.append(Damaged("a control character within the message", held))
            return
        self._frames.append(Message(body, head.decode("ascii"), whole[-1] == ETX, check is not None))

    def _abandon(self, text: str) -> None:
        held = bytes(self._held[:MOST_LINE])
        self._reset()
        self._frames.append(Damaged(text, held))

    def _reset(self) -> None:
        self._held.clear()
        self._step = None

    def _flush_noise(self) -> None:
        if any(octet not in _SILENT for octet in self._noise):
            self._frames.append(Noise(bytes(self._noise)))
        self._noise.clear()

    def _taken(self) -> list[Frame]:
        frames, self._frames = self._frames, []
        return frames


def _is_end(held: bytearray) -> bool:
    """Whether the line just ended is that of the `!`."""
    start = max(held.rfind(b"\n", 0, -1), held.rfind(b"\x8a", 0, -1)) + 1
    line = bytes(octet & 0x7F for octet in held[start:])
    return line.startswith(b"!") or b")!" in line


def _has_data(held: bytes) -> bool:
    """Whether anything stands behind the identification's line."""
    plain = bytes(octet & 0x7F for octet in held)
    return bool(plain.partition(b"\n")[2].strip())


def _has_control(octets: bytes) -> bool:
    return any(octet < 0x20 and octet not in (_CR, _LF) for octet in octets) or 0x7F in octets
