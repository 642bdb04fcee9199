"""Looking at reminders: by whom, in windows, by day and state (DK-4.1.5.e)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_reminders import Reminder, ReminderQuery
from gateway.hub.reminders.looking import NOBODY
from gateway.hub.reminders.pages import Standings
from gateway.hub.reminders.steps import NotedStep, Place
from gateway.messages.codes import ReminderGroup, Role
from gateway.processes.reminder import ReminderState
from tests.integration.reminders.village import (
    AREA,
    BEYOND,
    NEIGHBOUR,
    NEXT_DOOR,
    OPERATOR,
    OWNER,
    SUPPLIER,
    TUESDAY,
    ZONE,
    Village,
    flex,
    gsrn,
    hourly,
)

Start = Callable[..., Village]
WD3, WD5 = date(2016, 3, 30), date(2016, 4, 1)
_STATES = [ReminderState.REMINDED, ReminderState.FILLED, ReminderState.CLOSED]


def test_a_grid_operator_sees_its_own(village: Start) -> None:
    here = village(hourly(1), hourly(2, grid_area=BEYOND))
    here.at(WD3, 10, 1)
    assert set(here.listed()) == {gsrn(1), gsrn(2)}
    assert set(here.listed(OWNER)) == {gsrn(1)}
    assert set(here.listed(NEIGHBOUR)) == {gsrn(2)}
    assert here.listed(NEIGHBOUR)[gsrn(2)].grid_operator == NEXT_DOOR
    assert here.listed(Principal(SUPPLIER, Role.ENERGY_SUPPLIER, "a")) == {}
    for reader, area in ((OWNER, BEYOND), (OPERATOR, "999")):
        assert asyncio.run(here.hub.reminders(reader, ReminderQuery(grid_area=area), Page())) is None
    assert set(here.listed(OPERATOR, grid_area=AREA)) == {gsrn(1)}


def test_by_day_and_state(village: Start) -> None:
    wednesday = TUESDAY + timedelta(days=1)
    here = village(hourly(1), hourly(2), hourly(3, wednesday))
    here.at(date(2016, 3, 31), 10, 1)
    here.fill(gsrn(2), TUESDAY)
    here.at(WD5, 10, 1)
    assert set(here.listed(start=wednesday)) == {gsrn(3)}
    assert set(here.listed(end=wednesday)) == {gsrn(1), gsrn(2)}
    assert set(here.listed(state=ReminderState.FILLED)) == {gsrn(2)}
    assert set(here.listed(state=ReminderState.REMINDED)) == {gsrn(1), gsrn(3)}
    assert here.listed(state=ReminderState.CLOSED) == {}


def test_windows_follow_each_other(village: Start) -> None:
    days = [TUESDAY + timedelta(days=number) for number in range(2)]
    here = village(*(hourly(10 * n + m, day) for n, day in enumerate(days, 1) for m in (3, 1, 2)), flex(31))
    here.at(date(2016, 4, 4), 22)
    whole = here.page().reminders
    assert [(one.day, one.metering_point) for one in whole] == sorted((one.day, one.metering_point) for one in whole)
    assert len(whole) == 7
    for limit in (1, 2, 3, 6, 7, 8):
        gathered: list[Reminder] = []
        after = ""
        while True:
            found = here.page(page=Page(limit, after))
            assert len(found.reminders) <= limit
            gathered += found.reminders
            after = found.after
            if not after:
                break
        assert gathered == list(whole)


def test_a_long_time_is_answered_in_windows_of_days(village: Start) -> None:
    last = TUESDAY + timedelta(days=39)
    here = village(hourly(1, valid_to=ZONE.day_interval(last).end))
    here.at(date(2016, 5, 31), 22)
    here.fill(gsrn(1), last)
    here.at(date(2016, 6, 1), 22)
    first = here.page(state=ReminderState.FILLED)
    assert (first.reminders, first.after != "") == ((), True)
    second = here.page(page=Page(after=first.after), state=ReminderState.FILLED)
    assert ([one.day for one in second.reminders], second.after) == ([last], "")


@pytest.mark.parametrize("after", ["x", "2016-03-22", "2016-13-01.5"])
def test_a_place_nobody_named_is_refused(village: Start, after: str) -> None:
    found = asyncio.run(village().hub.reminders(OPERATOR, ReminderQuery(), Page(after=after)))
    assert isinstance(found, Refused)


@given(
    st.lists(
        st.tuples(st.sampled_from(_STATES), st.lists(st.integers(1, 6), min_size=1, unique=True).map(sorted)),
        max_size=12,
    )
)
def test_standings_are_what_the_steps_of_each_point_say(steps: list[tuple[ReminderState, list[int]]]) -> None:
    found, place = Standings(*(NOBODY,) * 6), Place(ReminderGroup.FLEX, TUESDAY, AREA)
    told: dict[int, list[tuple[int, ReminderState]]] = {}
    for at, (state, points) in enumerate(steps, 100):
        found = found.after(NotedStep(place, state, at, np.array(points)))
        for point in points:
            told.setdefault(point, []).append((at, state))
    assert found.point.tolist() == sorted(told)
    for row, point in enumerate(found.point.tolist()):
        own = told[point]
        last_end = max((n for n, (_, state) in enumerate(own[:-1]) if state is not ReminderState.REMINDED), default=-1)
        ended = own[-1][1] is not ReminderState.REMINDED
        if not ended:
            since = [at for at, _ in own[last_end + 1 :]]
            assert (found.first[row], found.last[row], found.reminders[row]) == (since[0], since[-1], len(since))
        assert found.ended[row] == (own[-1][0] if ended else 0)
        assert list(ReminderState)[found.state[row]] is own[-1][1]
