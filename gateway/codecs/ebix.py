"""The documents of the ebIX dialect, one table each, in the order of the wire (dk-messages §4)."""

from __future__ import annotations

from gateway.codecs import codes_cim, codes_ebix
from gateway.codecs.codes_ebix import ebix_attributes, gs1_attributes, list_attributes
from gateway.codecs.ebix_fields import (
    GS1,
    GS1_OR_EIC,
    STATUS,
    TRANSACTION,
    Table,
    code,
    context,
    header,
    optional,
    original,
    point,
    times,
)
from gateway.codecs.fields import FILLED, TEXT, Field, Group, Many, Points
from gateway.messages.codes import DocumentKind

MEASURE_DATA: Table = (
    header("E66"),
    context(),
    Many(
        "PayloadEnergyTimeSeries",
        "series",
        (
            TRANSACTION,
            code("Function", "function", absent="9"),
            Group("ObservationTimeSeriesPeriod", times(Field("ResolutionDuration", "resolution", TEXT))),
            Group(
                "IncludedProductCharacteristic",
                (
                    code("Identification", "product", codes_cim.PRODUCTS, "8716867000030", gs1_attributes),
                    code("UnitType", "unit", codes_cim.UNITS, listed=ebix_attributes),
                ),
            ),
            Group(
                "DetailMeasurementMeteringPointCharacteristic",
                (
                    code("TypeOfMeteringPoint", "point_type", codes_cim.POINT_TYPES),
                    optional(code("SettlementMethod", "settlement_method", codes_cim.SETTLEMENT_METHODS)),
                ),
            ),
            point(GS1_OR_EIC),
            Points(
                "IntervalEnergyObservation",
                "Position",
                "EnergyQuantity",
                "QuantityQuality",
                codes_ebix.QUALITIES,
                missing="QuantityMissing",
                listed=list_attributes,
            ),
            original("original_transaction", required=False),
        ),
        required=True,
    ),
)

MEASURE_DATA_REQUEST: Table = (
    header("E73"),
    context(),
    Many(
        "PayloadMeasuredDataRequest",
        "series",
        (TRANSACTION, Group("ObservationTimeSeriesPeriod", times(), required=False), point(GS1)),
        required=True,
    ),
)

# A refusal has one reason in ebIX: the first one is said, as the Danish hub does, the others are dropped.
_REASON = code("ResponseReasonType", "reason")

MEASURE_DATA_REQUEST_REJECT: Table = (
    header("ERR"),
    context(),
    Many(
        "PayloadResponseEvent",
        "series",
        (TRANSACTION, STATUS, _REASON, point(GS1), original("original_transaction")),
        required=True,
    ),
)

# The requests of results themselves have no form in version 3: only what the hub sends has one.
AGGREGATED_MEASURE_DATA_REQUEST_REJECT: Table = (
    header("ERR"),
    context(absent="D04"),
    Many(
        "PayloadResponseEvent",
        "series",
        (TRANSACTION, STATUS, _REASON, original("original_transaction")),
        required=True,
    ),
)

WHOLESALE_SETTLEMENT_REQUEST_REJECT: Table = (
    header("ERR"),
    context(absent="D05", role="DDQ"),
    Many(
        "PayloadChargeEvent",
        "series",
        (TRANSACTION, original("original_transaction"), STATUS, _REASON),
        required=True,
    ),
)

ACKNOWLEDGEMENT: Table = (
    header("294"),
    context(Field("OriginalBusinessMessage", "received_message_id", FILLED), process="received_process_type"),
    Many(
        "PayloadResponseEvent",
        "series",
        (
            Field("Identification", "event"),
            STATUS,
            optional(_REASON),
            Field("ReasonText", "reason_text", required=False),
            original("transaction", TEXT),
        ),
        required=True,
    ),
)

TABLES: dict[DocumentKind, Table] = {
    DocumentKind.ACKNOWLEDGEMENT: ACKNOWLEDGEMENT,
    DocumentKind.MEASURE_DATA: MEASURE_DATA,
    DocumentKind.MEASURE_DATA_REQUEST: MEASURE_DATA_REQUEST,
    DocumentKind.MEASURE_DATA_REQUEST_REJECT: MEASURE_DATA_REQUEST_REJECT,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT: AGGREGATED_MEASURE_DATA_REQUEST_REJECT,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT: WHOLESALE_SETTLEMENT_REQUEST_REJECT,
}
