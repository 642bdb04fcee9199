"""Rows of load profiles looked up again, for the series of metering points: the latest revision of each value."""

from __future__ import annotations

from dataclasses import dataclass

from meter_adapters.outbox.store import Outbox


@dataclass(frozen=True, slots=True)
class StoredCell:
    """One value of a load profile as the outbox keeps it; `end` is the interval's end."""

    meter: str
    end: int
    period: int
    epoch: int
    raw: int
    scaler: int
    billable: bool
    flags: frozenset[str]
    offset_source: str


def stored_cells(outbox: Outbox, place: str, obis: str, since: int, until: int) -> list[StoredCell]:
    """The values of a column with ends in (since, until], of all meters that answered at a place; by meter, epoch, end.

    Of each key the latest revision counts.
    """
    with outbox.read() as connection:
        found = connection.execute(
            "select m.name, r.moment, c.period, r.epoch, r.raw, r.scaler, r.billable, r.flags, r.offset_source"
            " from reading r join channel c on c.id = r.channel join meter m on m.id = c.meter"
            " join identity i on i.meter = m.id and i.place = ?"
            " where c.obis = ? and c.source <> '' and r.moment > ? and r.moment <= ?"
            " and not exists (select 1 from reading l where l.channel = r.channel and l.moment = r.moment"
            " and l.epoch = r.epoch and l.revision > r.revision)"
            " order by i.since, m.id, r.epoch, r.moment",
            (place, obis, since, until),
        ).fetchall()
    return [
        StoredCell(
            name, end, period, epoch, int(raw), scaler, bool(good), frozenset(filter(None, flags.split(","))), offset
        )
        for name, end, period, epoch, raw, scaler, good, flags, offset in found
    ]
