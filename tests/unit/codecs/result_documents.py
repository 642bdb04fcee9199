"""Documents of settlement for the tests of the codecs. All ids are made up; their check digits are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from gateway.messages.aggregates import AggregateSeries, Charge, PartyId, WholesaleSeries
from gateway.messages.amounts import NO_AMOUNT, Amounts
from gateway.messages.codes import (
    ChargeType,
    MeteringPointType,
    ProcessType,
    Product,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    SettlementVersion,
    Unit,
)
from gateway.messages.documents import (
    AggregatedMeasureData,
    Header,
    MissingData,
    MissingDataReminder,
    PartyRef,
    PointId,
    WholesaleServices,
)
from gateway.messages.identifiers import Scheme
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId, Period
from gateway.messages.times import parse_instant

HUB, OPERATOR, SUPPLIER = "5790001330552", "5790000000012", "5790000000029"
BALANCE_RESPONSIBLE, SYSTEM_OPERATOR = "5790000000036", "5790000432752"
POINTS = (PointId("571313100000012341"), PointId("571313100000012358"))
DAY_START, DAY_END = parse_instant("2025-01-14T23:00Z"), parse_instant("2025-01-15T23:00Z")
MONTH_START, MONTH_END = parse_instant("2024-12-31T23:00Z"), parse_instant("2025-01-31T23:00Z")
CREATED = datetime(2025, 1, 22, 21, 5, tzinfo=UTC)
AREA = AreaId("543")

_RECEIVERS = {
    Role.ENERGY_SUPPLIER: SUPPLIER,
    Role.BALANCE_RESPONSIBLE: BALANCE_RESPONSIBLE,
    Role.METERED_DATA_RESPONSIBLE: OPERATOR,
    Role.GRID_OPERATOR: OPERATOR,
}


def header(receiver: Role, process: ProcessType, type_code: str) -> Header:
    """From the hub to one receiver."""
    return Header(
        message_id="message0000000000000000000000014",
        sender=PartyRef(id=HUB, role=Role.HUB),
        receiver=PartyRef(id=_RECEIVERS[receiver], role=receiver),
        created_at=CREATED,
        type_code=type_code,
        process_type=process,
        business_sector="23",
    )


def day(values: Sequence[int | None], qualities: Sequence[Quality], resolution: str = Resolution.HOUR) -> Period:
    """The values of 15 January 2025; `qualities` are dealt out in turn."""
    return Period(
        resolution,
        DAY_START,
        DAY_END,
        np.arange(1, len(values) + 1, dtype=np.int32),
        np.array([NO_QUANTITY if value is None else value for value in values], dtype=np.int64),
        np.array([qualities[k % len(qualities)] for k in range(len(values))], dtype=np.uint8),
    )


def month(quality: Quality = Quality.ABSENT) -> Period:
    """January 2025 as one point without energy."""
    period = day([None], [quality], Resolution.MONTH)
    return replace(period, start=MONTH_START, end=MONTH_END, decimals=0)


def amounts(*millionths: int | None) -> Amounts:
    """Money at each point."""
    return Amounts(np.array([NO_AMOUNT if value is None else value for value in millionths], dtype=np.int64))


def aggregated(*series: AggregateSeries, receiver: Role = Role.ENERGY_SUPPLIER) -> AggregatedMeasureData:
    """The sums of a balance fixing."""
    return AggregatedMeasureData(header=header(receiver, ProcessType.BALANCE_FIXING, "E31"), series=series)


FLEX = AggregateSeries(
    transaction="sum-flex",
    unit=Unit.KWH,
    period=day([1000123 + 1000 * k for k in range(24)], [Quality.MEASURED]),
    version="3",
    point_type=MeteringPointType.CONSUMPTION,
    settlement_method=SettlementMethod.FLEX,
    grid_area=AREA,
    supplier=PartyId(SUPPLIER),
    balance_responsible=PartyId(BALANCE_RESPONSIBLE),
    product=Product.ACTIVE_ENERGY,
)
"""Aggregate 2 of a supplier under one balance responsible."""

EXCHANGE = AggregateSeries(
    transaction="sum-exchange",
    unit=Unit.KWH,
    period=day([(37 * k) % 250 for k in range(96)], [Quality.CALCULATED], Resolution.QUARTER),
    version="7",
    settlement_version=SettlementVersion.SECOND_CORRECTION,
    point_type=MeteringPointType.EXCHANGE,
    grid_area=AREA,
    in_area=AREA,
    out_area=AreaId("791"),
    product=Product.ACTIVE_ENERGY,
)
"""Exchange with one neighbour in a correction."""

PRODUCTION = replace(
    EXCHANGE,
    transaction="sum-production",
    period=day(
        [None if k == 5 else 10 * k for k in range(24)],
        [*[Quality.MEASURED] * 5, Quality.MISSING, *[Quality.ESTIMATED] * 18],
    ),
    point_type=MeteringPointType.PRODUCTION,
    in_area=None,
    out_area=None,
)

_ALL = [Quality.ABSENT, Quality.MEASURED, Quality.ESTIMATED, Quality.CALCULATED, Quality.INCOMPLETE, Quality.CORRECTED]


def _aggregates() -> dict[str, AggregatedMeasureData]:
    correction = header(Role.METERED_DATA_RESPONSIBLE, ProcessType.CORRECTION_SETTLEMENT, "E31")
    answer = replace(
        FLEX,
        transaction="sum-answer",
        original_transaction="request-0016",
        bidding_zone=AreaId("10YDK-1--------W", Scheme.EIC),
        asset_type="B16",
        registered_at=parse_instant("2025-01-22T21:00:00Z"),
        supplier=PartyId("11XSUPPLIER----X", Scheme.EIC),
    )
    return {
        "supplier-flex": aggregated(FLEX),
        "qualities": aggregated(replace(FLEX, period=day([250 * k for k in range(24)], _ALL))),
        "correction-exchange": AggregatedMeasureData(header=correction, series=(EXCHANGE, PRODUCTION)),
        "answer": aggregated(answer),
    }


def _reminders() -> dict[str, MissingDataReminder]:
    head = header(Role.METERED_DATA_RESPONSIBLE, ProcessType.MISSING_DATA, "D24")
    one = MissingData(transaction="missing-1", day=DAY_START, points=POINTS[:1])
    other = MissingData(transaction="missing-2", day=DAY_END, points=POINTS[:1])
    return {
        "two-days": MissingDataReminder(header=head, series=(one, other)),
        "two-points": MissingDataReminder(
            header=head, series=(MissingData(transaction="missing-3", day=DAY_START, points=POINTS),)
        ),
    }


TARIFF = WholesaleSeries(
    transaction="charge-hourly",
    unit=Unit.KWH,
    period=day([101500 + 1000 * k for k in range(24)], [Quality.CALCULATED]),
    version="4",
    point_type=MeteringPointType.CONSUMPTION,
    settlement_method=SettlementMethod.FLEX,
    grid_area=AREA,
    supplier=PartyId(SUPPLIER),
    product=Product.TARIFF,
    charge=Charge("40000", ChargeType.TARIFF, PartyId(SYSTEM_OPERATOR)),
    price_unit=Unit.KWH,
    currency="DKK",
    price=amounts(*[250_000] * 24),
    amount=amounts(*[25_375_000 + 250_000 * k for k in range(24)]),
)
"""Energy, price and amount of each hour."""

MONTHLY = replace(
    TARIFF,
    transaction="charge-monthly",
    period=month(),
    price_unit=None,
    price=Amounts.none(1),
    amount=amounts(-123456),
)
TOTAL = replace(
    MONTHLY,
    transaction="charge-total",
    point_type=None,
    settlement_method=None,
    product=None,
    charge=None,
    amount=amounts(987_654_321_000_001),
)


def wholesale(*series: WholesaleSeries) -> WholesaleServices:
    """The charges of a wholesale fixing."""
    return WholesaleServices(header=header(Role.ENERGY_SUPPLIER, ProcessType.WHOLESALE_FIXING, "E31"), series=series)


def _wholesale() -> dict[str, WholesaleServices]:
    gaps = replace(
        TARIFF,
        transaction="charge-gaps",
        period=day([1000, None, 3000], [Quality.CALCULATED, Quality.MISSING, Quality.INCOMPLETE]),
        price=amounts(250_000, 250_000, None),
        amount=amounts(250_000, None, None),
    )
    correction = replace(TARIFF, settlement_version=SettlementVersion.FIRST_CORRECTION, original_transaction="r-17")
    return {
        "hourly-tariff": wholesale(TARIFF),
        "monthly-amount": wholesale(MONTHLY),
        "total-amount": wholesale(TOTAL),
        "gaps": wholesale(gaps),
        "correction": wholesale(correction, replace(correction, transaction="charge-second")),
    }


RESULTS: dict[str, dict[str, AggregatedMeasureData | MissingDataReminder | WholesaleServices]] = {
    "aggregated-measure-data": dict(_aggregates()),
    "missing-data-reminder": dict(_reminders()),
    "wholesale-services": dict(_wholesale()),
}
"""Every golden document of settlement by kind and name."""
