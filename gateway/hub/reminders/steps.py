"""Where reminders stand: rounds that went out, and the steps of the reminder process, many points to a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.tables import transaction
from gateway.hub.tables_reminders import reminder_round, reminder_step
from gateway.messages.codes import ReminderGroup
from gateway.messages.masterdata import Rows
from gateway.messages.times import day_number, numbered_day
from gateway.processes.events import Event
from gateway.processes.machine import Transition
from gateway.processes.reminder import REMINDER, ReminderState


class Round(NamedTuple):
    """An instant just after which the reminders of a group went out: the commit, and the import it was made by."""

    due: int
    transaction: int
    master_data: int


class Place(NamedTuple):
    """A day of a group, and the grid area its points lie in.

    The day is that of operation, the first of a month of production, or a nominal reading date.
    """

    group: ReminderGroup
    day: date
    grid_area: str


class Step(NamedTuple):
    """One step that points of a place take together; their keys ascend."""

    place: Place
    event: Event
    transition: Transition[ReminderState]
    points: Rows


class NotedStep(NamedTuple):
    """A step as it was noted, at an instant in seconds."""

    place: Place
    state: ReminderState
    at: int
    points: Rows


def step(place: Place, state: ReminderState, event: Event, points: Rows) -> Iterator[Step]:
    """What happens to some points of a place that stand in a state; nothing where there are none."""
    if len(points):
        outcome = REMINDER.step(state, event)
        if not isinstance(outcome, Transition):
            raise TypeError(outcome.finding.text)
        yield Step(place, event, outcome, points)


def last_round(connection: Connection, group: ReminderGroup) -> Round | None:
    """The newest round of a group that went out."""
    table = reminder_round
    wanted = sa.select(table.c.due, table.c.transaction, table.c.master_data).where(table.c.group == group.value)
    row = connection.execute(wanted.order_by(table.c.due.desc()).limit(1)).first()
    return None if row is None else Round(*row)


def open_points(connection: Connection, group: ReminderGroup, last: Round | None) -> dict[Place, Rows]:
    """The points that stand reminded; every round names all of those again."""
    table, found = reminder_step, dict[Place, Rows]()
    if last is None:
        return found
    wanted = sa.select(table).where(table.c.transaction == last.transaction, table.c.group == group.value)
    for row in connection.execute(wanted.where(table.c.state == ReminderState.REMINDED.value)):
        place = Place(group, numbered_day(row.day), row.grid_area)
        found[place] = np.union1d(found[place], _unpacked(row.content)) if place in found else _unpacked(row.content)
    return found


def note_round(connection: Connection, group: ReminderGroup, one: Round) -> None:
    """Note that the reminders of a group went out; a round that is there already breaks the commit."""
    connection.execute(sa.insert(reminder_round).values(group=group.value, **one._asdict()))


def note_steps(connection: Connection, number: int, steps: Iterable[Step]) -> None:
    """Note steps under a transaction."""
    rows = [
        {
            "transaction": number,
            "group": one.place.group.value,
            "day": day_number(one.place.day),
            "grid_area": one.place.grid_area,
            "version": REMINDER.version,
            "event": type(one.event).__name__,
            "state": one.transition.to.value,
            "points": len(one.points),
            "content": _packed(one.points),
        }
        for one in steps
    ]
    if rows:
        connection.execute(sa.insert(reminder_step), rows)


def days_with_steps(connection: Connection, first: date, end: date | None, areas: frozenset[str]) -> list[date]:
    """Days from the first on and before an end of which somebody in some grid areas was reminded, ascending."""
    table = reminder_step
    wanted = sa.select(table.c.day).where(table.c.day >= day_number(first), table.c.grid_area.in_(sorted(areas)))
    if end is not None:
        wanted = wanted.where(table.c.day < day_number(end))
    return [numbered_day(number) for number in connection.execute(wanted.distinct().order_by(table.c.day)).scalars()]


def noted_steps(connection: Connection, day: date, areas: frozenset[str]) -> Iterator[NotedStep]:
    """All steps of a day in some grid areas, in the order they were taken."""
    table = reminder_step
    wanted = sa.select(table, transaction.c.committed_at).join(transaction)
    wanted = wanted.where(table.c.day == day_number(day), table.c.grid_area.in_(sorted(areas))).order_by(table.c.id)
    for row in connection.execute(wanted):
        place = Place(ReminderGroup(row.group), day, row.grid_area)
        yield NotedStep(place, ReminderState(row.state), row.committed_at // 1_000_000, _unpacked(row.content))


def _packed(points: Rows) -> bytes:
    return zstandard.ZstdCompressor(level=1).compress(np.diff(points, prepend=0).astype("<i8").tobytes())


def _unpacked(content: bytes) -> Rows:
    return np.cumsum(np.frombuffer(zstandard.ZstdDecompressor().decompress(content), dtype="<i8"))
