"""One session with one meter: who it is, what its clock says, its load profile, its events, its registers; all kept.

Everything goes into the outbox before the next question is asked. A refusal ends the session: what came before it is
kept, what it refused is asked for again on the next visit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from meter_adapters.collector.clock_policy import ClockVerdict, judge, may_set
from meter_adapters.collector.gaps import ProfileState, Span, state_of
from meter_adapters.collector.plausibility import with_limits
from meter_adapters.collector.schedule import Work
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import CLOCK, Obis
from meter_adapters.outbox.epochs import EpochWalk, begin_before_steps
from meter_adapters.outbox.notebook import ClockDoubt, Notebook
from meter_adapters.outbox.rows import Lane, row_of_event, rows_of_block, rows_of_readings
from meter_adapters.outbox.store import Outbox, ProfileProgress
from meter_adapters.port import Adapter
from meter_adapters.readings import (
    Flag,
    IntervalRow,
    MeterClock,
    MeterEvent,
    MeterId,
    ProfileBlock,
    Reading,
    Refusal,
    RefusalReason,
)
from meter_adapters.time_offset import OffsetSource

T = TypeVar("T")

DAY = 86_400
MOST_SPANS = 8
"""Most gaps asked for in one session; the others wait until the other meters had their turn."""
LONGEST_SPAN = 3 * DAY
LONGEST_BACKFILL = 60.0
"""Seconds of a session after which no further gap is begun."""
EVENTS = "events"
"""The name of the mark up to which events were read."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visit takes place.

    Attributes:
        name: the meter's name in the configuration.
        bus: the bus's name.
        serial: the serial number expected; empty where any is.
        profile: the meter's type.
        lag: seconds a meter has to close an interval.
        sets_clock: whether its clock may be set.
        is_host_held: whether a time server holds the collector's clock.
    """

    name: str
    bus: str
    serial: str
    profile: MeterProfile
    lag: int = 20
    sets_clock: bool = False
    is_host_held: bool = True


@dataclass(slots=True)
class Outcome:
    """What a visit brought.

    Attributes:
        meter: who answered; None where nobody did.
        refusal: what ended it; None where nothing did.
        rows: rows of the load profile that were new.
        has_gaps: whether more of the load profile can be had at once.
        deviation: seconds the meter's clock is ahead, None where not known.
        exchanged: the meter that was there before, where another is now.
    """

    meter: MeterId | None = None
    refusal: Refusal | None = None
    rows: int = 0
    has_gaps: bool = False
    deviation: float | None = None
    exchanged: str | None = None


class MeterVisit:
    """One session. `now` gives the collector's epoch seconds, `before_storing` is called before a block is kept."""

    def __init__(
        self,
        place: Place,
        adapter: Adapter,
        outbox: Outbox,
        now: Callable[[], float],
        before_storing: Callable[[], None] = lambda: None,
    ) -> None:
        self._place, self._adapter, self._before_storing = place, adapter, before_storing
        self._outbox, self._notebook = outbox, Notebook(outbox)
        self._now = now
        self._outcome = Outcome()
        self._reread = 0

    async def carry_out(self, works: frozenset[Work]) -> Outcome:
        """Open, read what is due, close.

        Raises:
            OutboxFull: there was no room; the meter still has what was read.
        """
        try:
            self._outcome.refusal = await self._adapter.open() or await self._read(works)
        finally:
            await self._adapter.close()
        return self._outcome

    async def _read(self, works: frozenset[Work]) -> Refusal | None:
        meter = await self._identify()
        if isinstance(meter, Refusal):
            return meter
        refused = await self._check_clock(meter)
        steps = (
            (Work.PROFILE, self._read_profile),
            (Work.EVENTS, self._read_events),
            (Work.REGISTERS, self._registers),
        )
        for work, step in steps:
            if refused is None and work in works:
                refused = await step(meter)
        return refused

    async def _identify(self) -> MeterId | Refusal:
        meter = await self._adapter.identify()
        if isinstance(meter, Refusal):
            return meter
        self._outcome.meter = meter
        expected = self._place.serial
        if expected and meter.serial != expected:
            text = f"serial number {meter.serial or 'none'} answers where {expected} is expected"
            return Refusal(self._place.name, int(self._now()), RefusalReason.METER_CHANGED, text)
        self._outcome.exchanged = await self._kept(
            lambda: self._notebook.note_identity(self._place.name, meter, int(self._now()))
        )
        return meter

    # --- clock ----------------------------------------------------------------------------------------------------

    async def _check_clock(self, meter: MeterId) -> Refusal | None:
        clock = await self._adapter.read_clock()
        if isinstance(clock, Refusal):
            return None if clock.reason is RefusalReason.NOT_SUPPORTED else clock
        at, deviation = int(clock.host_time), clock.deviation
        milliseconds = None if deviation is None else round(deviation * 1000)
        before = await self._kept(lambda: self._notebook.note_clock(meter, at, milliseconds))
        verdict = judge(clock, before)
        self._outcome.deviation = verdict.deviation
        self._reread = verdict.stepped_back
        await self._kept(lambda: self._note_doubt(meter, verdict, at))
        reading = self._clock_reading(clock)
        await self._kept(lambda: self._outbox.store(meter, rows_of_readings([reading]), Lane.OPERATING, at))
        if self._place.sets_clock and verdict.is_remarkable and deviation is not None:
            return await self._set_clock(deviation)
        return None

    def _note_doubt(self, meter: MeterId, verdict: ClockVerdict, at: int) -> None:
        """Begin or end the time in which the meter's clock is not to be billed by."""
        epoch = len(self._outbox.steps(meter.name, str(self._place.profile.load_profile.code)))
        if verdict.doubt_since is not None:
            self._notebook.begin_doubt(meter, verdict.doubt_since, epoch + 1)
        elif verdict.stepped_back:
            self._notebook.end_doubt(meter, None, epoch)
        elif verdict.deviation is not None:
            self._notebook.end_doubt(meter, at, None)

    def _clock_reading(self, clock: MeterClock) -> Reading:
        """How far the clock is ahead, as an operating value: milliseconds under the code of the clock."""
        deviation = clock.deviation
        flags = frozenset() if deviation is not None else frozenset({Flag.CLOCK_INVALID})
        raw = 0 if deviation is None else round(deviation * 1000)
        return Reading(
            *(clock.meter, CLOCK, raw, -3, "s", int(clock.host_time), None, clock.meter_time_raw),
            *(OffsetSource.HOST, clock.status_raw, self._marked(flags)),
        )

    async def _set_clock(self, deviation: float) -> Refusal | None:
        """Set the meter's clock, never across the end of an interval; its ends are told apart from then on."""
        now = self._now()
        if not may_set(now, deviation, self._place.profile.load_profile.period):
            return None
        return await self._adapter.set_clock(int(now + 0.5))

    # --- load profile ---------------------------------------------------------------------------------------------

    async def _read_profile(self, meter: MeterId) -> Refusal | None:
        section = self._place.profile.load_profile
        code: Obis = section.code
        now, name = int(self._now()), str(code)
        state = await self._kept(lambda: self._state(meter, name, now))
        spans = state.spans(LONGEST_SPAN)
        if self._reread:
            # The clock went back: ends up to the mark may have been written a second time.
            spans.insert(0, Span(max(0, min(state.mark, now) - self._reread - 2 * section.period), state.until))
        doubts = await self._kept(lambda: self._notebook.doubts(meter))
        for place, span in enumerate(spans):
            if place == MOST_SPANS or self._now() - now > LONGEST_BACKFILL:
                self._outcome.has_gaps = True
                break
            refused = await self._read_span(meter, code, span, state, doubts)
            if refused is not None:  # a meter without a load profile is read all the same
                return None if refused.reason is RefusalReason.NOT_SUPPORTED else refused
        return None

    def _state(self, meter: MeterId, name: str, now: int) -> ProfileState:
        section = self._place.profile.load_profile
        mark = self._outbox.complete_until(meter.name, name)
        oldest = now - section.depth_days * DAY
        since = max(oldest, mark if mark is not None else 0)
        present = self._outbox.present_ends(meter.name, name, since - 1)
        return state_of(
            section.period, mark, Span(oldest, now - self._place.lag), present, self._outbox.absences(meter.name, name)
        )

    async def _read_span(
        self,
        meter: MeterId,
        code: Obis,
        span: Span,
        state: ProfileState,
        doubts: list[ClockDoubt],
    ) -> Refusal | None:
        name = str(code)
        walk = EpochWalk(await self._kept(lambda: self._outbox.steps(meter.name, name)))
        # One interval more than missing: its row says whether the clock went back between the two.
        since = begin_before_steps(span.since - state.period, walk.steps, state.period)
        seen: set[int] = set()
        async for block in self._adapter.read_profile(code, since, span.until):
            if isinstance(block, Refusal):
                return block
            placed = [(self._judged(row, epoch, doubts), epoch) for row, epoch in walk.epochs(block.rows)]
            ends = {row.end for row in block.rows if row.end is not None}
            seen |= ends
            state.present |= ends
            progress = ProfileProgress(name, state.advance(), (), tuple(walk.found))
            await self._store(meter, block, placed, progress)
            walk.found.clear()
        absent = [end for end in span.ends(state.period) if end not in seen and end > state.mark]
        state.miss(absent, int(self._now()) - DAY)
        asked = tuple((end, state.absent[end]) for end in absent)
        settled = ProfileProgress(name, state.advance(), asked)
        await self._kept(lambda: self._outbox.store(meter, (), Lane.INTERVAL, int(self._now()), settled))
        return None

    async def _store(
        self,
        meter: MeterId,
        block: ProfileBlock,
        placed: list[tuple[IntervalRow, int]],
        progress: ProfileProgress,
    ) -> None:
        limited = with_limits(placed, block, self._place.profile.plausibility)
        rows = rows_of_block(block, limited)
        await self._kept(self._before_storing)
        report = await self._kept(lambda: self._outbox.store(meter, rows, Lane.INTERVAL, int(self._now()), progress))
        self._outcome.rows += report.new + report.revised
        if report.revised:
            text = f"{report.revised} values of {block.profile} came again otherwise; both are kept"
            refusal = Refusal(meter.name, int(self._now()), RefusalReason.IMPLAUSIBLE, text)
            await self._kept(lambda: self._notebook.note_refusal(self._place.bus, refusal, int(self._now())))

    @staticmethod
    def _judged(row: IntervalRow, epoch: int, doubts: list[ClockDoubt]) -> IntervalRow:
        """A row with what the collector knows of its time."""
        flags = row.flags
        if row.end is None:
            flags |= {Flag.NO_OFFSET}
        elif any(doubt.covers(row.end, epoch) for doubt in doubts):
            flags |= {Flag.CLOCK_FAR_OFF}
        return row if flags == row.flags else replace(row, flags=flags)

    # --- events and registers -------------------------------------------------------------------------------------

    async def _read_events(self, meter: MeterId) -> Refusal | None:
        now = int(self._now())
        mark = await self._kept(lambda: self._outbox.complete_until(meter.name, EVENTS))
        since = (mark if mark is not None else now - self._place.profile.load_profile.depth_days * DAY) - DAY
        found = await self._adapter.read_events(max(0, since), now + DAY)
        refused = _refusal_of(found)
        if refused is not None:
            return None if refused.reason is RefusalReason.NOT_SUPPORTED else refused
        events = [row_of_event(event) for event in found if isinstance(event, MeterEvent)]
        await self._kept(lambda: self._outbox.store_events(meter, events, now))
        settled = ProfileProgress(EVENTS, now)
        await self._kept(lambda: self._outbox.store(meter, (), Lane.ALARM, now, settled))
        return None

    async def _registers(self, meter: MeterId) -> Refusal | None:
        found = await self._adapter.read_registers()
        now = int(self._now())
        readings = [self._timed(reading, now) for reading in found if isinstance(reading, Reading)]
        await self._kept(lambda: self._outbox.store(meter, rows_of_readings(readings), Lane.OPERATING, now))
        return _refusal_of(found)

    def _timed(self, reading: Reading, now: int) -> Reading:
        """A register without a time of its own holds for the moment it was read."""
        flags = self._marked(reading.flags)
        if reading.ts_end is not None or reading.meter_time_raw:
            return replace(reading, flags=flags)
        return replace(reading, ts_end=now, offset_source=OffsetSource.HOST, flags=flags)

    def _marked(self, flags: frozenset[Flag]) -> frozenset[Flag]:
        return flags if self._place.is_host_held else flags | {Flag.HOST_CLOCK_UNSYNCHRONISED}

    @staticmethod
    async def _kept(work: Callable[[], T]) -> T:
        """Work on the outbox waits for the disk; the line's loop does not."""
        return await asyncio.to_thread(work)


def _refusal_of(found: Sequence[object]) -> Refusal | None:
    """The refusal among answers; one that only says what the meter does not have is none."""
    refusals = [one for one in found if isinstance(one, Refusal)]
    serious = [one for one in refusals if one.reason not in (RefusalReason.NOT_SUPPORTED, RefusalReason.METER_ERROR)]
    if serious:
        return serious[0]
    return refusals[0] if refusals and len(refusals) == len(found) else None
