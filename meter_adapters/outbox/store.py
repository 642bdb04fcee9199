"""The outbox: readings, queue and watermark in one transaction; a reading is there once, or not at all.

A key is meter, source, OBIS code, period, moment and clock epoch. The same content again is ignored; another content is
a new revision, kept beside the old one and reported. What finds no room raises `OutboxFull`, and nothing of it is kept:
the meter still has it.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from meter_adapters.outbox.epochs import EpochStep
from meter_adapters.outbox.rows import EventRow, Lane, Row, rank
from meter_adapters.outbox.tables import PAGE, open_database
from meter_adapters.readings import MeterId

MEBIBYTE = 2**20
_SHORTEST_RETENTION = 2 * 86_400
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


class OutboxFull(Exception):
    """There is no room for it: the outbox's bound is reached, or the disk's. Nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class OutboxLimits:
    """How much disk the outbox may take, and from which share of it what happens.

    Attributes:
        most_bytes: the bound of the file.
        alarm_share: from here on an alarm is shown, and acknowledged readings are let go before their time.
        operating_share: from here on operating values are refused, so that intervals find room.
        sending_bytes: where no more than this is left nothing is taken: a batch that is frozen needs room as well.
        retention: seconds that acknowledged readings stay.
    """

    most_bytes: int = 1024 * MEBIBYTE
    alarm_share: float = 0.70
    operating_share: float = 0.85
    sending_bytes: int = 2 * MEBIBYTE
    retention: int = 40 * 86_400


class StoreReport(NamedTuple):
    """What became of readings: new ones, ones known word for word, and ones whose key had another content."""

    new: int
    known: int
    revised: int


@dataclass(frozen=True, slots=True)
class ProfileProgress:
    """What a reading of a load profile settled, stored in the transaction of its rows.

    Attributes:
        profile: OBIS code of the profile.
        complete_until: everything up to here is stored or known not to be there; None leaves the mark alone.
        absent: interval ends the meter was asked for and did not have, with how often.
        steps: clock steps found.
    """

    profile: str
    complete_until: int | None = None
    absent: tuple[tuple[int, int], ...] = ()
    steps: tuple[EpochStep, ...] = ()


