"""A run of reminders: what is due by the market clock is looked for, and goes out in one commit (D1 appendix 4).

Each instant at which a group's reminders are due is run once, by whichever process comes first. Those a hub slept
through are run together when it is back, as of the newest of them: nobody is reminded twice of the same thing at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.claims import Claim
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate
from gateway.hub.masterdata.registrations import first_import_at
from gateway.hub.office import Office
from gateway.hub.outgoing import Cause
from gateway.hub.readings.deadlines import note_passed_deadlines
from gateway.hub.reminders.looking import NOBODY, Found, Look, PointsByArea
from gateway.hub.reminders.sending import send
from gateway.hub.reminders.steps import Place, Round, Step, last_round, note_round, note_steps, open_points, step
from gateway.messages.codes import ReminderGroup
from gateway.messages.masterdata import Rows
from gateway.processes.events import DataCame, DataMissing, DeadlinePassed, NothingOwed
from gateway.processes.reminder import ReminderState

CLAIM = "reminders"
CLAIM_SECONDS = 900
"""How long a run may take before another process begins it as well; whoever is second to commit keeps nothing."""

_AWAITED, _REMINDED = ReminderState.AWAITED, ReminderState.REMINDED


class DueRound(NamedTuple):
    """Reminders of a group that are due: since when, the round before, and when the hub began."""

    group: ReminderGroup
    due: int
    last: Round | None
    begun: int


class _Outcome(NamedTuple):
    """What a round looked at: the steps to take, whom to remind, the import of master data it was made by."""

    round: DueRound
    steps: list[Step]
    operators: Mapping[str, str]
    master_data: int


class Reminders:
    """Reminds the grid operators of one hub."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._claim = Claim(office, CLAIM, CLAIM_SECONDS)

    def catch_up(self) -> int:
        """Send the reminders that are due and have not gone out; how many series that is.

        Raises:
            StoreUnavailable: everything stays due.
        """
        with self._office.database.read() as connection:
            due = self.due(connection)
        if not due or not self._claim.take():
            return 0
        if any(one.group is ReminderGroup.READINGS for one in due):
            note_passed_deadlines(self._office, self._office.clock.now())
        outcomes = [self._look(one) for one in due]
        return self._send(outcomes)

    def due(self, connection: Connection) -> list[DueRound]:
        """The rounds that are due: of each group the newest instant that has passed since its round before."""
        office, first = self._office, first_import_at(connection)
        if first is None:
            return []
        found, begun = [], first // MICROSECONDS
        for group in ReminderGroup:
            last = last_round(connection, group)
            newest = office.profile.timetable.reminders_before(group, office.clock.now())
            if newest > (begun if last is None else last.due):
                found.append(DueRound(group, newest, last, begun))
        return found

    def _look(self, one: DueRound) -> _Outcome:
        with self._office.database.read() as connection:
            known = _by_day(open_points(connection, one.group, one.last))
            look = Look(self._office, connection, *one, known)
            steps = list(_steps(look))
            return _Outcome(one, steps, look.operators, look.master.transaction)

    def _send(self, outcomes: Sequence[_Outcome]) -> int:
        """Note and send everything, unless another process has done so meanwhile."""
        with self._office.database.write() as connection:
            at = self._office.clock.micros()
            number = allocate(connection, at)
            self._claim.release(connection)
            if any(last_round(connection, one.round.group) != one.round.last for one in outcomes):
                return 0
            for one in outcomes:
                note_round(connection, one.round.group, Round(one.round.due, number, one.master_data))
                note_steps(connection, number, one.steps)
            steps = [step for one in outcomes for step in one.steps]
            operators = {area: operator for one in outcomes for area, operator in one.operators.items()}
            return send(self._office, connection, Cause(None, number, at), steps, operators)


def _by_day(points: Mapping[Place, Rows]) -> dict[date, dict[str, Rows]]:
    found: dict[date, dict[str, Rows]] = {}
    for place, keys in points.items():
        found.setdefault(place.day, {})[place.grid_area] = keys
    return found


def _steps(look: Look) -> Iterator[Step]:
    """The steps of everything a round finds; every point that stood reminded takes one."""
    seen: set[date] = set()
    for day, found in look.days():
        if not look.is_closed(day):
            seen.add(day)
            yield from _of_day(look.group, day, look.known.get(day, {}), found)
    for day, known in look.known.items():
        if day not in seen:
            for area, points in known.items():
                yield from step(Place(look.group, day, area), _REMINDED, DeadlinePassed(look.due), points)


def _of_day(group: ReminderGroup, day: date, known: PointsByArea, found: Found) -> Iterator[Step]:
    for area in sorted({*known, *found.missing}):
        place = Place(group, day, area)
        before, missing = known.get(area, NOBODY), found.missing.get(area, NOBODY)
        gone = np.setdiff1d(before, missing)
        came = np.isin(gone, found.owing.get(area, NOBODY))
        yield from step(place, _AWAITED, DataMissing(), np.setdiff1d(missing, before))
        yield from step(place, _REMINDED, DataMissing(), np.intersect1d(missing, before))
        yield from step(place, _REMINDED, DataCame(), gone[came])
        yield from step(place, _REMINDED, NothingOwed(), gone[~came])
