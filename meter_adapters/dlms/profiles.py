"""Load profiles and logs of DLMS meters: what their columns are, how a span is asked for, and rows as the meter gave.

A row counts only with exactly the cells of the columns that were read in the same session. An empty time is the time
before plus one period, unless the clock was set between; what instant a time is, the meter profile's rule decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from meter_adapters.dlms.apdu import octets_of
from meter_adapters.dlms.axdr import array, encode, octets, signed, structure, unsigned
from meter_adapters.dlms.cosem_time import DAYLIGHT, NOT_SPECIFIED, CosemTime, parse_time, time_octets
from meter_adapters.dlms.fault import Fault
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import CLOCK, Obis
from meter_adapters.readings import Flag, IntervalRow
from meter_adapters.time_offset import MeterTime, OffsetSource, OffsetStyle, PlacedTime

DATA, REGISTER, EXTENDED_REGISTER, DEMAND_REGISTER, PROFILE, CLOCK_CLASS = 1, 3, 4, 5, 7, 8

BY_RANGE, BY_ENTRY = 1, 2
_STATUS_GROUPS = (96, 10)
_ONE_HOUR = 3600
_MOST_COLUMNS = 64


@dataclass(frozen=True, slots=True)
class Captured:
    """A column: the attribute of an object that the profile keeps."""

    class_id: int
    name: Obis
    attribute: int
    index: int = 0

    @property
    def is_time(self) -> bool:
        """Whether it is the time of the row."""
        return self.class_id == CLOCK_CLASS and self.attribute == 2

    @property
    def is_status(self) -> bool:
        """Whether it is the status of the row."""
        return self.class_id == DATA and (self.name.c, self.name.d) == _STATUS_GROUPS

    @property
    def is_value(self) -> bool:
        """Whether it is a measured value."""
        return self.class_id in (REGISTER, EXTENDED_REGISTER, DEMAND_REGISTER)


def parse_columns(value: object) -> tuple[Captured, ...] | Fault:
    """The columns of attribute 3."""
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_COLUMNS:
        return Fault("columns-form", "the meter's list of columns is not understood")
    columns = []
    for one in value:
        name = octets_of(one[1]) if isinstance(one, list) and len(one) >= 4 else None
        code = Obis.from_octets(name) if name is not None else None
        if code is None or not all(isinstance(one[place], int) for place in (0, 2, 3)):
            return Fault("columns-form", "a column is not understood")
        columns.append(Captured(int(one[0]), code, int(one[2]), int(one[3])))
    if sum(column.is_time for column in columns) != 1:
        return Fault("columns-form", "the profile has not exactly one column of time")
    return tuple(columns)


# Asking for a span


def range_selection(profile: MeterProfile, since: int, until: int) -> bytes:
    """Selector and parameters for the rows between two instants, both included, in the times the meter understands.

    Without deviation the bounds are an hour wider, since a time of the autumn hour means two instants.
    """
    carries = profile.load_profile.range_deviation
    wider = 0 if carries else _ONE_HOUR
    clock = structure(unsigned(16, CLOCK_CLASS), octets(CLOCK.octets), signed(8, 2), unsigned(16, 0))
    bounds = [octets(meter_time(profile, at, deviation=carries)) for at in (since - wider, until + wider)]
    return bytes([BY_RANGE]) + encode(structure(clock, *bounds, array([])))


def entry_selection(first: int, last: int) -> bytes:
    """Selector and parameters for rows by number, counted from 1 and both included, with every column."""
    numbers = [unsigned(32, first), unsigned(32, last), unsigned(16, 1), unsigned(16, 0)]
    return bytes([BY_ENTRY]) + encode(structure(*numbers))


def meter_time(profile: MeterProfile, instant: int, *, deviation: bool = True) -> bytes:
    """An instant as the meter's clock shows it."""
    rule = profile.offset_rule
    if not deviation:
        return time_octets(rule.wall(instant))
    style = rule.style or OffsetStyle.LOCAL_DST
    utc = datetime.fromtimestamp(instant, UTC).replace(tzinfo=None)
    wall = utc if style is OffsetStyle.UTC else rule.wall(instant)
    summer = style is OffsetStyle.LOCAL_DST and rule.is_daylight(instant)
    return time_octets(wall, int((utc - wall).total_seconds()) // 60, DAYLIGHT if summer else 0)


# Reading rows


@dataclass(frozen=True, slots=True)
class RowTime:
    """A row's time as read: its instant, the octets it came from, and what the clock's own status says of it."""

    placed: PlacedTime
    raw: str
    is_invalid: bool = False


@dataclass(slots=True)
class RowReader:
    """Reads the rows of one answer, in their order.

    Attributes:
        columns: the columns of this session.
        profile: the meter profile: status bits and offset rule.
        period: seconds between rows.
    """

    columns: Sequence[Captured]
    profile: MeterProfile
    period: int
    _before: int | None = None

    def rows(self, value: object) -> list[IntervalRow] | Fault:
        """All rows, or what is wrong with one of them: then none of them counts."""
        if value is None:
            return []
        if not isinstance(value, list):
            return Fault("rows-form", "the profile's rows are not understood")
        rows = []
        for cells in value:
            row = self._row(cells)
            if isinstance(row, Fault):
                return row
            rows.append(row)
        return rows

    def _row(self, cells: Any) -> IntervalRow | Fault:
        if not isinstance(cells, list) or len(cells) != len(self.columns):
            return Fault("columns", "a row has other cells than the profile's columns")
        status, time_cell, values = None, None, []
        for column, cell in zip(self.columns, cells, strict=True):
            if column.is_time:
                time_cell = cell
            elif column.is_status:
                status = status_of(cell)
            elif column.is_value:
                if cell is not None and (not isinstance(cell, int) or isinstance(cell, bool)):
                    return Fault("rows-form", f"the value of {column.name} is no whole number")
                values.append(None if cell is None else int(cell))
        flags = self.profile.status.flags(status) if status is not None else frozenset()
        time = self._time(time_cell, status, flags)
        if isinstance(time, Fault):
            return time
        if time.is_invalid:
            flags |= {Flag.CLOCK_INVALID}
        if time.placed.instant is None:
            flags |= {Flag.NO_OFFSET}
        self._before = time.placed.instant
        return IntervalRow(time.placed.instant, tuple(values), time.raw, time.placed.source, status, flags)

    def _time(self, cell: object, status: int | None, flags: frozenset[Flag]) -> RowTime | Fault:
        expected = None if self._before is None else self._before + self.period
        if cell is None:
            clock_set = flags & {Flag.CLOCK_ADJUSTED, Flag.CLOCK_INVALID}
            source = OffsetSource.SEQUENCE if expected is not None and not clock_set else OffsetSource.UNKNOWN
            return RowTime(PlacedTime(None if clock_set else expected, source), "")
        if isinstance(cell, int):
            return RowTime(PlacedTime(int(cell), OffsetSource.DEVIATION), str(int(cell)))
        raw = octets_of(cell)
        time = parse_time(raw) if raw is not None else Fault("rows-form", "a row's time is not understood")
        if isinstance(time, Fault):
            return time
        return RowTime(place(self.profile, time, status, expected), time.raw.hex().upper(), time.is_invalid)


def place(profile: MeterProfile, time: CosemTime, status: int | None = None, expected: int | None = None) -> PlacedTime:
    """The instant of a time, by its deviation, the row's status, or the meter profile."""
    told = time.meter_time
    if told.deviation is None and told.daylight is None:
        told = MeterTime(told.wall, None, profile.status.is_daylight(status), told.raw)
    return profile.offset_rule.place(told, expected)


def status_of(cell: object) -> int | None:
    """A status word, whatever type the meter writes it in."""
    raw = octets_of(cell)
    if raw is not None:
        return int.from_bytes(raw, "big") if raw else None
    return int(cell) if isinstance(cell, int) else None


def clock_octets(profile: MeterProfile, instant: int) -> bytes:
    """The time to set a meter's clock to, its status left to the meter."""
    return meter_time(profile, instant)[:-1] + bytes([NOT_SPECIFIED])


def day_spans(since: int, until: int, days: int) -> list[tuple[int, int]]:
    """A span in pieces of whole days, in the order of time."""
    step = int(timedelta(days=days).total_seconds())
    return [(start, min(start + step, until)) for start in range(since, until, step)]
