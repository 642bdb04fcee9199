"""What the collector asks of a meter, of a line, and of a protocol's core: the three contracts of the adapters.

A `Core` turns octets into events and knows neither clock nor line. A `Link` is a line. An `Adapter` drives a core over
a link and answers with readings; what a meter says wrongly or not at all comes back as a `Refusal`, never as an
exception.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from meter_adapters.obis import Obis
from meter_adapters.readings import MeterClock, MeterEvent, MeterId, ProfileBlock, Reading, Refusal

Event_co = TypeVar("Event_co", covariant=True)


class Parity(StrEnum):
    """Parity of a serial line."""

    NONE = "N"
    EVEN = "E"
    ODD = "O"


@dataclass(frozen=True, slots=True)
class LineSetting:
    """How a serial line is set: `300 7E1`, `9600 8N1`."""

    baud: int
    bits: int = 8
    parity: Parity = Parity.NONE
    stop_bits: int = 1


class Core(Protocol[Event_co]):
    """A protocol without input and output: octets in, events and octets out."""

    def feed(self, data: bytes) -> Sequence[Event_co]:
        """What the octets make known, however they were split. Damaged input becomes an event, not an exception."""
        ...

    def next_bytes(self) -> bytes:
        """The octets to send now; empty where it is the other side's turn. Each octet is handed out once."""
        ...

    def deadline(self) -> float | None:
        """Seconds to wait for more octets, from now; None where nothing is awaited."""
        ...


class Link(Protocol):
    """A line to one bus. One user at a time; a lost line raises `OSError` from any call, and can be opened again."""

    @property
    def name(self) -> str:
        """What a person knows it by: the device's path, or host and port."""
        ...

    async def open(self) -> None:
        """Open the line, exclusively where the system can."""
        ...

    async def close(self) -> None:
        """Close it; closing twice is no error."""
        ...

    async def write(self, data: bytes) -> None:
        """Send octets."""
        ...

    async def read(self, timeout: float) -> bytes:
        """Octets that arrived, at least one; empty when none came within `timeout` seconds."""
        ...

    async def set_line(self, setting: LineSetting) -> None:
        """Set speed and framing; without effect where the line has none (TCP)."""
        ...

    async def drain(self) -> None:
        """Wait until everything written has left the interface (a speed switch must not cut the last octet)."""
        ...

    async def send_break(self) -> None:
        """Hold the line low for a moment, where the line can."""
        ...


class Adapter(Protocol):
    """A meter as the collector sees it. Open once, ask, close; after a refusal the session is closed already."""

    async def open(self) -> Refusal | None:
        """Begin a session: link, association, password. A wrong password is tried twice at most, ever."""
        ...

    async def close(self) -> None:
        """End the session, politely where the meter still listens."""
        ...

    async def discover(self) -> list[MeterId | Refusal]:
        """Which meters answer on the bus."""
        ...

    async def identify(self) -> MeterId | Refusal:
        """Which meter this is."""
        ...

    async def read_registers(self, registers: Sequence[Obis] = ()) -> list[Reading | Refusal]:
        """Powers, registers and parameters; those of the meter profile where none are named."""
        ...

    def read_profile(self, profile: Obis, since: int, until: int) -> AsyncIterator[ProfileBlock | Refusal]:
        """The load profile's rows whose interval ends in (since, until], block by block, each checked whole.

        It ends behind the first refusal. Rows a meter sends outside the span are left out.
        """
        ...

    async def read_events(self, since: int, until: int) -> list[MeterEvent | Refusal]:
        """Entries of the event logs in [since, until)."""
        ...

    async def read_clock(self) -> MeterClock | Refusal:
        """The meter's time beside ours."""
        ...

    async def set_clock(self, instant: int) -> Refusal | None:
        """Set the meter's clock. The collector calls it only where its configuration says so."""
        ...
