"""A link, a DLMS core and the questions of an association brought together: the one place here that waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeVar

from meter_adapters.dlms.association import Exchange
from meter_adapters.dlms.events import Apdu, Connected, Disconnected, Event
from meter_adapters.dlms.fault import Fault
from meter_adapters.port import Link

T = TypeVar("T")

LONGEST_WAIT = 120.0
"""Seconds for one answer, however many octets keep trickling in."""


class LinkCore(Protocol):
    """What the cores of HDLC and wrapper have in common."""

    def connect(self) -> Sequence[Event]: ...  # noqa: D102 - see HdlcClient
    def disconnect(self) -> None: ...  # noqa: D102
    def send(self, apdu: bytes) -> None: ...  # noqa: D102
    def listen(self) -> None: ...  # noqa: D102
    def feed(self, data: bytes) -> Sequence[Event]: ...  # noqa: D102
    def next_bytes(self) -> bytes: ...  # noqa: D102
    def deadline(self) -> float | None: ...  # noqa: D102
    def expired(self) -> Sequence[Event]: ...  # noqa: D102


class DlmsSession:
    """One conversation over one link. A lost line raises `OSError`, as the link does."""

    def __init__(self, link: Link, core: LinkCore) -> None:
        self._link, self._core = link, core
        self._unread: list[Event] = []

    async def connect(self) -> Fault | None:
        """Open the data link (HDLC asks for it; the wrapper has none)."""
        self._core.connect()
        if self._core.deadline() is None:
            return None
        event = await self._event()
        return event if isinstance(event, Fault) else None

    async def ask(self, exchange: Exchange[T | Fault]) -> T | Fault:
        """Carry a question through until its answer."""
        try:
            request = next(exchange)
            while True:
                if request is None:
                    self._core.listen()
                else:
                    self._core.send(request)
                event = await self._event()
                if not isinstance(event, Apdu):
                    exchange.close()
                    return event if isinstance(event, Fault) else Fault("link-closed", "the meter closed the link")
                request = exchange.send(event.octets)
        except StopIteration as done:
            outcome: T | Fault = done.value
            return outcome

    async def disconnect(self) -> None:
        """Leave the data link politely, as far as the meter listens."""
        self._core.disconnect()
        if self._core.deadline() is None:
            await self._write()
            return
        await self._event()

    async def _write(self) -> None:
        octets = self._core.next_bytes()
        if octets:
            await self._link.write(octets)

    async def _event(self) -> Connected | Apdu | Disconnected | Fault:
        """The next event the meter owes us; pushes nobody asked for are left aside."""
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                while True:
                    while self._unread:
                        event = self._unread.pop(0)
                        if not (isinstance(event, Apdu) and event.unsolicited):
                            return event
                    await self._listen_once()
        except TimeoutError:
            return Fault("no-answer", f"no whole answer within {LONGEST_WAIT:g} s")

    async def _listen_once(self) -> None:
        await self._write()
        heard = await self._link.read(self._core.deadline() or 0.0)
        self._unread += self._core.feed(heard) if heard else self._core.expired()
