"""Looking at reminders: how often who was reminded of what, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.control.day_places import place_behind, place_of, that_fit
from gateway.hub.office import Office
from gateway.hub.own_areas import areas_of
from gateway.hub.ports import Page, Principal
from gateway.hub.ports_reminders import Reminder, ReminderPage, ReminderQuery
from gateway.hub.reminders.looking import NOBODY
from gateway.hub.reminders.steps import NotedStep, Place, days_with_steps, noted_steps
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import Rows
from gateway.messages.times import Instants
from gateway.processes.reminder import ReminderState

MOST_DAYS = 31
"""Days looked through for one page: of each all steps are read."""

_STATES = tuple(ReminderState)
_FIRST_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Standings:
    """Where the points of a place stand, as columns by point.

    Attributes:
        point: int64 keys.
        state: int64, places in `ReminderState`.
        reminders: int64, how often its operator was reminded.
        first, last: int64, the first and the last time.
        ended: int64, when it was filled or closed; 0 while it is reminded.
    """

    point: Rows
    state: Rows
    reminders: Rows
    first: Instants
    last: Instants
    ended: Instants

    def after(self, step: NotedStep) -> Standings:
        """Where they stand after some of them took a step; who had ended and is reminded again begins anew."""
        point = np.union1d(self.point, step.points)
        columns = np.zeros((5, len(point)), dtype=np.int64)
        before = (self.state, self.reminders, self.first, self.last, self.ended)
        columns[:, np.searchsorted(point, self.point)] = np.stack(before)
        state, reminders, first, last, ended = columns
        moved = np.searchsorted(point, step.points)
        state[moved] = _STATES.index(step.state)
        if step.state is ReminderState.REMINDED:
            anew = moved[(reminders[moved] == 0) | (ended[moved] > 0)]
            first[anew], reminders[anew], ended[anew] = step.at, 0, 0
            last[moved] = step.at
            reminders[moved] += 1
        else:
            ended[moved] = step.at
        return Standings(point, state, reminders, first, last, ended)

    def where(self, state: ReminderState) -> Standings:
        """Those in a state."""
        kept = self.state == _STATES.index(state)
        return Standings(*(getattr(self, name)[kept] for name in self.__slots__))


_UNTOUCHED = Standings(*(NOBODY,) * 6)


def reminder_page(
    office: Office, connection: Connection, reader: Principal, query: ReminderQuery, page: Page
) -> ReminderPage | None:
    """A window of reminders in the reader's grid areas, by day and point; None for an area that is not its own.

    At most MOST_DAYS are looked through at once, so that a window may be empty and yet go on.
    """
    areas = areas_of(office.refresh(connection), reader, query.grid_area, office.clock.now())
    if areas is None:
        return None
    start, behind = place_of(page.after) or (query.start or _FIRST_DAY, -1)
    found: list[Reminder] = []
    for number, day in enumerate(days_with_steps(connection, start, query.end, areas)):
        if number == MOST_DAYS:
            return ReminderPage(tuple(found), place_behind(day))
        rows = list(_of_day(connection, day, query.state, areas))
        of_day = _sorted(rows)
        places, behind = that_fit(of_day[0], behind if day == start else -1, page.limit - len(found))
        found += _shown(office, rows, (of_day[1][places], of_day[2][places]))
        if behind >= 0:
            return ReminderPage(tuple(found), place_behind(day, behind))
    return ReminderPage(tuple(found))


def _of_day(
    connection: Connection, day: date, state: ReminderState | None, areas: frozenset[str]
) -> Iterator[tuple[Place, Standings]]:
    found: dict[Place, Standings] = {}
    for step in noted_steps(connection, day, areas):
        found[step.place] = found.get(step.place, _UNTOUCHED).after(step)
    for place, standings in sorted(found.items()):
        yield place, standings if state is None else standings.where(state)


def _sorted(rows: list[tuple[Place, Standings]]) -> tuple[Rows, Rows, Rows]:
    """All points of a day, ascending, with the table and the row in it of each."""
    point = np.concatenate([NOBODY, *(standings.point for _, standings in rows)])
    table = np.repeat(np.arange(len(rows)), [len(standings.point) for _, standings in rows])
    row = np.concatenate([NOBODY, *(np.arange(len(standings.point)) for _, standings in rows)])
    order = np.argsort(point, kind="stable")
    return point[order], table[order], row[order]


def _shown(office: Office, rows: list[tuple[Place, Standings]], chosen: tuple[Rows, Rows]) -> Iterator[Reminder]:
    now = office.clock.now()
    for table, row in zip(*(column.tolist() for column in chosen), strict=True):
        place, standings = rows[table]
        yield Reminder(
            day=place.day,
            metering_point=point_id(int(standings.point[row])),
            grid_area=place.grid_area,
            grid_operator=office.master.grid_operator(place.grid_area, now) or "",
            group=place.group,
            state=_STATES[standings.state[row]],
            reminders=int(standings.reminders[row]),
            first=int(standings.first[row]),
            last=int(standings.last[row]),
            ended=int(standings.ended[row]) or None,
        )
