"""Batches of collectors taken: once each by batch id, each row once by its reading key, acknowledged when durable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
from sqlalchemy.engine import Connection

from gateway.hub.database import allocate, listed, on_driver, run, run_many
from gateway.hub.measurements.moments import event_digest, moment_key
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_measurements import BatchTaken, Measurement, MeasurementBatch
from gateway.messages.findings import Finding

MOST_ROWS = 10_000
"""Most rows of one batch: other writers wait while they are taken."""
PLACES = 2**20
"""How many meters or channels one transaction may bring: their numbers are transaction * PLACES + place."""

_Key = tuple[int, int, int, int]
_Content = tuple[str, int, str, str, int | None]
_ChannelName = tuple[int, str, str, int]


class BatchMail(NamedTuple):
    """A batch on its way in: who sent it, what it is, the hash of its bytes, the instant in microseconds."""

    sender: Principal
    batch: MeasurementBatch
    sha256: bytes
    at: int


def take(office: Office, mail: BatchMail) -> BatchTaken | Refused:
    """Take one batch in one transaction; what came before is answered as it was answered then.

    A row whose key is there with other content is found (`reading-key-used`) and not stored; the others are.
    """
    refused = _refusal(mail.batch)
    if refused is not None:
        return refused
    with office.database.read() as connection:
        before = _taken_before(connection, mail)
    if before is not None:
        return before
    with office.database.write() as connection:
        transaction = allocate(connection, mail.at)
        # Another delivery of the same batch may have come in between; numbers are given out one at a time.
        return _taken_before(connection, mail) or _Run(connection, mail, transaction).carry_out()


def _refusal(batch: MeasurementBatch) -> Refused | None:
    rows = len(batch.measurements) + len(batch.events)
    if rows == 0:
        return Refused((Finding("BadRequest", "there is no row in it", rule="no-measurements"),))
    if rows > MOST_ROWS:
        return Refused((Finding("BadRequest", f"there are more than {MOST_ROWS} rows in it", rule="too-many-rows"),))
    return None


def _taken_before(connection: Connection, mail: BatchMail) -> BatchTaken | Refused | None:
    row = run(
        connection,
        'select "transaction", sha256, stored, known, findings from measurement_batch'
        " where party = ? and collector = ? and batch = ?",
        (mail.sender.party, mail.batch.collector, mail.batch.batch),
    ).fetchone()
    if row is None:
        return None
    transaction, sha256, stored, known, findings = row
    if bytes(sha256) != mail.sha256:
        text = "a batch of this id came before with other content"
        return Refused((Finding("BadRequest", text, "batch", rule="batch-id-used"),))
    found = msgspec.json.decode(bytes(findings), type=tuple[Finding, ...])
    return BatchTaken(transaction, stored, known, found, repeated=True)


@dataclass(slots=True)
class _Run:
    """The carrying-out of one batch."""

    connection: Connection
    mail: BatchMail
    transaction: int
    _findings: list[Finding] = field(default_factory=list)
    _stored: int = 0
    _known: int = 0

    def carry_out(self) -> BatchTaken:
        """Store what is new, then write what was answered."""
        batch = self.mail.batch
        names = (row.meter for rows in (batch.measurements, batch.events) for row in rows)
        meters = self._meters(dict.fromkeys(names))
        values, events = self._new_values(meters), self._new_events(meters)
        self._write_batch()
        marks = ", ".join("?" * 15)
        run_many(self.connection, f"insert into measurement ({_VALUE_COLUMNS}) values ({marks})", values)  # noqa: S608
        marks = ", ".join("?" * 11)
        run_many(self.connection, f"insert into measurement_event ({_EVENT_COLUMNS}) values ({marks})", events)  # noqa: S608
        return BatchTaken(self.transaction, self._stored, self._known, tuple(self._findings))

    def _write_batch(self) -> None:
        mail = self.mail
        who = (self.transaction, mail.sender.party, mail.batch.collector, mail.batch.batch, mail.sender.client_id)
        found = msgspec.json.encode(self._findings)
        run(
            self.connection,
            'insert into measurement_batch ("transaction", party, collector, batch, client, sha256, stored, known,'
            " findings) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*who, mail.sha256, self._stored, self._known, found),
        )

    def _meters(self, names: Iterable[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for name in names:
            known = run(
                self.connection,
                "select id from measurement_meter where party = ? and name = ?",
                (self.mail.sender.party, name),
            ).fetchone()
            found[name] = known[0] if known else self.transaction * PLACES + len(found)
            if known is None:
                row = (found[name], self.mail.sender.party, name)
                run(self.connection, "insert into measurement_meter (id, party, name) values (?, ?, ?)", row)
        return found

    def _channels(self, meters: Mapping[str, int]) -> dict[_ChannelName, int]:
        known: dict[_ChannelName, int] = {}
        statement = on_driver(
            self.connection, "select meter, source, obis, period, id from measurement_channel where meter in (*)"
        )
        bound = (listed(self.connection, list(meters.values())),)
        for meter, source, obis, period, number in self.connection.exec_driver_sql(statement, bound):
            known[meter, source, obis, period] = number
        wanted = dict.fromkeys(_channel_name(row, meters) for row in self.mail.batch.measurements)
        fresh = [name for name in wanted if name not in known]
        for place, name in enumerate(fresh):
            known[name] = self.transaction * PLACES + place
        run_many(
            self.connection,
            "insert into measurement_channel (id, meter, source, obis, period) values (?, ?, ?, ?, ?)",
            [(known[name], *name) for name in fresh],
        )
        return {name: known[name] for name in wanted}

    def _new_values(self, meters: Mapping[str, int]) -> list[tuple[object, ...]]:
        channels = self._channels(meters)
        rows = self.mail.batch.measurements
        moments = [moment_key(row.moment, row.meter_time) for row in rows]
        there = _contents(self.connection, list(channels.values()), sorted(set(moments)))
        fresh: list[tuple[object, ...]] = []
        for place, (row, moment) in enumerate(zip(rows, moments, strict=True)):
            key = (channels[_channel_name(row, meters)], moment, row.epoch, row.revision)
            content = (str(row.raw), row.scaler, row.unit, row.text, row.status)
            if key not in there:
                there[key] = content
                fresh.append((*key, self.transaction, *content, ",".join(row.flags), *row[-4:]))
            elif there[key] == content:
                self._known += 1
            else:
                self._find(place, row, there[key])
        self._stored += len(fresh)
        return fresh

    def _find(self, place: int, row: Measurement, there: _Content) -> None:
        text = (
            f"meter {row.meter}, {row.obis}, epoch {row.epoch}, revision {row.revision}: {there[0]}E{there[1]} is kept"
            f" under this key, {row.raw}E{row.scaler} is a later revision"
        )
        self._findings.append(Finding("BadRequest", text, f"readings/{place}", rule="reading-key-used"))

    def _new_events(self, meters: Mapping[str, int]) -> list[tuple[object, ...]]:
        rows = self.mail.batch.events
        moments = [moment_key(row.moment, row.meter_time) for row in rows]
        statement = on_driver(
            self.connection,
            "select meter, moment, digest from measurement_event where meter in (*) and moment in (*)",
        )
        bound = (listed(self.connection, list(meters.values())), listed(self.connection, sorted(set(moments))))
        there = {(m, at, bytes(digest)) for m, at, digest in self.connection.exec_driver_sql(statement, bound)}
        fresh: list[tuple[object, ...]] = []
        for row, moment in zip(rows, moments, strict=True):
            key = (meters[row.meter], moment, event_digest(row))
            if key in there:
                self._known += 1
                continue
            there.add(key)
            fresh.append((*key, self.transaction, row.log, row.code, row.text, *row[-4:]))
        self._stored += len(fresh)
        return fresh


_VALUE_COLUMNS = (
    'channel, moment, epoch, revision, "transaction", raw, scaler, unit, text, status, flags, meter_time,'
    " offset_source, protection, read_at"
)
_EVENT_COLUMNS = 'meter, moment, digest, "transaction", log, code, text, meter_time, offset_source, protection, read_at'


def _channel_name(row: Measurement, meters: Mapping[str, int]) -> _ChannelName:
    return (meters[row.meter], row.source, row.obis, row.period or 0)


def _contents(connection: Connection, channels: list[int], moments: list[int]) -> dict[_Key, _Content]:
    """What is kept of channels at moments, by key."""
    statement = on_driver(
        connection,
        "select channel, moment, epoch, revision, raw, scaler, unit, text, status from measurement"
        " where channel in (*) and moment in (*)",
    )
    bound = (listed(connection, channels), listed(connection, moments))
    return {
        (channel, moment, epoch, revision): (raw, scaler, unit, text, status)
        for channel, moment, epoch, revision, raw, scaler, unit, text, status in connection.exec_driver_sql(
            statement, bound
        )
    }
