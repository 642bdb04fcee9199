"""What a session is begun with and what it tells: goal and plan, pauses, and the events of its core."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from meter_adapters.iec62056_21.framing import Telegram
from meter_adapters.iec62056_21.messages import Identification
from meter_adapters.meter_profiles.profile import LineSection
from meter_adapters.port import LineSetting
from meter_adapters.readings import Protection, RefusalReason


class Goal(StrEnum):
    """What a session is begun for."""

    READOUT = "readout"
    PROGRAMMING = "programming"
    HDLC = "hdlc"
    IDENTIFY = "identify"
    """The identification alone: who is there."""
    LISTEN = "listen"
    """Nothing is asked: the meter pushes telegrams (mode D, P1)."""


@dataclass(frozen=True, slots=True)
class Pause:
    """What to do once the octets handed out have left: wait, then set the line where `line` says how."""

    seconds: float
    line: LineSetting | None = None


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """How a meter is spoken to.

    Attributes:
        line: speed and patience of its profile.
        address: device address; empty on an optical head.
        password: of programming mode, as printable octets; None where it is entered without one.
        algorithm: what a manufacturer makes of the meter's seed and the password (P2); plain P1 without.
        wakes: whether the meter runs on a battery and must be woken.
        unchecked: whether a data block without a block check is taken (then as unprotected).
    """

    line: LineSection
    address: str = ""
    password: str | None = None
    algorithm: Callable[[str, str], str] | None = None
    wakes: bool = False
    unchecked: bool = False

    def __repr__(self) -> str:
        return f"SessionPlan(address={self.address!r})"


@dataclass(frozen=True, slots=True)
class Identified:
    """The meter presented itself."""

    ident: Identification


@dataclass(frozen=True, slots=True)
class Block:
    """A whole answer or readout: its text, all partial blocks together, and what proved it."""

    text: str
    protection: Protection


@dataclass(frozen=True, slots=True)
class Opened:
    """Programming mode (or HDLC) is entered; `serial` is what the meter gave with its password request."""

    serial: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The meter took a write."""


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """Something came damaged or not at all and was asked for again."""

    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The session, or the question just asked, ended without an answer."""

    reason: RefusalReason
    text: str


SessionEvent = Identified | Block | Telegram | Opened | Acknowledged | AskedAgain | Failed
