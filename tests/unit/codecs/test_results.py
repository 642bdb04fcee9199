"""What the documents of settlement say in each dialect, and the rules that fill what a dialect cannot say."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from gateway.codecs.table import Decoded, How, Limits, Undecodable, decode, decode_by, encode
from gateway.messages.aggregates import AggregateSeries, PartyId, WholesaleSeries
from gateway.messages.amounts import NO_AMOUNT, Amounts
from gateway.messages.codes import (
    Dialect,
    DocumentKind,
    MeteringPointType,
    Product,
    Quality,
    Role,
    SettlementMethod,
    SettlementVersion,
)
from gateway.messages.documents import AggregatedMeasureData, MissingData, MissingDataReminder, PointId
from gateway.messages.identifiers import Scheme
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId
from gateway.messages.times import NO_INSTANT, to_instant
from gateway.schemas.registry import shipped
from tests.unit.codecs.documents import differences
from tests.unit.codecs.result_documents import (
    AREA,
    BALANCE_RESPONSIBLE,
    CREATED,
    DAY_END,
    DAY_START,
    EXCHANGE,
    FLEX,
    MONTHLY,
    OPERATOR,
    POINTS,
    PRODUCTION,
    RESULTS,
    SUPPLIER,
    TARIFF,
    TOTAL,
    aggregated,
    amounts,
    day,
    wholesale,
)
from tests.unit.codecs.round_trip import through

DIALECTS = list(Dialect)
CIM = [Dialect.CIM_XML, Dialect.CIM_JSON]


def sum_through(series: AggregateSeries, dialect: Dialect) -> AggregateSeries:
    (said,) = through(aggregated(series), dialect).series
    assert isinstance(said, AggregateSeries)
    return said


def charge_through(series: WholesaleSeries, dialect: Dialect) -> WholesaleSeries:
    (said,) = through(wholesale(series), dialect).series
    assert isinstance(said, WholesaleSeries)
    return said


# --- RSM-014 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_sum_states_what_of_whom_and_when(dialect: Dialect) -> None:
    # DK-4.1.5.i: which aggregate of which area, of whose points, in which calculation
    said = sum_through(FLEX, dialect)
    assert (said.point_type, said.settlement_method) == (MeteringPointType.CONSUMPTION, SettlementMethod.FLEX)
    assert said.grid_area == AREA
    assert said.supplier is not None
    assert said.balance_responsible is not None
    assert (said.supplier.id, said.balance_responsible.id) == (SUPPLIER, BALANCE_RESPONSIBLE)
    assert (said.version, said.settlement_version) == ("3", None)
    assert (said.unit, said.product, said.period.resolution) == (FLEX.unit, FLEX.product, "PT1H")
    assert (said.period.start, said.period.end) == (DAY_START, DAY_END)
    assert said.period.quantity.tolist() == FLEX.period.quantity.tolist()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_sum_for_the_whole_area_names_neither_supplier_nor_balance_responsible(dialect: Dialect) -> None:
    # DK-4.1.5.i: a grid operator's sums are of nobody in particular
    data = encode(aggregated(replace(FLEX, supplier=None, balance_responsible=None)), dialect)
    assert b"upplier" not in data
    assert b"alanceResponsible" not in data


_KINDS = {
    "production": (MeteringPointType.PRODUCTION, None),
    "flex": (MeteringPointType.CONSUMPTION, SettlementMethod.FLEX),
    "hourly": (MeteringPointType.CONSUMPTION, SettlementMethod.HOURLY),
    "residual": (MeteringPointType.CONSUMPTION, SettlementMethod.PROFILED),
    "total": (MeteringPointType.CONSUMPTION, None),
    "exchange": (MeteringPointType.EXCHANGE, None),
}
_BY_SUPPLIER = (PartyId(SUPPLIER), None)
_BY_BALANCE_RESPONSIBLE = (None, PartyId(BALANCE_RESPONSIBLE))
_WHOLE_AREA = (None, None)
SEVEN = [
    *((kind, _BY_SUPPLIER) for kind in ("production", "flex", "hourly")),
    ("residual", _WHOLE_AREA),
    *((kind, _BY_BALANCE_RESPONSIBLE) for kind in ("production", "flex", "hourly")),
    *((kind, _WHOLE_AREA) for kind in ("flex", "hourly", "production", "exchange", "total")),
]
"""The series of aggregates 1 to 7, in this order: what is summed up, and for whom."""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_seven_aggregates_are_told_apart(dialect: Dialect) -> None:
    # DK-4.1.5.i: suppliers 1-2, balance responsibles 1-3, grid operators 2, 4, 5, 6, 7; some may be negative
    period = day([-1500, 0, 2500], [Quality.MEASURED])
    sums = [
        replace(
            FLEX,
            transaction=f"sum-{number}",
            period=period,
            point_type=_KINDS[kind][0],
            settlement_method=_KINDS[kind][1],
            supplier=supplier,
            balance_responsible=balance_responsible,
        )
        for number, (kind, (supplier, balance_responsible)) in enumerate(SEVEN)
    ]
    said = [one for one in through(aggregated(*sums), dialect).series if isinstance(one, AggregateSeries)]
    stated = [(one.point_type, one.settlement_method, one.supplier, one.balance_responsible) for one in said]
    assert stated == [(*_KINDS[kind], *parties) for kind, parties in SEVEN]
    assert len(set(stated)) == len(SEVEN)
    assert {tuple(one.period.quantity.tolist()) for one in said} == {(-1500, 0, 2500)}


@pytest.mark.parametrize("dialect", CIM)
def test_exchange_names_the_neighbour(dialect: Dialect) -> None:
    # DK-4.1.5.i
    said = sum_through(EXCHANGE, dialect)
    assert (said.in_area, said.out_area) == (AREA, AreaId("791", Scheme.GRID_AREA))


@pytest.mark.parametrize("dialect", CIM)
def test_what_was_measured_may_be_said_or_left_unsaid(dialect: Dialect) -> None:
    """The original's writer leaves A04 away in RSM-014; both mean measured, and each is written as it was read."""
    said = sum_through(replace(FLEX, period=day([1, 2], [Quality.ABSENT, Quality.MEASURED])), dialect)
    assert said.period.quality.tolist() == [Quality.ABSENT, Quality.MEASURED]


