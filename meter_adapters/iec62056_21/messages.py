"""The messages a host sends, and the identification a meter answers with (IEC 62056-21, section 5).

Every message is octets of a 7E1 line. The block check is the XOR of everything behind the first SOH or STX up to and
including ETX or EOT.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from operator import xor

SOH, STX, ETX, EOT, ACK, NAK = 0x01, 0x02, 0x03, 0x04, 0x06, 0x15
LINE_END = b"\r\n"

SPEEDS_C = {"0": 300, "1": 600, "2": 1200, "3": 2400, "4": 4800, "5": 9600, "6": 19200}
"""Speeds offered by meters of mode C and E, by the character of the identification."""
SPEEDS_B = {"A": 600, "B": 1200, "C": 2400, "D": 4800, "E": 9600, "F": 19200}
"""Speeds of mode B: the meter takes them by itself, without being asked."""

MOST_ADDRESS = 32
WAKE_UP = bytes(66)
"""NULs that wake a battery device: 2.2 s at 300 Bd."""
WAKE_UP_PAUSE = 1.6
"""Seconds between the last NUL and the request."""


class Mode(StrEnum):
    """How a meter wants to be spoken to, by its identification (section 6)."""

    A = "A"
    B = "B"
    C = "C"
    E = "E"


class Control(StrEnum):
    """What the host wants of a meter of mode C or E: the last two letters of its acknowledgement."""

    READOUT = "00"
    PROGRAMMING = "01"
    HDLC = "22"
    """First the protocol control `2`, last the mode control `2`."""


def block_check(octets: bytes) -> int:
    """The block check character of what stands behind SOH or STX, end character included."""
    return reduce(xor, octets, 0) & 0x7F


def request(address: str = "", command: str = "?") -> bytes:
    """The request `/?address!`; the address is empty on an optical head. Refuses nothing: the address is ours."""
    if len(address) > MOST_ADDRESS or not re.fullmatch(r"[0-9A-Za-z ]*", address):
        raise ValueError(f"{address!r} is no device address: at most {MOST_ADDRESS} letters and digits")
    return b"/" + command.encode() + address.encode() + b"!" + LINE_END


def acknowledgement(control: Control, speed: str) -> bytes:
    """The acknowledgement with the choice of protocol, speed character and mode: `ACK 0 5 1 CR LF`."""
    return bytes([ACK]) + f"{control.value[0]}{speed}{control.value[1]}".encode("ascii") + LINE_END


def command(name: str, data: str | None = None) -> bytes:
    """A programming message: `SOH R5 STX P.01(…) ETX BCC`; without data `SOH B0 ETX BCC`."""
    body = name.encode("ascii")
    if data is not None:
        body += bytes([STX]) + data.encode("ascii")
    body += bytes([ETX])
    return bytes([SOH]) + body + bytes([block_check(body)])


BREAK = command("B0")
"""The message that ends programming mode."""


def seven_bit(octets: bytes) -> bytes | None:
    """The seven bits of octets that an 8N1 converter heard on a 7E1 line; None where the parity bits contradict.

    Clean are octets without the eighth bit, with it in all of them, or with even parity in every one. Anything else
    was turned over on the way.
    """
    if not octets or max(octets) < 0x80:
        return octets
    plain = bytes(octet & 0x7F for octet in octets)
    if min(octets) >= 0x80 or all(octet.bit_count() % 2 == 0 for octet in octets):
        return plain
    return None


@dataclass(frozen=True, slots=True)
class Identification:
    """How a meter presents itself: `/XXXZident`, with escapes (backslash and a character) between Z and ident.

    Attributes:
        manufacturer: three letters as written; a small third one means a reaction time of 20 ms.
        speed: the character of the speed it offers.
        mode: what the character and the escapes say.
        text: the identification proper.
    """

    manufacturer: str
    speed: str
    mode: Mode
    text: str

    @property
    def name(self) -> str:
        """Manufacturer and identification, without the speed: what stays the same whatever the line."""
        return f"{self.manufacturer.upper()} {self.text}".strip()

    @property
    def offered_baud(self) -> int | None:
        """The speed the meter offers; None in mode A, which has but one."""
        return SPEEDS_B.get(self.speed) if self.mode is Mode.B else SPEEDS_C.get(self.speed)

    @property
    def reaction(self) -> float:
        """The least seconds between the meter's message and ours."""
        return 0.02 if self.manufacturer[2].islower() else 0.2


_IDENTIFICATION = re.compile(r"/([A-Z]{2}[A-Za-z])([!-~])((?:\\[!-~])*)([ -~]{0,64})", re.ASCII)


def identification(line: bytes) -> Identification | None:
    """The identification of a line without its end; None where it is none."""
    match = _IDENTIFICATION.fullmatch(line.decode("latin-1"))
    if match is None or match[2] in "/!":
        return None
    manufacturer, speed, escapes, text = match.groups()
    if speed == "\\":
        return None
    return Identification(manufacturer, speed, _mode(speed, escapes), text.strip())


def _mode(speed: str, escapes: str) -> Mode:
    """The mode of a meter by its speed character; an escaped 2 offers mode E."""
    if speed in SPEEDS_C:
        return Mode.E if "\\2" in escapes else Mode.C
    return Mode.B if speed in SPEEDS_B else Mode.A
