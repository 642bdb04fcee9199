"""Evenings of the hub: sums until fixation, the frozen basis, refixations (Regulation D1 §4.1.5, §4.2, §4.4)."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.hub.settlement.evening import Settlement
from gateway.hub.settlement.settling import CutOff, settle
from gateway.messages.codes import Quality, SettlementStage
from gateway.settlement.results import ResultKind
from tests.integration.settlement.towns import BEYOND, DAY, FIXED_ON, SUPPLIER_A, SUPPLIER_B, Town


def test_the_seven_sums_of_every_evening(town: Town) -> None:
    """DK-4.1.5.g: production, flex and hourly consumption, exchange, total and residual, each as worked out by hand."""
    town.send_all(DAY)
    assert town.evening(DAY + timedelta(days=1)) == 2
    results = town.results(DAY, SettlementStage.PRELIMINARY)
    area = {kind: town.kwh(results, kind) for kind in (ResultKind.PRODUCTION, ResultKind.FLEX, ResultKind.HOURLY)}
    assert area == {ResultKind.PRODUCTION: [10] * 24, ResultKind.FLEX: [20] * 24, ResultKind.HOURLY: [20] * 24}
    assert town.kwh(results, ResultKind.NET_EXCHANGE) == [50] * 24
    assert town.kwh(results, ResultKind.TOTAL_CONSUMPTION) == [60] * 24
    assert town.kwh(results, ResultKind.GRID_LOSS) == [20] * 24
    assert town.kwh(results, ResultKind.FLEX_PER_SUPPLIER, supplier=SUPPLIER_A) == [12] * 24
    assert town.kwh(results, ResultKind.FLEX_PER_SUPPLIER, supplier=SUPPLIER_B) == [8] * 24


def test_what_comes_by_nine_is_in_and_what_comes_later_is_not(town: Town) -> None:
    """DK-1.11, DK-4.1.5.h: the instant itself is included."""
    town.send_all(DAY)
    town.at(FIXED_ON, 21)
    town.send(DAY, {"flex-a": 13_000})
    town.at(FIXED_ON, 21, second=1)
    town.send(DAY, {"flex-b": 9_000})
    town.evening(FIXED_ON)
    results = town.results(DAY, SettlementStage.FIXATION)
    assert town.kwh(results, ResultKind.FLEX_PER_SUPPLIER, supplier=SUPPLIER_A) == [13] * 24
    assert town.kwh(results, ResultKind.FLEX_PER_SUPPLIER, supplier=SUPPLIER_B) == [8] * 24


def test_one_estimated_value_makes_a_sum_estimated_and_one_missing_makes_it_missing(town: Town) -> None:
    """DK-4.1.5.h."""
    town.send_all(DAY)
    town.send(DAY, {"flex-a": 12_500}, Quality.ESTIMATED)
    town.evening(DAY + timedelta(days=1))
    results = town.results(DAY, SettlementStage.PRELIMINARY)
    assert town.status(results, ResultKind.FLEX) == [Quality.ESTIMATED] * 24
    assert town.status(results, ResultKind.HOURLY) == [Quality.MEASURED] * 24
    town.send_all(DAY + timedelta(days=1), **{"flex-b": None})
    town.evening(DAY + timedelta(days=2))
    results = town.results(DAY + timedelta(days=1), SettlementStage.PRELIMINARY)
    assert town.status(results, ResultKind.FLEX) == [Quality.MISSING] * 24
    assert town.kwh(results, ResultKind.FLEX) == [12] * 24


def test_a_correction_after_fixation_waits_for_the_refixation_and_is_marked_there(town: Town) -> None:
    """DK-4.3.b, DK-1.34: the fixed basis stays as it is; a sum is corrected where a value that entered it changed."""
    town.send_all(DAY)
    town.evening(FIXED_ON)
    fixed = town.results(DAY, SettlementStage.FIXATION)
    town.send(DAY, {"flex-a": [12_000] * 23 + [15_000]})
    town.pass_over(date(2016, 4, 5))
    town.evening(date(2016, 4, 6))
    assert town.stages(DAY)[-1] is SettlementStage.FIXATION
    town.evening(date(2016, 4, 7))
    refixed = town.results(DAY, SettlementStage.FIRST_REFIXATION)
    assert town.kwh(refixed, ResultKind.FLEX) == [20] * 23 + [23]
    assert town.corrected(refixed, ResultKind.FLEX) == [False] * 23 + [True]
    assert not any(town.corrected(refixed, ResultKind.HOURLY))
    assert town.kwh(town.results(DAY, SettlementStage.FIXATION), ResultKind.FLEX) == [20] * 24
    assert town.results(DAY, SettlementStage.FIXATION).tables.keys() == fixed.tables.keys()


def test_a_month_is_refixed_three_times_and_closed_three_years_on(town: Town) -> None:
    """DK-4.4, DK-4.5.b."""
    town.send_all(DAY)
    for evening in (FIXED_ON, date(2016, 4, 7), date(2016, 5, 10), date(2016, 6, 3)):
        town.pass_over(evening - timedelta(days=1))
        town.evening(evening)
    assert town.state(DAY) == "final"
    last = town.hub.office.profile.timetable.settled(SettlementStage.CORRECTION, DAY)
    town.clock.move_to(last + 1)
    cut_off = CutOff(last, town.newest_version())
    dues = Settlement(town.hub.office).due(cut_off)
    (due,) = [one for one in dues if (one.day, one.stage) == (DAY, SettlementStage.CORRECTION)]
    settle(town.hub.office, due, cut_off)
    stages = [stage for stage in town.stages(DAY) if stage is not SettlementStage.PRELIMINARY]
    assert stages == list(SettlementStage)[1:]
    assert town.state(DAY) == "closed"


def test_an_evening_the_hub_slept_through_is_settled_as_it_would_have_been(town: Town) -> None:
    """DK-1.11: the cut-off is the evening's, whenever it is run."""
    town.send_all(DAY)
    town.at(FIXED_ON + timedelta(days=1), 6)
    town.send(DAY, {"flex-a": 30_000})
    assert Settlement(town.hub.office).catch_up() > 5
    assert town.kwh(town.results(DAY, SettlementStage.FIXATION), ResultKind.FLEX) == [20] * 24


def test_a_negative_residual_stops_for_the_operator(town: Town) -> None:
    """DK-6.2.2: negative sums are sent until the fifth working day; then nothing is filed until somebody decides."""
    town.send_all(DAY, exchange=1_000)
    town.evening(DAY + timedelta(days=1))
    assert town.kwh(town.results(DAY, SettlementStage.PRELIMINARY), ResultKind.GRID_LOSS) == [-29] * 24
    town.evening(FIXED_ON)
    assert town.state(DAY) == "held"
    assert SettlementStage.FIXATION not in town.stages(DAY)
    town.evening(FIXED_ON + timedelta(days=1))
    assert town.state(DAY) == "held"
    assert town.state(DAY + timedelta(days=1)) == "fixed"


def test_an_area_only_bordered_on_is_not_settled(town: Town) -> None:
    town.send_all(DAY)
    town.evening(DAY + timedelta(days=1))
    assert town.snapshots(DAY, BEYOND) == {}
