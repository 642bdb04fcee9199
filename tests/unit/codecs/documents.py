"""Documents of every kind for the tests of the codecs. All ids are made up; their check digits are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime

import numpy as np

from gateway.messages.codes import (
    ChargeType,
    DocumentKind,
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
    Acknowledgement,
    AggregatedMeasureDataRequest,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    PartyRef,
    Reason,
    RejectedRequest,
    RejectedTransaction,
    RequestedAggregation,
    RequestedCharge,
    RequestedSeries,
    RequestedSettlement,
    RequestReject,
    WholesaleSettlementRequest,
)
from gateway.messages.identifiers import Scheme
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId, Period, Series, SeriesTable
from gateway.messages.times import MarketZone, WrittenInstant, parse_instant

from .result_documents import RESULTS

HUB, OPERATOR, SUPPLIER = "5790001330552", "5790000000012", "5790000000029"
POINT, OTHER_POINT = "571313100000012341", "571313100000012358"
ZONE = MarketZone("Europe/Copenhagen")
CREATED = datetime(2025, 1, 15, 6, 0, 0, tzinfo=UTC)


def header(sender: Role, receiver: Role, process: ProcessType | None = ProcessType.PERIODIC_METERING) -> Header:
    ids = {Role.HUB: HUB, Role.METERED_DATA_RESPONSIBLE: OPERATOR, Role.ENERGY_SUPPLIER: SUPPLIER}
    return Header(
        message_id="message0000000000000000000000001",
        sender=PartyRef(id=ids[sender], role=sender),
        receiver=PartyRef(id=ids[receiver], role=receiver),
        created_at=CREATED,
        process_type=process,
        business_sector="23",
    )


def period(day: str, values: Sequence[int | None], resolution: Resolution, qualities: Sequence[Quality]) -> Period:
    """A local day of values; `qualities` are dealt out in turn."""
    year, month, dom = map(int, day.split("-"))
    whole = ZONE.day_interval(datetime(year, month, dom, tzinfo=UTC).date())
    count = len(values)
    return Period(
        resolution,
        whole.start,
        whole.end,
        np.arange(1, count + 1, dtype=np.int32),
        np.array([NO_QUANTITY if value is None else value for value in values], dtype=np.int64),
        np.array([qualities[k % len(qualities)] for k in range(count)], dtype=np.uint8),
        3,
    )


def series(transaction: str, of: Period, point: str = POINT) -> Series:
    return Series(
        transaction=transaction,
        point=point,
        point_type=MeteringPointType.CONSUMPTION,
        unit=Unit.KWH,
        period=of,
        registered_at=parse_instant("2025-01-15T06:00:00Z"),
        product=Product.ACTIVE_ENERGY,
    )


def measure_data(rows: Sequence[Series]) -> MeasureData:
    head = header(Role.METERED_DATA_RESPONSIBLE, Role.HUB).model_copy(update={"type_code": "E66"})
    return MeasureData(header=head, series=SeriesTable.of(rows))


def _measure_data() -> dict[str, MeasureData]:
    measured, mixed = [Quality.MEASURED], [Quality.MEASURED, Quality.ESTIMATED, Quality.ABSENT, Quality.CALCULATED]
    quarters = [(k * 137) % 4000 for k in range(96)]
    gaps = [None if k in (3, 4, 17) else 10 * k for k in range(24)]
    missing = [Quality.MISSING if value is None else Quality.MEASURED for value in gaps]
    exchange = Series(
        transaction="transaction-exchange",
        point=OTHER_POINT,
        point_type=MeteringPointType.EXCHANGE,
        unit=Unit.KVARH,
        period=period("2025-01-14", [5] * 24, Resolution.HOUR, measured),
        registered_at=parse_instant("2025-01-15T05:59:59Z"),
        product=Product.REACTIVE_ENERGY,
        original_transaction="request-0001",
        in_area=AreaId("804"),
        out_area=AreaId("803", Scheme.GRID_AREA),
    )
    return {
        "quarters": measure_data([series("transaction-1", period("2025-01-14", quarters, Resolution.QUARTER, mixed))]),
        "minimal": measure_data([series("t", period("2025-01-14", [0], Resolution.HOUR, [Quality.ABSENT]))]),
        "short-day": measure_data([series("t-23", period("2025-03-30", range(23), Resolution.HOUR, measured))]),
        "long-day": measure_data([series("t-25", period("2025-10-26", range(25), Resolution.HOUR, measured))]),
        "missing": measure_data([series("t-gaps", period("2025-01-14", gaps, Resolution.HOUR, missing))]),
        "corrected": measure_data(
            [series("t-1", period("2025-01-14", [1500] * 24, Resolution.HOUR, [Quality.CORRECTED]))]
        ),
        "two-series": measure_data(
            [series("t-first", period("2025-01-14", range(24), Resolution.HOUR, mixed)), exchange]
        ),
    }


def _requests() -> dict[str, MeasureDataRequest]:
    head = header(Role.ENERGY_SUPPLIER, Role.HUB).model_copy(update={"type_code": "E73"})
    start, end = parse_instant("2025-01-01T23:00:00Z"), parse_instant("2025-01-31T23:00:00Z")
    yearly = head.model_copy(update={"process_type": ProcessType.YEARLY_METERING})
    return {
        "period": MeasureDataRequest(
            header=head, series=(RequestedSeries(transaction="r-1", point=POINT, start=start, end=end),)
        ),
        "minimal": MeasureDataRequest(header=yearly, series=(RequestedSeries(transaction="r-2", point=POINT),)),
        "two-series": MeasureDataRequest(
            header=head,
            series=(
                RequestedSeries(transaction="r-3", point=POINT, start=start),
                RequestedSeries(transaction="r-4", point=OTHER_POINT, end=end),
            ),
        ),
    }


def _acknowledgements() -> dict[str, Acknowledgement]:
    head = header(Role.HUB, Role.METERED_DATA_RESPONSIBLE, None)
    one = RejectedTransaction(transaction="t-1", reasons=(Reason(code="E86", text="Kvantum < 0 & mangler æøå"),))
    other = RejectedTransaction(transaction="t-2", reasons=(Reason(code="E10"),))
    base = Acknowledgement(
        header=head, received_message_id="received-1", received_process_type=ProcessType.PERIODIC_METERING
    )
    return {
        "one": base.model_copy(update={"series": (one,)}),
        "two-series": base.model_copy(update={"series": (one, other)}),
    }


def _rejects() -> dict[str, RequestReject]:
    head = header(Role.HUB, Role.ENERGY_SUPPLIER).model_copy(update={"type_code": "ERR"})
    refused = RejectedRequest(
        transaction="rt-1", original_transaction="r-1", reasons=(Reason(code="E10"),), point=POINT
    )
    return {"one": RequestReject(header=head, reason_code="A02", series=(refused,))}


JANUARY = WrittenInstant(parse_instant("2024-12-31T23:00:00Z"))
FEBRUARY = WrittenInstant(parse_instant("2025-01-31T23:00:00Z"))
ODD = WrittenInstant(JANUARY.instant, "2025-01-01T00:00:00.000+01:00")


def _aggregation_requests() -> dict[str, AggregatedMeasureDataRequest]:
    head = header(Role.ENERGY_SUPPLIER, Role.HUB, ProcessType.BALANCE_FIXING).model_copy(update={"type_code": "E74"})
    corrected = head.model_copy(update={"process_type": ProcessType.CORRECTION_SETTLEMENT})
    full = RequestedAggregation(
        transaction="a-1",
        settlement_version=SettlementVersion.SECOND_CORRECTION,
        point_type=MeteringPointType.CONSUMPTION,
        settlement_method=SettlementMethod.FLEX,
        start=JANUARY,
        end=FEBRUARY,
        grid_area=AreaId("543"),
        bidding_zone=AreaId("10YDK-1--------W", Scheme.EIC),
        energy_supplier=PartyRef(id=SUPPLIER),
        balance_responsible=PartyRef(id="44X-00000000004B", scheme=Scheme.EIC),
    )
    minimal = RequestedAggregation(transaction="a-2", start=ODD)
    return {
        "full": AggregatedMeasureDataRequest(header=corrected, series=(full,)),
        "two-series": AggregatedMeasureDataRequest(
            header=head, series=(minimal, full.model_copy(update={"settlement_version": "D07", "end": None}))
        ),
    }


def _settlement_requests() -> dict[str, WholesaleSettlementRequest]:
    head = header(Role.ENERGY_SUPPLIER, Role.HUB, ProcessType.WHOLESALE_FIXING).model_copy(update={"type_code": "D21"})
    full = RequestedSettlement(
        transaction="w-1",
        version="3",
        settlement_version=SettlementVersion.FIRST_CORRECTION,
        start=JANUARY,
        end=FEBRUARY,
        grid_area=AreaId("543"),
        energy_supplier=PartyRef(id=SUPPLIER),
        charge_owner=PartyRef(id=OPERATOR),
        resolution=Resolution.MONTH,
        charges=(
            RequestedCharge(type=ChargeType.TARIFF, id="EA-001"),
            RequestedCharge(type=ChargeType.FEE),
            RequestedCharge(id="EA-003"),
            RequestedCharge(),
        ),
    )
    minimal = RequestedSettlement(transaction="w-2", start=JANUARY)
    return {
        "full": WholesaleSettlementRequest(header=head, series=(full,)),
        "two-series": WholesaleSettlementRequest(header=head, series=(minimal, full)),
    }


def _results_rejects(kind: DocumentKind, process: ProcessType) -> dict[str, RequestReject]:
    head = header(Role.HUB, Role.ENERGY_SUPPLIER, process).model_copy(update={"type_code": "ERR"})
    reasons = (Reason(code="E0H", text="Ingen data / No data"), Reason(code="D64"))
    one = RejectedRequest(transaction="rt-1", original_transaction="a-1", reasons=reasons[:1])
    both = (one, RejectedRequest(transaction="rt-2", original_transaction="a-2", reasons=reasons))
    base = RequestReject(header=head, reason_code="A02", series=(one,), kind=kind)
    return {"one": base, "two-series": base.model_copy(update={"series": both})}


_AGGREGATION_REJECT = DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT
_SETTLEMENT_REJECT = DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT

GOLDEN: dict[str, dict[str, Document]] = {
    "measure-data": dict(_measure_data()),
    "measure-data-request": dict(_requests()),
    "acknowledgement": dict(_acknowledgements()),
    "measure-data-request-reject": dict(_rejects()),
    "aggregated-measure-data-request": dict(_aggregation_requests()),
    "aggregated-measure-data-request-reject": dict(_results_rejects(_AGGREGATION_REJECT, ProcessType.BALANCE_FIXING)),
    "wholesale-settlement-request": dict(_settlement_requests()),
    "wholesale-settlement-request-reject": dict(_results_rejects(_SETTLEMENT_REJECT, ProcessType.WHOLESALE_FIXING)),
    **{kind: dict(documents) for kind, documents in RESULTS.items()},
}
"""Every golden document by kind and name."""


def table_differences(one: SeriesTable, other: SeriesTable) -> list[str]:
    """The columns in which two tables differ; decimals of single values count where both tables know them."""
    different = []
    for column in fields(SeriesTable):
        a, b = getattr(one, column.name), getattr(other, column.name)
        if column.name == "point_decimals" and (a is None or b is None):
            continue
        arrays = [isinstance(value, np.ndarray) for value in (a, b)]
        same = a.dtype == b.dtype and np.array_equal(a, b) if all(arrays) else not any(arrays) and a == b
        if not same:
            different.append(column.name)
    return different


def differences(one: Document, other: Document) -> list[str]:
    """The parts in which two documents differ."""
    if isinstance(one, MeasureData) and isinstance(other, MeasureData):
        return ([] if one.header == other.header else ["header"]) + table_differences(one.series, other.series)
    if type(one) is not type(other):
        return ["kind"]
    return [name for name, value in one if comparable(value) != comparable(getattr(other, name))]


def comparable(value: object) -> object:
    """A value without arrays, which do not compare as a whole."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.tolist()
    if is_dataclass(value):
        return type(value), [comparable(getattr(value, field.name)) for field in fields(value)]
    return [comparable(item) for item in value] if type(value) is tuple else value
