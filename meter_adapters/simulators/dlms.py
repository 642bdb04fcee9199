"""A simulated DLMS meter on a line: wrapper over TCP, HDLC over TCP or a pseudo terminal, with faults on request."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from meter_adapters.dlms import hdlc
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.wrapper import WrapperReader, wrap
from meter_adapters.simulators.dlms_hdlc import Answer, HdlcStation
from meter_adapters.simulators.dlms_objects import DlmsObjects
from meter_adapters.simulators.dlms_server import DlmsServer, MeterSettings
from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.line_server import serve_pty, serve_tcp

_PIECE = 4096


@dataclass(slots=True)
class SimulatedDlmsMeter:
    """A meter with its objects, its security and its faults, to be served on as many lines as wanted.

    Attributes:
        objects: what it measures and shows.
        settings: who may ask, and how answers are protected and cut.
        faults: switches a test may turn while it runs.
        server: its logical device (wrapper) or HDLC server address of one octet.
        physical: its physical address on an HDLC bus; None for addresses of one octet.
        most_info: octets of information in an HDLC frame.
    """

    objects: DlmsObjects
    settings: MeterSettings = field(default_factory=MeterSettings)
    faults: Faults = field(default_factory=Faults)
    server: int = 1
    physical: int | None = None
    most_info: int = 128

    @contextlib.asynccontextmanager
    async def wrapper(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Serve the wrapper on a TCP port."""
        async with serve_tcp(self._talk_wrapped, host, port) as listening:
            yield listening

    @contextlib.asynccontextmanager
    async def hdlc_tcp(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
        """Serve HDLC on a TCP port, as a serial server does."""
        async with serve_tcp(self._talk_hdlc, host, port) as listening:
            yield listening

    @contextlib.asynccontextmanager
    async def hdlc_pty(self) -> AsyncIterator[str]:
        """Serve HDLC on a pseudo terminal."""
        async with serve_pty(self._talk_hdlc) as path:
            yield path

    @property
    def hdlc_address(self) -> bytes:
        """Its HDLC address as on the wire."""
        return hdlc.server_address(self.server, self.physical, 1 if self.physical is None else 4)

    def _conversation(self, client: int, struck: list[bool]) -> Answer:
        server = DlmsServer(self.objects, self.settings, self.faults, client)
        return lambda apdu: server.answer(apdu, struck=struck[0])

    async def _talk_wrapped(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frames, struck = WrapperReader(), [False]
        conversations: dict[int, Answer] = {}
        while data := await reader.read(_PIECE):
            for found in frames.feed(data):
                if isinstance(found, Fault):
                    return
                client, server, apdu = found
                if server != self.server:
                    continue
                struck[0] = self.faults.strike()
                answer = conversations.setdefault(client, self._conversation(client, struck))
                said = b"".join(wrap(server, client, one) for one in answer(apdu))
                if not await self._say(writer, said, struck[0]):
                    return

    async def _talk_hdlc(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        struck = [False]
        station = HdlcStation(self.hdlc_address, lambda client: self._conversation(client, struck), self.most_info)
        while data := await reader.read(_PIECE):
            for frame in station.feed(data):
                struck[0] = self.faults.strike()
                said = station.react(frame)
                if struck[0] and self.faults.wrong_check and len(said) > 3:
                    said = said[:-2] + bytes([said[-2] ^ 0xFF]) + said[-1:]
                if not await self._say(writer, said, struck[0]):
                    return

    async def _say(self, writer: asyncio.StreamWriter, said: bytes, struck: bool) -> bool:
        """Put an answer on the line, with what the faults do to it; False where the line is closed instead."""
        faults = self.faults
        if struck:
            if faults.slow:
                await asyncio.sleep(faults.slow)
            if faults.hang_up:
                return False
            said = faults.on_wire(said)
        if struck and faults.octet_delay:
            for octet in said:
                writer.write(bytes([octet]))
                await writer.drain()
                await asyncio.sleep(faults.octet_delay)
        else:
            writer.write(said)
            await writer.drain()
        return True
