"""The documents of settlement that leave the hub, in the CIM dialects (dk-messages §3.4, §3.7)."""

from __future__ import annotations

from gateway.codecs import codes_cim as codes
from gateway.codecs.cim_fields import ORIGINAL, TRANSACTION, Table, bound, code, header, identifier, text
from gateway.codecs.fields import SECOND, STATED, TOKEN, Amount, Group, JsonForm, Many, Status, Values, coded
from gateway.messages.codes import DocumentKind, Quality

# UNCERTAIN has no code of its own: it is written as estimated.
_QUALITY = Status(
    "quality",
    read=codes.QUALITIES,
    write={Quality.UNCERTAIN: "A03"} | {quality: code for code, quality in codes.QUALITIES.items()},
)


def _result(point_type: bool) -> Table:
    """What every result begins with; whether it must say of which metering points it is."""
    return (
        TRANSACTION,
        text("version", "version", STATED, required=False),
        code("settlement_Series.version", "settlement_version", codes.SETTLEMENT_VERSIONS, required=False),
        ORIGINAL,
        code("marketEvaluationPoint.type", "point_type", codes.POINT_TYPES, required=point_type),
        code("marketEvaluationPoint.settlementMethod", "settlement_method", codes.SETTLEMENT_METHODS, required=False),
        code("asset_MktPSRType.psrType", "asset_type", required=False),
        text("registration_DateAndOrTime.dateTime", "registered_at", SECOND, required=False),
    )


def _period(*parts: Amount) -> Group:
    interval = Group("timeInterval", (bound("start", "start"), bound("end", "end")))
    return Group(
        "Period", (text("resolution", "resolution", TOKEN), interval, Values("Point", "position", (*parts, _QUALITY)))
    )


_AREAS: Table = (
    identifier("biddingZone_Domain.mRID", "bidding_zone", "A01", required=False),
    identifier("meteringGridArea_Domain.mRID", "grid_area", "NDK", required=False),
)
_MEASURED: Table = (
    text("product", "product", coded(codes.PRODUCTS), required=False),
    code("quantity_Measure_Unit.name", "unit", codes.UNITS),
)

AGGREGATED_MEASURE_DATA: Table = (
    *header("E31", process="D04"),
    Many(
        "Series",
        "series",
        (
            *_result(point_type=True),
            *_AREAS,
            identifier("in_Domain.mRID", "in_area", "NDK", required=False),
            identifier("out_Domain.mRID", "out_area", "NDK", required=False),
            identifier("energySupplier_MarketParticipant.mRID", "supplier", required=False),
            identifier("balanceResponsibleParty_MarketParticipant.mRID", "balance_responsible", required=False),
            *_MEASURED,
            _period(Amount("quantity", "quantity")),
        ),
        required=True,
    ),
)

MISSING_DATA_REMINDER: Table = (
    *header("D24", process="D24", ids=False),
    Many(
        "Series",
        "series",
        (
            TRANSACTION,
            text("request_DateAndOrTime.dateTime", "day", SECOND, required=False),
            Many("MarketEvaluationPoint", "points", (identifier("mRID", "point"),)),
        ),
        required=True,
    ),
)

WHOLESALE_SERVICES: Table = (
    *header("E31", process="D05"),
    Many(
        "Series",
        "series",
        (
            *_result(point_type=False),
            text("chargeType.mRID", "charge", STATED, required=False),
            code("chargeType.type", "charge_type", codes.CHARGE_TYPES, required=False),
            identifier("chargeType.chargeTypeOwner_MarketParticipant.mRID", "charge_owner", required=False),
            *_AREAS,
            identifier("energySupplier_MarketParticipant.mRID", "supplier"),
            *_MEASURED,
            code("price_Measure_Unit.name", "price_unit", codes.UNITS, required=False),
            code("currency_Unit.name", "currency", required=False),
            _period(
                Amount("energy_Quantity.quantity", "quantity"),
                Amount("price.amount", "price", json=JsonForm.VALUE),
                Amount("energySum_Quantity.quantity", "amount"),
            ),
        ),
    ),
)

TABLES: dict[DocumentKind, Table] = {
    DocumentKind.AGGREGATED_MEASURE_DATA: AGGREGATED_MEASURE_DATA,
    DocumentKind.MISSING_DATA_REMINDER: MISSING_DATA_REMINDER,
    DocumentKind.WHOLESALE_SERVICES: WHOLESALE_SERVICES,
}
