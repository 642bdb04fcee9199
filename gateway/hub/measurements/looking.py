"""Looking at measurements: a party's own meters, their values and events, window by window."""

from __future__ import annotations

import re

from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import listed, on_driver, run
from gateway.hub.measurements.moments import instant_of
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_measurements import (
    EventPage,
    KeptEvent,
    KeptMeasurement,
    Measurement,
    MeasurementEvent,
    MeasurementPage,
    MeasurementQuery,
    MeterPage,
)
from gateway.messages.findings import Finding

_ALWAYS = 2**62
_VALUE_CURSOR = re.compile(r"(\d{1,18})\.(-?\d{1,19})\.(\d{1,9})\.(\d{1,9})", re.ASCII)
_EVENT_CURSOR = re.compile(r"(-?\d{1,19})\.([0-9a-f]{32})", re.ASCII)
_BAD_CURSOR = Refused((Finding("BadRequest", "after is no cursor of this answer", rule="bad-cursor", target="after"),))


def meters(connection: Connection, reader: Principal, page: Page) -> MeterPage:
    """The names of a party's meters."""
    found = run(
        connection,
        "select name from measurement_meter where party = ? and name > ? order by name limit ?",
        (reader.party, page.after, page.limit + 1),
    ).fetchall()
    names = tuple(row[0] for row in found[: page.limit])
    return MeterPage(names, names[-1] if len(found) > page.limit else "")


def values(
    connection: Connection, reader: Principal, query: MeasurementQuery, page: Page
) -> MeasurementPage | Refused | None:
    """Values of a meter by channel and moment, every revision of them; those without an instant come first."""
    cursor = _VALUE_CURSOR.fullmatch(page.after or f"0.{-_ALWAYS}.0.0")
    if cursor is None:
        return _BAD_CURSOR
    meter = _meter(connection, reader, query.meter)
    if meter is None:
        return None
    channels = {
        number: (source, obis, period or None)
        for number, source, obis, period in run(
            connection, "select id, source, obis, period from measurement_channel where meter = ?", (meter,)
        ).fetchall()
        if query.obis in ("", obis)
    }
    statement = on_driver(
        connection,
        "select v.channel, v.moment, v.epoch, v.revision, v.raw, v.scaler, v.unit, v.text, v.status, v.flags,"
        " v.meter_time, v.offset_source, v.protection, v.read_at, b.collector, t.committed_at from measurement v"
        ' join measurement_batch b on b."transaction" = v."transaction"'
        ' join "transaction" t on t.id = v."transaction"'
        " where v.channel in (*) and v.moment >= ? and v.moment < ?"
        " and (v.channel, v.moment, v.epoch, v.revision) > (?, ?, ?, ?)"
        " order by v.channel, v.moment, v.epoch, v.revision limit ?",
    )
    bound = (listed(connection, sorted(channels)), *_bounds(query), *map(int, cursor.groups()), page.limit + 1)
    rows = connection.exec_driver_sql(statement, bound).fetchall()
    kept = tuple(_value(query.meter, channels[row[0]], tuple(row)) for row in rows[: page.limit])
    last = rows[page.limit - 1] if len(rows) > page.limit else None
    return MeasurementPage(kept, "" if last is None else ".".join(str(part) for part in last[:4]))


def events(
    connection: Connection, reader: Principal, query: MeasurementQuery, page: Page
) -> EventPage | Refused | None:
    """Events of a meter by moment; those without an instant come first."""
    cursor = _EVENT_CURSOR.fullmatch(page.after or f"{-_ALWAYS}.{'0' * 32}")
    if cursor is None:
        return _BAD_CURSOR
    meter = _meter(connection, reader, query.meter)
    if meter is None:
        return None
    statement = on_driver(
        connection,
        "select e.moment, e.digest, e.log, e.code, e.text, e.meter_time, e.offset_source, e.protection, e.read_at,"
        " b.collector, t.committed_at from measurement_event e"
        ' join measurement_batch b on b."transaction" = e."transaction" join "transaction" t on t.id = e."transaction"'
        " where e.meter = ? and e.moment >= ? and e.moment < ? and (e.moment, e.digest) > (?, ?)"
        " and (? = '' or e.log = ?) order by e.moment, e.digest limit ?",
    )
    behind = (int(cursor[1]), bytes.fromhex(cursor[2]))
    bound = (meter, *_bounds(query), *behind, query.obis, query.obis, page.limit + 1)
    rows = connection.exec_driver_sql(statement, bound).fetchall()
    kept = tuple(_event(query.meter, tuple(row)) for row in rows[: page.limit])
    last = rows[page.limit - 1] if len(rows) > page.limit else None
    return EventPage(kept, "" if last is None else f"{last[0]}.{bytes(last[1]).hex()}")


def _meter(connection: Connection, reader: Principal, name: str) -> int | None:
    row = run(
        connection, "select id from measurement_meter where party = ? and name = ?", (reader.party, name)
    ).fetchone()
    return None if row is None else int(row[0])


def _bounds(query: MeasurementQuery) -> tuple[int, int]:
    """The span of moments; without bounds it holds those that have no instant as well."""
    if query.start is None and query.end is None:
        return -_ALWAYS, _ALWAYS
    return query.start or 0, _ALWAYS if query.end is None else query.end


def _value(meter: str, channel: tuple[str, str, int | None], row: tuple[object, ...]) -> KeptMeasurement:
    _, moment, epoch, revision, raw, scaler, unit, text, status, flags, written, offset, protection, read_at = row[:14]
    assert isinstance(moment, int)
    source, obis, period = channel
    measurement = Measurement(
        *(meter, source, obis, period, instant_of(moment), epoch, revision),  # type: ignore[arg-type]  # as the table has
        *(int(str(raw)), scaler, unit, text, status, tuple(filter(None, str(flags).split(",")))),  # type: ignore[arg-type]
        *(written, offset, protection, read_at),  # type: ignore[arg-type]
    )
    return KeptMeasurement(measurement, str(row[14]), int(str(row[15])) // MICROSECONDS)


def _event(meter: str, row: tuple[object, ...]) -> KeptEvent:
    moment, _, log, code, text, written, offset, protection, read_at = row[:9]
    assert isinstance(moment, int)
    event = MeasurementEvent(
        *(meter, log, code, text, instant_of(moment), written, offset, protection, read_at)  # type: ignore[arg-type]
    )
    return KeptEvent(event, str(row[9]), int(str(row[10])) // MICROSECONDS)
