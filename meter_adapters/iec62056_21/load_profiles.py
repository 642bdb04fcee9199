"""Load profiles and logs as IEC 62056-21 meters write them: headers `P.01(time)(status)(minutes)(channels)…` and rows.

The header's time is the END of the first row's interval; each row adds the period. A header inside the block begins a
new time base (outage, clock set, change of season). Rows are taken whole or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from meter_adapters.iec62056_21.data_sets import Group, Unreadable, groups_of, lines_of
from meter_adapters.iec62056_21.origin import Origin
from meter_adapters.iec62056_21.written_times import written_time
from meter_adapters.obis import EVENT_LOG, LOAD_PROFILE, Obis
from meter_adapters.readings import Flag, IntervalRow, MeterEvent, ProfileBlock, ProfileColumn, Refusal
from meter_adapters.time_offset import MeterTime
from meter_adapters.units import Number, number_of, split_unit

_HEADER = re.compile(r"(P\.\d{2}|\d{1,3}-\d{1,3}:(?:99|P)\.\d{1,3}\.\d{1,3}(?:\*\d{1,3})?)(\(.*\))", re.ASCII)
_BEGUN = re.compile(r"[0-9A-Z.:*-]{0,24}(?:\([^()]*\))*(?:\([^()]*)?", re.ASCII)
_STATUS = re.compile(r"[0-9A-Fa-f]{0,8}")
_MINUTES = re.compile(r"\d{0,4}", re.ASCII)
_COUNT = re.compile(r"\d{0,2}", re.ASCII)
_NO_VALUE = re.compile(r"[-\s]*")
_MOST_CHANNELS = 64


@dataclass(frozen=True, slots=True)
class Section:
    """A header and what stands below it.

    Attributes:
        id: `P.01`, `P.98`.
        time: the header's time.
        status: the status word; None where the brackets are empty.
        period: seconds between the rows; 0 in a log.
        columns: id and unit of each channel.
        rows: one text per channel and row, as written.
    """

    id: str
    time: MeterTime
    status: int | None
    period: int
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def is_log(self) -> bool:
        """Whether it is an entry of a log rather than intervals."""
        return self.period == 0


@dataclass(frozen=True, slots=True)
class ProfileText:
    """The sections of one block; `cut` is the beginning of a row that the end of the stream cut off."""

    sections: tuple[Section, ...]
    cut: str = ""


def begins_profile(text: str) -> bool:
    """Whether a block's text begins with the header of a load profile or log."""
    return _HEADER.match(text.lstrip("\r\n ").partition("\n")[0].rstrip()) is not None


def profile_text(text: str, *, is_open: bool = False) -> ProfileText | Unreadable:
    """The sections of a block.

    `is_open` means that the block's end did not arrive: then the begun last row is left out and told of. In a block
    that ended properly an incomplete row refuses the whole.
    """
    draft = _Draft()
    lines = lines_of(text)
    last = max((number for number, line in enumerate(lines, 1) if line.strip()), default=0)
    for number, written in enumerate(lines, 1):
        line = written.strip()
        if not line or (line == "!" and number == last):
            continue
        wrong = draft.take_header(line) if _HEADER.fullmatch(line) else draft.take_row(line)
        if wrong and is_open and number == last and _BEGUN.fullmatch(line):
            return ProfileText(draft.finished(), line)
        if wrong:
            return Unreadable(number, wrong)
    return ProfileText(draft.finished())


@dataclass(slots=True)
class _Draft:
    """The sections taken so far, their rows apart. What takes a line says what is wrong with it, or nothing."""

    sections: list[Section] = field(default_factory=list)
    rows: list[list[tuple[str, ...]]] = field(default_factory=list)

    def finished(self) -> tuple[Section, ...]:
        """The sections with their rows."""
        return tuple(replace(head, rows=tuple(rows)) for head, rows in zip(self.sections, self.rows, strict=True))

    def take_header(self, line: str) -> str:
        """Begin the section of a header's line."""
        match = _HEADER.fullmatch(line)
        groups = groups_of(match[2]) if match else None
        if match is None or groups is None or len(groups) < 4:
            return f"the header is incomplete: {line[:60]!r}"
        values = [group.value for group in groups]
        time, count = written_time(values[0]), _channels(values[3], is_log=not values[2].strip("0"))
        if time is None:
            return f"{values[0]!r} is no time"
        if not _STATUS.fullmatch(values[1]) or not _MINUTES.fullmatch(values[2]):
            return f"status {values[1]!r} or period {values[2]!r} is none"
        if count is None:
            return f"{values[3]!r} is no count of channels"
        columns = tuple(zip(values[4 : 4 + 2 * count : 2], values[5 : 5 + 2 * count : 2], strict=False))
        inline = tuple(_written(group) for group in groups[4 + 2 * count :])
        if len(columns) != count or len(inline) not in (0, count):
            return f"the header names {len(groups)} groups for {count} channels"
        status = int(values[1], 16) if values[1] else None
        self.sections.append(Section(match[1], time, status, int(values[2] or 0) * 60, columns))
        self.rows.append([inline] if inline else [])
        return ""

    def take_row(self, line: str) -> str:
        """Append a row's line to the last section."""
        groups = groups_of(line)
        if groups is None or not self.sections:
            return f"neither header nor row: {line[:60]!r}"
        head = self.sections[-1]
        if len(groups) != len(head.columns):
            return f"{len(groups)} values for {len(head.columns)} channels"
        row = tuple(_written(group) for group in groups)
        if not head.is_log and any(_number(cell) is None for cell in row if not _NO_VALUE.fullmatch(cell)):
            return f"a value is no number: {line[:60]!r}"
        self.rows[-1].append(row)
        return ""


