"""Profiles of a simulated DLMS meter: load profile and event log with their columns, and access by range and entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta

from gateway.messages.times import to_instant
from meter_adapters.dlms.axdr import (
    Data,
    Tag,
    array,
    decode,
    encode,
    length_octets,
    octets,
    signed,
    structure,
    unsigned,
)
from meter_adapters.dlms.cosem_time import CLOCK_INVALID, DAYLIGHT, CosemTime, parse_time, time_octets
from meter_adapters.dlms.fault import Fault
from meter_adapters.obis import Obis
from meter_adapters.simulators.meter import RowStatus, SimulatedMeter

BY_RANGE, BY_ENTRY = 1, 2
_EVER = 2**40

Column = tuple[int, Obis]
"""Class and name of a captured object; its attribute 2 is kept."""


@dataclass(frozen=True, slots=True)
class MeterTimes:
    """How a meter writes and understands times.

    Attributes:
        meter: whose clock.
        deviation: whether it writes its deviation; without it a time may mean two instants in the autumn.
    """

    meter: SimulatedMeter
    deviation: bool = True

    def octets(self, meter_instant: int, valid: bool = True) -> bytes:
        """The date-time of an instant of the meter's clock."""
        wall, offset, summer = self.meter.local(meter_instant)
        doubt = 0 if valid else CLOCK_INVALID
        if not self.deviation:
            return time_octets(wall, None, doubt)
        return time_octets(wall, -offset, doubt | (DAYLIGHT if summer else 0))

    def instant(self, time: CosemTime, *, latest: bool = False) -> int:
        """The instant of the meter's clock a time means; of two that are shown alike the first or the last."""
        if time.deviation is not None:
            return to_instant((time.wall + timedelta(minutes=time.deviation)).replace(tzinfo=UTC))
        as_utc = to_instant(time.wall.replace(tzinfo=UTC))
        shown = [at for hours in range(-1, 4) if self.meter.local(at := as_utc - hours * 3600)[0] == time.wall]
        if not shown:
            return as_utc - self.meter.local(as_utc)[1] * 60
        return max(shown) if latest else min(shown)


@dataclass(frozen=True, slots=True)
class Selection:
    """What of a profile is wanted: between two times (both included), or entries by number; and which columns."""

    bounds: tuple[CosemTime, CosemTime] | None = None
    entries: tuple[int, int] = (1, 0)
    places: tuple[int, int] = (1, 0)
    names: tuple[Obis, ...] = ()

    def columns(self, all_of_them: list[Column]) -> list[int]:
        """The places of the wanted columns."""
        if self.names:
            return [place for place, (_class, name) in enumerate(all_of_them) if name in self.names]
        first, last = self.places
        return list(range(first - 1, last or len(all_of_them)))


def parse_selection(selection: bytes) -> Selection | None:
    """The selection of a selector octet and its parameters; None for one the meter does not understand."""
    if not selection:
        return Selection()
    parameters = decode(selection[1:])
    if isinstance(parameters, Fault) or len(parameters.elements) != 4:
        return None
    if selection[0] == BY_ENTRY:
        return _by_entry(parameters.elements)
    return _by_range(parameters.elements) if selection[0] == BY_RANGE else None


def _by_entry(parts: tuple[Data, ...]) -> Selection | None:
    numbers = [part.value for part in parts if isinstance(part.value, int)]
    if len(numbers) != 4 or numbers[0] < 1 or numbers[2] < 1:
        return None
    return Selection(entries=(numbers[0], numbers[1]), places=(numbers[2], numbers[3]))


def _by_range(parts: tuple[Data, ...]) -> Selection | None:
    bounds = [parse_time(part.value) for part in parts[1:3] if isinstance(part.value, bytes)]
    times = [bound for bound in bounds if isinstance(bound, CosemTime)]
    names = [column.elements[1].value for column in parts[3].elements if len(column.elements) == 4]
    codes = [Obis.from_octets(name) for name in names if isinstance(name, bytes)]
    if len(times) != 2:
        return None
    return Selection(bounds=(times[0], times[1]), names=tuple(code for code in codes if code is not None))


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile object: its columns, and its rows as encoded cells between two instants of the meter's clock."""

    columns: list[Column]
    period: int
    depth: int
    rows: Callable[[int, int], list[list[bytes]]]
    times: MeterTimes
    selects: bool = True

    def attribute(self, index: int, selection: bytes) -> bytes | None:
        """The octets of an attribute; None for one it has not or a selection it does not understand."""
        if index == 2:
            chosen = parse_selection(selection) if self.selects else Selection()
            return None if chosen is None else self._buffer(chosen)
        captured = [_captured(*column) for column in self.columns]
        values = {
            3: array(captured),
            4: unsigned(32, self.period),
            5: Data(Tag.ENUM, 1),
            6: captured[0],
            7: unsigned(32, len(self.rows(-_EVER, _EVER)) if index == 7 else 0),
            8: unsigned(32, self.depth),
        }
        return encode(values[index]) if index in values else None

    def _buffer(self, chosen: Selection) -> bytes:
        since, until = -_EVER, _EVER
        if chosen.bounds is not None:
            since, until = self.times.instant(chosen.bounds[0]), self.times.instant(chosen.bounds[1], latest=True)
        first, last = chosen.entries
        rows = self.rows(since, until)[first - 1 : last or None]
        places = chosen.columns(self.columns)
        head = b"\x02" + length_octets(len(places))
        picked = [head + b"".join([row[place] for place in places]) for row in rows]
        return b"\x01" + length_octets(len(picked)) + b"".join(picked)


def load_profile_rows(
    times: MeterTimes, *, totals: bool, empty_times: bool, now: float
) -> Callable[[int, int], list[list[bytes]]]:
    """The rows of a load profile: time, status, and energies of the interval or registers at its end.

    With `empty_times` a row leaves its time out where it follows the row before by one period.
    """
    meter = times.meter

    def rows(since: int, until: int) -> list[list[bytes]]:
        found, before = [], None
        for row in meter.rows_by_meter_time(since, until, now):
            follows = before is not None and row.meter_end == before + meter.period
            time = times.octets(row.meter_end, not row.status & RowStatus.CLOCK_INVALID)
            cells = [b"\0" if empty_times and follows else b"\x09\x0c" + time]
            cells.append(b"\x11" + bytes([meter.status_at(row)]))
            cells += [number_octets(value) for value in (row.totals if totals else row.values)]
            found.append(cells)
            before = row.meter_end
        return found

    return rows


def event_rows(times: MeterTimes, now: float) -> Callable[[int, int], list[list[bytes]]]:
    """The rows of the event log: time and code."""

    def rows(since: int, until: int) -> list[list[bytes]]:
        events = times.meter.events(-_EVER, int(now))
        wanted = [event for event in events if since <= event.meter_at <= until]
        return [[b"\x09\x0c" + times.octets(event.meter_at), b"\x11" + bytes([event.code])] for event in wanted]

    return rows


def number_octets(value: int) -> bytes:
    """A whole number that is not negative, in 32 bits or where it needs them 64."""
    return b"\x06" + value.to_bytes(4, "big") if value < 2**32 else b"\x15" + value.to_bytes(8, "big")


def _captured(class_id: int, name: Obis) -> Data:
    return structure(unsigned(16, class_id), octets(name.octets), signed(8, 2), unsigned(16, 0))
