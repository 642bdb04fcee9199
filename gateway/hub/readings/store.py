"""Every version of every reading period, append-only: what stands now or stood at any transaction, and who got it.

A period is named by its point and its start. Its newest version says what it is: a reading, a correction of one, or
the cancellation after which it is awaited anew; older versions stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, on_driver, run_many
from gateway.hub.tables_readings import reading_delivery, reading_version
from gateway.markets.distribution import Receiver
from gateway.messages.codes import Quality, Role
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.readings import DAYS_OF_A_YEAR, Occasion, ReadingPeriod
from gateway.messages.times import DAY, Instants, Interval

PLACES = 2**20
"""How many versions one transaction may hold: a version's number is transaction * PLACES + its place."""

ALWAYS = 2**62
"""A number no version reaches."""

_EPOCH = date(1970, 1, 1)


class ReadingEvent(StrEnum):
    """What a version did to its period."""

    READING = "reading"
    CORRECTION = "correction"
    CANCELLATION = "cancellation"


class ReadingVersion(NamedTuple):
    """One version of a reading period; a cancellation repeats what it cancels.

    Attributes:
        id: its number, in commit order.
        event: what it did.
        metering_point: GSRN.
        start, end: the reading period.
        consumption: thousandths of a kWh.
        quality: as the sender stated it.
        counter: thousandths; None where it was not stated.
        occasion, nominal: why, and for which nominal date the meter was read.
        sender, transaction_id: who said it, under which id.
    """

    id: int
    event: ReadingEvent
    metering_point: str
    start: int
    end: int
    consumption: int
    quality: Quality
    counter: int | None
    occasion: Occasion
    nominal: date
    sender: str
    transaction_id: str

    @property
    def transaction(self) -> int:
        """The hub's transaction that holds it."""
        return self.id // PLACES

    @property
    def period(self) -> ReadingPeriod:
        """What stands by it."""
        return ReadingPeriod(self.start, self.end, self.consumption, self.quality, self.nominal)


_COLUMNS = (
    "id, event, metering_point, start, finish, consumption, quality, counter, occasion, nominal, sender, transaction_id"
)
STANDING = (
    "v.event <> 'cancellation' and v.id < ? and not exists (select 1 from reading_version l"
    " where l.metering_point = v.metering_point and l.start = v.start and l.id > v.id and l.id < ?)"
)
"""Condition on a version `v` to be what stands, bound twice to the number before which versions are known."""


def day_number(day: date) -> int:
    """A local day as the tables keep it: days since 1970-01-01."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The local day behind a number."""
    return _EPOCH + timedelta(days=number)


def known_before(as_of: int | None) -> int:
    """The number before which versions are known as of a transaction; None is now."""
    return ALWAYS if as_of is None else (as_of + 1) * PLACES


def keep(connection: Connection, versions: Sequence[ReadingVersion]) -> None:
    """Write versions."""
    rows = [
        (
            *(v.id, v.event.value, point_key(v.metering_point), v.start, v.end, v.consumption, int(v.quality)),
            *(v.counter, v.occasion.value, day_number(v.nominal), v.sender, v.transaction_id),
        )
        for v in versions
    ]
    if rows:
        marks = ", ".join("?" * len(rows[0]))
        run_many(connection, f"insert into reading_version ({_COLUMNS}) values ({marks})", rows)  # noqa: S608 - ours


def deliver(connection: Connection, deliveries: Iterable[tuple[Receiver, int]]) -> None:
    """Put versions into the feeds of receivers."""
    rows = [(receiver.party, receiver.role.value, version) for receiver, version in deliveries]
    if rows:
        run_many(connection, "insert into reading_delivery (party, role, version) values (?, ?, ?)", rows)


