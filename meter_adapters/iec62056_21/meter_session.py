"""A meter on a line: its session's core, who it is, and every question with its answer or refusal.

It translates between the core's events and the adapter's values: a lost line, silence, a failed check or a refused
password all become a `Refusal`, told to `on_refusal` also where asking again helped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from meter_adapters.iec62056_21.conversation import converse, send_pending
from meter_adapters.iec62056_21.framing import Telegram
from meter_adapters.iec62056_21.messages import Identification
from meter_adapters.iec62056_21.origin import meter_of
from meter_adapters.iec62056_21.session import Session
from meter_adapters.iec62056_21.session_events import (
    Acknowledged,
    AskedAgain,
    Block,
    Failed,
    Goal,
    Identified,
    Opened,
    SessionEvent,
    SessionPlan,
)
from meter_adapters.passwords import PasswordGuard
from meter_adapters.port import Link
from meter_adapters.readings import MeterId, Refusal, RefusalReason

OnRefusal = Callable[[Refusal], None]


class MeterSession:
    """One meter of IEC 62056-21 on a line that is ours alone."""

    def __init__(
        self, link: Link, plan: SessionPlan, clock: Callable[[], float], guard: PasswordGuard, on_refusal: OnRefusal
    ) -> None:
        self._link = link
        self._clock = clock
        self._guard = guard
        self._on_refusal = on_refusal
        self.core = Session(plan)
        self.meter = MeterId("", address=plan.address)
        self._may_be_late = False

    async def open(self) -> Refusal | None:
        """Open the line."""
        try:
            await self._link.open()
        except OSError as error:
            return self.refusal(RefusalReason.LINK_LOST, f"{self._link.name}: {error}")
        return None

    async def close(self) -> None:
        """Say farewell and close the line."""
        await self.leave()
        await self._link.close()

    async def leave(self) -> None:
        """Leave programming mode, if it may be open."""
        self.core.leave()
        try:
            await send_pending(self.core, self._link)
        except OSError:
            await self._link.close()

    async def talk(self) -> list[SessionEvent] | Refusal:
        """Carry the core on until it is settled; the first failure is the answer."""
        try:
            events = await converse(self.core, self._link)
            if not self.core.is_ready:
                await send_pending(self.core, self._link)
        except OSError as error:
            self.core.leave()
            await self._link.close()
            return self.refusal(RefusalReason.LINK_LOST, f"{self._link.name}: {error}")
        failed = None
        for event in events:
            match event:
                case Identified(ident):
                    self._identified(ident)
                case AskedAgain(reason, text):
                    self._may_be_late = True
                    self._on_refusal(self.refusal(reason, text))
                case Failed(reason, text):
                    failed = failed or self.refusal(reason, text)
                case _:
                    continue
        return failed or events

    def _identified(self, ident: Identification) -> None:
        """Take the identification; the serial number stays known as long as the same type answers."""
        self.meter = meter_of(ident, self.meter.address)

    def knows_serial(self, serial: str) -> None:
        """The meter stated its serial number."""
        self.meter = replace(self.meter, serial=serial)

    def refusal(self, reason: RefusalReason, text: str) -> Refusal:
        """A refusal of this meter, now."""
        return Refusal(self.meter.name or self._link.name, int(self._clock()), reason, text)

    async def readout(self) -> Block | Telegram | Refusal:
        """The meter's readout, in a session of its own."""
        await self.leave()
        self.core.begin(Goal.READOUT)
        events = await self.talk()
        if isinstance(events, Refusal):
            return events
        return next(event for event in events if isinstance(event, Block | Telegram))

    async def enter(self) -> Refusal | None:
        """Open programming mode where it is not open; a refused password is tried once more, and never again."""
        if self.core.is_ready:
            return None
        with_password = self.core.plan.password is not None
        while True:
            if with_password and self._guard.is_locked:
                return self.refusal(RefusalReason.LOCKED_OUT, "the meter refused its password twice: not asked again")
            self.core.begin(Goal.PROGRAMMING)
            events = await self.talk()
            if not isinstance(events, Refusal):
                if with_password:
                    self._guard.was_taken()
                return None if any(isinstance(event, Opened) for event in events) else self._no_programming()
            if events.reason is not RefusalReason.PASSWORD_WRONG:
                return events
            self._guard.was_refused()
            if self._guard.is_locked:
                return events

    def _no_programming(self) -> Refusal:
        return self.refusal(RefusalReason.NOT_SUPPORTED, "the meter has no programming mode")

    async def ask(self, name: str, data: str) -> Block | Refusal:
        """The answer to a read command in programming mode."""
        events = await self._asked(name, data)
        if isinstance(events, Refusal):
            return events
        return next(event for event in events if isinstance(event, Block))

    async def write(self, name: str, data: str) -> Refusal | None:
        """Write; None when the meter took it."""
        events = await self._asked(name, data)
        if isinstance(events, Refusal):
            return events
        taken = any(isinstance(event, Acknowledged) for event in events)
        return None if taken else self.refusal(RefusalReason.NOT_UNDERSTOOD, f"{name} was not acknowledged")

    async def _asked(self, name: str, data: str) -> list[SessionEvent] | Refusal:
        refused = await self.enter()
        if refused is not None:
            return refused
        if self._may_be_late:
            await self._pass_over_late_answers()
        self.core.ask(name, data)
        return await self.talk()

    async def _pass_over_late_answers(self) -> None:
        """What was asked for again may be answered twice; the second answer is not that of the next question."""
        self._may_be_late = False
        try:
            while await self._link.read(self.core.plan.line.reaction):
                pass
        except OSError:
            return  # the question that follows meets the same loss and tells it

    async def telegram(self) -> Telegram | Refusal:
        """The next telegram the meter pushes by itself."""
        self.core.begin(Goal.LISTEN)
        events = await self.talk()
        if isinstance(events, Refusal):
            return events
        return next(event for event in events if isinstance(event, Telegram))

    async def identification(self, goal: Goal = Goal.IDENTIFY) -> Identification | Refusal:
        """Who answers; with `Goal.HDLC` the line is in binary mode E behind it."""
        await self.leave()
        self.core.begin(goal)
        events = await self.talk()
        if isinstance(events, Refusal):
            return events
        return next(event.ident for event in events if isinstance(event, Identified))
