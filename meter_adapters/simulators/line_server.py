"""Where a simulated meter listens: a TCP port, or a pseudo terminal that stands for a serial line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias

Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""A meter's conversation on one line, until the line ends."""


@contextlib.asynccontextmanager
async def serve_tcp(talk: Talk, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[int]:
    """Listen on a TCP port while the context lasts; the port that was free where none is named."""
    open_lines: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_lines.add(writer)
        try:
            await _converse(talk, reader, writer)
        finally:
            open_lines.discard(writer)

    server = await asyncio.start_server(accept, host, port)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for writer in list(open_lines):
            writer.close()
        await server.wait_closed()
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def serve_pty(talk: Talk) -> AsyncIterator[str]:
    """Serve one line on a pseudo terminal while the context lasts; its path is what a client opens."""
    master, slave = os.openpty()
    tty.setraw(slave)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    incoming, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(master, "rb", buffering=0)
    )
    outgoing, protocol = await loop.connect_write_pipe(
        lambda: asyncio.streams.FlowControlMixin(loop=loop), os.fdopen(os.dup(master), "wb", buffering=0)
    )
    writer = asyncio.StreamWriter(outgoing, protocol, None, loop)
    task = asyncio.create_task(_converse(talk, reader, writer))
    try:
        yield os.ttyname(slave)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        incoming.close()
        outgoing.abort()
        os.close(slave)
        await asyncio.sleep(0)


async def _converse(talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Let the meter talk; a client that hangs up ends the talk and nothing else."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        await talk(reader, writer)
    writer.close()
