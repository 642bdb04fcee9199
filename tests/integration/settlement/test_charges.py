"""RSM-017 answered with RSM-019 from the wholesale basis: whose tariffs, over which days (D1 §3.4, §4.2; BRS-028)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.demo.market import sample_gln
from gateway.hub.database import allocate
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.ports import Principal
from gateway.hub.settlement.snapshots import Run, file_run
from gateway.messages.aggregates import Charge, PartyId, WholesaleSeries
from gateway.messages.amounts import NO_AMOUNT
from gateway.messages.codes import (
    ChargeType,
    Dialect,
    DocumentKind,
    MeteringPointType,
    ProcessType,
    Product,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    SettlementStage,
)
from gateway.messages.documents import PartyRef, RequestedCharge
from gateway.messages.masterdata import PartyRole
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId
from gateway.messages.settlement_masterdata import PointTariff, SettlementFacts
from gateway.settlement.results import KeyedSums, Method, ResultKey, ResultKind, SettlementResults
from tests.integration.settlement.asking import OPERATOR, A, B, ask_charges, ask_sums, charges, received, refusal, sums
from tests.integration.settlement.towns import (
    AREA,
    BEYOND_GRID,
    DAY,
    FIXED_ON,
    GRID,
    POINTS,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Town,
    start_town,
)
from tests.integration.settlement.towns import OPERATOR as HUB_OPERATOR

TRANSMISSION, LOCAL = "40000", "C"
MARCH = (date(2016, 3, 1), date(2016, 3, 31))
SYSTEM = Principal(sample_gln(241), Role.SYSTEM_OPERATOR, "system")
STRANGER = Principal(sample_gln(242), Role.SYSTEM_OPERATOR, "stranger")
FLEX = SettlementMethod.FLEX
REJECT = DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT
ROWS = {(SUPPLIER_A, TRANSMISSION): 12_000, (SUPPLIER_A, LOCAL): 22_000, (SUPPLIER_B, TRANSMISSION): 8_000}
"""Wh of every hour by supplier and tariff."""

FILED = [date(2016, 3, day) for day in (25, 26, 27, 28, 30)]
"""Days of operation with a basis, over a clock change and with a gap."""


def register_tariffs(town: Town) -> None:
    """A tariff of the system operator, and one of the grid operator whose id the neighbour uses as well."""
    start = ZONE.midnight(date(2015, 1, 1))
    facts = SettlementFacts(
        tariffs=[
            PointTariff(POINTS["flex-a"], TRANSMISSION, SYSTEM.party, start),
            PointTariff(POINTS["flex-b"], TRANSMISSION, SYSTEM.party, start),
            PointTariff(POINTS["flex-a"], LOCAL, GRID, start),
            PointTariff(POINTS["exchange"], LOCAL, BEYOND_GRID, start),
        ]
    )
    roles = [PartyRole(who.party, who.role, "Party", start) for who in (SYSTEM, STRANGER)]
    files = csv_files(MasterDataSet(roles=roles, settlement=facts))
    content = {name: one for name, one in files.items() if one.count(b"\n") > 1}
    report = asyncio.run(town.hub.import_master_data(HUB_OPERATOR, content))
    assert any(report.rows.values()), report.findings


def file_basis(town: Town, day: date, stage: SettlementStage, more: int = 0) -> None:
    """File a basis of rows of tariffs, the last hour of each missing, every value so much higher."""
    span = ZONE.day_interval(day)
    starts = np.arange(span.start, span.end, 3600)
    keys = [ResultKey(AREA, supplier, tariff=tariff) for supplier, tariff in ROWS]
    keys.append(ResultKey(AREA, None, tariff=TRANSMISSION))
    values = np.array([*ROWS.values(), 1])[:, None] + np.full((1, len(starts)), more)
    exists = np.broadcast_to(np.arange(len(starts)) < len(starts) - 1, values.shape)
    table = KeyedSums.of(keys, values, np.full(values.shape, 1, dtype=np.uint8), exists)
    results = SettlementResults(Method.D1, Resolution.HOUR, starts, {ResultKind.WHOLESALE_BASIS: table})
    at, as_of = town.clock.micros(), town.newest_version()
    with town.hub.office.database.write() as connection:
        run = Run(stage, day, town.clock.now(), as_of, allocate(connection, at), at)
        file_run(connection, run, {AREA: results})


@pytest.fixture
def charged(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """The town with tariffs, and the wholesale basis of some days of March filed in April."""
    town = start_town(tmp_path / "data", database_url, begins=date(2016, 4, 8))
    register_tariffs(town)
    for day in FILED:
        file_basis(town, day, SettlementStage.FIXATION)
    yield town
    town.hub.stop()


def whose(series: tuple[WholesaleSeries, ...]) -> set[tuple[str, str | None]]:
    """Supplier and tariff of every series."""
    return {(one.supplier.id, one.charge.id) for one in series if one.supplier and one.charge}


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_supplier_gets_the_energy_of_its_tariffs_without_prices(charged: Town, dialect: Dialect) -> None:
    """DK-4.3.a, DK-4.2.c: no amount is made up: what is there is incomplete for want of a price, the rest missing."""
    transaction = ask_charges(charged, A, MARCH)
    document = charges(charged, A, dialect)
    assert document.header.process_type == ProcessType.WHOLESALE_FIXING
    assert whose(document.series) == {(SUPPLIER_A, TRANSMISSION), (SUPPLIER_A, LOCAL)}
    assert {one.original_transaction for one in document.series} == {transaction}
    assert {one.charge for one in document.series} == {
        Charge(TRANSMISSION, ChargeType.TARIFF, PartyId(SYSTEM.party)),
        Charge(LOCAL, ChargeType.TARIFF, PartyId(GRID)),
    }
    first, second = [one for one in document.series if one.charge and one.charge.id == TRANSMISSION]
    assert (first.period.start, first.period.end) == (ZONE.midnight(FILED[0]), ZONE.midnight(date(2016, 3, 29)))
    assert (second.period.start, second.period.end) == (ZONE.midnight(FILED[-1]), ZONE.midnight(date(2016, 3, 31)))
    hours = [12_000] * 23 + [NO_QUANTITY]
    assert first.period.position.tolist() == list(range(1, 96)), "positions run on over the day of 23 hours"
    assert first.period.quantity.tolist() == hours * 2 + hours[1:] + hours
    assert second.period.quantity.tolist() == hours
    assert second.period.quality.tolist() == [Quality.INCOMPLETE] * 23 + [Quality.MISSING]
    for one in document.series:
        assert set(one.price.millionths.tolist()) | set(one.amount.millionths.tolist()) == {NO_AMOUNT}
        assert (one.product, one.unit, one.currency) == (Product.TARIFF, "kwh", None)


def test_each_sees_its_own_charges(charged: Town) -> None:
    """DK-3.4.a, DK-3.4.b: a supplier's are its own, an owner's those of its tariffs, a grid operator's of its area."""

    def seen(who: Principal, **named: Any) -> set[tuple[str, str | None]]:
        ask_charges(charged, who, MARCH, **named)
        return whose(charges(charged, who).series)

    of_a, of_b = {pair for pair in ROWS if pair[0] == SUPPLIER_A}, {(SUPPLIER_B, TRANSMISSION)}
    assert seen(B) == of_b
    assert seen(OPERATOR) == of_a | of_b
    assert seen(SYSTEM) == {(SUPPLIER_A, TRANSMISSION)} | of_b
    assert seen(SYSTEM, energy_supplier=PartyRef(id=SUPPLIER_B)) == of_b
    assert seen(A, charge_owner=PartyRef(id=GRID)) == {(SUPPLIER_A, LOCAL)}
    assert seen(A, charges=(RequestedCharge(id=TRANSMISSION),)) == {(SUPPLIER_A, TRANSMISSION)}
    assert seen(A, charges=(RequestedCharge(type=ChargeType.TARIFF), RequestedCharge(type=ChargeType.FEE))) == of_a

    def refused(who: Principal, **named: Any) -> list[str]:
        ask_charges(charged, who, MARCH, **named)
        return refusal(charged, who, REJECT)

    assert refused(STRANGER) == ["E0H"]
    assert refused(A, charges=(RequestedCharge(type=ChargeType.SUBSCRIPTION),)) == ["E0H"]
    assert refused(A, grid_area=AreaId("802")) == ["D46"]
    assert refused(A, resolution=Resolution.MONTH) == ["E0H"], "no prices, no amount of the month"
    assert refused(A, process=ProcessType.CORRECTION_SETTLEMENT) == ["E0H"]


