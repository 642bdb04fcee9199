"""Batches: what leaves the outbox at once, frozen when it is first sent and sent again octet for octet.

A batch's id is the hash of its ordered content, so the hub knows it again whoever lost the answer. Its rows leave the
queue when the hub has acknowledged them, that is after the hub's own commit.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from gateway.messages.times import format_second
from meter_adapters.outbox.rows import Lane
from meter_adapters.outbox.store import Outbox

MOST_ROWS = 2_000
"""Most rows of one batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A frozen batch; `body` is the JSON of the hub's measurement API."""

    id: int
    digest: str
    lane: Lane
    rows: int
    body: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much of a lane waits, and the instant of its oldest reading; None where nothing waits."""

    lane: Lane
    rows: int
    oldest: int | None


class Batches:
    """The sending end of an outbox."""

    def __init__(self, outbox: Outbox, collector: str) -> None:
        self._outbox, self._collector = outbox, collector

    def next(self, lane: Lane, now: int, most: int = MOST_ROWS) -> Batch | None:
        """The batch of a lane to send now: the oldest that is not settled, else a new one; None where nothing waits."""
        with self._outbox.read() as connection:
            waiting = _frozen(connection, lane)
        if waiting is not None:
            return waiting
        with self._outbox.write() as connection:
            sequence = [
                row[0]
                for row in connection.execute(
                    "select seq from outbox where batch is null and lane = ? order by rank, seq limit ?", (lane, most)
                )
            ]
            if sequence:
                self._freeze(connection, lane, sequence, now)
            return _frozen(connection, lane)

    def note_attempt(self, batch: Batch) -> None:
        """It was sent, and no answer came that settles it."""
        with self._outbox.write() as connection:
            connection.execute("update batch set attempts = attempts + 1 where id = ?", (batch.id,))

    def acknowledge(self, batch: Batch, answer: str, now: int) -> None:
        """The hub has it, durably: its rows leave the queue. A second acknowledgement changes nothing."""
        with self._outbox.write() as connection:
            connection.execute(
                "update batch set state = 'acknowledged', settled_at = ?, answer = ?, body = x''"
                " where id = ? and state = 'frozen'",
                (now, answer, batch.id),
            )
            connection.execute("delete from outbox where batch = ?", (batch.id,))

    def refuse(self, batch: Batch, answer: str, now: int) -> None:
        """The hub will never take it as it is: it is halved, until the one row is alone that is refused for good."""
        with self._outbox.write() as connection:
            sequence = _rows_of(connection, batch.id)
            if len(sequence) > 1:
                connection.execute("update outbox set batch = null where batch = ?", (batch.id,))
                connection.execute("delete from batch where id = ?", (batch.id,))
                middle = len(sequence) // 2
                for half in (sequence[:middle], sequence[middle:]):
                    self._freeze(connection, batch.lane, half, now)
            else:
                connection.execute(
                    "update batch set state = 'refused', settled_at = ?, answer = ? where id = ?",
                    (now, answer, batch.id),
                )

    def backlog(self) -> list[Backlog]:
        """What waits, by lane."""
        with self._outbox.read() as connection:
            found = {
                lane: (rows, oldest)
                for lane, rows, oldest in connection.execute(
                    "select o.lane, count(*), min(coalesce(r.read_at, e.read_at)) from outbox o"
                    " left join reading r on r.id = o.reading left join event e on e.id = o.event"
                    " left join batch b on b.id = o.batch where b.state is null or b.state = 'frozen' group by o.lane"
                )
            }
        return [Backlog(lane, *found.get(int(lane), (0, None))) for lane in Lane]

    def refused(self) -> list[tuple[str, str]]:
        """Batches the hub refused for good: id and its answer."""
        with self._outbox.read() as connection:
            return list(connection.execute("select digest, answer from batch where state = 'refused' order by id"))

    def _freeze(self, connection: sqlite3.Connection, lane: Lane, sequence: Sequence[int], now: int) -> None:
        readings, events = _contents(connection, sequence)
        content = msgspec.json.encode({"collector": self._collector, "readings": readings, "events": events})
        # Two halves of a refused batch never have the content of one sent before; the same rows always do.
        digest = hashlib.sha256(content).hexdigest()
        body = b'{"batch":"' + digest.encode() + b'",' + content[1:]
        cursor = connection.execute(
            "insert into batch (digest, lane, rows, body, state, frozen_at) values (?, ?, ?, ?, 'frozen', ?)",
            (digest, lane, len(sequence), body, now),
        )
        connection.executemany(
            "update outbox set batch = ? where seq = ?", [(cursor.lastrowid, number) for number in sequence]
        )


def _frozen(connection: sqlite3.Connection, lane: Lane) -> Batch | None:
    row = connection.execute(
        "select id, digest, lane, rows, body, attempts from batch where state = 'frozen' and lane = ?"
        " order by id limit 1",
        (lane,),
    ).fetchone()
    return None if row is None else Batch(row[0], row[1], Lane(row[2]), *row[3:])


def _rows_of(connection: sqlite3.Connection, batch: int) -> list[int]:
    return [row[0] for row in connection.execute("select seq from outbox where batch = ? order by rank, seq", (batch,))]


def _contents(
    connection: sqlite3.Connection, sequence: Sequence[int]
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Readings and events of a stretch of the queue, in its order, as the hub's API wants them."""
    numbers = msgspec.json.encode(list(sequence)).decode()
    readings = connection.execute(
        "select m.name, c.source, c.obis, c.period, r.moment, r.epoch, r.revision, r.raw, r.scaler, r.unit, r.text,"
        " r.status, r.flags, r.meter_time, r.offset_source, r.protection, r.read_at from outbox o"
        " join reading r on r.id = o.reading join channel c on c.id = r.channel join meter m on m.id = c.meter"
        " where o.seq in (select value from json_each(?)) order by o.rank, o.seq",
        (numbers,),
    )
    events = connection.execute(
        "select m.name, e.log, e.code, e.text, e.moment, e.meter_time, e.offset_source, e.protection, e.read_at"
        " from outbox o join event e on e.id = o.event join meter m on m.id = e.meter"
        " where o.seq in (select value from json_each(?)) order by o.rank, o.seq",
        (numbers,),
    )
    return [_reading_body(row) for row in readings], [_event_body(row) for row in events]


def _reading_body(row: tuple[object, ...]) -> dict[str, object]:
    meter, source, obis, period, moment, epoch, revision, raw, scaler, unit, text, status, flags = row[:13]
    return {
        "meter": meter,
        "source": source,
        "obis": obis,
        "period": period or None,
        "end": _instant(moment),
        "epoch": epoch,
        "revision": revision,
        "raw": str(raw),
        "scaler": scaler,
        "unit": unit,
        "text": text,
        "status": status,
        "flags": str(flags).split(",") if flags else [],
        **_evidence(row[13:]),
    }


def _event_body(row: tuple[object, ...]) -> dict[str, object]:
    meter, log, code, text, moment = row[:5]
    return {
        "meter": meter,
        "log": log,
        "code": code,
        "text": text,
        "at": _instant(moment),
        **_evidence(row[5:]),
    }


def _evidence(row: tuple[object, ...]) -> dict[str, object]:
    meter_time, offset_source, protection, read_at = row
    return {
        "meter_time": meter_time,
        "offset_source": offset_source,
        "protection": protection,
        "read_at": _instant(read_at),
    }


def _instant(moment: object) -> str | None:
    assert isinstance(moment, int)
    return format_second(moment) if moment >= 0 else None
