"""Readings and events as rows of the outbox: their keys, their content, their place in the queue."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from meter_adapters.readings import NOT_BILLABLE, Flag, IntervalRow, MeterEvent, ProfileBlock, Reading


class Lane(IntEnum):
    """A queue of its own: what is in it, and in which order it leaves."""

    ALARM = 0
    """Events, newest first."""
    INTERVAL = 1
    """Rows of load profiles, oldest first."""
    OPERATING = 2
    """Registers, powers, parameters, clocks, oldest first; the first that finds no room."""


class Row(NamedTuple):
    """A reading as the outbox keeps it; `channel` is (source, obis, period)."""

    channel: tuple[str, str, int]
    moment: int
    epoch: int
    raw: int | str
    scaler: int
    unit: str
    text: str
    status: int | None
    flags: str
    billable: bool
    meter_time: str
    offset_source: str
    protection: str
    source_id: str

    @property
    def content(self) -> tuple[object, ...]:
        """What makes two readings of one key the same."""
        return (*self[3:8], self.billable)


class EventRow(NamedTuple):
    """An event as the outbox keeps it."""

    moment: int
    digest: bytes
    log: str
    code: int
    text: str
    meter_time: str
    offset_source: str
    protection: str


LONGEST_TEXT = 256
LONGEST_TIME = 40
"""Most characters of a text and of a time as written; the hub takes no more."""

_LEAST, _GREATEST = -(2**63), 2**63 - 1


def printable(text: str, most: int) -> str:
    """A meter's text as it may be stored and shown: what cannot be printed is written as its code, the end cut off."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return text[:most]


def moment_key(instant: int | None, meter_time: str) -> int:
    """The instant, or a negative number made of the time as the meter wrote it: 62 bits of its hash."""
    if instant is not None:
        return instant
    return -1 - (int.from_bytes(hashlib.sha256(meter_time.encode()).digest()[:8], "big") >> 2)


def rows_of_block(block: ProfileBlock, placed: Sequence[tuple[IntervalRow, int]]) -> list[Row]:
    """The cells of a load profile's rows, each row with its epoch."""
    source, period = str(block.profile), block.period
    columns = [((source, str(column.obis), period), column.scaler, column.unit) for column in block.columns]
    protection = block.protection.value
    rows: list[Row] = []
    for row, epoch in placed:
        moment = moment_key(row.end, row.meter_time_raw)
        is_good = row.end is not None and not row.flags & NOT_BILLABLE
        common = (
            row.status_raw,
            _words(row.flags),
            is_good,
            printable(row.meter_time_raw, LONGEST_TIME),
            row.offset_source.value,
            protection,
            "",
        )
        for (channel, scaler, unit), raw in zip(columns, row.values, strict=True):
            if raw is not None:
                rows.append(Row(channel, moment, epoch, _storable(raw), scaler, unit, "", *common))
    return rows


def rows_of_readings(readings: Iterable[Reading]) -> list[Row]:
    """Registers, powers and parameters."""
    return [
        Row(
            channel=("", str(reading.obis), reading.period or 0),
            moment=moment_key(reading.ts_end, reading.meter_time_raw),
            epoch=0,
            raw=_storable(reading.raw),
            scaler=reading.scaler,
            unit=printable(reading.unit, 16),
            text=printable(reading.text, LONGEST_TEXT),
            status=reading.status_raw,
            flags=_words(reading.flags),
            billable=reading.is_billable,
            meter_time=printable(reading.meter_time_raw, LONGEST_TIME),
            offset_source=reading.offset_source.value,
            protection=reading.protection.value,
            source_id=printable(reading.source_id, LONGEST_TEXT),
        )
        for reading in readings
    ]


def row_of_event(event: MeterEvent) -> EventRow:
    """An entry of a log; the same log, code, text and time is the same entry."""
    content = "\0".join((str(event.log), str(event.code), event.text, event.meter_time_raw))
    return EventRow(
        moment=moment_key(event.ts, event.meter_time_raw),
        digest=hashlib.sha256(content.encode()).digest()[:16],
        log=str(event.log),
        code=event.code,
        text=printable(event.text, LONGEST_TEXT),
        meter_time=printable(event.meter_time_raw, LONGEST_TIME),
        offset_source=event.offset_source.value,
        protection=event.protection.value,
    )


def rank(lane: Lane, moment: int) -> int:
    """The order within a lane: alarms newest first, everything else oldest first."""
    return -moment if lane is Lane.ALARM else moment


def _words(flags: frozenset[Flag]) -> str:
    return ",".join(sorted(flags)) if flags else ""


def _storable(raw: int) -> int | str:
    """SQLite's integers have 64 bits; a longer one is kept as its digits."""
    return raw if _LEAST <= raw <= _GREATEST else str(raw)
