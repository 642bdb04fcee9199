"""Reading a meter of IEC 62056-21, modes A to E: registers by readout, load profile and log in programming mode.

It answers with readings, rows, events or refusals; it raises nothing for what a meter or a line does. Every session
begins with the identification, and names the meter by its serial number, so that an exchanged meter is noticed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace

from meter_adapters.iec62056_21.data_sets import DataSet, Unreadable, data_sets, first_of, groups_of
from meter_adapters.iec62056_21.framing import Telegram
from meter_adapters.iec62056_21.load_profiles import (
    ProfileText,
    begins_profile,
    log_events,
    profile_blocks,
    profile_text,
)
from meter_adapters.iec62056_21.messages import Identification
from meter_adapters.iec62056_21.meter_session import MeterSession
from meter_adapters.iec62056_21.origin import Origin
from meter_adapters.iec62056_21.registers import readout, serial_number
from meter_adapters.iec62056_21.session_events import Block, Goal, SessionPlan
from meter_adapters.iec62056_21.telegrams import UnsoundTelegram, read_telegram
from meter_adapters.iec62056_21.written_times import asked_time, written_date_and_clock
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import Obis
from meter_adapters.passwords import PasswordGuard
from meter_adapters.port import Link
from meter_adapters.readings import (
    MeterClock,
    MeterEvent,
    MeterId,
    ProfileBlock,
    Protection,
    Reading,
    Refusal,
    RefusalReason,
)
from meter_adapters.time_offset import OffsetStyle

_DAY = 86_400
_PARTIAL_ROWS = 10
"""Rows per partial block of R6."""
_SERIAL_IDS = ("C.1.0", "0.0.0")
_ASKED_TWICE = 2


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation says of its meter, beside the meter profile.

    Attributes:
        addresses: device addresses that `discover` asks for on a shared bus.
        algorithm: what the manufacturer makes of seed and password (P2).
        wakes: whether the meter must be woken with NULs.
        unchecked: whether a block without block check is taken, as unprotected.
        sets_clock: whether the meter's clock may be set. Writing is off unless somebody turned it on.
        on_refusal: told of everything damaged or unanswered, also where asking again helped.
    """

    addresses: tuple[str, ...] = ()
    algorithm: Callable[[str, str], str] | None = None
    wakes: bool = False
    unchecked: bool = False
    sets_clock: bool = False
    on_refusal: Callable[[Refusal], None] = lambda refusal: None