def standing(
    connection: Connection, points: Iterable[str], as_of: int | None = None
) -> dict[str, list[ReadingVersion]]:
    """What stands of each point as known at a transaction, oldest period first; points never read are left out."""
    keys = sorted({point_key(point) for point in points})
    before = known_before(as_of)
    found: dict[str, list[ReadingVersion]] = {}
    statement = on_driver(
        connection,
        f"select {_COLUMNS} from reading_version v where {STANDING}"  # noqa: S608 - our own words
        " and metering_point in (*) order by metering_point, start",
    )
    for row in connection.exec_driver_sql(statement, (before, before, listed(connection, keys))):
        version = _version(row)
        found.setdefault(version.metering_point, []).append(version)
    return found


def history(connection: Connection, point: str, as_of: int | None = None) -> list[ReadingVersion]:
    """Every version of every period of a point, cancelled ones too, in the order they were said."""
    wanted = sa.select(reading_version).where(
        reading_version.c.metering_point == point_key(point), reading_version.c.id < known_before(as_of)
    )
    return [_version(row) for row in connection.execute(wanted.order_by(reading_version.c.id))]


def said_before(connection: Connection, sender: str, transaction_ids: Sequence[str]) -> dict[str, ReadingVersion]:
    """Versions a sender has made under some transaction ids, by these."""
    found: dict[str, ReadingVersion] = {}
    for first in range(0, len(transaction_ids), _AT_ONCE):
        some = transaction_ids[first : first + _AT_ONCE]
        wanted = sa.select(reading_version).where(
            reading_version.c.sender == sender, reading_version.c.transaction_id.in_(some)
        )
        found |= {row.transaction_id: _version(row) for row in connection.execute(wanted)}
    return found


def receivers_of(connection: Connection, versions: Sequence[int]) -> dict[int, tuple[Receiver, ...]]:
    """Who got each version."""
    found: dict[int, tuple[Receiver, ...]] = {}
    statement = on_driver(
        connection,
        "select version, party, role from reading_delivery where version in (*) order by version, party, role",
    )
    for version, party, role in connection.exec_driver_sql(statement, (listed(connection, versions),)):
        found[version] = (*found.get(version, ()), Receiver(party, Role(role)))
    return found


def feed(connection: Connection, receiver: Receiver, after: int, most: int) -> list[ReadingVersion]:
    """What a receiver got behind a number, oldest first."""
    own = (reading_delivery.c.party == receiver.party) & (reading_delivery.c.role == receiver.role.value)
    wanted = (
        sa.select(reading_version)
        .join(reading_delivery, reading_delivery.c.version == reading_version.c.id)
        .where(own, reading_delivery.c.version > after)
        .order_by(reading_delivery.c.version)
        .limit(most)
    )
    return [_version(row) for row in connection.execute(wanted)]


@dataclass(frozen=True, slots=True)
class AnnualConsumptions:
    """Latest annual consumption of points as columns of one length, in the order asked.

    Attributes:
        consumption: int64 thousandths of a kWh for 365 days, rounded half up; NO_QUANTITY where nothing was read.
        quality: uint8 `Quality`; estimated as soon as one of the readings is, missing where nothing was read.
        end: int64, the instant the newest of the readings was made; 0 where nothing was read.
    """

    consumption: npt.NDArray[np.int64]
    quality: npt.NDArray[np.uint8]
    end: Instants


