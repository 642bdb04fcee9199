"""The worker of one bus: one meter at a time, by its schedule, as long as the collector runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace

from meter_adapters.collector.adapters import MeterDoor
from meter_adapters.collector.config import BusSection
from meter_adapters.collector.patience import Chance
from meter_adapters.collector.report import CollectorReport, MeterReport
from meter_adapters.collector.schedule import Rhythm, Schedule, Visit, Work
from meter_adapters.collector.visit import MeterVisit, Outcome, Place
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.store import Outbox, OutboxFull
from meter_adapters.port import Link
from meter_adapters.readings import LINK_FAULTS, Refusal, RefusalReason

log = logging.getLogger(__name__)

LONGEST_SLEEP = 60.0


class BusWorker:
    """Visits the meters of one bus.

    Attributes:
        bus: its section of the configuration.
        doors: its meters by name.
    """

    def __init__(  # noqa: PLR0913 - what a worker works with, handed over once
        self,
        bus: BusSection,
        doors: Mapping[str, MeterDoor],
        link: Link,
        outbox: Outbox,
        report: CollectorReport,
        *,
        now: Callable[[], float],
        chance: Chance,
        is_host_held: Callable[[], bool] = lambda: True,
    ) -> None:
        self.bus, self.doors = bus, doors
        self._link, self._outbox, self._report = link, outbox, report
        self._now, self._is_host_held = now, is_host_held
        self._noted: Refusal | None = None
        every = {
            Work.PROFILE: bus.profile_every,
            Work.EVENTS: bus.events_every,
            Work.REGISTERS: bus.registers_every,
        }
        self._schedule = Schedule(Rhythm(every, bus.profile_lag, bus.jitter), chance)
        self._schedule.add(doors, now())
        for name, door in doors.items():
            report.meters[name] = MeterReport(name, bus.name, bus.profile_every)
            if door.is_locked:
                self._lock(name)

    async def run(self, stop: asyncio.Event, stored: asyncio.Event) -> None:
        """Visit until told to stop; `stored` is set whenever something new lies in the outbox."""
        while not stop.is_set():
            visit = self.take()
            if visit is None:
                await _sleep(stop, min(LONGEST_SLEEP, max(0.01, self._schedule.next_due() - self._now())))
                continue
            await self.carry_out(visit)
            stored.set()

    def take(self) -> Visit | None:
        """The visit that is due longest; None while none is."""
        return self._schedule.take(self._now())

    async def carry_out(self, visit: Visit) -> Outcome:
        """One visit, from start to what is learnt of it."""
        door = self.doors[visit.meter]
        try:
            async with asyncio.timeout(self.bus.visit_seconds):
                outcome = await self._visit(door, visit)
        except TimeoutError:
            outcome = Outcome(refusal=self._refusal(door, RefusalReason.NO_ANSWER, "the visit took too long"))
        except OutboxFull as error:
            outcome = Outcome(refusal=self._refusal(door, RefusalReason.BUSY, f"the outbox has no room: {error}"))
        except Exception as error:
            # Our bug, or a library's: this meter is left alone for a while, the others are not.
            log.exception("visit of %s failed", visit.meter)
            text = f"internal error, {type(error).__name__}"
            outcome = Outcome(refusal=self._refusal(door, RefusalReason.NOT_UNDERSTOOD, text))
        self._settle(visit, door, outcome)
        return outcome

    async def _visit(self, door: MeterDoor, visit: Visit) -> Outcome:
        meter = door.meter
        place = Place(
            *(meter.name, self.bus.name, meter.serial, door.profile, self.bus.profile_lag, meter.set_clock),
            is_host_held=self._is_host_held(),
        )
        adapter = door.open(self._link, self._now, lambda refusal: self._note(door, refusal))
        session = MeterVisit(place, adapter, self._outbox, self._now, door.keep_counters)
        return await session.carry_out(visit.works)

    def _settle(self, visit: Visit, door: MeterDoor, outcome: Outcome) -> None:
        now, refusal = self._now(), outcome.refusal
        if outcome.exchanged is not None and outcome.meter is not None:
            text = f"{outcome.meter.name} answers where {outcome.exchanged} was: the meter was exchanged"
            self._note(door, self._refusal(door, RefusalReason.METER_CHANGED, text))
        if refusal is None:
            door.closed(None)
            self._schedule.done(visit, now, outcome.has_gaps)
            name = "" if outcome.meter is None else outcome.meter.name
            self._report.note_read(visit.meter, name, int(now), outcome.deviation)
            return
        door.closed(refusal)
        self._note(door, refusal)
        self._schedule.failed(visit, now, line_is_alive=refusal.reason not in LINK_FAULTS)
        if door.is_locked:
            self._lock(visit.meter)

    def _lock(self, name: str) -> None:
        """Not asked again before a person looked: meters lock for hours after a third wrong password."""
        self._schedule.lock(name)
        self._report.meters[name].is_locked = True

    def _note(self, door: MeterDoor, refusal: Refusal) -> None:
        """Report what was not taken, by the name of the configuration."""
        named = replace(refusal, meter=door.meter.name)
        if named == self._noted:  # the adapter told of it already
            return
        self._noted = named
        log.warning("%s on %s: %s, %s", named.meter, self.bus.name, named.reason, named.text)
        self._report.note_refusal(door.meter.name, named)
        try:
            Notebook(self._outbox).note_refusal(self.bus.name, named, int(self._now()))
        except OutboxFull:
            log.warning("no room to note it")

    def _refusal(self, door: MeterDoor, reason: RefusalReason, text: str) -> Refusal:
        return Refusal(door.meter.name, int(self._now()), reason, text)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not over the end."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
