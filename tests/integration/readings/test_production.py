"""Monthly production: which series came in time (DK-5.2)."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from gateway.hub.ports import Principal
from gateway.hub.ports_readings import MonthlyProduction
from gateway.messages.codes import Quality, Resolution
from gateway.messages.times import Interval
from tests.integration.exchange.hubs import OPERATOR, SUPPLIER_A, SUPPLIER_B, ZONE

from .meters import Meters

MARCH = Interval(ZONE.midnight(date(2026, 3, 1)), ZONE.midnight(date(2026, 4, 1)))
DUE = ZONE.at(date(2026, 4, 10), 10)


def production(meters: Meters, who: Principal = OPERATOR) -> dict[str, MonthlyProduction]:
    found = asyncio.run(meters.hub.readings.production(who, date(2026, 3, 17)))
    return {one.metering_point: one for one in found}


def send_month(meters: Meters, quality: Quality = Quality.MEASURED) -> str:
    version = meters.bench.named("monthly")
    series = meters.bench.series(version, 1000, quality, MARCH)
    meters.bench.submit(meters.bench.measure_data(series))
    return version.metering_point


@pytest.mark.parametrize(("hour", "state"), [(10, "in-time"), (11, "late")])
def test_a_month_is_in_time_until_the_limit_itself(meters: Meters, hour: int, state: str) -> None:
    # DK-5.2: March 2026, renewable share of multi-fuel units by Fri 10 Apr 10:00
    meters.bench.clock.move_to(ZONE.at(date(2026, 4, 10), hour))
    point = send_month(meters)
    found = production(meters)[point]
    assert (found.due, found.received_at, found.state) == (DUE, meters.bench.clock.now(), state)
    meters.bench.clock.move_to(ZONE.at(date(2026, 5, 1)))
    send_month(meters)
    assert production(meters)[point].state == state, "a correction later changes nothing"


def test_a_month_that_did_not_come_is_missing_once_its_limit_is_over(meters: Meters) -> None:
    point = meters.bench.named("monthly").metering_point
    meters.bench.clock.move_to(DUE)
    assert (production(meters)[point].state, production(meters)[point].received_at) == ("awaited", None)
    send_month(meters, Quality.MISSING)
    meters.bench.clock.move_to(DUE + 1)
    assert production(meters)[point].state == "missing"


def test_read_production_is_due_on_the_third_working_day(meters: Meters) -> None:
    # DK-5.2: Wed 8 Apr 2026 10:00 (Easter)
    version = meters.bench.named("production")
    meters.import_points(version._replace(resolution=Resolution.MONTH))
    assert production(meters)[version.metering_point].due == ZONE.at(date(2026, 4, 8), 10)


def test_only_who_may_see_the_point_sees_its_state(meters: Meters) -> None:
    point = meters.bench.named("monthly").metering_point
    assert point in production(meters, SUPPLIER_B)
    assert point not in production(meters, SUPPLIER_A)
