"""Where days of operation stand, grid area by grid area: steps of the fixation and refixation processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.tables_settlement import settlement_step as steps
from gateway.messages.findings import Finding
from gateway.messages.times import day_number, numbered_day
from gateway.processes.events import Event
from gateway.processes.fixation import FIXATION, FixationState
from gateway.processes.machine import Machine, Refusal, State, Transition
from gateway.processes.refixation import REFIXATION, RefixationState
from gateway.processes.registry import PROCESSES

_BEGUN = {FixationState.FIXED: REFIXATION}
"""What begins where a process ends."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a day of operation stands in a grid area.

    Attributes:
        machine: the process that runs now, in the version it began with.
        state: its state.
        ordinal: number of the last step, 0 before the first.
        until: the evening a fixation was postponed to, epoch seconds; None where it was not.
    """

    machine: Machine[Any] = FIXATION
    state: State = FixationState.OPEN
    ordinal: int = 0
    until: int | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether its basis has been fixed."""
        return isinstance(self.state, RefixationState)

    def step(self, event: Event) -> Transition[Any] | Finding:
        """What happens on an event, or why nothing may."""
        outcome = self.machine.step(self.state, event)
        return outcome.finding if isinstance(outcome, Refusal) else outcome


UNTOUCHED = Standing()
"""Where a day stands that nothing has happened to yet."""


@dataclass(frozen=True, slots=True)
class Note:
    """What a step leaves behind besides its state.

    Attributes:
        at: microseconds.
        run: the settlement that brought it about, if one did.
        until: the evening a fixation is postponed to; None leaves the one before in force.
        actor: who decided; empty for the market clock.
        text: the reason.
    """

    at: int
    run: int | None = None
    until: int | None = None
    actor: str = ""
    text: str = ""


def standings(connection: Connection, first: date, last: date) -> dict[tuple[date, str], Standing]:
    """Where the days first to last stand, both included; a pair that is not there is untouched."""
    newest = (
        sa.select(steps.c.day, steps.c.grid_area, sa.func.max(steps.c.ordinal).label("ordinal"))
        .where(steps.c.day.between(day_number(first), day_number(last)))
        .group_by(steps.c.day, steps.c.grid_area)
        .subquery()
    )
    same = sa.and_(*(steps.c[name] == newest.c[name] for name in ("day", "grid_area", "ordinal")))
    rows = connection.execute(sa.select(steps).join(newest, same))
    return {(numbered_day(row.day), row.grid_area): _standing(row) for row in rows}


def history(connection: Connection, day: date, grid_area: str) -> list[sa.Row[Any]]:
    """Every step of a day in a grid area, oldest first."""
    wanted = sa.select(steps).where(steps.c.day == day_number(day), steps.c.grid_area == grid_area)
    return list(connection.execute(wanted.order_by(steps.c.ordinal)))


def note_steps(
    connection: Connection,
    day: date,
    moves: Mapping[str, tuple[Standing, Event, Transition[Any]]],
    note: Note,
    remarks: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write one step of a day for each grid area, with a remark of its own where there is no reason.

    A step taken by somebody else meanwhile breaks the commit.
    """
    rows = [
        {
            "day": day_number(day),
            "grid_area": area,
            "ordinal": before.ordinal + 1,
            "at": note.at,
            "process": before.machine.name,
            "version": before.machine.version,
            "event": type(event).__name__,
            "state": transition.to.value,
            "run": note.run,
            "until": before.until if note.until is None else note.until,
            "actor": note.actor,
            "text": note.text or remarks.get(area, ""),
        }
        for area, (before, event, transition) in moves.items()
    ]
    if rows:
        connection.execute(sa.insert(steps), rows)


def _standing(row: sa.Row[Any]) -> Standing:
    machine = PROCESSES[row.process, row.version]
    state = machine.states(row.state)
    begun = _BEGUN.get(state) if machine.name == FIXATION.name else None
    return Standing(begun or machine, begun.initial if begun else state, row.ordinal, row.until)
