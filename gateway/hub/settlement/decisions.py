"""What the hub's operator decides about a fixation: let a negative residual stand, or postpone (D1 §4.2, §6.2.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_settlement import Postponement
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.calculation import settled_areas
from gateway.hub.settlement.days import UNTOUCHED, Note, Standing, note_steps, standings
from gateway.hub.settlement.settling import CutOff, Decided, settle
from gateway.hub.settlement.snapshots import Run
from gateway.markets.calendar import MarketTimetable
from gateway.messages.codes import SettlementStage
from gateway.messages.findings import Finding
from gateway.processes.events import Event, FixationPostponed, NegativeResidualAccepted
from gateway.processes.fixation import FixationState
from gateway.processes.machine import Transition

LONGEST_REASON = 1000


def postpone(
    office: Office, connection: Connection, operator: Principal, wanted: tuple[date, Sequence[str], date], reason: str
) -> tuple[Postponement, ...] | Refused:
    """Move the fixation of a day of operation, in some grid areas or in all of them, to another evening.

    `wanted` is the day of operation, its grid areas (none is every one) and the day of the new evening: a working day,
    later than the old one. The receipt cut-off moves along; limits for missing values and refixations do not. Parties
    see it at once (`notices`). All areas are moved or none (DK-4.2.c, D1 appendix 6).

    Findings: `unknown-grid-area`, `not-a-working-day`, `evening-passed`, `not-later`, `reason-missing`,
    `event-not-listed`.
    """
    day, areas, target = wanted
    timetable, now = office.profile.timetable, office.clock.now()
    new = timetable.evening(target)
    known = settled_areas(office.refresh(connection), timetable.zone.day_interval(day))
    findings = [_finding("unknown-grid-area", f"no grid area {area} on {day}") for area in areas if area not in known]
    findings += (*_evening_findings(timetable, target, now), *_reason_findings(reason))
    before = standings(connection, day, day)
    moves: dict[str, tuple[Standing, Event, Transition[FixationState]]] = {}
    moved: list[Postponement] = []
    for area in sorted(set(areas) or known):
        standing = before.get((day, area), UNTOUCHED)
        old = standing.until or timetable.fixation(day)
        event = FixationPostponed(new, reason)
        outcome = standing.step(event)
        if isinstance(outcome, Finding):
            findings.append(outcome)
        elif new <= old:
            findings.append(_finding("not-later", f"{day} in {area} is to be fixed then or later already"))
        elif old < now and standing.state is not FixationState.HELD:
            findings.append(_finding("evening-passed", f"the fixation of {day} in {area} is under way"))
        else:
            moves[area] = (standing, event, outcome)
            moved.append(Postponement(day, area, old, new, timetable.sent_by(new), reason, now))
    if findings:
        return Refused(tuple(findings))
    note_steps(connection, day, moves, Note(office.clock.micros(), None, new, operator.client_id, reason))
    return tuple(moved)


def accept_residual(office: Office, operator: Principal, day: date, areas: Sequence[str], reason: str) -> Run | Refused:
    """Let the negative residual of held days stand: the basis is fixed as it was calculated at its own cut-off.

    All areas are fixed or none; the reason is kept with the step (DK-6.2.2).

    Findings: `reason-missing`, `not-held`.
    """
    findings = _reason_findings(reason)
    with office.database.read() as connection:
        before = standings(connection, day, day)
        cut_offs: dict[CutOff, list[str]] = {}
        for area in sorted(set(areas)):
            standing = before.get((day, area), UNTOUCHED)
            if standing.state is not FixationState.HELD:
                text = f"{day} in {area} is {standing.state}, and does not wait for a decision"
                findings.append(_finding("not-held", text))
            evening = standing.until or office.profile.timetable.fixation(day)
            known = transaction_at(connection, evening * MICROSECONDS)
            cut_offs.setdefault(CutOff(evening, known), []).append(area)
    if len(cut_offs) > 1:
        findings.append(_finding("different-cut-offs", "these areas were held on different evenings; name them apart"))
    if not cut_offs:
        findings.append(_finding("unknown-grid-area", "no grid area is named"))
    if findings:
        return Refused(tuple(findings))
    ((cut_off, held),) = cut_offs.items()
    due = Due(SettlementStage.FIXATION, day, tuple(held))
    run = settle(office, due, cut_off, lambda _: NegativeResidualAccepted(reason), Decided(operator.client_id, reason))
    assert run is not None
    return run


def _evening_findings(timetable: MarketTimetable, target: date, now: int) -> Iterator[Finding]:
    if not timetable.working_days.is_working_day(target):
        yield _finding("not-a-working-day", f"{target} is no working day")
    if timetable.evening(target) <= now:
        yield _finding("evening-passed", f"the evening of {target} has passed")


def _reason_findings(reason: str) -> list[Finding]:
    if not reason.strip():
        return [_finding("reason-missing", "a decision states its reason")]
    if len(reason) > LONGEST_REASON:
        return [_finding("reason-too-long", f"a reason has at most {LONGEST_REASON} characters")]
    return []


def _finding(rule: str, text: str) -> Finding:
    return Finding(code=rule, text=text, rule=rule, clause="D1 §4.2")
