"""Load profiles and logs of DLMS meters: what their columns are, how a span is asked for, and rows as the meter gave.

A row counts only with exactly the cells of the columns that were read in the same session. An empty time is the time
before plus one period, unless the clock was set between; what instant a time is, the meter profile's rule decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from meter_adapters.dlms.axdr import NUMBERS, Data, Tag, array, encode, octets, signed, structure, unsigned
from meter_adapters.dlms.cosem_time import DAYLIGHT, NOT_SPECIFIED, CosemTime, parse_time, time_octets
from meter_adapters.dlms.fault import Fault
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.obis import CLOCK, Obis
from meter_adapters.readings import Flag, IntervalRow
from meter_adapters.time_offset import OffsetSource, OffsetStyle, PlacedTime

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


def parse_columns(listed: Data) -> tuple[Captured, ...] | Fault:
    """The columns of attribute 3."""
    if listed.tag is not Tag.ARRAY or not 1 <= len(listed.elements) <= _MOST_COLUMNS:
        return Fault("columns-form", "the meter's list of columns is not understood")
    columns = [_captured(one) for one in listed.elements]
    known = tuple(column for column in columns if column is not None)
    if len(known) != len(columns):
        return Fault("columns-form", "a column is not understood")
    if sum(column.is_time for column in known) != 1:
        return Fault("columns-form", "the profile has not exactly one column of time")
    return known


def _captured(described: Data) -> Captured | None:
    values = [part.value for part in described.elements[:4]]
    if len(values) < 4 or not isinstance(values[1], bytes):
        return None
    code = Obis.from_octets(values[1])
    class_id, attribute, index = values[0], values[2], values[3]
    if code is None or not (isinstance(class_id, int) and isinstance(attribute, int) and isinstance(index, int)):
        return None
    return Captured(class_id, code, attribute, index)


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


class RowReader:
    """Reads the rows of one answer, in their order.

    Args:
        columns: the columns of this session.
        profile: the meter profile: status bits and offset rule.
        period: seconds between rows.
    """

    def __init__(self, columns: Sequence[Captured], profile: MeterProfile, period: int) -> None:
        self._columns, self._profile, self._period = columns, profile, period
        self._rule = profile.offset_rule
        self._time_place = next(place for place, column in enumerate(columns) if column.is_time)
        self._status_place = next((place for place, column in enumerate(columns) if column.is_status), None)
        self._value_places = [place for place, column in enumerate(columns) if column.is_value]
        self._flags: dict[int | None, frozenset[Flag]] = {None: frozenset()}
        self._before: int | None = None

    def rows(self, answered: Data) -> list[IntervalRow] | Fault:
        """All rows, or what is wrong with one of them: then none of them counts."""
        if answered.tag not in (Tag.ARRAY, Tag.NULL):
            return Fault("rows-form", "the profile's rows are not understood")
        rows = []
        for cells in answered.elements:
            row = self._row(cells.elements)
            if isinstance(row, Fault):
                return row
            rows.append(row)
        return rows

    def _row(self, cells: tuple[Data, ...]) -> IntervalRow | Fault:
        if len(cells) != len(self._columns):
            return Fault("columns", "a row has other cells than the profile's columns")
        values: list[int | None] = []
        for place in self._value_places:
            tag, value = cells[place]
            if (tag not in NUMBERS and tag is not Tag.NULL) or not isinstance(value, int | None):
                return Fault("rows-form", "a value of a row is no whole number")
            values.append(value)
        status = None if self._status_place is None else status_of(cells[self._status_place])
        flags = self._flags.get(status)
        if flags is None:
            flags = self._flags[status] = self._profile.status.flags(status or 0)
        time = self._time(cells[self._time_place], status, flags)
        if isinstance(time, Fault):
            return time
        placed = time.placed
        if time.is_invalid:
            flags |= {Flag.CLOCK_INVALID}
        if placed.instant is None:
            flags |= {Flag.NO_OFFSET}
        self._before = placed.instant
        return IntervalRow(placed.instant, tuple(values), time.raw, placed.source, status, flags)

    def _time(self, cell: Data, status: int | None, flags: frozenset[Flag]) -> RowTime | Fault:
        expected = None if self._before is None else self._before + self._period
        if cell.tag is Tag.NULL:
            clock_set = flags & {Flag.CLOCK_ADJUSTED, Flag.CLOCK_INVALID}
            source = OffsetSource.SEQUENCE if expected is not None and not clock_set else OffsetSource.UNKNOWN
            return RowTime(PlacedTime(None if clock_set else expected, source), "")
        if isinstance(cell.value, int):
            return RowTime(PlacedTime(cell.value, OffsetSource.DEVIATION), str(cell.value))
        time = time_of(cell)
        if isinstance(time, Fault):
            return time
        told = time.meter_time
        if told.deviation is None and told.daylight is None:
            told = replace(told, daylight=self._profile.status.is_daylight(status))
        return RowTime(self._rule.place(told, expected), told.raw, time.is_invalid)


def time_of(cell: Data) -> CosemTime | Fault:
    """The date-time of a value."""
    if not isinstance(cell.value, bytes):
        return Fault("time-form", f"a {cell.tag.name} where a time was due")
    return parse_time(cell.value)


def status_of(cell: Data) -> int | None:
    """A status word, whatever type the meter writes it in."""
    value = cell.value
    if isinstance(value, bytes):
        return int.from_bytes(value, "big") if value else None
    if cell.tag is Tag.BIT_STRING and isinstance(value, str):
        return int(value, 2) if value else None
    return value if isinstance(value, int) else None


def clock_octets(profile: MeterProfile, instant: int) -> bytes:
    """The time to set a meter's clock to, its status left to the meter."""
    return meter_time(profile, instant)[:-1] + bytes([NOT_SPECIFIED])


def day_spans(since: int, until: int, days: int) -> list[tuple[int, int]]:
    """A span in pieces of whole days, in the order of time."""
    step = int(timedelta(days=days).total_seconds())
    return [(start, min(start + step, until)) for start in range(since, until, step)]
