"""The documents of the CIM dialects: one table each, for XML (in this order) and JSON (by these names) alike."""

from __future__ import annotations

from gateway.codecs import codes_cim as codes
from gateway.codecs.cim_fields import (
    ID,
    ORIGINAL,
    REASONS,
    SECTOR,
    TRANSACTION,
    Table,
    bound,
    code,
    default_code,
    header,
    identifier,
    parties,
    text,
)
from gateway.codecs.fields import SECOND, TOKEN, WRITTEN, Group, Many, Node, Points, coded
from gateway.messages.codes import DocumentKind

MEASURE_DATA: Table = (
    *header("E66"),
    Many(
        "Series",
        "series",
        (
            TRANSACTION,
            ORIGINAL,
            identifier("marketEvaluationPoint.mRID", "point"),
            code("marketEvaluationPoint.type", "point_type", codes.POINT_TYPES),
            text("registration_DateAndOrTime.dateTime", "registered_at", SECOND),
            identifier("in_Domain.mRID", "in_area", "NDK", required=False),
            identifier("out_Domain.mRID", "out_area", "NDK", required=False),
            text("product", "product", coded(codes.PRODUCTS), required=False),
            code("quantity_Measure_Unit.name", "unit", codes.UNITS),
            Group(
                "Period",
                (
                    text("resolution", "resolution", TOKEN),
                    Group("timeInterval", (bound("start", "start"), bound("end", "end"))),
                    Points("Point", "position", "quantity", "quality", codes.QUALITIES),
                ),
            ),
        ),
    ),
)

MEASURE_DATA_REQUEST: Table = (
    *header("E73"),
    Many(
        "Series",
        "series",
        (
            TRANSACTION,
            text("start_DateAndOrTime.dateTime", "start", SECOND, required=False),
            text("end_DateAndOrTime.dateTime", "end", SECOND, required=False),
            identifier("marketEvaluationPoint.mRID", "point"),
        ),
        required=True,
    ),
)


def _reject(*more: Node) -> Table:
    return (
        *header("ERR"),
        default_code("reason.code", "reason_code", "A02", required=False),
        Many("Series", "series", (TRANSACTION, ORIGINAL, REASONS, *more), required=True),
    )


MEASURE_DATA_REQUEST_REJECT: Table = _reject(identifier("marketEvaluationPoint.mRID", "point", required=False))
RESULTS_REQUEST_REJECT: Table = _reject()

_SETTLEMENT_VERSION = code("settlement_Series.version", "settlement_version", codes.SETTLEMENT_VERSIONS, required=False)
_WRITTEN_BOUNDS = (
    text("start_DateAndOrTime.dateTime", "start", WRITTEN),
    text("end_DateAndOrTime.dateTime", "end", WRITTEN, required=False),
)
_GRID_AREA = identifier("meteringGridArea_Domain.mRID", "grid_area", "NDK", required=False)
_ENERGY_SUPPLIER = identifier("energySupplier_MarketParticipant.mRID", "energy_supplier", required=False)

AGGREGATED_MEASURE_DATA_REQUEST: Table = (
    *header("E74"),
    Many(
        "Series",
        "series",
        (
            TRANSACTION,
            _SETTLEMENT_VERSION,
            code("marketEvaluationPoint.type", "point_type", codes.POINT_TYPES, required=False),
            code(
                "marketEvaluationPoint.settlementMethod", "settlement_method", codes.SETTLEMENT_METHODS, required=False
            ),
            *_WRITTEN_BOUNDS,
            _GRID_AREA,
            identifier("biddingZone_Domain.mRID", "bidding_zone", "A01", required=False),
            _ENERGY_SUPPLIER,
            identifier("balanceResponsibleParty_MarketParticipant.mRID", "balance_responsible", required=False),
        ),
        required=True,
    ),
)

WHOLESALE_SETTLEMENT_REQUEST: Table = (
    *header("D21"),
    Many(
        "Series",
        "series",
        (
            TRANSACTION,
            text("version", "version", required=False),
            _SETTLEMENT_VERSION,
            *_WRITTEN_BOUNDS,
            _GRID_AREA,
            _ENERGY_SUPPLIER,
            identifier("chargeTypeOwner_MarketParticipant.mRID", "charge_owner", required=False),
            text("aggregationSeries_Period.resolution", "resolution", TOKEN, required=False),
            Many(
                "ChargeType",
                "charges",
                (code("type", "type", codes.CHARGE_TYPES, required=False), text("mRID", "id", required=False)),
            ),
        ),
        required=True,
    ),
)

# One Series for each rejected transaction; what else an acknowledgement can point at, the Danish hub does not use.
ACKNOWLEDGEMENT: Table = (
    ID,
    SECTOR,
    *parties(receiver_role=False),
    text("received_MarketDocument.mRID", "received_message_id", required=False),
    code("received_MarketDocument.process.processType", "received_process_type", codes.PROCESSES, required=False),
    REASONS,
    Many("Series", "series", (TRANSACTION, REASONS)),
)

TABLES: dict[DocumentKind, Table] = {
    DocumentKind.ACKNOWLEDGEMENT: ACKNOWLEDGEMENT,
    DocumentKind.MEASURE_DATA: MEASURE_DATA,
    DocumentKind.MEASURE_DATA_REQUEST: MEASURE_DATA_REQUEST,
    DocumentKind.MEASURE_DATA_REQUEST_REJECT: MEASURE_DATA_REQUEST_REJECT,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: AGGREGATED_MEASURE_DATA_REQUEST,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT: RESULTS_REQUEST_REJECT,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: WHOLESALE_SETTLEMENT_REQUEST,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT: RESULTS_REQUEST_REJECT,
}