@pytest.mark.parametrize(
    ("quality", "code", "understood"),
    [
        (Quality.ESTIMATED, "56", Quality.ESTIMATED),
        (Quality.INCOMPLETE, "56", Quality.ESTIMATED),
        (Quality.UNCERTAIN, "56", Quality.ESTIMATED),
        (Quality.MEASURED, "E01", Quality.MEASURED),
        (Quality.CALCULATED, "E01", Quality.MEASURED),
        (Quality.CORRECTED, "36", Quality.CORRECTED),
        (Quality.ABSENT, None, Quality.ABSENT),
    ],
)
def test_qualities_of_sums_in_ebix(quality: Quality, code: str | None, understood: Quality) -> None:
    series = replace(FLEX, period=day([1], [quality]))
    codes = re.findall(rb"QuantityQuality[^>]*>(\w+)<", encode(aggregated(series), Dialect.EBIX_XML))
    assert codes == ([code.encode()] if code else [])
    assert sum_through(series, Dialect.EBIX_XML).period.quality.tolist() == [understood]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_missing_sum_is_missing_in_every_dialect(dialect: Dialect) -> None:
    said = sum_through(PRODUCTION, dialect)
    assert said.period.quantity[5] == NO_QUANTITY
    assert np.flatnonzero(said.period.quality == Quality.MISSING).tolist() == [5]


def test_a_missing_sum_in_ebix_has_neither_amount_nor_code() -> None:
    series = replace(FLEX, period=day([1, None], [Quality.MISSING, Quality.INCOMPLETE]))
    data = encode(aggregated(series), Dialect.EBIX_XML)
    assert data.count(b"QuantityMissing>true<") == 2
    assert b"EnergyQuantity" not in data
    assert b"QuantityQuality" not in data
    assert sum_through(series, Dialect.EBIX_XML).period.quality.tolist() == [Quality.MISSING] * 2


def test_ebix_names_one_settlement_version_for_the_document() -> None:
    one = through(aggregated(EXCHANGE, PRODUCTION), Dialect.EBIX_XML)
    assert isinstance(one, AggregatedMeasureData)
    assert [series.settlement_version for series in one.series] == [SettlementVersion.SECOND_CORRECTION] * 2
    mixed = aggregated(EXCHANGE, replace(PRODUCTION, settlement_version=SettlementVersion.FIRST_CORRECTION))
    assert b"ProcessVariant" not in encode(mixed, Dialect.EBIX_XML), "none of the two would be true"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_period_without_bounds_is_empty_at_the_creation(dialect: Dialect) -> None:
    unbound = replace(FLEX.period, start=NO_INSTANT, end=NO_INSTANT)
    created = to_instant(CREATED)
    period = sum_through(replace(FLEX, period=unbound), dialect).period
    assert (period.start, period.end) == (created - created % 60 if dialect in CIM else created,) * 2
    half = sum_through(replace(FLEX, period=replace(FLEX.period, end=NO_INSTANT)), dialect).period
    assert (half.start, half.end) == (DAY_START, DAY_START)


