"""What an evening settles, by the calendar and by where the days stand (Regulation D1 §4.1.5, §4.2, §4.4, §4.5)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.hub.settlement.agenda import Due, due_on, evening_after
from gateway.hub.settlement.days import Standing
from gateway.markets.registry import profile
from gateway.messages.codes import REFIXATIONS, SettlementStage
from gateway.processes.fixation import FIXATION, FixationState
from gateway.processes.refixation import REFIXATION, RefixationState

TIMES = profile("dk").timetable
Stands = dict[tuple[date, str], Standing]

FIXATION_STAGE, SUMS = SettlementStage.FIXATION, SettlementStage.PRELIMINARY
FIRST, SECOND, FINAL = REFIXATIONS


def due(evening: date, stands: Stands | None = None, areas: tuple[str, ...] = ("701",)) -> list[Due]:
    return list(due_on(TIMES, TIMES.evening(evening), lambda day: areas, stands or {}))


def fixed(state: RefixationState) -> Standing:
    return Standing(REFIXATION, state, 5)


def test_a_new_hub_sums_up_the_open_days_and_fixes_those_whose_evening_it_is() -> None:
    """DK-4.1.5.g, DK-1.11."""
    found = due(date(2016, 4, 15))
    assert [one.day for one in found if one.stage is FIXATION_STAGE] == [date(2016, 4, day) for day in (8, 9, 10)]
    assert [one.day for one in found if one.stage is SUMS] == [date(2016, 4, day) for day in (11, 12, 13, 14)]
    assert all(one.areas == ("701",) for one in found)


def test_a_postponed_fixation_waits_for_its_evening_and_gets_sums_until_then() -> None:
    """DK-4.2.c: also when its new evening lies long behind the calendar's."""
    day, later = date(2016, 4, 8), date(2016, 4, 29)
    stands = {(day, "701"): Standing(FIXATION, FixationState.POSTPONED, 3, TIMES.evening(later))}
    assert Due(FIXATION_STAGE, day, ("740",)) in due(date(2016, 4, 15), stands, ("701", "740"))
    for evening in (date(2016, 4, 15), date(2016, 4, 28)):
        assert Due(SUMS, day, ("701",)) in due(evening, stands)
    assert Due(FIXATION_STAGE, day, ("701",)) in due(later, stands)


def test_a_held_day_waits_for_the_operator() -> None:
    """DK-6.2.2."""
    stands = {(date(2016, 4, 8), "701"): Standing(FIXATION, FixationState.HELD, 4)}
    assert all(one.day != date(2016, 4, 8) for one in due(date(2016, 4, 15), stands))


def test_three_months_are_refixed_on_their_own_evenings() -> None:
    """DK-4.4: M-3 on WD3, M-2 on WD4, M-1 on WD5."""
    january, february, march = (date(2016, month, 20) for month in (1, 2, 3))
    stands: Stands = {
        (january, "701"): fixed(RefixationState.SECOND),
        (february, "701"): fixed(RefixationState.FIRST),
        (march, "701"): fixed(RefixationState.FIXED),
    }

    def refixed(evening: date) -> list[tuple[SettlementStage, date]]:
        return [(one.stage, one.day) for one in due(evening, stands) if one.stage in REFIXATIONS]

    assert refixed(date(2016, 4, 4)) == []
    assert refixed(date(2016, 4, 5)) == [(FINAL, january)]
    stands[january, "701"] = fixed(RefixationState.FINAL)
    assert refixed(date(2016, 4, 6)) == [(SECOND, february)]
    stands[february, "701"] = fixed(RefixationState.SECOND)
    assert refixed(date(2016, 4, 7)) == [(FIRST, march)]


def test_fixations_come_first_then_refixations_then_sums() -> None:
    """DK-4.4."""
    stands = {(date(2016, 3, 20), "701"): fixed(RefixationState.FIXED)}
    stages = [one.stage for one in due(date(2016, 4, 7), stands)]
    assert stages.index(FIXATION_STAGE) < stages.index(FIRST) < stages.index(SUMS)


def test_a_day_fixed_late_catches_up_in_order() -> None:
    stands = {(date(2016, 1, 20), "701"): fixed(RefixationState.FIXED)}
    found = [one.stage for one in due(date(2016, 4, 12), stands) if one.day == date(2016, 1, 20)]
    assert found == list(REFIXATIONS)


def test_corrections_are_settled_three_years_on_and_then_the_day_is_closed() -> None:
    """DK-4.5.b."""
    day = date(2016, 3, 22)
    final, closed = {(day, "701"): fixed(RefixationState.FINAL)}, {(day, "701"): fixed(RefixationState.CLOSED)}
    correction = Due(SettlementStage.CORRECTION, day, ("701",))
    assert correction not in due(date(2019, 3, 4), final)
    assert correction in due(date(2019, 3, 5), final)
    assert correction not in due(date(2019, 3, 5), closed)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 1)])
def test_the_evening_after_an_instant(day: date) -> None:
    evening = TIMES.evening(day)
    assert evening_after(TIMES, evening - 1) == evening
    assert evening_after(TIMES, evening) == TIMES.evening(day + timedelta(days=1))