def test_the_newest_basis_counts(charged: Town) -> None:
    """DK-4.4: refixed days take the place of fixed ones, in one series with the others; preliminary sums do not."""
    file_basis(charged, FILED[1], SettlementStage.FIRST_REFIXATION, more=5)
    file_basis(charged, FILED[1], SettlementStage.PRELIMINARY, more=9)
    ask_charges(charged, B, MARCH)
    series = charges(charged, B).series
    assert [one.period.quantity[:-1].tolist()[:1] for one in series] == [[8_000], [8_000]]
    assert series[0].period.quantity[24:47].tolist() == [8_005] * 23
    assert series[0].version == "6"


def test_what_a_fixation_filed_is_asked_for_by_tariff(town: Town) -> None:
    """DK-4.2.a, DK-4.2.c, DK-4.3.a: metered and profile-settled consumption of each tariff, and the sums beside."""
    town.send_all(DAY)
    town.evening(FIXED_ON)
    received(town, A)
    ask_charges(town, A, MARCH)
    start = ZONE.midnight(DAY)
    of_day = [one for one in charges(town, A).series if one.period.start <= start < one.period.end]
    assert {
        (
            one.charge and one.charge.id,
            one.settlement_method,
            int(one.period.quantity[(start - one.period.start) // 3600]),
        )
        for one in of_day
    } == {
        ("GRID", None, 12_000),
        ("EXTRA", None, 12_000),
        ("GRID", SettlementMethod.PROFILED, 15_000),
        ("EXTRA", SettlementMethod.PROFILED, 15_000),
    }
    assert {one.charge and one.charge.owner for one in of_day} == {PartyId(GRID)}
    for process in (ProcessType.BALANCE_FIXING, ProcessType.WHOLESALE_FIXING):
        ask_sums(town, A, (DAY, DAY), process, point_type=MeteringPointType.CONSUMPTION, settlement_method=FLEX)
        document = sums(town, A)
        assert document.header.process_type == process
        assert [int(one.period.quantity[0]) for one in document.series] == [12_000]
    ask_sums(town, A, (FIXED_ON, FIXED_ON), ProcessType.WHOLESALE_FIXING)
    assert refusal(town, A, DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT) == ["E0H"], "not fixed yet"