@pytest.mark.parametrize("dialect", CIM)
def test_a_sum_of_unknown_points_is_of_none_in_cim(dialect: Dialect) -> None:
    assert sum_through(replace(FLEX, point_type=None), dialect).point_type == MeteringPointType.NOT_USED
    assert sum_through(replace(FLEX, point_type=None), Dialect.EBIX_XML).point_type is None


def test_a_series_without_values_misses_its_first_in_ebix() -> None:
    nothing = day([], [Quality.ABSENT])
    said = sum_through(replace(FLEX, period=nothing), Dialect.EBIX_XML).period
    assert (said.position.tolist(), said.quality.tolist()) == ([1], [Quality.MISSING])
    charge = replace(TARIFF, period=nothing, price=Amounts.none(0), amount=Amounts.none(0))
    assert charge_through(charge, Dialect.EBIX_XML).period.position.tolist() == [1]
    for dialect in CIM:
        assert len(sum_through(replace(FLEX, period=nothing), dialect).period.position) == 0


def test_ids_and_texts_are_as_long_as_ebix_takes_them() -> None:
    series = replace(FLEX, transaction="t" * 36, original_transaction="o" * 36, version="v" * 140)
    said = sum_through(series, Dialect.EBIX_XML)
    lengths = (len(said.transaction), len(said.original_transaction or ""), len(said.version or ""))
    assert lengths == (35, 35, 132)


def test_numbers_of_json_may_be_spelled_oddly() -> None:
    document = json.loads(encode(aggregated(replace(FLEX, period=day([1500], [Quality.MEASURED]))), Dialect.CIM_JSON))
    (series,) = document["NotifyAggregatedMeasureData_MarketDocument"]["Series"]
    series["Period"]["Point"] = [
        {"position": {"value": 1.0}, "quantity": 1.5e3, "quality": {"value": ""}},
        {"quality": {"value": "A03"}, "position": {"value": 2}},
    ]
    taken = decode(json.dumps(document).encode(), Dialect.CIM_JSON)
    assert isinstance(taken, Decoded), taken
    (said,) = taken.document.series
    assert isinstance(said, AggregateSeries)
    assert said.period.position.tolist() == [1, 2]
    assert said.period.quantity.tolist() == [1_500_000, NO_QUANTITY]
    assert said.period.quality.tolist() == [Quality.ABSENT, Quality.ESTIMATED]


# --- RSM-018 ----------------------------------------------------------------------------------------------------------


def reminder(*series: MissingData) -> MissingDataReminder:
    document = RESULTS["missing-data-reminder"]["two-days"]
    assert isinstance(document, MissingDataReminder)
    return document.model_copy(update={"series": series})


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reminder_tells_the_grid_operator_which_point_misses_which_day(dialect: Dialect) -> None:
    # DK-4.1.5.e
    said = through(RESULTS["missing-data-reminder"]["two-days"], dialect)
    assert isinstance(said, MissingDataReminder)
    assert (said.header.receiver.id, said.header.receiver.role) == (OPERATOR, Role.METERED_DATA_RESPONSIBLE)
    assert [(series.points, series.day) for series in said.series] == [
        ((POINTS[0],), DAY_START),
        ((POINTS[0],), DAY_END),
    ]


def test_ebix_reminds_of_one_point_at_a_time_under_ids_of_their_own() -> None:
    # DK-4.1.5.e
    said = through(reminder(MissingData(transaction="t" * 36, day=DAY_START, points=POINTS)), Dialect.EBIX_XML)
    assert isinstance(said, MissingDataReminder)
    assert [series.points for series in said.series] == [(POINTS[0],), (POINTS[1],)]
    assert [series.transaction for series in said.series] == ["t" * 33 + "-1", "t" * 33 + "-2"]


def test_ebix_reminds_a_grid_operator_as_metered_data_responsible() -> None:
    document = reminder(MissingData(transaction="t", day=DAY_START, points=POINTS[:1]))
    operator = document.header.receiver.model_copy(update={"role": Role.GRID_OPERATOR})
    document = document.model_copy(update={"header": document.header.model_copy(update={"receiver": operator})})
    assert through(document, Dialect.EBIX_XML).header.receiver.role == Role.METERED_DATA_RESPONSIBLE
    assert through(document, Dialect.CIM_XML).header.receiver.role == Role.GRID_OPERATOR