class Outbox:
    """An open outbox. Threads may share it; a second process on the same file waits its turn."""

    def __init__(self, path: Path, limits: OutboxLimits = OutboxLimits()) -> None:
        self.path, self.limits = path, limits
        self._connection = open_database(path, limits.most_bytes)
        self._lock = threading.RLock()
        self._meters: dict[str, int] = {}
        self._channels: dict[tuple[int, str, str, int], int] = {}

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One writing transaction: on the disk at the end of the block, rolled back when it raises.

        Raises:
            OutboxFull: no room.
        """
        with self._lock:
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            except BaseException as error:
                self._forget()
                if isinstance(error, sqlite3.Error) and (error.sqlite_errorcode & 0xFF) in _NO_ROOM:
                    raise OutboxFull(str(error)) from error
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The connection, for looking."""
        with self._lock:
            yield self._connection

    def _forget(self) -> None:
        """Roll back, with what was remembered of rows that are now gone."""
        if self._connection.in_transaction:
            self._connection.execute("rollback")
        self._meters.clear()
        self._channels.clear()

    # --- storing --------------------------------------------------------------------------------------------------

    def store(
        self, meter: MeterId, rows: Sequence[Row], lane: Lane, read_at: int, progress: ProfileProgress | None = None
    ) -> StoreReport:
        """Keep readings of one meter, queue what is new, and move the profile's mark, all together.

        Raises:
            OutboxFull: no room; of operating values already before the outbox is full.
        """
        if rows:
            self._check_room(lane)
        with self.write() as connection:
            number = self.meter_number(meter)
            report = self._insert(connection, number, rows, lane, read_at)
            if progress is not None:
                _move(connection, number, progress)
        return report

    def store_events(self, meter: MeterId, rows: Iterable[EventRow], read_at: int) -> int:
        """Keep events of one meter, each once; how many were new."""
        new = 0
        self._check_room(Lane.ALARM)
        with self.write() as connection:
            number = self.meter_number(meter)
            for row in rows:
                cursor = connection.execute(
                    "insert into event (meter, moment, digest, log, code, text, meter_time, offset_source, protection,"
                    " read_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing",
                    (number, *row, read_at),
                )
                if cursor.rowcount:
                    new += 1
                    connection.execute(
                        "insert into outbox (lane, rank, event) values (?, ?, ?)",
                        (Lane.ALARM, rank(Lane.ALARM, row.moment), cursor.lastrowid),
                    )
        return new

    def _check_room(self, lane: Lane) -> None:
        """Operating values are refused first, then everything."""
        share = self.used_share()
        if lane is Lane.OPERATING and share >= self.limits.operating_share:
            raise OutboxFull("operating values are refused to keep room for intervals")
        if (1 - share) * self.limits.most_bytes <= self.limits.sending_bytes:
            raise OutboxFull("it is full; the meters keep what is not taken")

    def _insert(
        self, connection: sqlite3.Connection, meter: int, rows: Sequence[Row], lane: Lane, read_at: int
    ) -> StoreReport:
        channels = {name: self._channel(meter, name) for name in {row.channel for row in rows}}
        there = _latest(connection, list(channels.values()), sorted({row.moment for row in rows}))
        (number,) = connection.execute("select coalesce(max(id), 0) from reading").fetchone()
        fresh: list[tuple[object, ...]] = []
        known = revised = 0
        for row in rows:
            key = (channels[row.channel], row.moment, row.epoch)
            before = there.get(key)
            if before is not None and before[1] == row.content:
                known += 1
                continue
            revision = 0 if before is None else before[0] + 1
            revised += revision > 0
            there[key] = (revision, row.content)
            number += 1
            fresh.append((number, *key, revision, *row[3:], read_at))
        connection.executemany(_INSERT_READING, fresh)
        connection.executemany(
            "insert into outbox (lane, rank, reading) values (?, ?, ?)",
            [(int(lane), rank(lane, row[2]), row[0]) for row in fresh],  # type: ignore[arg-type]  # the moment
        )
        return StoreReport(len(fresh) - revised, known, revised)

    def meter_number(self, meter: MeterId) -> int:
        """The number of a meter, given to it in this transaction where it has none yet."""
        number = self._meters.get(meter.name)
        if number is None:
            names = (meter.name, meter.logical_name, meter.serial, meter.manufacturer, meter.model)
            self._connection.execute(
                "insert into meter (name, logical_name, serial, manufacturer, model) values (?, ?, ?, ?, ?)"
                " on conflict (name) do nothing",
                names,
            )
            (number,) = self._connection.execute("select id from meter where name = ?", (meter.name,)).fetchone()
            self._meters[meter.name] = number
        return number

    def _channel(self, meter: int, name: tuple[str, str, int]) -> int:
        number = self._channels.get((meter, *name))
        if number is None:
            self._connection.execute(
                "insert into channel (meter, source, obis, period) values (?, ?, ?, ?) on conflict do nothing",
                (meter, *name),
            )
            (number,) = self._connection.execute(
                "select id from channel where meter = ? and source = ? and obis = ? and period = ?", (meter, *name)
            ).fetchone()
            self._channels[meter, *name] = number
        return number

    # --- what a profile has ---------------------------------------------------------------------------------------

    def complete_until(self, meter: str, profile: str) -> int | None:
        """Up to where a meter's profile is complete; None where nothing of it was ever read."""
        row = self.row(
            "select complete_until from watermark w join meter m on m.id = w.meter where m.name = ? and profile = ?",
            (meter, profile),
        )
        return None if row is None else int(row[0])

    def present_ends(self, meter: str, profile: str, since: int) -> set[int]:
        """Ends of intervals behind an instant of which any cell is stored."""
        with self.read() as connection:
            found = connection.execute(
                "select distinct r.moment from reading r join channel c on c.id = r.channel"
                " join meter m on m.id = c.meter where m.name = ? and c.source = ? and r.moment > ?",
                (meter, profile, since),
            )
            return {row[0] for row in found}

    def absences(self, meter: str, profile: str) -> dict[int, int]:
        """Interval ends the meter did not have, with how often it was asked."""
        with self.read() as connection:
            found = connection.execute(
                "select moment, asked from absence a join meter m on m.id = a.meter where m.name = ? and profile = ?",
                (meter, profile),
            )
            return dict(found.fetchall())

    def steps(self, meter: str, profile: str) -> list[EpochStep]:
        """Clock steps of a meter's profile, oldest first."""
        with self.read() as connection:
            found = connection.execute(
                "select epoch, reached, resumed from clock_step s join meter m on m.id = s.meter"
                " where m.name = ? and profile = ? order by epoch",
                (meter, profile),
            )
            return [EpochStep(*row) for row in found]

    # --- room -----------------------------------------------------------------------------------------------------

    def used_share(self) -> float:
        """How much of the bound is taken, free pages not counted."""
        with self.read() as connection:
            (pages,) = connection.execute("pragma page_count").fetchone()
            (free,) = connection.execute("pragma freelist_count").fetchone()
        return float((pages - free) * PAGE) / self.limits.most_bytes

    def is_alarming(self) -> bool:
        """Whether the outbox is so full that somebody has to look."""
        return self.used_share() >= self.limits.alarm_share

    def prune(self, now: int, most: int = 5_000) -> int:
        """Let acknowledged readings and events go whose time is over; how many went.

        Where the outbox is alarmingly full, their time is shorter; what the meter may be asked for again stays.
        """
        keep = _SHORTEST_RETENTION if self.is_alarming() else self.limits.retention
        with self.write() as connection:
            gone = connection.execute(
                "delete from reading where id in (select r.id from reading r join channel c on c.id = r.channel"
                " where r.read_at < ? and not exists (select 1 from outbox o where o.reading = r.id)"
                " and (c.source = '' or exists (select 1 from watermark w where w.meter = c.meter"
                " and w.profile = c.source and r.moment < w.complete_until - ?)) limit ?)",
                (now - keep, _SHORTEST_RETENTION, most),
            ).rowcount
            gone += connection.execute(
                "delete from event where id in (select e.id from event e where read_at < ?"
                " and not exists (select 1 from outbox o where o.event = e.id) limit ?)",
                (now - self.limits.retention, most),
            ).rowcount
            connection.execute("delete from batch where state = 'acknowledged' and settled_at < ?", (now - keep,))
        return gone

    def row(self, statement: str, parameters: tuple[object, ...]) -> tuple[int, ...] | None:
        """The first row of what a statement finds."""
        with self.read() as connection:
            found: tuple[int, ...] | None = connection.execute(statement, parameters).fetchone()
            return found


