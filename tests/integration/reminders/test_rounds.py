"""When grid operators are reminded of missing values, how often, and what ends it (DK-4.1.5.e)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.hub.duties import duties_of
from gateway.hub.scheduler import Scheduler
from gateway.messages.codes import Dialect, MeteringPointType, ProcessType, Quality, Role, SettlementMethod
from gateway.messages.times import STEP_SECONDS
from gateway.processes.reminder import ReminderState
from gateway.schemas.packs import install_pack
from gateway.schemas.registry import ENTRIES
from tests.conftest import SHARED
from tests.integration.reminders.village import (
    AREA,
    BEYOND,
    GRID,
    HUB,
    NEIGHBOUR,
    TUESDAY,
    ZONE,
    Village,
    exchange,
    flex,
    gsrn,
    hourly,
    production,
    quiet,
)

Start = Callable[..., Village]
WD3, WD5 = date(2016, 3, 30), date(2016, 4, 1)


def test_each_group_is_reminded_of_just_after_its_limit(village: Start) -> None:
    # DK-4.1.5.e: D = Tue 22 Mar 2016 -> Wed 30 Mar 10:00 hourly, production, exchange; Fri 1 Apr 21:00 flex
    here = village(flex(1), hourly(2), production(3), exchange(4))
    assert here.through(TUESDAY, WD3 - timedelta(days=1)) == {}
    assert here.at(WD3, 10) == 0, "a value may still come at the limit itself"
    assert here.at(WD3, 10, 1) == 3
    assert here.told() == [(gsrn(number), TUESDAY) for number in (2, 3, 4)]
    assert here.at(WD5, 21) == 3, "the others again"
    assert {point for point, _ in here.told()} == {gsrn(2), gsrn(3), gsrn(4)}
    assert here.at(WD5, 21, 1) == 1
    assert here.told() == [(gsrn(1), TUESDAY)]
    groups = {point: one.group for point, one in here.listed().items()}
    assert groups == {gsrn(1): "flex", gsrn(2): "hourly", gsrn(3): "hourly", gsrn(4): "hourly"}


def test_a_child_is_reminded_of_with_its_parent(village: Start) -> None:
    # DK-4.1.5.e, DK-4.1.1
    child: dict[str, Any] = {
        "kind": MeteringPointType.ELECTRICAL_HEATING,
        "settlement_method": None,
        "energy_supplier": None,
        "balance_responsible": None,
    }
    here = village(hourly(1), flex(2, parent=gsrn(1), **child), flex(3), flex(4, parent=gsrn(3), **child))
    here.at(WD3, 10, 1)
    assert [point for point, _ in here.told()] == [gsrn(1), gsrn(2)]
    here.at(WD5, 21, 1)
    assert {gsrn(3), gsrn(4)} <= {point for point, _ in here.told()}


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("official", [False, True], ids=["own", "official"])
def test_the_document_says_what_is_missing_in_every_dialect(
    village: Start, tmp_path: Path, dialect: Dialect, official: bool
) -> None:
    # DK-4.1.5.e, BRS-045: the hub checks what it sends by our schemas and by the official ones beside them
    packs = [tmp_path / "official"] if official else []
    for pack in packs:
        if not (SHARED / "data" / "dk").is_dir():
            pytest.skip("the reference material is not beside the project")
        assert install_pack(SHARED / "data" / "dk", pack, ENTRIES).installed
    here = village(hourly(1), production(2), hourly(3, grid_area=BEYOND), packs=packs)
    here.at(WD3, 10, 1)
    (document,) = here.fetched(dialect=dialect)
    head = document.header
    assert (head.sender.id, head.receiver.id) == (HUB, GRID)
    assert (head.receiver.role, head.process_type) == (Role.METERED_DATA_RESPONSIBLE, ProcessType.MISSING_DATA)
    found = [(one.points[0].id, len(one.points), one.day) for one in document.series]
    assert found == [(gsrn(1), 1, ZONE.midnight(TUESDAY)), (gsrn(2), 1, ZONE.midnight(TUESDAY))]
    assert here.told(NEIGHBOUR) == [(gsrn(3), TUESDAY)]


def test_every_working_day_until_it_is_final(village: Start) -> None:
    # DK-4.1.5.e: the final refixation of March 2016 is on Friday 3 June at 21:00
    here = village(flex(1), hourly(2))
    sent = here.through(TUESDAY, date(2016, 6, 10))
    working = [day for day in _days(WD3, date(2016, 6, 3)) if here.hub.office.profile.working_days.is_working_day(day)]
    assert list(sent) == working
    assert date(2016, 5, 5) not in sent, "Ascension"
    assert sent[WD3] == 1
    assert {sent[day] for day in working if WD5 <= day < date(2016, 6, 3)} == {2}
    assert sent[date(2016, 6, 3)] == 1, "at 21:00 the day is final, and flex is not asked for again"
    ended = {point: (one.state, one.reminders) for point, one in here.listed().items()}
    count = len(working)
    assert ended == {gsrn(1): (ReminderState.CLOSED, count - 3), gsrn(2): (ReminderState.CLOSED, count)}


def test_what_came_is_not_asked_for_again(village: Start) -> None:
    # DK-4.1.5.e
    here = village(hourly(1), hourly(2))
    assert here.at(WD3, 10, 1) == 2
    here.fill(gsrn(1), TUESDAY, hours=23)
    assert here.at(WD3 + timedelta(days=1), 10, 1) == 2, "an hour is still missing"
    here.fill(gsrn(1), TUESDAY)
    here.fetched()
    assert here.at(WD5, 10, 1) == 1
    assert here.told() == [(gsrn(2), TUESDAY)]
    one = here.listed()[gsrn(1)]
    assert (one.state, one.reminders, one.grid_area, one.grid_operator) == (ReminderState.FILLED, 2, AREA, GRID)
    assert (one.first, one.last, one.ended) == (
        ZONE.at(WD3, 10) + 1,
        ZONE.at(WD3 + timedelta(days=1), 10) + 1,
        ZONE.at(WD5, 10) + 1,
    )
    here.fill(gsrn(2), TUESDAY)
    assert here.through(WD5 + timedelta(days=1), date(2016, 4, 8)) == {}


def test_values_that_came_in_time_are_never_asked_for(village: Start) -> None:
    here = village(flex(1), hourly(2))
    here.fill(gsrn(1), TUESDAY)
    here.fill(gsrn(2), TUESDAY)
    assert here.through(TUESDAY, date(2016, 4, 8)) == {}
    assert here.listed() == {}


def test_points_with_leave_to_be_quiet_are_spared_while_they_have_it(village: Start) -> None:
    # DK-4.1.5.e: excluded points are respected; what counts is the day that is missing
    monday, wednesday = TUESDAY - timedelta(days=1), TUESDAY + timedelta(days=1)
    here = village(hourly(1), hourly(2, valid_from=ZONE.midnight(monday)), hourly(3))
    here.fill(gsrn(2), monday)
    here.register(permissions=[quiet(gsrn(1), TUESDAY, wednesday), quiet(gsrn(2), monday, TUESDAY)])
    here.at(WD3, 10, 1)
    assert [point for point, _ in here.told()] == [gsrn(2), gsrn(3)]
    here.register(permissions=[quiet(gsrn(2), TUESDAY, wednesday)])
    here.at(WD3 + timedelta(days=1), 10, 1)
    assert [point for point, _ in here.told()] == [gsrn(3)]
    assert here.listed()[gsrn(2)].state is ReminderState.CLOSED
    here.register(permissions=[quiet(gsrn(2), monday, TUESDAY)])
    here.at(WD5, 10, 1)
    assert [point for point, _ in here.told()] == [gsrn(2), gsrn(3)]
    again = here.listed()[gsrn(2)]
    assert (again.state, again.reminders, again.ended) == (ReminderState.REMINDED, 1, None), "it began anew"


def test_points_and_types_left_out_by_the_settings_are_spared(village: Start) -> None:
    # DK-4.1.5.e
    control = {"left_out_points": [gsrn(1)], "left_out_types": ["production"]}
    here = village(hourly(1), production(2), hourly(3), control=control)
    here.at(WD3, 10, 1)
    assert [point for point, _ in here.told()] == [gsrn(3)]


def test_a_point_that_turns_out_to_owe_nothing_is_left_alone(village: Start) -> None:
    here = village(hourly(1))
    assert here.at(WD3, 10, 1) == 1
    here.register(hourly(1, settlement_method=SettlementMethod.FLEX))
    assert here.at(WD3 + timedelta(days=1), 10, 1) == 0
    assert here.listed()[gsrn(1)].state is ReminderState.CLOSED
    assert here.at(WD5, 21, 1) == 1, "it owes the day as flex"


def test_a_point_registered_late_is_reminded_of_its_days(village: Start) -> None:
    here = village(hourly(1))
    assert here.at(WD3, 10, 1) == 1
    here.register(hourly(2))
    assert here.at(WD3 + timedelta(days=1), 10, 1) == 2


def test_a_value_stated_as_missing_is_missing(village: Start) -> None:
    here = village(hourly(1))
    here.fill(gsrn(1), TUESDAY, quality=Quality.MISSING)
    assert here.at(WD3, 10, 1) == 1


def test_a_day_of_twenty_three_hours_is_whole_without_the_one_that_is_not(village: Start) -> None:
    sunday = date(2016, 3, 27)
    here = village(hourly(1, sunday), hourly(2, sunday))
    assert (ZONE.day_interval(sunday).end - ZONE.midnight(sunday)) // STEP_SECONDS["PT1H"] == 23
    here.fill(gsrn(1), sunday, hours=23)
    here.fill(gsrn(2), sunday, hours=22)
    limit = date(2016, 3, 31)
    assert here.at(limit, 10, 1) == 1
    assert here.told() == [(gsrn(2), sunday)]


def test_limits_before_the_hub_began_are_none_of_its_business(village: Start) -> None:
    here = village(hourly(1, None), begins=WD3)
    assert here.at(WD3, 10, 1) == 1
    assert here.told() == [(gsrn(1), TUESDAY)]


def test_the_scheduler_sends_reminders(village: Start) -> None:
    here = village(hourly(1))
    here.clock.move_to(ZONE.at(WD3, 9))
    scheduler = Scheduler(duties_of(here.hub.office, here.hub.runner), here.clock.now())
    here.clock.move_to(ZONE.at(WD3, 10) + 60)
    scheduler.run_due(here.clock.now())
    assert here.told() == [(gsrn(1), TUESDAY)]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
