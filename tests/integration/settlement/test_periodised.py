"""Readings spread by the curve as fixed, and their sums (DK-1.32, DK-3.4.a, DK-3.2.2, dk-settlement §8)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_readings import ReadingOutcome, ReadingsTaken
from gateway.hub.ports_settlement import DayFilter, PeriodisedKind, PeriodisedReading, PeriodisedSums
from gateway.hub.settlement import periodised_sums
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.settling import CutOff, settle
from gateway.messages.codes import Role, SettlementStage
from gateway.messages.settlement_masterdata import LoadShare, PointTariff, SettlementFacts
from gateway.messages.times import HOUR
from tests.integration.settlement.towns import (
    AREA,
    BEYOND,
    BEYOND_GRID,
    DAY,
    GRID,
    LOAD_SHARES,
    METERED,
    OPERATOR,
    POINTS,
    RESPONSIBLE_A,
    SUPPLIER_A,
    SUPPLIER_B,
    USES,
    ZONE,
    Town,
    dataset,
    register,
    start_town,
)

A, B = (Principal(party, Role.ENERGY_SUPPLIER, "supplier") for party in (SUPPLIER_A, SUPPLIER_B))
GRID_OPERATOR = Principal(GRID, Role.GRID_OPERATOR, "grid")
NEIGHBOUR = Principal(BEYOND_GRID, Role.GRID_OPERATOR, "neighbour")
RESPONSIBLE = Principal(RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE, "brp")
NEXT = DAY + timedelta(days=1)
FEBRUARY = [date(2016, 2, 1) + timedelta(days=n) for n in range(29)]


def fix(town: Town, *days: date, **changed: int | list[int] | None) -> None:
    """Send days of the town and fix them, in the order given, now."""
    values: dict[str, int | list[int] | None] = {name: USES[name][3] for name in METERED}
    latest = max(days)
    town.clock.move_to(max(town.clock.now(), ZONE.at(latest + timedelta(days=1), 6)))
    for day in days:
        town.send(day, values | changed)
    cut_off = CutOff(town.clock.now(), town.newest_version())
    for day in days:
        settle(town.hub.office, Due(SettlementStage.FIXATION, day, (AREA,)), cut_off)


def read(town: Town, name: str, start: date, end: date, kwh: object) -> None:
    """The grid operator sends a reading."""
    number = next(town.numbers)
    body = "transaction,metering_point,start,end,consumption,status\n"
    body += f"r-{number},{POINTS[name]},{start},{end},{kwh},measured\n"
    sender = Principal(GRID, Role.METERED_DATA_RESPONSIBLE, "grid")
    taken = asyncio.run(town.hub.readings.take(sender, "readings.csv", body.encode()))
    assert isinstance(taken, ReadingsTaken), taken
    assert taken.results[0].outcome is ReadingOutcome.ACCEPTED, taken.results


def shown(
    town: Town, who: Principal, name: str, first: date = DAY, last: date | None = None
) -> tuple[PeriodisedReading, ...] | None:
    wanted = DayFilter(first, last or first)
    return asyncio.run(town.hub.settlement.periodised(who, POINTS[name], wanted))


def one(town: Town, name: str, first: date = DAY) -> PeriodisedReading:
    """The one reading of a point on a day."""
    found = shown(town, OPERATOR, name, first)
    assert found is not None
    (reading,) = found
    return reading


def sums(town: Town, who: Principal, month: date = DAY, area: str = AREA) -> PeriodisedSums:
    found = asyncio.run(town.hub.settlement.periodised_sums(who, month, area))
    assert isinstance(found, PeriodisedSums), found
    return found


def kwh(found: PeriodisedSums, kind: PeriodisedKind, supplier: str, tariff: str = "") -> list[float]:
    """The quantities of a row in kWh."""
    (row,) = (row for row in found.rows if (row.kind, row.supplier, row.tariff) == (kind, supplier, tariff))
    return [wh / 1000 for wh in row.quantity.tolist()]


def keys(found: PeriodisedSums) -> list[tuple[str, str, str, int]]:
    return [(row.kind.value, row.supplier, row.tariff, row.lacking) for row in found.rows]


def test_a_reading_is_spread_by_the_fixed_curve(town: Town) -> None:
    """DK-1.32: 360 kWh over a day of even residual are 15 kWh each hour."""
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 24 * 15)
    spread = one(town, "profiled-a")
    assert spread.quantity.tolist() == [15_000] * 24
    assert spread.starts.tolist() == list(range(ZONE.midnight(DAY), ZONE.midnight(NEXT), HOUR))
    assert (spread.consumption, spread.waits_for, spread.finding) == (360_000, None, None)


def test_it_follows_the_residual_and_adds_up_exactly(town: Town) -> None:
    """DK-1.32: half as much residual again takes half as much again; the first of equal remainders are rounded up."""
    fix(town, DAY, **{"flex-a": [12_000] * 12 + [2_000] * 12})  # the residual is 20, then 30
    read(town, "profiled-a", DAY, NEXT, "100.001")
    quantity = one(town, "profiled-a").quantity
    assert quantity.tolist() == [3334] * 5 + [3333] * 7 + [5000] * 12
    assert int(quantity.sum()) == 100_001


def test_a_period_with_a_day_that_is_not_fixed_waits_for_it(town: Town) -> None:
    """DK-1.32: the first such day is named; once it is fixed the reading is spread."""
    days = [DAY + timedelta(days=n) for n in range(4)]
    fix(town, days[0], days[2])
    read(town, "profiled-a", days[0], days[3], 720)
    assert one(town, "profiled-a").waits_for == days[1]
    assert len(one(town, "profiled-a").quantity) == 0
    fix(town, days[1])
    assert one(town, "profiled-a").waits_for is None
    assert one(town, "profiled-a").quantity.tolist() == [10_000] * 72
    assert shown(town, OPERATOR, "profiled-a", days[3]) == ()


def test_a_refixation_leaves_the_curve_as_it_was(town: Town) -> None:
    """DK-1.15, DK-1.32: the fixed residual is that of the fixation."""
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 360)
    town.send(DAY, {"flex-a": [12_000] * 23 + [0]})
    cut_off = CutOff(town.clock.now(), town.newest_version())
    settle(town.hub.office, Due(SettlementStage.FIRST_REFIXATION, DAY, (AREA,)), cut_off)
    assert one(town, "profiled-a").quantity.tolist() == [15_000] * 24


def test_a_curve_that_is_not_positive_spreads_evenly_and_says_so(town: Town) -> None:
    """DK-1.32: a residual of nothing at all."""
    fix(town, DAY, **{"hourly-b": 40_000})
    read(town, "profiled-a", DAY, NEXT, 240)
    spread = one(town, "profiled-a")
    assert spread.quantity.tolist() == [10_000] * 24
    assert spread.finding is not None
    assert spread.finding.rule == "curve-not-positive"


def test_a_day_without_load_shares_takes_no_part(town: Town) -> None:
    """DK-1.15: it has no curve; the other days take all of the reading."""
    ended = SettlementFacts(
        load_shares=[LoadShare(POINTS[name], 0, ZONE.midnight(date(2015, 1, 1))) for name in LOAD_SHARES]
    )
    last, first = date(2016, 3, 31), date(2016, 4, 1)
    register(town, MasterDataSet(settlement=ended))  # too late for March, in time for April
    town.pass_over(date(2016, 3, 30))
    fix(town, last)
    fix(town, first)
    read(town, "profiled-a", last, first + timedelta(days=1), 240)
    assert one(town, "profiled-a", last).quantity.tolist() == [10_000] * 24 + [0] * 24


def test_a_reading_of_a_point_that_never_was_is_not_spread(town: Town) -> None:
    """DK-1.32: master data say afterwards that the point began later; nothing breaks, and it is said."""
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 360)
    version = next(one for one in dataset().points if one.metering_point == POINTS["profiled-a"])
    begin = ZONE.at(NEXT, 1)
    later = SettlementFacts(
        load_shares=[LoadShare(POINTS["profiled-a"], 3_000_000, begin)],
        tariffs=[PointTariff(POINTS["profiled-a"], "GRID", GRID, begin)],
    )
    register(town, MasterDataSet(points=[version._replace(valid_from=begin)], settlement=later))
    spread = one(town, "profiled-a")
    assert (len(spread.quantity), spread.waits_for) == (0, None)
    assert spread.finding is not None
    assert spread.finding.rule == "no-grid-area"
    read(town, "profiled-b", DAY, NEXT, 120)
    assert sum(kwh(sums(town, GRID_OPERATOR), PeriodisedKind.PERIODISED, SUPPLIER_A)) == 0
    assert sum(kwh(sums(town, GRID_OPERATOR), PeriodisedKind.PERIODISED, SUPPLIER_B)) == 120


def test_a_reading_through_two_grid_areas_follows_the_curve_of_each(town: Town) -> None:
    """DK-1.32: the point changes its area at noon, and the sums of an area hold what fell into it."""
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 360)
    version = next(one for one in dataset().points if one.metering_point == POINTS["profiled-a"])
    moved = version._replace(grid_area=BEYOND, valid_from=ZONE.at(DAY, 12))
    register(town, MasterDataSet(points=[version._replace(valid_to=moved.valid_from), moved]))
    assert one(town, "profiled-a").waits_for == DAY, "the day is not fixed in the other area"
    settle(
        town.hub.office, Due(SettlementStage.FIXATION, DAY, (BEYOND,)), CutOff(town.clock.now(), town.newest_version())
    )
    accepted = town.hub.settlement.accept_residual(OPERATOR, DAY, [BEYOND], "it only lets energy through")
    assert not isinstance(asyncio.run(accepted), Refused)
    assert one(town, "profiled-a").quantity.tolist() == [30_000] * 12 + [0] * 12, "no load shares, no part"
    assert sum(kwh(sums(town, GRID_OPERATOR), PeriodisedKind.PERIODISED, SUPPLIER_A)) == 360
    assert sum(kwh(sums(town, A, area=BEYOND), PeriodisedKind.PERIODISED, SUPPLIER_A)) == 0


def test_only_who_may_see_the_readings_sees_them_spread(town: Town) -> None:
    """DK-3.4.a, DK-3.2.2: the supplier of the period and the grid operator; for others there is no such point."""
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 360)
    for who in (A, GRID_OPERATOR, OPERATOR):
        assert shown(town, who, "profiled-a") is not None
    for who in (B, NEIGHBOUR, RESPONSIBLE):
        assert shown(town, who, "profiled-a") is None


@pytest.fixture
def february(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """The town with all of February fixed."""
    started = start_town(tmp_path / "data", database_url, FEBRUARY[0])
    fix(started, *FEBRUARY)
    yield started
    started.hub.stop()


def test_sums_of_a_month_and_their_reconciliation(february: Town) -> None:
    """DK-3.2.2, DK-1.32: A reads 5 % more than its load shares got, B exactly what it got."""
    town, first, end = february, FEBRUARY[0], date(2016, 3, 1)
    hours = 29 * 24
    read(town, "profiled-a", first, date(2016, 2, 10), 9 * 24 * 15)
    read(town, "profiled-a", date(2016, 2, 10), end, 20 * 24 * 15 * 1.05)
    assert keys(sums(town, B, first)) == [("periodised", SUPPLIER_B, "", 1), ("distributed", SUPPLIER_B, "", 1)]
    read(town, "profiled-b", first, end, hours * 5)
    found = sums(town, GRID_OPERATOR, first)
    assert keys(found) == [
        ("periodised", SUPPLIER_A, "", 0),
        ("periodised", SUPPLIER_A, "EXTRA", 0),
        ("periodised", SUPPLIER_A, "GRID", 0),
        ("periodised", SUPPLIER_B, "", 0),
        ("periodised", SUPPLIER_B, "GRID", 0),
        ("distributed", SUPPLIER_A, "", 0),
        ("reconciliation", SUPPLIER_A, "", 0),
        ("distributed", SUPPLIER_B, "", 0),
        ("reconciliation", SUPPLIER_B, "", 0),
    ]
    periodised = [15.0] * (9 * 24) + [15.75] * (20 * 24)
    for tariff in ("", "EXTRA", "GRID"):
        assert kwh(found, PeriodisedKind.PERIODISED, SUPPLIER_A, tariff) == periodised
    assert kwh(found, PeriodisedKind.PERIODISED, SUPPLIER_B) == [5] * hours
    assert kwh(found, PeriodisedKind.DISTRIBUTED, SUPPLIER_A) == [15] * hours
    assert kwh(found, PeriodisedKind.RECONCILIATION, SUPPLIER_A) == [0] * (9 * 24) + [0.75] * (20 * 24)
    assert kwh(found, PeriodisedKind.RECONCILIATION, SUPPLIER_B) == [0] * hours
    own = sums(town, A, first)
    assert {row.supplier for row in own.rows} == {SUPPLIER_A}
    assert kwh(own, PeriodisedKind.RECONCILIATION, SUPPLIER_A) == kwh(found, PeriodisedKind.RECONCILIATION, SUPPLIER_A)


def test_sums_are_those_of_the_points_and_cut_to_the_month(town: Town) -> None:
    """DK-3.2.2: a reading over the end of a month is spread as a whole, and counts with its days of the month."""
    last, first = date(2016, 3, 31), date(2016, 4, 1)
    town.pass_over(date(2016, 3, 30))
    fix(town, last, first, **{"flex-a": list(range(24))})
    for number, name in enumerate(LOAD_SHARES):
        read(town, name, last, first + timedelta(days=1), f"{100 + number}.{number + 1}")
    for day in (last, first):
        span = ZONE.day_interval(day)
        found = sums(town, GRID_OPERATOR, day)
        inside = (found.starts >= span.start) & (found.starts < span.end)
        for name, supplier in (("profiled-a", SUPPLIER_A), ("profiled-b", SUPPLIER_B)):
            reading = one(town, name, day)
            (row,) = (r for r in found.rows if (r.supplier, r.tariff) == (supplier, ""))
            mine = (reading.starts >= span.start) & (reading.starts < span.end)
            assert row.quantity[inside].tolist() == reading.quantity[mine].tolist()
            assert not row.quantity[~inside].any()
            assert row.lacking == 1


def test_a_tariff_counts_as_long_as_it_is_paid(town: Town) -> None:
    """DK-3.2.2: a tariff that ends within the reading period."""
    noon = ZONE.at(DAY, 12)
    start = ZONE.midnight(date(2015, 1, 1))
    paid = [PointTariff(POINTS["profiled-a"], "GRID", GRID, start, noon)]
    paid.append(PointTariff(POINTS["profiled-a"], "LATER", GRID, noon))
    register(town, MasterDataSet(settlement=SettlementFacts(tariffs=paid)))
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 360)
    found = sums(town, A)
    begin = int(np.searchsorted(found.starts, ZONE.midnight(DAY)))
    grid, later = (kwh(found, PeriodisedKind.PERIODISED, SUPPLIER_A, t)[begin : begin + 24] for t in ("GRID", "LATER"))
    assert (grid, later) == ([15] * 12 + [0] * 12, [0] * 12 + [15] * 12)


def test_a_month_that_waits_names_the_day(town: Town) -> None:
    """DK-1.32: readings that wait are in no sum, and their points lack the month."""
    fix(town, DAY)
    town.at(NEXT + timedelta(days=1), 6)
    read(town, "profiled-a", DAY, NEXT + timedelta(days=1), 360)
    found = sums(town, GRID_OPERATOR)
    assert found.waits_for == NEXT
    assert keys(found) == [("periodised", SUPPLIER_A, "", 1), ("periodised", SUPPLIER_B, "", 1)]
    assert not any(row.quantity.any() for row in found.rows)
    assert len(found.starts) == 31 * 24 - 1, "summer time begins on the 27th"


def test_sums_are_of_the_grid_operator_and_each_supplier(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """DK-3.2.2, DK-3.4.a: for anybody else, and of an area nobody knows, there are none; too many are refused."""
    desk = town.hub.settlement
    for who, area in ((NEIGHBOUR, AREA), (RESPONSIBLE, AREA), (A, "999"), (GRID_OPERATOR, "999"), (GRID_OPERATOR, "")):
        assert asyncio.run(desk.periodised_sums(who, DAY, area)) is None
    assert sums(town, A, DAY, BEYOND).rows == ()
    assert {row.supplier for row in sums(town, OPERATOR).rows} == {SUPPLIER_A, SUPPLIER_B}
    fix(town, DAY)
    read(town, "profiled-a", DAY, NEXT, 360)
    monkeypatch.setattr(periodised_sums, "MOST_READINGS", 0)
    refused = asyncio.run(desk.periodised_sums(GRID_OPERATOR, DAY, AREA))
    assert isinstance(refused, Refused)
    assert refused.findings[0].rule == "too-many-readings"
