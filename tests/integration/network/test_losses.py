"""Losses of grids and lines, and load-duration curves, from what the store holds (EE-4.2, EE-4.3)."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from gateway.hub.database import Database
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.network.curves import load_curve
from gateway.hub.network.losses import losses
from gateway.hub.ports_network import CurveQuery, LossQuery
from gateway.messages.codes import ConnectionState, Flow, MeteringPointType, Resolution
from gateway.messages.times import DAY
from tests.integration.network.grid import (
    AREA,
    EE,
    GRID,
    LINE,
    LINE_OWNER,
    OPERATOR,
    OWNER,
    READER,
    UPSTREAM,
    Grid,
    border,
    point,
)

TODAY = EE.zone.day_interval(date(2026, 8, 3))
QUARTERS = 96


def test_a_grid_loses_what_came_in_and_was_not_metered_out(database: Database) -> None:
    # EE-4.2
    own_border, mirrored = border(1), border(2, run_by=UPSTREAM)
    home, roof = point(3), point(4, kind=MeteringPointType.PRODUCTION)
    grid = Grid(database, own_border, mirrored, home, roof)
    at = TODAY.end
    grid.deliver(own_border, Flow.IN, [1000] * QUARTERS, start=TODAY.start, at=at)
    grid.deliver(own_border, Flow.OUT, [100] * QUARTERS, start=TODAY.start, at=at)
    grid.deliver(
        mirrored, Flow.OUT, [300] * QUARTERS, start=TODAY.start, at=at
    )  # left the neighbour's grid: came into ours
    grid.deliver(home, Flow.OUT, [1250] * QUARTERS, start=TODAY.start, at=at)
    grid.deliver(roof, Flow.IN, [90] * QUARTERS, start=TODAY.start, at=at)
    with database.read() as connection:
        found = losses(grid.office, connection, OWNER, LossQuery(AREA, TODAY))
    assert found is not None
    assert found.loss.tolist() == [1000 + 300 - 100 - (1250 - 90)] * QUARTERS
    assert (found.points, found.lacking.sum(), found.step, len(found.start)) == (4, 0, 900, QUARTERS)


def test_a_line_has_losses_like_a_grid(database: Database) -> None:
    # EE-4.2
    source = border(1, run_by=LINE, from_grid_area=AREA, to_grid_area=LINE)
    factory = point(2, grid_area=LINE)
    grid = Grid(database, source, factory)
    grid.deliver(source, Flow.IN, [500] * QUARTERS, start=TODAY.start, at=TODAY.end)
    grid.deliver(factory, Flow.OUT, [480] * QUARTERS, start=TODAY.start, at=TODAY.end)
    with database.read() as connection:
        found = losses(grid.office, connection, LINE_OWNER, LossQuery(LINE, TODAY))
    assert found is not None
    assert set(found.loss.tolist()) == {20}


def test_what_is_lacking_is_counted_and_what_holds_no_longer_is_not(database: Database) -> None:
    # EE-4.2
    noon = TODAY.start + DAY // 2
    left, moved, cut = (
        point(1),
        point(2, valid_to=noon),
        point(3, connection_state=ConnectionState.DISCONNECTED),
    )
    response = point(4, kind=MeteringPointType.AGGREGATION)
    grid = Grid(database, left, moved, cut, response)
    grid.deliver(left, Flow.OUT, [None, *[10] * 95], start=TODAY.start, at=TODAY.end)
    grid.deliver(moved, Flow.OUT, [7] * QUARTERS, start=TODAY.start, at=TODAY.end)
    grid.deliver(response, Flow.OUT, [250_000] * QUARTERS, start=TODAY.start, at=TODAY.end)
    with database.read() as connection:
        found = losses(grid.office, connection, OWNER, LossQuery(AREA, TODAY))
    assert found is not None
    assert found.loss.tolist() == [-7, *[-17] * 47, *[-10] * 48]
    assert np.flatnonzero(found.lacking).tolist() == [0]


def test_losses_are_those_known_at_an_instant(database: Database) -> None:
    # EE-4.2
    home = point(1)
    grid = Grid(database, home)
    grid.deliver(home, Flow.OUT, [10] * QUARTERS, start=TODAY.start, at=TODAY.end)
    grid.deliver(home, Flow.OUT, [20], start=TODAY.start, at=TODAY.end + DAY)
    with database.read() as connection:
        before = losses(grid.office, connection, OWNER, LossQuery(AREA, TODAY, TODAY.end + 1))
        now = losses(grid.office, connection, OWNER, LossQuery(AREA, TODAY))
    assert before is not None
    assert now is not None
    assert (before.loss[0], now.loss[0]) == (-10, -20)


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_days_of_23_and_25_hours_have_all_their_quarters(database: Database, day: date) -> None:
    # EE-4.2
    interval = EE.zone.day_interval(day)
    count = (interval.end - interval.start) // 900
    home = point(1)
    grid = Grid(database, home)
    grid.deliver(home, Flow.OUT, [1] * count, start=interval.start, at=interval.end)
    with database.read() as connection:
        found = losses(grid.office, connection, OWNER, LossQuery(AREA, interval))
    assert found is not None
    assert (len(found.loss), int(found.loss.sum()), int(found.lacking.sum())) == (count, -count, 0)


def test_before_the_switch_losses_are_hourly(database: Database) -> None:
    # EE-1.6
    interval = EE.zone.day_interval(date(2025, 3, 31))
    home = point(1, resolution=Resolution.HOUR)
    grid = Grid(database, home)
    grid.deliver(home, Flow.OUT, [5] * 24, start=interval.start, at=interval.end, step=Resolution.HOUR)
    with database.read() as connection:
        found = losses(grid.office, connection, OWNER, LossQuery(AREA, interval))
    assert found is not None
    assert (found.step, found.loss.tolist()) == (3600, [-5] * 24)


def test_only_points_with_grid_service_count_and_only_while_they_have_it(database: Database) -> None:
    # EE-4.2
    agreed, former, never = point(1), point(2), point(3)
    files = {
        "parties.csv": f"party,role\n{GRID},grid-operator\n",
        "grid-areas.csv": f"grid_area,grid_operator\n{AREA},{GRID}\n",
        "metering-points.csv": "metering_point,kind,grid_area,resolution,valid_from\n"
        + "".join(f"{one.metering_point},consumption,{AREA},PT15M,2026-01-01\n" for one in (agreed, former, never)),
        "agreements.csv": "agreement,kind,party,metering_point,valid_from,valid_to\n"
        f"a,grid,{GRID},{agreed.metering_point},2026-01-01,\n"
        f"b,grid,{GRID},{former.metering_point},2026-01-01,2026-08-03T12:00+03:00\n",
    }
    encoded = {name: text.encode() for name, text in files.items()}
    assert not MasterDataImport(database, manner_of(EE)).take(encoded, 1).findings
    grid = Grid(database, market=EE)
    for one in (agreed, former, never):
        grid.deliver(one, Flow.OUT, [10] * QUARTERS, start=TODAY.start, at=TODAY.end)
    with database.read() as connection:
        found = losses(grid.office, connection, OWNER, LossQuery(AREA, TODAY))
    assert found is not None
    assert found.loss.tolist() == [-20] * 48 + [-10] * 48


def test_nobody_sees_the_losses_of_another_network(database: Database) -> None:
    # EE-4.2
    grid = Grid(database, point(1))
    with database.read() as connection:
        for reader in (READER, LINE_OWNER):
            assert losses(grid.office, connection, reader, LossQuery(AREA, TODAY)) is None
        assert losses(grid.office, connection, OWNER, LossQuery("38Y-NOWHERE----9", TODAY)) is None
        assert losses(grid.office, connection, OPERATOR, LossQuery(AREA, TODAY)) is not None


def test_the_curve_of_a_point_says_how_long_its_load_was_how_high(database: Database) -> None:
    # EE-4.3
    home = point(1)
    grid = Grid(database, home)
    grid.deliver(home, Flow.OUT, [250] * 4 + [1000] * 2 + [None] * 90, start=TODAY.start, at=TODAY.end)
    with database.read() as connection:
        found = load_curve(grid.office, connection, OWNER, CurveQuery(TODAY, home.metering_point))
    assert found is not None
    assert found.curve.load.tolist() == [4000, 1000]
    assert found.curve.seconds.tolist() == [1800, 5400]
    assert found.unknown_seconds == 90 * 900


def test_the_curve_of_a_grid_adds_up_its_points_without_demand_response(database: Database) -> None:
    # EE-4.3
    homes = point(1), point(2)
    response = point(3, kind=MeteringPointType.AGGREGATION)
    grid = Grid(database, *homes, response, border(4))
    for one in (*homes, response):
        grid.deliver(one, Flow.OUT, [250] * QUARTERS, start=TODAY.start, at=TODAY.end)
    with database.read() as connection:
        found = load_curve(grid.office, connection, OWNER, CurveQuery(TODAY, grid_area=AREA))
        assert load_curve(grid.office, connection, READER, CurveQuery(TODAY, grid_area=AREA)) is None
        assert load_curve(grid.office, connection, READER, CurveQuery(TODAY, homes[0].metering_point)) is None
        assert load_curve(grid.office, connection, OWNER, CurveQuery(TODAY, "no such point")) is None
    assert found is not None
    assert (found.curve.load.tolist(), found.curve.seconds.tolist()) == ([2000], [DAY])
    assert (found.points, found.unknown_seconds) == (2, 0)
