"""Who is sent which results, in every dialect (Regulation D1 §3.2.2, §3.4, §4.1.5, §4.2, tables 1 to 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.hub.ports import Principal
from gateway.messages.codes import (
    Dialect,
    MeteringPointType,
    ProcessType,
    Quality,
    Role,
    SettlementMethod,
)
from gateway.messages.documents import AggregatedMeasureData, WholesaleServices
from tests.integration.settlement.asking import BRP_A, BRP_B, A, B, received
from tests.integration.settlement.towns import (
    AREA,
    DAY,
    FIXED_ON,
    GRID,
    RESPONSIBLE_A,
    RESPONSIBLE_B,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Town,
)

OPERATOR = Principal(GRID, Role.METERED_DATA_RESPONSIBLE, "grid")

Row = tuple[str | None, str | None, str | None, str | None, int]


def fetched(town: Town, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> list[AggregatedMeasureData]:
    """The sums in a party's queue of aggregations, read as its client would."""
    return [one for one in received(town, who, dialect) if isinstance(one, AggregatedMeasureData)]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_the_wholesale_basis_is_sent_to_supplier_and_grid_operator(town: Town, dialect: Dialect) -> None:
    """DK-4.2.a, DK-3.2.2: at fixation, by tariff; nothing of it to balance responsible parties."""
    town.send_all(DAY)
    town.pass_over(FIXED_ON - timedelta(days=1))
    town.evening(FIXED_ON)
    charged = {
        who.client_id: [
            (one.charge.id if one.charge else None, one.supplier.id if one.supplier else None, one.period.quantity[0])
            for document in received(town, who, dialect)
            if isinstance(document, WholesaleServices) and document.header.process_type == ProcessType.WHOLESALE_FIXING
            for one in document.series
            if one.period.start == ZONE.midnight(DAY)
        ]
        for who in (A, B, BRP_A, OPERATOR)
    }
    assert sorted(charged["a"]) == [
        ("EXTRA", SUPPLIER_A, 12_000),
        ("EXTRA", SUPPLIER_A, 15_000),
        ("GRID", SUPPLIER_A, 12_000),
        ("GRID", SUPPLIER_A, 15_000),
    ]
    assert sorted(charged["b"]) == [("GRID", SUPPLIER_B, 5_000), ("GRID", SUPPLIER_B, 28_000)]
    assert sorted(charged["grid"]) == sorted(charged["a"] + charged["b"])
    assert charged["brp-a"] == []


def rows(document: AggregatedMeasureData) -> set[Row]:
    """Type, method, supplier, balance responsible and the first value in Wh of every series."""
    return {
        (
            one.point_type,
            one.settlement_method,
            one.supplier.id if one.supplier else None,
            one.balance_responsible.id if one.balance_responsible else None,
            int(one.period.quantity[0]),
        )
        for one in document.series
    }


PRODUCTION, CONSUMPTION = MeteringPointType.PRODUCTION, MeteringPointType.CONSUMPTION
FLEX, HOURLY, RESIDUAL = SettlementMethod.FLEX, SettlementMethod.HOURLY, SettlementMethod.PROFILED

OF_A: set[Row] = {
    (PRODUCTION, None, SUPPLIER_A, RESPONSIBLE_A, 10_000),
    (CONSUMPTION, FLEX, SUPPLIER_A, RESPONSIBLE_A, 12_000),
}
OF_B: set[Row] = {
    (CONSUMPTION, FLEX, SUPPLIER_B, RESPONSIBLE_B, 8_000),
    (CONSUMPTION, HOURLY, SUPPLIER_B, RESPONSIBLE_B, 20_000),
}
OF_AREA: set[Row] = {(CONSUMPTION, RESIDUAL, None, None, 20_000)}


@pytest.mark.parametrize("dialect", list(Dialect))
def test_everybody_gets_the_sums_they_are_entitled_to_and_nobody_more(town: Town, dialect: Dialect) -> None:
    """DK-4.1.5.i: suppliers 1 and 2, balance responsible parties 1 to 3, grid operators 2, 4, 5, 6 and 7."""
    town.send_all(DAY)
    town.evening(DAY + timedelta(days=1))
    got = {who.client_id: fetched(town, who, dialect)[-1] for who in (A, B, BRP_A, BRP_B, OPERATOR)}
    assert rows(got["a"]) == OF_A | OF_AREA
    assert rows(got["b"]) == OF_B | OF_AREA
    of_brp_a = {(PRODUCTION, None, None, RESPONSIBLE_A, 10_000), (CONSUMPTION, FLEX, None, RESPONSIBLE_A, 12_000)}
    assert rows(got["brp-a"]) == OF_A | OF_AREA | of_brp_a
    assert rows(got["grid"]) == OF_AREA | {
        (CONSUMPTION, FLEX, None, None, 20_000),
        (CONSUMPTION, HOURLY, None, None, 20_000),
        (PRODUCTION, None, None, None, 10_000),
        (MeteringPointType.EXCHANGE, None, None, None, 50_000),
        (CONSUMPTION, None, None, None, 60_000),
    }


def test_a_document_of_sums_says_what_it_is(town: Town) -> None:
    """DK-4.1.5.h, DK-4.1.5.i: preliminary until fixation; the calculation's number grows."""
    town.send_all(DAY)
    town.send(DAY, {"flex-a": 12_000}, Quality.ESTIMATED)
    town.evening(DAY + timedelta(days=1))
    town.evening(FIXED_ON)
    documents = fetched(town, A)
    span = town.hub.office.profile.zone.day_interval(DAY)
    of_day = [one for one in documents if one.series[0].period.start == span.start]
    assert [one.header.process_type for one in of_day][-1] == ProcessType.BALANCE_FIXING
    assert {one.header.process_type for one in of_day[:-1]} == {ProcessType.PRELIMINARY_AGGREGATION}
    versions = [int(one.series[0].version or 0) for one in of_day]
    assert versions == sorted(set(versions))
    flex = next(one for one in of_day[-1].series if one.settlement_method == FLEX)
    assert set(flex.period.quality.tolist()) == {Quality.ESTIMATED}
    assert (flex.grid_area.code if flex.grid_area else None) == AREA
    assert flex.period.end == span.end
    assert of_day[-1].header.receiver.role == Role.ENERGY_SUPPLIER
