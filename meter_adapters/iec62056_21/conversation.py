"""Driving a session's core over a line: send, pause, change the speed, listen, until the question is settled."""

from __future__ import annotations

import asyncio

from meter_adapters.iec62056_21.session import Session
from meter_adapters.iec62056_21.session_events import SessionEvent
from meter_adapters.port import Link


async def converse(session: Session, link: Link) -> list[SessionEvent]:
    """Carry a session on until nothing is awaited; what became known on the way.

    A lost line raises `OSError`. The session bounds itself: each try has a deadline and the tries are counted.
    """
    events: list[SessionEvent] = []
    await send_pending(session, link)
    while not session.is_settled:
        events += await _hear(session, link)
        await send_pending(session, link)
    return events


async def send_pending(session: Session, link: Link) -> None:
    """Send what the session has to say, with its pauses and changes of speed in their places."""
    while True:
        if (pause := session.pause()) is not None:
            if pause.seconds:
                await asyncio.sleep(pause.seconds)
            if pause.line is not None:
                await link.set_line(pause.line)
        elif octets := session.next_bytes():
            await link.write(octets)
            await link.drain()
        else:
            return


async def _hear(session: Session, link: Link) -> list[SessionEvent]:
    octets = await link.read(session.deadline() or 0.0)
    return session.feed(octets) if octets else session.expired()
