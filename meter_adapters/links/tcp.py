"""A meter or a serial server on TCP as a line: octets pass as they are, speed and framing are the server's own."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from meter_adapters.port import LineSetting

_READ_AT_MOST = 65_536
_CONNECT_SECONDS = 10.0


class TcpLink:
    """A TCP connection. A closed or refused connection raises `OSError`; it can then be opened again."""

    def __init__(self, host: str, port: int, connect_seconds: float = _CONNECT_SECONDS) -> None:
        self._host, self._port = host, port
        self._connect_seconds = connect_seconds
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self._host}:{self._port}"

    async def open(self) -> None:
        """Connect; an old connection is closed first."""
        await self.close()
        connecting = asyncio.open_connection(self._host, self._port)
        try:
            self._streams = await asyncio.wait_for(connecting, self._connect_seconds)
        except TimeoutError as error:
            raise ConnectionError(f"{self.name} does not answer within {self._connect_seconds:g} s") from error
        connected = self._streams[1].get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    async def close(self) -> None:
        """Close the connection."""
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with contextlib.suppress(OSError):
                await streams[1].wait_closed()

    async def write(self, data: bytes) -> None:
        """Send octets."""
        writer = self._there[1]
        writer.write(data)
        await writer.drain()

    async def read(self, timeout: float) -> bytes:
        """Octets that arrived, at least one; empty when none came within `timeout` seconds."""
        try:
            octets = await asyncio.wait_for(self._there[0].read(_READ_AT_MOST), timeout)
        except TimeoutError:
            return b""
        if not octets:
            raise ConnectionResetError(f"{self.name} closed the connection")
        return octets

    async def set_line(self, setting: LineSetting) -> None:
        """Nothing: the serial server has its own setting."""

    async def drain(self) -> None:
        """Nothing: what was written is on its way, and no speed changes behind it."""

    async def send_break(self) -> None:
        """Nothing: TCP knows no break."""

    @property
    def _there(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            raise ConnectionError(f"{self.name} is not connected")
        return self._streams
