"""Reminders of meter readings from day 22 on, and of monthly read production (DK-5.1.2.a, DK-5.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date, timedelta

from gateway.hub.ports_readings import ReadingsTaken
from gateway.messages.codes import MeteringPointType, Resolution, SettlementMethod
from gateway.messages.masterdata import FOREVER, MeteringPointVersion
from gateway.processes.reminder import ReminderState
from tests.integration.reminders.village import OWNER, ZONE, Village, flex, gsrn, production, quiet

Start = Callable[..., Village]
NOMINAL = date(2025, 3, 31)
DAY_22 = date(2025, 4, 22)
"""The Tuesday after Easter Monday (dk-settlement §11)."""

MARCH = date(2026, 3, 1)
WD3, WD5 = date(2026, 4, 8), date(2026, 4, 10)
"""After the month's end; Easter lies between (dk-settlement §12)."""


def profiled(number: int) -> MeteringPointVersion:
    """A profile-settled point that is read for the first time on the nominal date."""
    since = date(2024, 3, 31)
    return flex(number, since, settlement_method=SettlementMethod.PROFILED, valid_to=FOREVER)


def monthly(number: int, kind: MeteringPointType = MeteringPointType.PRODUCTION) -> MeteringPointVersion:
    """Production read by the month."""
    return production(number, None, kind=kind, resolution=Resolution.MONTH)


def read(village: Village, number: int) -> None:
    """The grid operator sends the reading that is awaited."""
    body = (
        "transaction,metering_point,start,end,consumption,status,counter,occasion,nominal\n"
        f"r-{next(village.numbers)},{gsrn(number)},2024-03-31,{NOMINAL},4000,measured,,,\n"
    )
    taken = asyncio.run(village.hub.readings.take(OWNER, "readings.csv", body.encode()))
    assert isinstance(taken, ReadingsTaken)
    assert [one.outcome for one in taken.results] == ["accepted"]


def test_a_reading_is_asked_for_from_day_22_on_every_working_day(village: Start) -> None:
    # DK-5.1.2.a: nominal 31 Mar 2025 -> Tuesday 22 April, the first run after day 21
    here = village(profiled(1), profiled(2), begins=NOMINAL)
    read(here, 2)
    assert here.through(NOMINAL, DAY_22 - timedelta(days=1), hours=(0, 12)) == {}
    assert here.at(DAY_22, 0, 1) == 1
    assert here.told() == [(gsrn(1), NOMINAL)]
    assert here.at(DAY_22, 12) == 0
    sent = here.through(DAY_22 + timedelta(days=1), date(2025, 5, 6), hours=(0, 12))
    closed = {date(2025, 4, 26), date(2025, 4, 27), date(2025, 5, 3), date(2025, 5, 4)}
    every = {DAY_22 + timedelta(days=number) for number in range(1, 15)}
    assert sent == dict.fromkeys(sorted(every - closed), 1), "past the limit of day 35, too"
    read(here, 1)
    assert here.through(date(2025, 5, 7), date(2025, 5, 9), hours=(0, 12)) == {}
    one = here.listed()[gsrn(1)]
    assert (one.day, one.group, one.state, one.reminders) == (NOMINAL, "readings", ReminderState.FILLED, 11)


def test_readings_slept_through_are_asked_for_once(village: Start) -> None:
    here = village(profiled(1), begins=NOMINAL)
    assert here.at(date(2025, 4, 26), 12) == 1, "a Saturday: what was due on Friday goes out"
    assert here.at(date(2025, 4, 27), 12) == 0
    assert here.at(date(2025, 4, 28), 0, 1) == 1


def test_points_that_are_quiet_or_left_out_are_not_asked_for(village: Start) -> None:
    # DK-5.1.2.a
    control = {"left_out_points": [gsrn(2)], "left_out_types": ["not-used"]}
    here = village(profiled(1), profiled(2), profiled(3), begins=NOMINAL, control=control)
    here.register(permissions=[quiet(gsrn(1), NOMINAL, DAY_22)])
    here.at(DAY_22, 0, 1)
    assert here.told() == [(gsrn(3), NOMINAL)]


def test_a_point_that_is_read_no_more_is_not_asked_for(village: Start) -> None:
    here = village(profiled(1), begins=NOMINAL)
    assert here.at(DAY_22, 0, 1) == 1
    here.register(profiled(1)._replace(energy_supplier=None, balance_responsible=None))
    assert here.at(DAY_22 + timedelta(days=1), 0, 1) == 0
    assert here.listed()[gsrn(1)].state is ReminderState.CLOSED


def test_monthly_production_is_asked_for_after_its_third_working_day(village: Start) -> None:
    # DK-5.2: March 2026 -> Wed 8 Apr 10:00; the share of multi-fuel units on the fifth
    here = village(monthly(1), monthly(2), monthly(3, MeteringPointType.VE_PRODUCTION), begins=date(2026, 3, 20))
    here.clock.move_to(ZONE.at(WD3, 9))
    here.fill(gsrn(2), MARCH, hours=1, step=Resolution.MONTH)
    assert here.at(WD3, 10) == 0
    assert here.at(WD3, 10, 1) == 1
    assert here.told() == [(gsrn(1), MARCH)]
    assert here.at(WD3 + timedelta(days=1), 10, 1) == 1
    assert here.at(WD5, 10) == 0
    assert here.at(WD5, 10, 1) == 2
    here.fetched()
    here.fill(gsrn(1), MARCH, hours=1, step=Resolution.MONTH)
    assert here.through(date(2026, 4, 11), date(2026, 4, 14)) == {date(2026, 4, 13): 1, date(2026, 4, 14): 1}
    assert here.told() == [(gsrn(3), MARCH)] * 2
    found = here.listed()
    assert (found[gsrn(1)].group, found[gsrn(1)].state, found[gsrn(1)].reminders) == ("production", "filled", 3)
    assert gsrn(2) not in found


def test_production_that_is_quiet_is_not_asked_for(village: Start) -> None:
    # DK-5.2
    here = village(monthly(1), monthly(2), begins=date(2026, 3, 20), control={"left_out_points": [gsrn(2)]})
    here.register(permissions=[quiet(gsrn(1), MARCH, date(2026, 4, 1))])
    assert here.at(WD3, 10, 1) == 0
    here.register(monthly(3))
    assert here.at(WD3 + timedelta(days=1), 10, 1) == 1, "a point registered late owes its months as well"


def test_a_month_that_is_too_old_to_be_taken_is_asked_for_no_more(village: Start) -> None:
    here = village(
        production(1, MARCH, resolution=Resolution.MONTH, valid_to=ZONE.midnight(date(2026, 4, 1))),
        begins=date(2026, 3, 20),
    )
    assert here.at(WD3, 10, 1) == 1
    assert here.at(date(2029, 2, 28), 12) == 1
    assert here.at(date(2029, 3, 5), 12) == 0
    assert here.listed()[gsrn(1)].state is ReminderState.CLOSED
