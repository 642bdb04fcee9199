"""Reminders survive sleep, crashes and company: every due instant is run once, in one commit (DK-4.1.5.e, GW-2)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from gateway.hub.reminders import run
from gateway.hub.reminders.looking import Look
from gateway.hub.reminders.run import CLAIM_SECONDS, Reminders
from gateway.hub.reminders.steps import Step
from gateway.hub.tables_reminders import reminder_round, reminder_step
from tests.integration.reminders.village import TUESDAY, ZONE, Village, flex, gsrn, hourly

Start = Callable[..., Village]
WD3, WD5 = date(2016, 3, 30), date(2016, 4, 1)


def noted(village: Village) -> tuple[int, int, int]:
    """How many rounds and steps are noted, how many rows wait in queues."""
    with village.hub.office.database.read() as connection:
        counts = [
            int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)
            for table in (reminder_round, reminder_step)
        ]
    return (counts[0], counts[1], village.waiting())


def test_an_instant_is_run_once(village: Start) -> None:
    here = village(hourly(1))
    assert here.at(WD3, 10, 1) == 1
    before = noted(here)
    for hour in (10, 11, 12):
        assert here.at(WD3, hour, 2) == 0
    assert Reminders(here.hub.office).catch_up() == 0
    assert noted(here) == before


def test_what_was_slept_through_is_sent_once(village: Start) -> None:
    # DK-4.1.5.e: nobody is reminded of the same hours seven times in one moment
    here = village(flex(1), hourly(2))
    here.at(WD3 - timedelta(days=1), 12)
    here.fetched()
    assert here.at(date(2016, 4, 8), 12) == 2
    assert here.told() == [(gsrn(1), TUESDAY), (gsrn(2), TUESDAY)]
    assert [one.reminders for one in here.listed().values()] == [1, 1]
    assert here.at(date(2016, 4, 8), 20) == 0
    assert here.at(date(2016, 4, 8), 21, 1) == 1, "the next instant comes as ever"


def test_a_hub_that_slept_over_a_weekend_still_keeps_to_working_days(village: Start) -> None:
    here = village(hourly(1))
    assert here.at(WD5, 10, 1) == 1
    assert here.at(WD5 + timedelta(days=1), 12) == 0
    assert here.at(WD5 + timedelta(days=3), 9) == 0
    assert here.at(WD5 + timedelta(days=3), 10, 1) == 1


class Killed(Exception):
    """Stands for the moment the process ends."""


@pytest.mark.parametrize("moment", ["note_round", "note_steps", "send"])
def test_a_crash_within_a_run_leaves_everything_due(
    village: Start, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    here = village(flex(1), hourly(2))
    assert here.at(WD3, 10, 1) == 1
    here.fill(gsrn(2), TUESDAY)
    before = noted(here)
    real = getattr(run, moment)

    def killed(*given: object) -> None:
        real(*given)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(run, moment, killed)
        with pytest.raises(Killed):
            here.at(WD5, 21, 1)
    assert noted(here) == before
    other = Reminders(here.hub.office)
    assert other.catch_up() == 0, "the claim of the one that died still holds"
    here.clock.move_to(here.clock.now() + CLAIM_SECONDS)
    assert other.catch_up() == 1
    assert here.told() == [(gsrn(2), TUESDAY), (gsrn(1), TUESDAY)]
    assert {point: one.state for point, one in here.listed().items()} == {gsrn(1): "reminded", gsrn(2): "filled"}
    assert here.reminders.catch_up() == 0


def test_two_processes_send_everything_once(village: Start) -> None:
    here, there = village(flex(1), hourly(2)), village(flex(1), hourly(2))
    for day, second in ((WD3, 1), (WD3 + timedelta(days=1), 1), (WD5, 1), (WD5, 11 * 3600 + 1)):
        for one in (here, there):
            one.clock.move_to(ZONE.at(day, 10) + second)
        with ThreadPoolExecutor(2) as threads:
            sent = list(threads.map(lambda one: one.reminders.catch_up(), (here, there)))
        assert sorted(sent) == [0, 1], "whoever is later sends nothing"
    points = [point for point, _ in here.told()]
    assert points == [gsrn(2)] * 3 + [gsrn(1)]


def test_a_run_that_took_longer_than_its_claim_keeps_nothing(village: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    here = village(hourly(1))
    other, real = Reminders(here.hub.office), run._steps

    def slow(look: Look) -> list[Step]:
        found = list(real(look))
        monkeypatch.setattr(run, "_steps", real)
        here.clock.move_to(here.clock.now() + CLAIM_SECONDS)
        assert other.catch_up() == 1
        return found

    monkeypatch.setattr(run, "_steps", slow)
    assert here.at(WD3, 10, 1) == 0
    assert here.told() == [(gsrn(1), TUESDAY)]
    assert here.listed()[gsrn(1)].reminders == 1


def test_without_master_data_nothing_is_due(village: Start) -> None:
    here = village()
    assert here.at(WD3, 10, 1) == 0
    assert here.listed() == {}
