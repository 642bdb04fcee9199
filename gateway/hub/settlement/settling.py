"""One stage of a day of operation settled: calculated as known at a version, then filed, sent and noted in one commit.

A crash before that commit leaves the day untouched and still due. The commit itself is made lasting by the evening's
own, or by that of whoever peeks first: what was lost before is calculated again, with the same result.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.calculation import Calculated, calculate
from gateway.hub.settlement.days import UNTOUCHED, Note, Standing, note_steps, standings
from gateway.hub.settlement.delivery import send
from gateway.hub.settlement.snapshots import Run, file_run, last_bases
from gateway.messages.codes import SettlementStage
from gateway.messages.findings import Finding
from gateway.processes.effects import FILE_SNAPSHOT, SEND_BASIS, SEND_CORRECTION, SEND_SUMS
from gateway.processes.events import BasisCalculated, CorrectionsSettled, Event, SumsCalculated
from gateway.processes.machine import Transition

log = logging.getLogger(__name__)

_BEFORE_FIXED = (SettlementStage.PRELIMINARY, SettlementStage.FIXATION)
_SENDING = {SEND_SUMS, SEND_BASIS, SEND_CORRECTION}

Happening = Callable[[Calculated], Event]
"""What a calculation means to the process of its day."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """Up to where a settlement reads: the evening (epoch seconds), and the version of everything as known then."""

    evening: int
    as_of: int


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided on a settlement, and why; nobody where the market clock did."""

    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Move:
    """A grid area's step: where it stood, what happened, where it goes, with what it came to."""

    before: Standing
    event: Event
    transition: Transition[Any]
    found: Calculated


def settle(
    office: Office, due: Due, cut_off: CutOff, happening: Happening | None = None, decided: Decided = Decided()
) -> Run | None:
    """Settle one stage of a day in its grid areas; the run that was filed, None where nothing was to file.

    An area whose process does not list what happened is left out with a warning in the log: it was fixed meanwhile, or
    has not been fixed yet. A step that another process has taken meanwhile breaks the commit, and nothing is filed.
    """
    with office.database.read() as connection:
        before = standings(connection, due.day, due.day)
        calculated = calculate(office, connection, due, cut_off.as_of, last_bases(connection, due.day))
    moves: dict[str, _Move] = {}
    for area, found in calculated.items():
        standing = before.get((due.day, area), UNTOUCHED)
        event = happening(found) if happening else _by_the_clock(due.stage, found)
        outcome = standing.step(event) if standing.is_fixed != (due.stage in _BEFORE_FIXED) else _OUT_OF_TURN
        if isinstance(outcome, Finding):
            log.warning("%s of %s in %s is left out: %s", due.stage, due.day, area, outcome.text)
        else:
            moves[area] = _Move(standing, event, outcome, found)
    return _commit(office, due, cut_off, moves, decided) if moves else None


def _commit(office: Office, due: Due, cut_off: CutOff, moves: dict[str, _Move], decided: Decided) -> Run | None:
    at = office.clock.micros()
    run: Run | None = None
    with office.database.write(lasting=False) as connection:
        version = allocate(connection, at)
        filed = {area: move.found.results for area, move in moves.items() if FILE_SNAPSHOT in move.transition.effects}
        if filed:
            run = Run(due.stage, due.day, cut_off.evening, cut_off.as_of, version, at)
            run, snapshots = file_run(connection, run, filed)
            sent = {
                area: (snapshots[area], found)
                for area, found in filed.items()
                if not _SENDING.isdisjoint(moves[area].transition.effects)
            }
            send(office, connection, run, sent, office.master_as_of(connection, cut_off.as_of))
        steps = {area: (move.before, move.event, move.transition) for area, move in moves.items()}
        note = Note(at, None if run is None else run.id, None, decided.actor, decided.reason)
        found = {area: move.found.finding for area, move in moves.items()}
        note_steps(connection, due.day, steps, note, {area: one.text for area, one in found.items() if one})
    return run


def _by_the_clock(stage: SettlementStage, found: Calculated) -> Event:
    if stage is SettlementStage.PRELIMINARY:
        return SumsCalculated()
    if stage is SettlementStage.CORRECTION:
        return CorrectionsSettled(is_last=True)
    return BasisCalculated(found.negative_steps)


_OUT_OF_TURN = Finding(code="", text="the day has not been fixed, or was fixed already", rule="stage-out-of-turn")
