"""What a fixed basis holds besides the sums: distributed consumption, load shares, wholesale basis (D1 §4.2, §1.15)."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.demo.market import sample_gsrn
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.basis import load_share_total
from gateway.hub.settlement.days import history
from gateway.hub.settlement.evening import Settlement
from gateway.hub.settlement.settling import CutOff, settle
from gateway.messages.codes import (
    GridLossRole,
    MeteringPointType,
    Quality,
    Resolution,
    SettlementMethod,
    SettlementStage,
    Subtype,
)
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.settlement_masterdata import (
    FACTOR_ONE,
    FormulaTerm,
    GridLossPoint,
    LoadShare,
    SettlementFacts,
)
from gateway.settlement.results import ResultKind
from tests.integration.settlement.towns import (
    AREA,
    DAY,
    FIXED_ON,
    LOAD_SHARES,
    POINTS,
    RESPONSIBLE_A,
    RESPONSIBLE_B,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Town,
    register,
)


def test_the_residual_is_distributed_by_load_shares(town: Town) -> None:
    """DK-1.16: 20 kWh by 3 : 1; DK-4.2.a: at fixation, not with the daily sums."""
    town.send_all(DAY)
    town.evening(DAY + timedelta(days=1))
    assert ResultKind.DISTRIBUTED_PER_SUPPLIER not in town.results(DAY, SettlementStage.PRELIMINARY).tables
    town.evening(FIXED_ON)
    fixed = town.results(DAY, SettlementStage.FIXATION)
    by_supplier, by_brp = ResultKind.DISTRIBUTED_PER_SUPPLIER, ResultKind.DISTRIBUTED_PER_BRP
    assert town.kwh(fixed, by_supplier, supplier=SUPPLIER_A) == [15] * 24
    assert town.kwh(fixed, by_supplier, supplier=SUPPLIER_B) == [5] * 24
    assert town.kwh(fixed, by_brp, brp=RESPONSIBLE_A) == [15] * 24
    assert town.kwh(fixed, by_brp, brp=RESPONSIBLE_B) == [5] * 24
    assert load_share_total(fixed.tables) == 4_000_000
    assert set(fixed.tables[by_supplier].qualities.flatten().tolist()) == {1}


def test_the_wholesale_basis_is_summed_by_tariff_and_supplier(town: Town) -> None:
    """DK-4.2.a, DK-3.2.2: metered and profile-settled consumption, each tariff for itself."""
    town.send_all(DAY)
    town.evening(FIXED_ON)
    fixed = town.results(DAY, SettlementStage.FIXATION)
    metered, profiled = ResultKind.WHOLESALE_BASIS, ResultKind.PROFILED_PER_TARIFF
    assert town.kwh(fixed, metered, tariff="GRID", supplier=SUPPLIER_A) == [12] * 24
    assert town.kwh(fixed, metered, tariff="GRID", supplier=SUPPLIER_B) == [28] * 24
    assert town.kwh(fixed, metered, tariff="EXTRA", supplier=SUPPLIER_A) == [12] * 24
    assert town.kwh(fixed, profiled, tariff="GRID", supplier=SUPPLIER_A) == [15] * 24
    assert town.kwh(fixed, profiled, tariff="GRID", supplier=SUPPLIER_B) == [5] * 24
    assert town.kwh(fixed, profiled, tariff="EXTRA", supplier=SUPPLIER_A) == [15] * 24
    assert all(key.tariff for key in fixed.tables[profiled].keys)


def test_load_shares_are_frozen_before_their_month(town: Town) -> None:
    """DK-1.15: what is registered within March counts from April, 3 : 3 in place of 3 : 1."""
    facts = SettlementFacts(load_shares=[LoadShare(POINTS["profiled-b"], 3_000_000, ZONE.midnight(date(2016, 3, 1)))])
    town.send_all(DAY)
    register(town, MasterDataSet(settlement=facts))
    later = date(2016, 4, 4)
    town.pass_over(later)
    town.send_all(later)
    cut_off = CutOff(town.clock.now(), town.newest_version())
    for day, expected in ((DAY, 5), (later, 10)):
        settle(town.hub.office, Due(SettlementStage.FIXATION, day, (AREA,)), cut_off)
        fixed = town.results(day, SettlementStage.FIXATION)
        assert town.kwh(fixed, ResultKind.DISTRIBUTED_PER_SUPPLIER, supplier=SUPPLIER_B) == [expected] * 24


def test_a_calculated_point_takes_part_with_the_values_of_its_formula(town: Town) -> None:
    """DK-6.1.3: half of what flex-a and hourly-b use, as a production point of supplier B."""
    start = ZONE.midnight(date(2015, 1, 1))
    point = sample_gsrn(95_000)
    version = MeteringPointVersion(
        point,
        MeteringPointType.PRODUCTION,
        AREA,
        start,
        subtype=Subtype.CALCULATED,
        resolution=Resolution.HOUR,
        energy_supplier=SUPPLIER_B,
        balance_responsible=RESPONSIBLE_B,
    )
    terms = [FormulaTerm(point, POINTS[name], FACTOR_ONE // 2, start) for name in ("flex-a", "hourly-b")]
    register(town, MasterDataSet(points=[version], settlement=SettlementFacts(formulas=terms)))
    town.send_all(DAY, **{"hourly-b": [20_001] * 24})
    town.evening(DAY + timedelta(days=1))
    results = town.results(DAY, SettlementStage.PRELIMINARY)
    assert town.kwh(results, ResultKind.PRODUCTION_PER_SUPPLIER, supplier=SUPPLIER_B) == [16.001] * 24
    assert town.kwh(results, ResultKind.TOTAL_CONSUMPTION) == [76.001] * 24
    town.send(DAY, {"flex-a": None})
    assert town.status(results, ResultKind.PRODUCTION) == [Quality.MEASURED] * 24


def test_corrections_after_the_final_are_settled_against_the_grid_loss(town: Town) -> None:
    """DK-4.5.a, DK-4.5.b: three years on, the differences alone; the loss supplier takes the counterpart."""
    start = ZONE.midnight(date(2015, 1, 1))
    loss = MeteringPointVersion(
        sample_gsrn(95_001),
        MeteringPointType.CONSUMPTION,
        AREA,
        start,
        subtype=Subtype.VIRTUAL,
        settlement_method=SettlementMethod.FLEX,
        resolution=Resolution.HOUR,
        energy_supplier=SUPPLIER_B,
        balance_responsible=RESPONSIBLE_B,
    )
    booked = GridLossPoint(AREA, loss.metering_point, GridLossRole.POSITIVE, start)
    register(town, MasterDataSet(points=[loss], settlement=SettlementFacts(grid_loss=[booked])))
    town.send_all(DAY)
    for evening in (FIXED_ON, date(2016, 4, 7), date(2016, 5, 10), date(2016, 6, 3)):
        town.pass_over(evening - timedelta(days=1))
        town.evening(evening)
    town.send(DAY, {"flex-a": 13_000})
    last = town.hub.office.profile.timetable.settled(SettlementStage.CORRECTION, DAY)
    town.clock.move_to(last + 1)
    cut_off = CutOff(last, town.newest_version())
    dues = Settlement(town.hub.office).due(cut_off)
    (due,) = [one for one in dues if (one.day, one.stage) == (DAY, SettlementStage.CORRECTION)]
    settle(town.hub.office, due, cut_off)
    final = town.results(DAY, SettlementStage.FINAL_REFIXATION)
    assert town.status(final, ResultKind.FLEX) == [Quality.MEASURED] * 24  # nobody sends for the loss point
    filed = town.results(DAY, SettlementStage.CORRECTION)
    assert town.kwh(filed, ResultKind.FLEX_CORRECTION, supplier=SUPPLIER_A) == [1] * 24
    assert town.kwh(filed, ResultKind.FLEX_CORRECTION, supplier=SUPPLIER_B) == [-1] * 24
    assert not filed.tables[ResultKind.PRODUCTION_CORRECTION].keys
    assert ResultKind.GRID_LOSS not in filed.tables


def test_an_area_without_load_shares_distributes_nothing_and_says_so(town: Town) -> None:
    """DK-1.15: named in the history of the day; the rest of the basis is filed."""
    ended = SettlementFacts(
        load_shares=[LoadShare(POINTS[name], 0, ZONE.midnight(date(2015, 1, 1))) for name in LOAD_SHARES]
    )
    town.pass_over(date(2016, 4, 3))
    register(town, MasterDataSet(settlement=ended))
    day = date(2016, 5, 3)
    town.pass_over(day)
    town.send_all(day)
    cut_off = CutOff(town.clock.now(), town.newest_version())
    settle(town.hub.office, Due(SettlementStage.FIXATION, day, (AREA,)), cut_off)
    fixed = town.results(day, SettlementStage.FIXATION)
    assert ResultKind.DISTRIBUTED_PER_SUPPLIER not in fixed.tables
    assert town.kwh(fixed, ResultKind.GRID_LOSS) == [20] * 24
    with town.hub.office.database.read() as connection:
        assert "no load shares" in history(connection, day, AREA)[-1].text
