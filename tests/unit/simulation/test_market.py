"""The simulated market and what its meters show: consistent, plausible, the same every time."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataSet, csv_files, filled_csv_files, read_files
from gateway.markets.registry import profile
from gateway.messages.codes import MeteringPointType, Quality, SettlementMethod
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import HOUR, MarketZone
from gateway.simulation.habits import FAULTS, Dispatch, Outbox, dispatches, faults_on, mended_on
from gateway.simulation.market import AREAS, OUTSIDE, SMALLEST, SimulatedMarket
from gateway.simulation.values import Meters

ZONE = MarketZone("Europe/Copenhagen")
FIRST = date(2016, 3, 1)
SHORT_DAY, LONG_DAY = date(2016, 3, 27), date(2016, 10, 30)
TIMETABLE = profile("dk").timetable


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket.build(ZONE, FIRST, 120, 600)


@pytest.fixture(scope="module")
def meters(market: SimulatedMarket) -> Meters:
    return Meters(market)


@pytest.mark.parametrize("size", [SMALLEST, 51, 600])
def test_it_has_as_many_points_as_asked_for_of_every_class_in_each_area(size: int) -> None:
    market = SimulatedMarket.build(ZONE, FIRST, 10, size)
    assert len({one.metering_point for one in market.points}) == size
    for area in AREAS:
        own = [one for one in market.before_changes if one.grid_area == area]
        assert {one.settlement_method for one in own} == {*SettlementMethod, None}
        assert {one.kind for one in own} == {
            MeteringPointType.CONSUMPTION,
            MeteringPointType.PRODUCTION,
            MeteringPointType.EXCHANGE,
        }


def test_its_master_data_pass_the_checks_of_an_import(market: SimulatedMarket) -> None:
    """DK-1.3: every profile-settled point has its load share."""
    files = filled_csv_files(market.dataset)
    assert {"load-shares.csv", "tariffs.csv"} <= files.keys()
    before = read_files(files, Manner(ZONE, strict=True))
    assert (before.is_good, before.findings) == (True, ())
    profiled = {one.metering_point for one in market.points if one.settlement_method is SettlementMethod.PROFILED}
    assert {one.metering_point for one in before.dataset.settlement.load_shares} == profiled
    changed = csv_files(MasterDataSet(points=market.changes(date(2016, 4, 1))))["metering-points.csv"]
    facts = before.dataset.settlement
    after = read_files(
        {"metering-points.csv": changed}, Manner(ZONE, strict=True), before.dataset.view(), lambda _: facts
    )
    assert (after.is_good, after.findings) == (True, ())


def test_customers_change_supplier_once_at_the_turn_of_a_month(market: SimulatedMarket) -> None:
    for month in (date(2016, month, 1) for month in (4, 5, 6)):
        timelines: dict[str, list[MeteringPointVersion]] = {}
        for one in market.changes(month):
            timelines.setdefault(one.metering_point, []).append(one)
        assert timelines
        for before, after in timelines.values():
            assert before.valid_to == after.valid_from == ZONE.midnight(month)
            assert before.energy_supplier != after.energy_supplier


@pytest.mark.parametrize(("day", "hours"), [(FIRST, 24), (SHORT_DAY, 23), (LONG_DAY, 25)])
def test_what_an_area_takes_is_used_lost_or_left_to_those_nobody_meters(meters: Meters, day: date, hours: int) -> None:
    """DK-1.35: the residual is positive and about what the load shares promise, on days of any length."""
    values = meters.day(day)
    for area in AREAS:
        sums = {name: np.zeros(hours, dtype=np.int64) for name in ("in", "used")}
        for points in meters.points.values():
            for point in points:
                hourly = values[point.name].reshape(hours, -1).sum(axis=1)
                version = point.version
                if version.kind is MeteringPointType.EXCHANGE:
                    sums["in"] += hourly * ((version.to_grid_area == area) - (version.from_grid_area == area))
                elif version.grid_area == area:
                    sums["in" if version.kind is MeteringPointType.PRODUCTION else "used"] += hourly
        residual = sums["in"] - sums["used"]
        assert (residual > 0).all()
        profiled = meters.market.annual(area) / 8760 * hours
        assert 0.8 * profiled < residual.sum() < 3 * profiled


def test_no_meter_shows_less_than_nothing_or_more_than_it_may(meters: Meters) -> None:
    """DK-6.2.2, DK-4.1.5.b."""
    shown = meters.day(FIRST)
    for point in (point for points in meters.points.values() for point in points):
        values = shown[point.name]
        limit = 10**6 if point.version.settlement_method is SettlementMethod.FLEX else 10**8
        assert values.min() >= 0
        assert values.max() * len(values) // 24 <= limit


def test_the_same_seed_shows_the_same_and_another_does_not(market: SimulatedMarket, meters: Meters) -> None:
    again, other = Meters(market), Meters(market, seed=2)
    name = meters.points["901"][40].name
    assert (again.day(FIRST)[name] == meters.day(FIRST)[name]).all()
    assert (other.day(FIRST)[name] != meters.day(FIRST)[name]).any()


def test_every_day_of_every_point_ends_measured(meters: Meters) -> None:
    """Whatever is sent before, the last that is sent of a point are its own values."""
    day = FIRST + timedelta(days=FAULTS[0].first)
    values = meters.day(day)
    last: dict[str, Dispatch] = {}
    outbox = dispatches(meters, day, TIMETABLE)
    for at in sorted(outbox):
        last |= {one.point.name: one for sent in outbox[at].values() for one in sent}
    assert last.keys() == values.keys()
    assert {one.quality for one in last.values()} == {Quality.MEASURED}
    assert all((one.quantity == values[name]).all() for name, one in last.items())


def test_what_is_sent_comes_when_a_habit_says(meters: Meters) -> None:
    """DK-4.1.1, DK-4.1.2, DK-1.11: mostly the next morning, else by the second of a deadline, or one after it."""
    outboxes: dict[date, Outbox] = {}
    for number in range(20):
        day = FIRST + timedelta(days=number)
        outboxes[day] = dispatches(meters, day, TIMETABLE)
    count = dict.fromkeys(("morning", "all", "hourly limit", "flex limit", "a second late", "weeks"), 0)
    for day, outbox in outboxes.items():
        morning, fixation = ZONE.at(day + timedelta(days=1), 6), TIMETABLE.fixation(day)
        for at, by_area in outbox.items():
            number = sum(map(len, by_area.values()))
            count["all"] += number
            count["morning"] += number * (at == morning)
            count["hourly limit"] += number * (at == TIMETABLE.control_opens(day))
            count["flex limit"] += number * (at == fixation)
            count["a second late"] += number * (at == fixation + 1)
            count["weeks"] += number * (at > fixation + HOUR)
            assert at >= morning
    assert count["morning"] > 0.9 * count["all"]
    assert min(count.values()) > 0
    assert outboxes[FIRST].keys() == dispatches(meters, FIRST, TIMETABLE).keys()


def test_only_flex_consumption_is_estimated_and_the_border_is_exact_but_for_faults(meters: Meters) -> None:
    for number in range(10):
        day = FIRST + timedelta(days=number)
        faults = faults_on(meters.market, day)
        for by_area in dispatches(meters, day, TIMETABLE).values():
            for one in (one for sent in by_area.values() for one in sent):
                version = one.point.version
                if one.quality is Quality.ESTIMATED:
                    assert version.settlement_method is SettlementMethod.FLEX
                if version.kind is MeteringPointType.EXCHANGE and version.from_grid_area != OUTSIDE:
                    assert (one.quantity == meters.day(day)[one.point.name]).all()
        assert set(faults) == {fault.area for fault in FAULTS if fault.first == number}


def test_a_fault_is_mended_after_fixation(market: SimulatedMarket) -> None:
    """DK-6.2.2: so that the residual is negative when the day is to be fixed."""
    for fault in FAULTS:
        day = market.first + timedelta(days=fault.first)
        assert ZONE.at(mended_on(TIMETABLE, day, fault), 12) > TIMETABLE.fixation(day)
