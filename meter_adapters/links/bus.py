"""One bus, one user: whoever talks on a line has it alone, in the order they asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from meter_adapters.port import Link


class Bus:
    """A line that several meters share (RS-485, a serial server). Turns are given first come, first served."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str:
        """The line's name."""
        return self._link.name

    @property
    def is_busy(self) -> bool:
        """Whether somebody has the line now."""
        return self._turn.locked()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Link]:
        """The line, alone, closed behind: the next user begins on a clean line, after an error too."""
        async with self._turn:
            try:
                yield self._link
            finally:
                await self._link.close()