def annual_consumption(
    connection: Connection, points: Rows, at: int, as_of: int | None, least_days: int
) -> AnnualConsumptions:
    """Latest annual consumption of points at an instant, as known at a transaction (None: now), by their readings.

    Counts what was read by `at`. Of each point the newest periods count, whole, until they cover `least_days`
    (`ReadingTerms.annual_days`), scaled to 365 days (D1 §1.3, §5.1.1). `points` are distinct keys in any order.
    """
    order = np.argsort(points, kind="stable")
    keys = points[order]
    point, start, finish, consumption, quality = _newest_first(connection, keys, at, known_before(as_of))
    days = (finish - start + DAY // 2) // DAY
    covered = np.cumsum(days) - days
    first = np.searchsorted(point, point, side="left")
    counts = covered - covered[first] < least_days
    place = np.searchsorted(keys, point[counts])
    totals = np.zeros((3, len(keys)), dtype=np.int64)
    for total, column in zip(totals, (consumption, days, quality != Quality.MEASURED), strict=True):
        np.add.at(total, place, column[counts])
    known = totals[1] > 0
    length = np.maximum(totals[1], 1)
    yearly = (2 * totals[0] * DAYS_OF_A_YEAR + length) // (2 * length)
    newest = np.zeros(len(keys), dtype=np.int64)
    np.maximum.at(newest, place, finish[counts])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    status = np.where(totals[2] > 0, Quality.ESTIMATED, Quality.MEASURED)
    return AnnualConsumptions(
        np.where(known, yearly, NO_QUANTITY)[back],
        np.where(known, status, Quality.MISSING).astype(np.uint8)[back],
        newest[back],
    )


def _newest_first(connection: Connection, keys: Rows, at: int, before: int) -> npt.NDArray[np.int64]:
    """Periods read by an instant, by point and the newest first: their five columns."""
    statement = on_driver(
        connection,
        f"select metering_point, start, finish, consumption, quality from reading_version v where {STANDING}"  # noqa: S608
        " and finish <= ? and metering_point in (*)",
    )
    rows = connection.exec_driver_sql(statement, (before, before, at, listed(connection, keys.tolist()))).fetchall()
    table = np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 5)
    ordered: npt.NDArray[np.int64] = table[np.lexsort((-table[:, 1], table[:, 0]))].T
    return ordered


class ReadingColumns(NamedTuple):
    """Reading periods that stand, as int64 columns by point and time; consumption in thousandths of a kWh."""

    point: Rows
    start: Instants
    end: Instants
    consumption: Rows


def standing_over(connection: Connection, points: Rows, span: Interval, most: int) -> ReadingColumns:
    """What stands now of points and shares any moment with a span; at most so many, the rest is not read."""
    statement = on_driver(
        connection,
        f"select metering_point, start, finish, consumption from reading_version v where {STANDING}"  # noqa: S608
        " and finish > ? and start < ? and metering_point in (*) order by metering_point, start limit ?",
    )
    bound = (ALWAYS, ALWAYS, span.start, span.end, listed(connection, points.tolist()), most)
    rows = connection.exec_driver_sql(statement, bound).fetchall()
    return ReadingColumns(*np.array([tuple(row) for row in rows], dtype=np.int64).reshape(-1, 4).T)


def lacking_statements(connection: Connection, points: Rows, year: Interval, least: int) -> dict[str, int]:
    """Points with fewer than `least` ordinary readings in (year.start, year.end], and how many they have (D1 §5.1.1).

    Meant for points that are read from afar, `least` being `ReadingTerms.statements_a_year`.
    """
    statement = on_driver(
        connection,
        f"select metering_point, count(*) from reading_version v where {STANDING}"  # noqa: S608 - our own words
        " and occasion = 'ordinary' and finish > ? and finish <= ? and metering_point in (*) group by metering_point",
    )
    bound = (ALWAYS, ALWAYS, year.start, year.end, listed(connection, points.tolist()))
    counted = {row[0]: row[1] for row in connection.exec_driver_sql(statement, bound)}
    return {point_id(key): counted.get(key, 0) for key in points.tolist() if counted.get(key, 0) < least}


_AT_ONCE = 500


def _version(row: sa.Row[Any]) -> ReadingVersion:
    """A version as the table has it, with its columns in order."""
    values: tuple[Any, ...] = tuple(row)
    number, event, point, start, end, consumption, quality, counter, occasion, nominal, sender, said = values
    return ReadingVersion(
        number,
        ReadingEvent(event),
        point_id(point),
        start,
        end,
        consumption,
        Quality(quality),
        counter,
        Occasion(occasion),
        day_of(nominal),
        sender,
        said,
    )
