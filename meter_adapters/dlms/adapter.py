"""A DLMS meter as the collector sees it: identity, registers, load profile, events and clock, every answer checked.

AM-1.1, AM-1.2. Columns, scalers and units are read from the meter in each session. A column list that is another than
in the session before is told once, before rows under the new list are taken: no cached order shifts a value.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from meter_adapters.dlms.apdu import Attribute
from meter_adapters.dlms.axdr import Data, octets, text_of
from meter_adapters.dlms.connection import (
    DlmsConnection,
    Patience,
    is_object_missing,
    manufacturer_of,
)
from meter_adapters.dlms.fault import Fault
from meter_adapters.dlms.profiles import (
    CLOCK_CLASS,
    DATA,
    PROFILE,
    Captured,
    RowReader,
    clock_octets,
    day_spans,
    entry_selection,
    parse_columns,
    range_selection,
    time_of,
)
from meter_adapters.dlms.refusals import refusal
from meter_adapters.dlms.registers import Registers
from meter_adapters.dlms.security import DlmsSecurity
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import CLOCK, LOGICAL_DEVICE_NAME, SERIAL_NUMBER, Obis
from meter_adapters.passwords import PasswordGuard
from meter_adapters.port import Link
from meter_adapters.readings import (
    Flag,
    IntervalRow,
    MeterClock,
    MeterEvent,
    MeterId,
    ProfileBlock,
    ProfileColumn,
    Protection,
    Reading,
    Refusal,
    RefusalReason,
)

_LOGICAL_DEVICES = Attribute(17, Obis(0, 0, 41, 0, 0), 2)
_ASKED_AGAIN = frozenset(
    {
        RefusalReason.CHECK_FAILED,
        RefusalReason.TAG_WRONG,
        RefusalReason.COUNTER_REPLAYED,
        RefusalReason.NOT_UNDERSTOOD,
    }
)
"""A block refused for these is asked for once more in a new session: the line may have spoilt it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one installation says of its meter, beside the meter profile.

    Attributes:
        bus_addresses: physical addresses that `discover` asks for on an HDLC bus.
        sets_clock: whether the meter's clock may be set. Writing is off unless somebody turned it on.
        patience: how long it may stay silent.
        on_refusal: told of everything refused, also where asking again helped.
    """

    bus_addresses: tuple[int, ...] = ()
    sets_clock: bool = False
    patience: Patience = field(default_factory=Patience)
    on_refusal: Callable[[Refusal], None] = lambda refusal: None


@dataclass(frozen=True, slots=True)
class _Columns:
    """A profile as read in this session: its columns, what its values are, its period."""

    captured: tuple[Captured, ...]
    values: tuple[ProfileColumn, ...]
    period: int


class DlmsAdapter:
    """A DLMS meter on a line."""

    def __init__(  # noqa: PLR0913 - the collector names them one by one
        self,
        link: Link,
        profile: MeterProfile,
        security: DlmsSecurity | None = None,
        *,
        clock: Callable[[], float],
        guard: PasswordGuard | None = None,
        settings: Settings = Settings(),
    ) -> None:
        self._profile, self._clock, self._settings = profile, clock, settings
        self._connection = DlmsConnection(
            link,
            profile,
            security or DlmsSecurity(),
            clock=clock,
            guard=guard or PasswordGuard(),
            patience=settings.patience,
        )
        self._address = str(profile.dlms.physical_server or profile.dlms.logical_server)
        self._meter = MeterId("", address=self._address)
        self._named = False
        self._registers = Registers(self._connection)
        self._columns: dict[Obis, _Columns] = {}
        self._columns_before: dict[Obis, _Columns] = {}

    async def open(self) -> Refusal | None:
        """Open the line and the association, and learn which meter answers."""
        named = await self.identify()
        return named if isinstance(named, Refusal) else None

    async def close(self) -> None:
        """Release the association and close the line."""
        self._forget_session()
        await self._connection.close()

    async def discover(self) -> list[MeterId | Refusal]:
        """The meters at the addresses of the settings, or else the logical devices behind this one's address."""
        found: list[MeterId | Refusal] = []
        for physical in self._settings.bus_addresses:
            connection = self._connection.at_address(physical)
            named = await _identity(connection, str(physical))
            await connection.close()
            if isinstance(named, MeterId):
                found.append(named)
            elif named.code != "no-answer":
                found.append(refusal(named, str(physical), int(self._clock())))
        return found if self._settings.bus_addresses else await self._logical_devices()

    async def identify(self) -> MeterId | Refusal:
        """Which meter answers, by its logical device name and serial number."""
        if self._named and self._connection.is_open:
            return self._meter
        self._forget_session()
        found = await _identity(self._connection, self._address)
        if isinstance(found, Fault):
            return self._refusal(found)
        self._meter, self._named = found, True
        return found

    async def read_registers(self, registers: Sequence[Obis] = ()) -> list[Reading | Refusal]:
        """Registers, powers and parameters one by one; those of the meter profile where none are named."""
        results: list[Reading | Refusal] = []
        for code in tuple(registers) or self._profile.registers.read:
            named = await self.identify()
            if isinstance(named, Refusal):
                return [*results, named]
            found = await self._registers.read(code, named, int(self._clock()))
            results.append(self._refusal(found) if isinstance(found, Fault) else found)
        return results

    async def read_profile(self, profile: Obis, since: int, until: int) -> AsyncIterator[ProfileBlock | Refusal]:
        """The rows whose interval ends in (since, until], asked for in whole days or less."""
        for start, end in day_spans(since, until, self._profile.load_profile.days_per_read):
            block = await self._span(profile, start, end)
            if isinstance(block, Refusal) and block.reason in _ASKED_AGAIN:
                block = await self._span(profile, start, end)
            if isinstance(block, Refusal) or block.rows:
                yield block
            if isinstance(block, Refusal):
                return

    async def read_events(self, since: int, until: int) -> list[MeterEvent | Refusal]:
        """The entries of the event logs in [since, until). A log the meter does not have is passed over."""
        found: list[MeterEvent | Refusal] = []
        for log in self._profile.events.codes:
            named = await self.identify()
            if isinstance(named, Refusal):
                return [*found, named]
            entries = await self._log(log, since, until)
            if isinstance(entries, Fault):
                if not is_object_missing(entries):
                    return [*found, self._refusal(entries)]
                continue
            found += [entry for entry in entries if entry.ts is None or since <= entry.ts < until]
        return found

    async def read_clock(self) -> MeterClock | Refusal:
        """The meter's clock, and how long asking took."""
        named = await self.identify()
        if isinstance(named, Refusal):
            return named
        asked = asyncio.get_running_loop().time()
        answer = await self._connection.get(Attribute(CLOCK_CLASS, CLOCK, 2))
        host, elapsed = self._clock(), asyncio.get_running_loop().time() - asked
        if isinstance(answer, Fault):
            return self._refusal(answer)
        time = time_of(answer.data)
        if isinstance(time, Fault):
            return self._refusal(time)
        placed = self._profile.offset_rule.place(time.meter_time, int(host))
        instant = None if time.is_invalid else placed.instant
        return MeterClock(self._meter, instant, host, elapsed, time.raw.hex().upper(), placed.source, time.status)

    async def set_clock(self, instant: int) -> Refusal | None:
        """Set the meter's clock, where the settings allow it."""
        if not self._settings.sets_clock:
            return self._refusal(Fault("not-configured", "setting the clock is not configured"))
        named = await self.identify()
        if isinstance(named, Refusal):
            return named
        written = octets(clock_octets(self._profile, instant))
        answer = await self._connection.set(Attribute(CLOCK_CLASS, CLOCK, 2), written)
        return self._refusal(answer) if isinstance(answer, Fault) else None

    # Parts

    def _forget_session(self) -> None:
        self._named = False
        self._columns.clear()

    def _refusal(self, fault: Fault) -> Refusal:
        told = refusal(fault, self._meter.name or self._address, int(self._clock()))
        self._settings.on_refusal(told)
        return told

    async def _logical_devices(self) -> list[MeterId | Refusal]:
        named = await self.identify()
        if isinstance(named, Refusal):
            return [named]
        answer = await self._connection.get(_LOGICAL_DEVICES)
        rows = () if isinstance(answer, Fault) else answer.data.elements
        names = [text_of(row.elements[1]) for row in rows if len(row.elements) == 2]
        others = [MeterId(name, "", manufacturer_of(name)) for name in names if name != named.logical_name]
        return [named, *others]

    # Profiles

    async def _span(self, profile: Obis, since: int, until: int) -> ProfileBlock | Refusal:
        named = await self.identify()
        if isinstance(named, Refusal):
            return named
        columns = await self._columns_of(profile)
        rows = columns if isinstance(columns, Fault) else await self._rows(profile, columns, since, until)
        if isinstance(columns, Fault) or isinstance(rows, Fault):
            fault = columns if isinstance(columns, Fault) else rows
            assert isinstance(fault, Fault), "one of the two is"
            self._columns.pop(profile, None)
            return self._refusal(fault)
        protection = self._connection.protection
        return ProfileBlock(self._meter, profile, columns.period, columns.values, rows, protection)

    async def _rows(self, profile: Obis, columns: _Columns, since: int, until: int) -> tuple[IntervalRow, ...] | Fault:
        selection = await self._selection(profile, columns.period, since, until)
        if isinstance(selection, Fault):
            return selection
        answer = await self._connection.get(Attribute(PROFILE, profile, 2), selection)
        if isinstance(answer, Fault):
            return answer
        rows = RowReader(columns.captured, self._profile, columns.period).rows(answer.data)
        if isinstance(rows, Fault):
            return rows
        unprotected = self._connection.protection is Protection.NONE
        wanted = (row for row in rows if row.end is None or since < row.end <= until)
        if not unprotected:
            return tuple(wanted)
        return tuple(replace(row, flags=row.flags | {Flag.UNPROTECTED}) for row in wanted)

    async def _selection(self, profile: Obis, period: int, since: int, until: int) -> bytes | Fault:
        """How the span is asked for: by range, or by the number of the last entries where ranges are ignored."""
        if self._profile.load_profile.range_access:
            return range_selection(self._profile, since, until)
        answer = await self._connection.get(Attribute(PROFILE, profile, 7))
        if isinstance(answer, Fault):
            return answer
        entries = answer.data.number if isinstance(answer.data.number, int) else 0
        back = (int(self._clock()) - since) // max(1, period) + 2 * 3600 // max(1, period) + 2
        return entry_selection(max(1, entries - back), max(1, entries))

    async def _columns_of(self, profile: Obis) -> _Columns | Fault:
        """The columns as they are in this session; another list than in the session before is told first."""
        known = self._columns.get(profile)
        if known is not None:
            return known
        found = await self._read_columns(profile)
        if isinstance(found, Fault):
            return found
        before = self._columns_before.get(profile, found)
        self._columns_before[profile] = found
        if found != before:
            return Fault("columns", f"the columns of {profile} are others than before: asked for again under the new")
        self._columns[profile] = found
        return found

    async def _read_columns(self, profile: Obis) -> _Columns | Fault:
        listed = await self._connection.get(Attribute(PROFILE, profile, 3))
        captured = listed if isinstance(listed, Fault) else parse_columns(listed.data)
        if isinstance(captured, Fault):
            return captured
        period = await self._connection.get(Attribute(PROFILE, profile, 4))
        if isinstance(period, Fault):
            return period
        values = []
        for column in captured:
            if column.is_value:
                scaled = await self._registers.scaled(column.class_id, column.name)
                if isinstance(scaled, Fault):
                    return scaled
                values.append(scaled)
        seconds = period.data.number if isinstance(period.data.number, int) else 0
        return _Columns(captured, tuple(values), seconds or self._profile.load_profile.period)

    # Events

    async def _log(self, log: Obis, since: int, until: int) -> list[MeterEvent] | Fault:
        listed = await self._connection.get(Attribute(PROFILE, log, 3))
        captured = listed if isinstance(listed, Fault) else parse_columns(listed.data)
        if isinstance(captured, Fault):
            return captured
        selection = range_selection(self._profile, since, until) if self._profile.load_profile.range_access else b""
        answer = await self._connection.get(Attribute(PROFILE, log, 2), selection)
        if isinstance(answer, Fault):
            return answer
        entries: list[MeterEvent] = []
        for row in answer.data.elements:
            entry = self._entry(log, captured, row.elements)
            if isinstance(entry, Fault):
                return entry
            entries.append(entry)
        return entries

    def _entry(self, log: Obis, captured: tuple[Captured, ...], cells: tuple[Data, ...]) -> MeterEvent | Fault:
        if len(cells) != len(captured):
            return Fault("columns", "an entry has other cells than the log's columns")
        pairs = list(zip(captured, cells, strict=True))
        time = time_of(next(cell for column, cell in pairs if column.is_time))
        if isinstance(time, Fault):
            return time
        numbers = [cell.number for column, cell in pairs if column.class_id == DATA]
        codes = [number for number in numbers if isinstance(number, int)]
        rest = [f"{column.name}={text_of(cell)}" for column, cell in pairs if not column.is_time]
        placed = self._profile.offset_rule.place(time.meter_time)
        return MeterEvent(
            self._meter,
            log,
            codes[0] if codes else 0,
            " ".join(rest[1:]) if codes else " ".join(rest),
            placed.instant,
            time.raw.hex().upper(),
            placed.source,
            self._connection.protection,
        )


async def _identity(connection: DlmsConnection, address: str) -> MeterId | Fault:
    """Name and serial number of the meter a connection leads to; its serial number may be kept back."""
    name = await connection.get(Attribute(DATA, LOGICAL_DEVICE_NAME, 2))
    if isinstance(name, Fault):
        return name
    serial = await connection.get(Attribute(DATA, SERIAL_NUMBER, 2))
    if isinstance(serial, Fault) and not is_object_missing(serial):
        return serial
    told = "" if isinstance(serial, Fault) else text_of(serial.data)
    logical = text_of(name.data)
    return MeterId(logical, told, manufacturer_of(logical), address=address)