@pytest.mark.parametrize("day_of", [None, NO_INSTANT])
def test_a_reminder_of_no_day_and_no_point(day_of: int | None) -> None:
    document = reminder(MissingData(transaction="t", day=day_of))
    for dialect in CIM:
        assert through(document, dialect).series == (MissingData(transaction="t"),)
    said = through(document, Dialect.EBIX_XML)
    assert said.series == (MissingData(transaction="t", day=to_instant(CREATED)),)


@pytest.mark.parametrize("dialect", CIM)
def test_the_parties_of_a_reminder_need_no_id_in_cim(dialect: Dialect) -> None:
    document = reminder(MissingData(transaction="t", points=(PointId("571313100000012341"),)))
    nameless = document.header.receiver.model_copy(update={"id": ""})
    document = document.model_copy(update={"header": document.header.model_copy(update={"receiver": nameless})})
    assert b"receiver_MarketParticipant.mRID" not in encode(document, dialect)
    assert through(document, dialect) == document


# --- RSM-019 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("series", [TARIFF, MONTHLY, TOTAL])
def test_the_three_results_of_a_wholesale_settlement(dialect: Dialect, series: WholesaleSeries) -> None:
    said = charge_through(series, dialect)
    assert said.period.resolution == series.period.resolution
    assert said.charge == series.charge
    assert (said.supplier, said.grid_area, said.currency) == (series.supplier, series.grid_area, "DKK")
    assert said.amount.millionths.tolist() == series.amount.millionths.tolist()
    assert said.price.millionths.tolist() == series.price.millionths.tolist()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_unknown_amount_is_not_zero(dialect: Dialect) -> None:
    """The original writes 0 in its place."""
    series = replace(TARIFF, period=day([1000], [Quality.INCOMPLETE]), price=amounts(None), amount=amounts(None))
    said = charge_through(series, dialect)
    assert (said.price.millionths.tolist(), said.amount.millionths.tolist()) == ([NO_AMOUNT], [NO_AMOUNT])
    assert said.period.quality.tolist() == [Quality.INCOMPLETE]
    assert not re.search(rb"[eE]nergySum", encode(wholesale(series), dialect))


def test_ebix_says_which_price_is_missing() -> None:
    gaps = RESULTS["wholesale-services"]["gaps"]
    data = encode(gaps, Dialect.EBIX_XML)
    assert (data.count(b"PriceMissing>true<"), data.count(b"QuantityMissing>true<")) == (1, 1)


@pytest.mark.parametrize("quality", [Quality.MEASURED, Quality.ESTIMATED, Quality.CALCULATED, Quality.INCOMPLETE])
def test_every_stated_quality_of_a_charge_is_calculated_in_ebix(quality: Quality) -> None:
    series = replace(TARIFF, period=day([1000], [quality]), price=amounts(1), amount=amounts(1))
    assert charge_through(series, Dialect.EBIX_XML).period.quality.tolist() == [Quality.CALCULATED]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_money_is_written_to_the_last_digit(dialect: Dialect) -> None:
    price = Amounts.read(["0.123456789"])
    series = replace(TARIFF, period=day([1], [Quality.CALCULATED]), price=price, amount=amounts(987_654_321_000_001))
    data = encode(wholesale(series), dialect)
    assert b"987654321.000001" in data
    assert b"0.123456789" in data
    assert charge_through(series, dialect).price.texts() == ["0.123456789"]


def test_a_charge_without_product_is_of_a_tariff_in_ebix() -> None:
    assert charge_through(TOTAL, Dialect.EBIX_XML).product == Product.TARIFF
    assert charge_through(TOTAL, Dialect.CIM_XML).product is None


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", RESULTS)
def test_nobody_takes_them_for_measure_data(kind: str, dialect: Dialect) -> None:
    for document in RESULTS[kind].values():
        refused = decode(encode(document, dialect), dialect, DocumentKind.MEASURE_DATA)
        assert isinstance(refused, Undecodable)
        assert [finding.rule for finding in refused.findings] == ["schema-invalid"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", RESULTS)
def test_large_ones_are_read_like_small_ones(kind: str, dialect: Dialect) -> None:
    for document in RESULTS[kind].values():
        data = encode(document, dialect)
        assert decode_by(How.FAST, data, dialect, document.kind, shipped()) is None
        small, large = decode(data, dialect), decode(data, dialect, limits=Limits(tree=1))
        assert isinstance(small, Decoded)
        assert isinstance(large, Decoded)
        assert differences(small.document, large.document) == []