_INSERT_READING = (
    "insert into reading (id, channel, moment, epoch, revision, raw, scaler, unit, text, status, flags, billable,"
    " meter_time, offset_source, protection, source_id, read_at)"
    " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def _latest(
    connection: sqlite3.Connection, channels: list[int], moments: list[int]
) -> dict[tuple[int, int, int], tuple[int, tuple[object, ...]]]:
    """The latest revision and content of what is kept of channels at moments."""
    found = connection.execute(
        "select channel, moment, epoch, revision, raw, scaler, unit, text, status, billable from reading"
        " where channel in (select value from json_each(?)) and moment in (select value from json_each(?))"
        " order by revision",
        (json.dumps(channels), json.dumps(moments)),
    )
    return {
        (channel, moment, epoch): (revision, (*content, bool(billable)))
        for channel, moment, epoch, revision, *content, billable in found
    }


def _move(connection: sqlite3.Connection, meter: int, progress: ProfileProgress) -> None:
    """What a reading of a profile settled; a mark never goes back."""
    connection.executemany(
        "insert or replace into absence (meter, profile, moment, asked) values (?, ?, ?, ?)",
        [(meter, progress.profile, moment, asked) for moment, asked in progress.absent],
    )
    if progress.complete_until is not None:
        connection.execute(
            "insert into watermark (meter, profile, complete_until) values (?, ?, ?) on conflict (meter, profile)"
            " do update set complete_until = max(complete_until, excluded.complete_until)",
            (meter, progress.profile, progress.complete_until),
        )
        connection.execute(
            "delete from absence where meter = ? and profile = ? and moment <= ?",
            (meter, progress.profile, progress.complete_until),
        )
    connection.executemany(
        "insert into clock_step (meter, profile, epoch, reached, resumed) values (?, ?, ?, ?, ?)"
        " on conflict do nothing",
        [(meter, progress.profile, *step) for step in progress.steps],
    )