def _channels(text: str, *, is_log: bool) -> int | None:
    """The count of channels; only an entry of a log may have none."""
    count = int(text or 0) if _COUNT.fullmatch(text) else -1
    return count if (0 if is_log else 1) <= count <= _MOST_CHANNELS else None


def _written(group: Group) -> str:
    return f"{group.value}*{group.unit}" if group.unit else group.value


def _number(cell: str) -> Number | None:
    """The number of a cell; a unit repeated in it is that of the header."""
    return number_of(cell.partition("*")[0])


# What the sections mean


def profile_blocks(text: ProfileText, origin: Origin) -> list[ProfileBlock | Refusal]:
    """The intervals of a block; neighbouring sections with the same columns and period are one `ProfileBlock`."""
    blocks: list[ProfileBlock | Refusal] = []
    expected: int | None = None
    for section in text.sections:
        if section.is_log:
            continue
        columns = _columns(section, origin)
        if isinstance(columns, Refusal):
            return [columns]
        rows = tuple(_rows(section, columns, origin, expected))
        expected = rows[-1].end + section.period if rows and rows[-1].end is not None else None
        code = origin.profile.obis_of(section.id) or LOAD_PROFILE
        code = origin.profile.load_profile.code if section.id == origin.profile.load_profile.name else code
        block = ProfileBlock(origin.meter, code, section.period, columns, rows, origin.protection)
        before = blocks[-1] if blocks else None
        if isinstance(before, ProfileBlock) and _is_same(before, block):
            blocks[-1] = replace(before, rows=before.rows + rows)
        else:
            blocks.append(block)
    return blocks


def _is_same(one: ProfileBlock, other: ProfileBlock) -> bool:
    return (one.profile, one.period, one.columns) == (other.profile, other.period, other.columns)


def _columns(section: Section, origin: Origin) -> tuple[ProfileColumn, ...] | Refusal:
    """What each column is: its unit without prefix, and one scaler that holds every row of the section."""
    columns = []
    for place, (source_id, unit) in enumerate(section.columns):
        code = origin.profile.obis_of(source_id)
        if code is None:
            return origin.refusal(f"{section.id}: nothing says what the channel {source_id!r} is")
        scaled = split_unit(unit)
        decimals = [found.scaler for row in section.rows if (found := _number(row[place])) is not None]
        columns.append(ProfileColumn(code, scaled.scaler + min(decimals, default=0), scaled.unit))
    return tuple(columns)


def _rows(
    section: Section, columns: tuple[ProfileColumn, ...], origin: Origin, expected: int | None
) -> Iterator[IntervalRow]:
    profile = origin.profile
    time, status = section.time, section.status
    if time.daylight is None and time.deviation is None:
        time = replace(time, daylight=profile.status.is_daylight(status))
    placed = origin.place(time, expected)
    flags = origin.flags | (profile.status.flags(status) if status is not None else frozenset())
    if placed.instant is None:
        flags |= {Flag.NO_OFFSET}
    for count, row in enumerate(section.rows):
        later = count * section.period
        values = tuple(
            _raw(cell, column, split_unit(unit).scaler)
            for cell, column, (_, unit) in zip(row, columns, section.columns, strict=True)
        )
        end = None if placed.instant is None else placed.instant + later
        written = f"{time.raw}+{later}s" if later else time.raw
        yield IntervalRow(end, values, written, placed.source, status, flags)


def _raw(cell: str, column: ProfileColumn, unit_scaler: int) -> int | None:
    """The cell as an integer of the column's scaler; the column has the most decimals, so it is always whole."""
    number = _number(cell)
    if number is None:
        return None
    raw: int = number.raw * 10 ** (number.scaler + unit_scaler - column.scaler)
    return raw


def log_events(text: ProfileText, origin: Origin) -> list[MeterEvent]:
    """The entries of a log, in the meter's order, which need not be that of time."""
    events = []
    for section in text.sections:
        if not section.is_log:
            continue
        placed = origin.place(section.time)
        named = section.id == origin.profile.events.name
        log: Obis = origin.profile.events.code if named else origin.profile.obis_of(section.id) or EVENT_LOG
        for row in section.rows or ((),):
            cells = [f"{name}={cell}" for (name, _), cell in zip(section.columns, row, strict=False)]
            words = [f"status {section.status:02X}"] if section.status is not None else []
            events.append(
                MeterEvent(
                    origin.meter,
                    log,
                    _event_code(section.status, row),
                    ", ".join(words + cells),
                    placed.instant,
                    section.time.raw,
                    placed.source,
                    origin.protection,
                )
            )
    return events


def _event_code(status: int | None, row: tuple[str, ...]) -> int:
    """The number of an entry: its status word where one is raised, else what its first object says."""
    if status:
        return status
    number = _number(row[0]) if row else None
    return number.raw if number is not None and number.scaler == 0 else 0
