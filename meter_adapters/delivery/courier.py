"""The courier: empties the outbox into the hub's measurement API, alarms first, intervals in order, nothing starved.

A batch is sent until the hub has answered for it; what the hub will never take is halved until the one row is alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from enum import StrEnum

import msgspec

from meter_adapters.collector.patience import Backoff, Chance
from meter_adapters.delivery.hub_access import HubAccess, Silent
from meter_adapters.outbox.batches import Batch, Batches
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.rows import Lane
from meter_adapters.outbox.store import Outbox, OutboxFull
from meter_adapters.readings import Refusal, RefusalReason

log = logging.getLogger(__name__)

PATH = "/api/hub/v1/measurements"
_JSON = "application/json"
_OK = 200
_TURN = (Lane.ALARM, Lane.INTERVAL, Lane.INTERVAL, Lane.INTERVAL, Lane.INTERVAL, Lane.OPERATING)
"""The order of one turn: most of it is for intervals, none of the others waits for all of them."""


class Sent(StrEnum):
    """What became of one attempt."""

    NOTHING = "nothing"
    """Nothing waited."""
    SETTLED = "settled"
    SILENT = "silent"


class _Finding(msgspec.Struct):
    text: str


class _Answer(msgspec.Struct):
    """What an acknowledgement says beside being one."""

    findings: list[_Finding] = []


class Courier:
    """Sends what waits in an outbox."""

    def __init__(
        self, outbox: Outbox, collector: str, hub: HubAccess, now: Callable[[], float], chance: Chance
    ) -> None:
        self._batches, self._notebook = Batches(outbox, collector), Notebook(outbox)
        self._hub, self._now, self._chance = hub, now, chance
        self._backoff = Backoff(first=1.0, ceiling=300.0)
        self.silence = ""

    async def turn(self) -> Sent:
        """One turn over the lanes; what it came to in sum."""
        outcome = Sent.NOTHING
        for lane in _TURN:
            sent = await self.send(lane)
            if sent is Sent.SILENT:
                return sent
            if sent is Sent.SETTLED:
                outcome = sent
        return outcome

    async def send(self, lane: Lane) -> Sent:
        """Send the next batch of a lane."""
        batch = await asyncio.to_thread(self._batches.next, lane, int(self._now()))
        if batch is None:
            return Sent.NOTHING
        answer = await self._hub.post(PATH, batch.body, _JSON)
        if isinstance(answer, Silent):
            await asyncio.to_thread(self._batches.note_attempt, batch)
            self.silence = answer.text
            self._backoff.fail(self._now(), self._chance())
            self._backoff.until = max(self._backoff.until, self._now() + answer.wait)
            return Sent.SILENT
        self.silence = ""
        self._backoff.succeed()
        await self._settle(batch, answer.status, answer.text)
        return Sent.SETTLED

    @property
    def wait(self) -> float:
        """Seconds to leave the hub alone."""
        return max(0.0, self._backoff.until - self._now())

    async def _settle(self, batch: Batch, status: int, text: str) -> None:
        now = int(self._now())
        if status == _OK:
            await asyncio.to_thread(self._note_findings, text, now)
            await asyncio.to_thread(self._batches.acknowledge, batch, text[:4000], now)
            return
        log.error("the hub refused batch %s: %s %s", batch.digest[:16], status, text[:500])
        await asyncio.to_thread(self._batches.refuse, batch, f"{status} {text[:4000]}", now)

    def _note_findings(self, text: str, now: int) -> None:
        """Rows of a batch that the hub has under their keys with other content: kept there, reported here."""
        try:
            answer = msgspec.json.decode(text, type=_Answer)
        except msgspec.MsgspecError:
            return
        for finding in answer.findings:
            log.error("the hub did not take a row: %s", finding.text)
            self._notebook.note_refusal("hub", Refusal("", now, RefusalReason.HUB_REFUSED, finding.text), now)

    async def run(self, stop: asyncio.Event, stored: asyncio.Event) -> None:
        """Send until told to stop; `stored` wakes it when something new lies in the outbox."""
        while not stop.is_set():
            stored.clear()
            try:
                sent = await self.turn()
            except OutboxFull as error:
                self.silence, sent = f"no batch can be frozen: {error}", Sent.SILENT
                self._backoff.fail(self._now(), self._chance())
            if sent is Sent.SETTLED:
                continue
            await _either(stop, stored if sent is Sent.NOTHING else None, max(self.wait, 0.05) if self.silence else 5.0)


async def _either(stop: asyncio.Event, stored: asyncio.Event | None, seconds: float) -> None:
    """Wait for the end, for something to send, or for some time."""
    events = [event for event in (stop, stored) if event is not None]
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
