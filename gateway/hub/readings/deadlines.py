"""Readings awaited: which are due when, who is reminded, what is overdue (Regulation D1 §5.1.1, §5.1.2).

A point owes the reading that closes the period after its newest one: on its yearly date, or earlier where its supplier
or its way of settlement changes. Points come in columns; only what has fallen due is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate, listed, on_driver, run_many
from gateway.hub.office import Office
from gateway.hub.readings.store import ALWAYS, PLACES, STANDING
from gateway.messages.codes import MeteringPointType, SettlementMethod, Subtype
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import FOREVER, KINDS, METHODS, NONE, SUBTYPES, MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.times import Instants, day_number, numbered_day
from gateway.processes import effects
from gateway.processes.events import DeadlinePassed
from gateway.processes.machine import Transition
from gateway.processes.meter_reading import METER_READING, ReadingState

_NEVER = np.iinfo(np.int64).min
_NO_DAY = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Awaited:
    """The next reading each point owes, as columns of one length by point.

    Attributes:
        point: its key.
        start: where the period begins that the reading will close.
        nominal: its nominal date, as a day number.
        row: the point's version in the master data at the end of that time.
    """

    point: Rows
    start: Instants
    nominal: Rows
    row: Rows

    def where(self, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Awaited:
        """The readings for which a mask holds."""
        return Awaited(self.point[kept], self.start[kept], self.nominal[kept], self.row[kept])


class ReadingReminder(NamedTuple):
    """A reminder of one reading that has not come yet.

    Attributes:
        metering_point, grid_area: of which point.
        start: where the period begins whose reading is awaited.
        nominal: its nominal date.
        noted: the day on which the reminder was first due.
    """

    metering_point: str
    grid_area: str
    start: int
    nominal: date
    noted: date


class _Passed(NamedTuple):
    """A limit that went by without a reading, of the reading at a place of `Awaited`."""

    place: int
    state: ReadingState


def awaited(office: Office, connection: Connection, today: date, only: Iterable[str] | None = None) -> Awaited:
    """What every profile-settled point owes, or some of them, as known now.

    A point that was never read is first read a year after its profile settlement began; one without a supplier owes
    nothing.
    """
    master = office.refresh(connection)
    keys = None if only is None else np.array(sorted(map(point_key, only)), dtype=np.int64)
    stretches = _stretches(office, master, keys)
    newest = _newest(connection, keys)
    place = np.searchsorted(newest.point, stretches.point)
    is_read = np.zeros(len(place), dtype=np.bool_)
    inside = np.flatnonzero(place < len(newest.point))
    is_read[inside] = newest.point[place[inside]] == stretches.point[inside]
    read_until, anchor = np.full(len(place), _NEVER), np.full(len(place), _NO_DAY)
    read_until[is_read], anchor[is_read] = newest.end[place[is_read]], newest.ordinary[place[is_read]]
    open_ones = np.flatnonzero(stretches.end > read_until)
    _, first = np.unique(stretches.point[open_ones], return_index=True)
    chosen = open_ones[first]
    start = np.maximum(stretches.begin[chosen], read_until[chosen])
    zone, end = office.profile.zone, stretches.end[chosen]
    start_days = zone.day_numbers(start)
    anchor = np.where(anchor[chosen] == _NO_DAY, zone.day_numbers(stretches.settled_since[chosen]), anchor[chosen])
    yearly = _next_after(anchor, start_days, office.profile.readings.months_between(today))
    ends = np.where(end < FOREVER, zone.day_numbers(np.minimum(end, _FAR)), _NO_DAY)
    return Awaited(stretches.point[chosen], start, np.minimum(yearly, ends), stretches.row[chosen])


def passed_deadlines(connection: Connection, points: Iterable[str]) -> dict[tuple[str, int], ReadingState]:
    """Where reading periods stand whose reminder or limit has gone by and whose reading has not come since."""
    keys = listed(connection, sorted(point_key(point) for point in set(points)))
    statement = on_driver(connection, f"{_OPEN_DEADLINES} and d.metering_point in (*)")
    found: dict[tuple[str, int], ReadingState] = {}
    for key, start, state in connection.exec_driver_sql(statement, (keys,)):
        if found.get((point_id(key), start)) is not ReadingState.OVERDUE:
            found[point_id(key), start] = ReadingState(state)
    return found


def reminders_due(connection: Connection, day: date) -> tuple[ReadingReminder, ...]:
    """Reminders that stand on a local day: noted by then, and the reading has not come (D1 §5.1.2).

    A reminder is noted once for each awaited reading; `noted` tells the new ones from those to be repeated.
    """
    statement = on_driver(
        connection,
        _OPEN_DEADLINES.replace("d.state", "d.grid_area, d.nominal, d.day", 1)
        + f" and d.state = '{ReadingState.REMINDED.value}' and d.day <= ? order by d.grid_area, d.metering_point",
    )
    rows = connection.exec_driver_sql(statement, (day_number(day),))
    return tuple(
        ReadingReminder(point_id(key), area, start, numbered_day(nominal), numbered_day(noted))
        for key, start, area, nominal, noted in rows
    )


def note_passed_deadlines(office: Office, at: int) -> int:
    """Note whom to remind and what is overdue by the local day of an instant; how much was noted.

    Looks first without holding anybody back, and again at what it found once it writes. One run after a long sleep
    notes all that was slept through.
    """
    today = office.profile.zone.day(at)
    with office.database.read() as connection:
        master = office.refresh(connection)
        owed, found = _passed(office, connection, today, None)
        points = {point_id(int(owed.point[one.place])) for one in found}
    if not points:
        return 0
    with office.database.write() as connection:
        transaction = allocate(connection, at * MICROSECONDS)
        master = office.refresh(connection)
        owed, found = _passed(office, connection, today, points)
        rows = [_row(master, owed, one, (transaction, day_number(today))) for one in found]
        run_many(
            connection,
            "insert into reading_deadline"
            ' (metering_point, start, state, "transaction", nominal, day, grid_area) values (?, ?, ?, ?, ?, ?, ?)',
            rows,
        )
    return len(rows)


def _passed(
    office: Office, connection: Connection, today: date, only: Iterable[str] | None
) -> tuple[Awaited, list[_Passed]]:
    """Awaited readings, and the limits that have gone by of them and are not noted yet, oldest limit first."""
    terms, now = office.profile.readings, day_number(today)
    owed = awaited(office, connection, today, only)
    owed = owed.where(owed.nominal < now)
    days = {number: numbered_day(number) for number in np.unique(owed.nominal).tolist()}
    unreminded = {number for number, day in days.items() if terms.last_day_unreminded(day) >= today}
    owed = owed.where(~np.isin(owed.nominal, list(unreminded)))
    known = passed_deadlines(connection, [point_id(key) for key in owed.point.tolist()])
    found: list[_Passed] = []
    for place, (key, start, nominal) in enumerate(
        zip(owed.point.tolist(), owed.start.tolist(), owed.nominal.tolist(), strict=True)
    ):
        limits = (terms.last_day_unreminded(days[nominal]), terms.due(days[nominal]))
        state = known.get((point_id(key), start), ReadingState.EXPECTED)
        found += [_Passed(place, reached) for reached in _steps(state, limits, today)]
    return owed, found


_NOTED = {effects.REMIND_OF_READING, effects.MARK_OVERDUE}


def _steps(state: ReadingState, limits: tuple[date, date], today: date) -> Iterator[ReadingState]:
    """The states a period reaches by the limits that have gone by, of which some are noted already."""
    reached = (ReadingState.EXPECTED, ReadingState.REMINDED, ReadingState.OVERDUE).index(state)
    for limit in limits[reached:]:
        if limit >= today:
            return
        outcome = METER_READING.step(state, DeadlinePassed(day_number(limit)))
        if not isinstance(outcome, Transition) or not _NOTED & set(outcome.effects):
            raise TypeError(f"no limit is noted in state {state}")
        state = outcome.to
        yield state


def _row(master: MasterData, owed: Awaited, passed: _Passed, when: tuple[int, int]) -> tuple[object, ...]:
    transaction, day = when
    place = passed.place
    area = master.areas.names[int(master.points.grid_area[owed.row[place]])]
    about = (int(owed.point[place]), int(owed.start[place]), passed.state.value)
    return (*about, transaction, int(owed.nominal[place]), day, area)


_OPEN_DEADLINES = (
    "select d.metering_point, d.start, d.state from reading_deadline d where not exists (select 1"  # noqa: S608 - our own words
    " from reading_version v where v.metering_point = d.metering_point and v.start = d.start"
    f' and v.id >= d."transaction" * {PLACES})'
)
"""Deadlines of periods of which nothing has come since."""


class _Stretches(NamedTuple):
    """Times in which a point is profile-settled under one supplier, as columns sorted by point and begin."""

    point: Rows
    begin: Instants
    end: Instants
    row: Rows
    settled_since: Instants


def read_by_meter(office: Office, master: MasterData) -> Mask:
    """Which versions of points are profile-settled consumption that owes readings, whatever their time."""
    columns, accepted = master.points, office.profile.facts(office.clock.now()).accepted
    wanted: Mask = (
        (columns.kind == KINDS.index(MeteringPointType.CONSUMPTION))
        & (columns.settlement_method == METHODS.index(SettlementMethod.PROFILED))
        & (columns.subtype == SUBTYPES.index(Subtype.PHYSICAL))
        & (columns.energy_supplier != NONE)
        & accepted.states[columns.connection_state]
    )
    return wanted


def _stretches(office: Office, master: MasterData, keys: Rows | None) -> _Stretches:
    columns, wanted = master.points, read_by_meter(office, master)
    if keys is not None:
        wanted &= np.isin(columns.point, keys)
    rows = np.flatnonzero(wanted)
    point, supplier = columns.point[rows], columns.energy_supplier[rows]
    begin, end = columns.valid_from[rows], columns.valid_to[rows]
    is_new = np.ones(len(rows), dtype=np.bool_)
    is_new[1:] = (point[1:] != point[:-1]) | (end[:-1] != begin[1:])
    settled = begin[is_new][np.cumsum(is_new) - 1] if len(rows) else begin
    is_new[1:] |= supplier[1:] != supplier[:-1]
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(rows)) - 1 if len(rows) else first
    return _Stretches(point[first], begin[first], end[last], rows[last], settled[first])


class _Newest(NamedTuple):
    """Of every point that was read, sorted: the end of its newest period, and its newest ordinary nominal date."""

    point: Rows
    end: Instants
    ordinary: Rows


def _newest(connection: Connection, keys: Rows | None) -> _Newest:
    chosen = "" if keys is None else " and metering_point in (*)"
    statement = on_driver(
        connection,
        "select metering_point, max(finish), max(case when occasion = 'ordinary' then nominal end)"  # noqa: S608 - ours
        f" from reading_version v where {STANDING}{chosen} group by metering_point order by metering_point",
    )
    bound = (ALWAYS, ALWAYS) if keys is None else (ALWAYS, ALWAYS, listed(connection, keys.tolist()))
    found = [
        (key, end, _NO_DAY if ordinary is None else ordinary)
        for key, end, ordinary in connection.exec_driver_sql(statement, bound)
    ]
    return _Newest(*np.array(found, dtype=np.int64).reshape(-1, 3).T)


_FAR = 200 * 366 * 86_400
"""An instant behind every reading; a later end of a version is looked at as this one."""


def _next_after(anchor: Rows, start: Rows, months: int) -> Rows:
    """The first date behind `start` that lies whole intervals of months behind `anchor`, all as day numbers."""
    first = anchor.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    day = anchor - first.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    reached = start.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    count = np.maximum((reached - first) // months, 1)
    found = _in_month(first + count * months, day)
    late = found <= start
    found[late] = _in_month(first + (count + 1) * months, day)[late]
    return found


def _in_month(month: Rows, day: Rows) -> Rows:
    """The day of a month counted from 0, or its last where it is shorter."""
    begins = month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (month + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    found: Rows = np.minimum(begins + day, following - 1)
    return found
