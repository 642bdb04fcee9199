"""Reading a meter that pushes telegrams by itself: P1 of DSMR and its Nordic kin, and mode D."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from meter_adapters.iec62056_21.meter_session import MeterSession, OnRefusal
from meter_adapters.iec62056_21.origin import Origin, meter_of
from meter_adapters.iec62056_21.registers import Readout, meter_time, readout, with_serial
from meter_adapters.iec62056_21.session import TRIES
from meter_adapters.iec62056_21.session_events import SessionPlan
from meter_adapters.iec62056_21.telegrams import TelegramText, UnsoundTelegram, read_telegram
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import Obis
from meter_adapters.passwords import PasswordGuard
from meter_adapters.port import Link
from meter_adapters.readings import (
    MeterClock,
    MeterEvent,
    MeterId,
    ProfileBlock,
    Reading,
    Refusal,
    RefusalReason,
)


class P1Adapter:
    """A meter on a P1 port or a mode D line: it is listened to and never asked.

    The profile's reaction time is how long a telegram may be waited for.
    """

    def __init__(
        self,
        link: Link,
        profile: MeterProfile,
        *,
        clock: Callable[[], float],
        on_refusal: OnRefusal = lambda refusal: None,
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._on_refusal = on_refusal
        self._session = MeterSession(link, SessionPlan(profile.line), clock, PasswordGuard(), on_refusal)

    async def open(self) -> Refusal | None:
        """Open the line."""
        return await self._session.open()

    async def close(self) -> None:
        """Close the line."""
        await self._session.close()

    async def discover(self) -> list[MeterId | Refusal]:
        """The meter that pushes on this line."""
        return [await self.identify()]

    async def identify(self) -> MeterId | Refusal:
        """Which meter pushes, by its next telegram."""
        heard = await self._heard()
        return heard if isinstance(heard, Refusal) else _meter_of(heard)

    async def read_registers(self, registers: Sequence[Obis] = ()) -> list[Reading | Refusal]:
        """The values of the next telegram; all of them where none are named."""
        heard = await self._heard()
        if isinstance(heard, Refusal):
            return [heard]
        read = self._read(heard)
        wanted = tuple(registers) or self._profile.registers.read
        if not wanted:
            return list(read.readings)
        found = {reading.obis: reading for reading in reversed(read.readings)}
        missing = [code for code in wanted if code not in found]
        results: list[Reading | Refusal] = [found[code] for code in wanted if code in found]
        return results + [
            self._session.refusal(RefusalReason.NOT_SUPPORTED, f"the telegram has no {code}") for code in missing
        ]

    async def read_profile(self, profile: Obis, since: int, until: int) -> AsyncIterator[ProfileBlock | Refusal]:
        """Refused: a push port keeps no load profile."""
        del since, until
        yield self._session.refusal(RefusalReason.NOT_SUPPORTED, f"a push port has no load profile {profile}")

    async def read_events(self, since: int, until: int) -> list[MeterEvent | Refusal]:
        """The long power failures that the next telegram lists, in [since, until)."""
        heard = await self._heard()
        if isinstance(heard, Refusal):
            return [heard]
        return [event for event in self._read(heard).events if event.ts is None or since <= event.ts < until]

    async def read_clock(self) -> MeterClock | Refusal:
        """The time the next telegram states."""
        heard = await self._heard()
        if isinstance(heard, Refusal):
            return heard
        time = meter_time(heard.sets)
        if time is None:
            return self._session.refusal(RefusalReason.NOT_SUPPORTED, "the telegram states no time")
        host = self._clock()
        placed = self._profile.offset_rule.place(time, int(host))
        return MeterClock(_meter_of(heard), placed.instant, host, 0.0, time.raw, placed.source)

    async def set_clock(self, instant: int) -> Refusal | None:
        """Refused: nothing can be written to a push port."""
        return self._session.refusal(RefusalReason.NOT_SUPPORTED, f"a push port takes no clock (asked for {instant})")

    def _read(self, heard: TelegramText) -> Readout:
        origin = Origin(_meter_of(heard), self._profile, heard.protection)
        return readout(heard.sets, origin, int(self._clock()))

    async def _heard(self) -> TelegramText | Refusal:
        """The next sound telegram; a damaged one is told of and waited over."""
        wrong = ""
        for _ in range(TRIES):
            telegram = await self._session.telegram()
            if isinstance(telegram, Refusal):
                return telegram
            read = read_telegram(telegram.octets)
            if isinstance(read, TelegramText):
                return read
            wrong = read.text
            self._on_refusal(self._unsound(read))
        return self._session.refusal(RefusalReason.CHECK_FAILED, wrong)

    def _unsound(self, telegram: UnsoundTelegram) -> Refusal:
        reason = RefusalReason.CHECK_FAILED if telegram.is_check else RefusalReason.NOT_UNDERSTOOD
        return self._session.refusal(reason, telegram.text)


def _meter_of(heard: TelegramText) -> MeterId:
    return with_serial(meter_of(heard.ident), heard.sets)