class Iec62056Adapter:
    """A meter of IEC 62056-21 on a line."""

    def __init__(  # noqa: PLR0913 - the collector names them one by one
        self,
        link: Link,
        profile: MeterProfile,
        address: str = "",
        password: bytes | None = None,
        *,
        clock: Callable[[], float],
        guard: PasswordGuard | None = None,
        settings: Settings = Settings(),
    ) -> None:
        secret = None if password is None else password.decode("ascii")
        plan = SessionPlan(
            profile.line, address, secret, settings.algorithm, wakes=settings.wakes, unchecked=settings.unchecked
        )
        self._link = link
        self._profile = profile
        self._settings = settings
        self._clock = clock
        self._session = MeterSession(link, plan, clock, guard or PasswordGuard(), settings.on_refusal)

    async def open(self) -> Refusal | None:
        """Open the line, and programming mode where a password is given: a wrong one shows here."""
        refused = await self._session.open()
        if refused is None and self._session.core.plan.password is not None:
            refused = await self._session.enter()
            if refused is not None:
                await self.close()
        return refused

    async def close(self) -> None:
        """Break programming mode off and close the line."""
        await self._session.close()

    async def discover(self) -> list[MeterId | Refusal]:
        """The meters that answer to the addresses of the settings, or to the request without address."""
        found: list[MeterId | Refusal] = []
        plan = self._session.core.plan
        for address in self._settings.addresses or (plan.address,):
            probe = MeterSession(
                self._link, replace(plan, address=address), self._clock, PasswordGuard(), lambda refusal: None
            )
            ident = await probe.identification()
            if isinstance(ident, Identification):
                found.append(probe.meter)
            elif ident.reason is not RefusalReason.NO_ANSWER:
                found.append(ident)
        return found

    async def identify(self) -> MeterId | Refusal:
        """Which meter answers: manufacturer and type by its identification, serial number by its registers."""
        if self._session.core.is_ready:
            return await self._named()
        sets = await self._read_out()
        return sets if isinstance(sets, Refusal) else self._session.meter

    async def read_registers(self, registers: Sequence[Obis] = ()) -> list[Reading | Refusal]:
        """The registers of the readout; what it does not hold is asked for one by one."""
        wanted = tuple(registers) or self._profile.registers.read
        answer = await self._read_out()
        if isinstance(answer, Refusal):
            return [answer]
        sets, protection = answer
        origin = Origin(self._session.meter, self._profile, protection)
        read = readout(sets, origin, int(self._clock()))
        if not wanted:
            return list(read.readings)
        found = {reading.obis: reading for reading in reversed(read.readings) if "&" not in reading.source_id}
        results: list[Reading | Refusal] = []
        for code in wanted:
            results.append(found[code] if code in found else await self._register(code))
        return results

    async def read_profile(self, profile: Obis, since: int, until: int) -> AsyncIterator[ProfileBlock | Refusal]:
        """The rows whose interval ends in (since, until], asked for in whole days or less, block by block."""
        name = self._profile_name(profile)
        if name is None:
            yield self._session.refusal(RefusalReason.NOT_SUPPORTED, f"{profile} is no load profile of the meter")
            return
        step = self._profile.load_profile.days_per_read * _DAY
        for start in range(since, until, step):
            end = min(start + step, until)
            for block in await self._profile_span(name, start, end):
                yield block
                if isinstance(block, Refusal):
                    return

    async def read_events(self, since: int, until: int) -> list[MeterEvent | Refusal]:
        """The entries of the log in [since, until), in the meter's order."""
        answer = await self._asked_text(self._profile.events.name, since, until)
        if isinstance(answer, Refusal):
            return [answer]
        text, protection = answer
        origin = Origin(self._session.meter, self._profile, protection)
        return [event for event in log_events(text, origin) if event.ts is None or since <= event.ts < until]

    async def read_clock(self) -> MeterClock | Refusal:
        """Date and time of day, asked for one behind the other; at midnight the date is asked for again."""
        named = await self._named()
        if isinstance(named, Refusal):
            return named
        date = await self._value("0.9.2")
        asked = asyncio.get_running_loop().time()
        clock = await self._value("0.9.1")
        host = self._clock()
        elapsed = asyncio.get_running_loop().time() - asked - self._session.core.reaction
        if not isinstance(clock, Refusal) and clock.replace(":", "").startswith("0000"):
            date = await self._value("0.9.2")
        if isinstance(date, Refusal):
            return date
        if isinstance(clock, Refusal):
            return clock
        time = written_date_and_clock(date, clock)
        if time is None:
            return self._session.refusal(RefusalReason.NOT_UNDERSTOOD, f"{date!r} {clock!r} is no time")
        placed = self._profile.offset_rule.place(time, int(host))
        return MeterClock(named, placed.instant, host, max(0.0, elapsed), time.raw, placed.source)

    async def set_clock(self, instant: int) -> Refusal | None:
        """Write date and time of day, where the settings allow it."""
        if not self._settings.sets_clock:
            return self._session.refusal(RefusalReason.NOT_SUPPORTED, "setting the clock is not configured")
        wall = self._profile.offset_rule.wall(instant)
        refused = await self._session.write("W1", f"0.9.2({wall:%y%m%d})")
        return refused or await self._session.write("W1", f"0.9.1({wall:%H%M%S})")

    async def enter_hdlc(self) -> Identification | Refusal:
        """Bring a meter of mode E to HDLC: the line then stands at 8N1 and the speed agreed on, for DLMS."""
        return await self._session.identification(Goal.HDLC)

    # Parts

    async def _read_out(self) -> tuple[tuple[DataSet, ...], Protection] | Refusal:
        """The data sets of a readout; the meter's serial number is known behind it."""
        answer = await self._session.readout()
        if isinstance(answer, Refusal):
            return answer
        if isinstance(answer, Telegram):
            read = read_telegram(answer.octets)
            if isinstance(read, UnsoundTelegram):
                return self._session.refusal(RefusalReason.CHECK_FAILED, read.text)
            sets, protection = read.sets, read.protection
        else:
            found = data_sets(answer.text)
            if isinstance(found, Unreadable):
                return self._session.refusal(RefusalReason.NOT_UNDERSTOOD, f"line {found.line}: {found.text}")
            sets, protection = found, answer.protection
        self._session.knows_serial(serial_number(sets))
        return sets, protection

    async def _named(self) -> MeterId | Refusal:
        """The meter in programming mode, its serial number asked for where this session does not know it."""
        refused = await self._session.enter()
        if refused is not None:
            return refused
        for source_id in _SERIAL_IDS:
            if self._session.meter.serial:
                break
            serial = await self._value(source_id)
            if isinstance(serial, str):
                self._session.knows_serial(serial.strip())
            elif serial.reason is not RefusalReason.METER_ERROR:
                return serial
        return self._session.meter

    async def _value(self, source_id: str) -> str | Refusal:
        """The first value of one register, as written."""
        answer = await self._session.ask("R1", f"{source_id}()")
        if isinstance(answer, Refusal):
            return answer
        sets = _answered(source_id, answer)
        value = first_of(sets, source_id)
        if value is None:
            return self._session.refusal(
                RefusalReason.NOT_UNDERSTOOD, f"no answer to {source_id}: {answer.text[:60]!r}"
            )
        return value

    async def _register(self, code: Obis) -> Reading | Refusal:
        """A register that the readout did not hold."""
        named = await self._named()
        if isinstance(named, Refusal):
            return named
        source_id = f"{code.c}.{code.d}.{code.e}"
        answer = await self._session.ask("R1", f"{source_id}()")
        if isinstance(answer, Refusal):
            return answer
        origin = Origin(named, self._profile, answer.protection)
        read = readout(_answered(source_id, answer), origin, int(self._clock()))
        found = next((reading for reading in read.readings if reading.obis == code), None)
        return found or self._session.refusal(RefusalReason.NOT_UNDERSTOOD, f"no answer to {source_id}")

    def _profile_name(self, code: Obis) -> str | None:
        """What the meter calls a load profile: `P.01`, `P.02`."""
        section = self._profile.load_profile
        if code == section.code:
            return section.name
        return f"P.{code.d:02d}" if (code.c, code.e) == (99, 0) and code.d < 90 else None

    async def _profile_span(self, name: str, since: int, until: int) -> list[ProfileBlock | Refusal]:
        """The blocks of one span; only the rows whose interval ends in (since, until], and those without instant.

        An answer of another time is that of an earlier question: it is asked again.
        """
        for _ in range(_ASKED_TWICE):
            answer = await self._asked_text(name, since, until)
            if isinstance(answer, Refusal):
                return [answer]
            text, protection = answer
            blocks = profile_blocks(text, Origin(self._session.meter, self._profile, protection))
            refused = [replace(block, at=int(self._clock())) for block in blocks if isinstance(block, Refusal)]
            if refused:
                return [*refused]
            heard = [block for block in blocks if isinstance(block, ProfileBlock)]
            if not self._is_of_another_time(heard, since, until):
                break
            wrong = f"{name}: rows, and none of the time asked for"
            self._settings.on_refusal(self._session.refusal(RefusalReason.NOT_UNDERSTOOD, wrong))
        return [block for whole in heard if (block := _within(whole, since, until)).rows]

    def _is_of_another_time(self, heard: list[ProfileBlock], since: int, until: int) -> bool:
        """Whether rows came from before the span and none of it, from a meter that keeps to the bounds."""
        before = any(row.end is not None and row.end < since for block in heard for row in block.rows)
        within = any(_within(block, since, until).rows for block in heard)
        return before and not within and self._profile.load_profile.range_access

    async def _asked_text(self, name: str, since: int, until: int) -> tuple[ProfileText, Protection] | Refusal:
        """The answer of a profile or log for a span, bounds included; one that is not readable is asked for again."""
        named = await self._named()
        if isinstance(named, Refusal):
            return named
        bounds = f"{self._written(since)};{self._written(until)}"
        command = self._profile.load_profile.command
        data = f"{name}({bounds};{_PARTIAL_ROWS})" if command == "R6" else f"{name}({bounds})"
        wrong = ""
        for _ in range(_ASKED_TWICE):
            answer = await self._session.ask(command, data)
            if isinstance(answer, Refusal):
                return answer
            if answer.text.strip() in ("", "()", f"{name}()"):
                return ProfileText(()), answer.protection
            read = profile_text(answer.text)
            if isinstance(read, ProfileText) and begins_profile(answer.text):
                return read, answer.protection
            wrong = f"{name}, {f'line {read.line}: {read.text}' if isinstance(read, Unreadable) else 'no header'}"
            self._settings.on_refusal(self._session.refusal(RefusalReason.NOT_UNDERSTOOD, wrong))
        return self._session.refusal(RefusalReason.NOT_UNDERSTOOD, wrong)

    def _written(self, instant: int) -> str:
        """A bound as the meter's clock shows it, with the mark of its season where the profile sends one."""
        rule, section = self._profile.offset_rule, self._profile.load_profile
        if not section.range_deviation:
            return asked_time(rule.wall(instant), "")
        if rule.style is OffsetStyle.UTC:
            return asked_time(rule.wall(instant), "2")
        summer = rule.style is not OffsetStyle.LOCAL_STANDARD and rule.is_daylight(instant)
        return asked_time(rule.wall(instant), "1" if summer else "0")


def _within(block: ProfileBlock, since: int, until: int) -> ProfileBlock:
    """The block with the rows of a span, and those without instant."""
    return replace(block, rows=tuple(row for row in block.rows if row.end is None or since < row.end <= until))


def _answered(source_id: str, answer: Block) -> tuple[DataSet, ...]:
    """The data sets of an answer; a meter may leave the id out of them."""
    alone = groups_of(answer.text.strip())
    if alone is not None:
        return (DataSet(source_id, alone),)
    sets = data_sets(answer.text)
    return () if isinstance(sets, Unreadable) else sets
