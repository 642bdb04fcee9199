"""What is due on an evening, by the calendar and by where every day of operation stands.

A day that is behind its calendar, because its fixation was postponed or held, catches up on the first evening it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gateway.hub.settlement.days import UNTOUCHED, Standing
from gateway.markets.calendar import MarketTimetable
from gateway.messages.codes import REFIXATIONS, SettlementStage
from gateway.processes.fixation import FixationState
from gateway.processes.machine import State
from gateway.processes.refixation import RefixationState

_AHEAD: Mapping[State, tuple[SettlementStage, ...]] = {
    RefixationState.FIXED: REFIXATIONS,
    RefixationState.FIRST: REFIXATIONS[1:],
    RefixationState.SECOND: REFIXATIONS[2:],
    RefixationState.FINAL: (SettlementStage.CORRECTION,),
    RefixationState.CLOSED: (),
}
"""The stages a fixed day has before it."""

_ORDER = (SettlementStage.FIXATION, *REFIXATIONS, SettlementStage.CORRECTION, SettlementStage.PRELIMINARY)
"""An evening fixes first, refixes over it, and sums up the younger days last (D1 §4.4)."""


class Due(NamedTuple):
    """One settlement that is due: a stage of a day of operation in some grid areas."""

    stage: SettlementStage
    day: date
    areas: tuple[str, ...]


def evening_after(timetable: MarketTimetable, instant: int) -> int:
    """The first evening (epoch seconds) after an instant."""
    day = timetable.zone.day(instant)
    today = timetable.evening(day)
    return today if today > instant else timetable.evening(day + timedelta(days=1))


def due_on(
    timetable: MarketTimetable,
    evening: int,
    areas: Callable[[date], Sequence[str]],
    standings: Mapping[tuple[date, str], Standing],
) -> Iterator[Due]:
    """What an evening settles, in the order of running.

    `areas` are the grid areas of a day of operation; `standings` are where all days stand that are not closed.
    """
    found: dict[tuple[SettlementStage, date], list[str]] = {}
    postponed = {day for (day, _), one in standings.items() if one.state is FixationState.POSTPONED}
    for day in postponed.union(timetable.open_days(timetable.zone.day(evening))):
        for area in areas(day):
            one = standings.get((day, area), UNTOUCHED)
            if not one.is_fixed and one.state is not FixationState.HELD:
                comes = one.until or timetable.fixation(day)
                stage = SettlementStage.FIXATION if comes <= evening else SettlementStage.PRELIMINARY
                found.setdefault((stage, day), []).append(area)
    for (day, area), one in standings.items():
        for stage in _AHEAD.get(one.state, ()):
            if timetable.settled(stage, day) <= evening:
                found.setdefault((stage, day), []).append(area)
    for stage, day in sorted(found, key=lambda pair: (_ORDER.index(pair[0]), pair[1])):
        yield Due(stage, day, tuple(sorted(found[stage, day])))
