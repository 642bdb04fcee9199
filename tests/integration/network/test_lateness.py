"""Who is late by the deadlines of the day and of the month (EE-4.1)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.hub.control.lateness import lateness
from gateway.hub.database import Database
from gateway.hub.ports import Principal
from gateway.hub.ports_network import Lateness, LatenessQuery
from gateway.markets.deliveries import DeliveryStage
from gateway.messages.codes import Commodity, Flow, Resolution, Unit
from gateway.messages.times import DAY, HOUR
from tests.integration.network.grid import AREA, EE, GRID, LINE, LINE_OWNER, OPERATOR, OWNER, READER, Grid, point

INITIAL = DeliveryStage.INITIAL
MONDAY = date(2026, 8, 3)
TODAY = EE.zone.day_interval(MONDAY)
DEADLINE = EE.zone.at(MONDAY + timedelta(days=1), 10)
QUARTERS = 96


def report(
    grid: Grid,
    database: Database,
    reader: Principal = OWNER,
    stage: DeliveryStage = DeliveryStage.INITIAL,
    area: str = "",
) -> tuple[Lateness, ...] | None:
    with database.read() as connection:
        query = LatenessQuery(MONDAY, MONDAY + timedelta(days=1), stage, area)
        return lateness(grid.office, connection, reader, query)


def test_what_is_there_at_ten_is_in_time_and_what_comes_later_is_late(database: Database) -> None:
    # EE-4.1
    prompt, half, tardy, silent = (point(number) for number in range(1, 5))
    grid = Grid(database, prompt, half, tardy, silent)
    grid.deliver(prompt, Flow.OUT, [1] * QUARTERS, start=TODAY.start, at=DEADLINE - 1)
    grid.deliver(half, Flow.IN, [1] * 48, start=TODAY.start, at=DEADLINE - HOUR)
    grid.deliver(half, Flow.OUT, [1] * 48, start=TODAY.start + DAY // 2, at=DEADLINE)
    grid.deliver(tardy, Flow.OUT, [1] * QUARTERS, start=TODAY.start, at=DEADLINE + DAY)
    grid.clock.move_to(DEADLINE + 2 * DAY)
    assert report(grid, database) == (
        Lateness(
            day=MONDAY,
            stage=DeliveryStage.INITIAL,
            grid_area=AREA,
            grid_operator=GRID,
            commodity=Commodity.ELECTRICITY,
            deadline=DEADLINE,
            is_over=True,
            points=4,
            values=4 * QUARTERS,
            in_time=QUARTERS + 48,
            late=48 + QUARTERS,
            missing=QUARTERS,
            late_points=3,
        ),
    )


def test_nobody_is_late_before_the_deadline(database: Database) -> None:
    # EE-4.1
    grid = Grid(database, point(1))
    grid.clock.move_to(DEADLINE - 1)
    found = report(grid, database)
    assert found is not None
    assert (found[0].is_over, found[0].late_points, found[0].missing) == (False, 0, QUARTERS)


def test_final_data_may_come_until_the_fifth(database: Database) -> None:
    # EE-4.1
    home = point(1)
    grid = Grid(database, home)
    fifth = EE.zone.midnight(date(2026, 9, 6))
    grid.deliver(home, Flow.OUT, [1] * QUARTERS, start=TODAY.start, at=fifth - 1)
    grid.clock.move_to(fifth + DAY)
    found = report(grid, database, stage=DeliveryStage.FINAL)
    assert found is not None
    assert (found[0].deadline, found[0].in_time, found[0].late) == (fifth, QUARTERS, 0)


@pytest.mark.parametrize("unit", [Unit.KWH, Unit.CUBIC_METRE])
def test_gas_owes_its_gas_day(database: Database, unit: Unit) -> None:
    # EE-1.7, EE-4.1
    boiler, stove = (point(number, unit=Unit.CUBIC_METRE, resolution=Resolution.DAY) for number in (1, 2))
    grid = Grid(database, boiler, stove)
    seven = EE.zone.at(MONDAY, 7)
    deadline = EE.zone.at(MONDAY + timedelta(days=1), 13)
    grid.deliver(boiler, Flow.OUT, [1], start=seven, at=deadline - 1, step=Resolution.DAY, unit=unit)
    grid.clock.move_to(deadline)
    (found,) = report(grid, database) or ()
    assert (found.commodity, found.deadline, found.points) == (Commodity.NATURAL_GAS, deadline, 2)
    assert (found.values, found.in_time, found.missing, found.late_points) == (2, 1, 1, 1)


def test_a_party_sees_who_is_late_in_its_own_networks_only(database: Database) -> None:
    # EE-4.1
    grid = Grid(database, point(1), point(2, grid_area=LINE))
    grid.clock.move_to(DEADLINE)
    assert [one.grid_area for one in report(grid, database) or ()] == [AREA]
    assert [one.grid_area for one in report(grid, database, LINE_OWNER) or ()] == [LINE]
    assert report(grid, database, READER) == ()
    assert report(grid, database, READER, area=AREA) is None
    assert len(report(grid, database, OPERATOR) or ()) == 2
