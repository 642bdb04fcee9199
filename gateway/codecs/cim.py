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
from gateway.codecs.fields import SECOND, TOKEN, Group, Many, Points, coded
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

MEASURE_DATA_REQUEST_REJECT: Table = (
    *header("ERR"),
    default_code("reason.code", "reason_code", "A02", required=False),
    Many(
        "Series",
        "series",
        (TRANSACTION, ORIGINAL, REASONS, identifier("marketEvaluationPoint.mRID", "point", required=False)),
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
}
