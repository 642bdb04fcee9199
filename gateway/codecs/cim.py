"""The documents of the CIM dialects: one table each, for XML (in this order) and JSON (by these names) alike."""

from __future__ import annotations

from gateway.codecs import codes_cim as codes
from gateway.codecs.fields import (
    FILLED,
    MINUTE,
    MOMENT,
    SECOND,
    TOKEN,
    Codes,
    Convert,
    Field,
    Group,
    JsonForm,
    Many,
    Node,
    Points,
    Scheme,
    coded,
)
from gateway.messages.codes import DocumentKind

Table = tuple[Node, ...]


def _code(name: str, key: str, list_of: Codes | None = None, required: bool = True, absent: str = "") -> Field:
    return Field(name, key, coded(list_of) if list_of else TOKEN, required, absent, json=JsonForm.VALUE)


def _default_code(name: str, key: str, default: str, required: bool = True) -> Field:
    """A code whose element may be empty: the schema gives it a default."""
    return Field(name, key, TOKEN, required, default, default, json=JsonForm.VALUE)


def _identifier(name: str, key: str, scheme: str = "A10", required: bool = True) -> Field:
    attribute = Scheme("codingScheme", f"{key}_scheme", codes.SCHEMES, others=scheme)
    return Field(name, key, FILLED, required, scheme=attribute, json=JsonForm.IDENTIFIER)


def _text(name: str, key: str, convert: Convert = FILLED, required: bool = True, absent: str = "") -> Field:
    return Field(name, key, convert, required, absent)


def _bound(name: str, key: str) -> Field:
    return Field(name, key, MINUTE, json=JsonForm.VALUE)


# A party without a role on the way through the hub is the hub (DGL); see `gateway.codecs.completion`.
def _parties(receiver_role: bool) -> Table:
    return (
        _identifier("sender_MarketParticipant.mRID", "sender"),
        _code("sender_MarketParticipant.marketRole.type", "sender_role", codes.ROLES, absent="DGL"),
        _identifier("receiver_MarketParticipant.mRID", "receiver"),
        _code("receiver_MarketParticipant.marketRole.type", "receiver_role", codes.ROLES, receiver_role, "DGL"),
        _text("createdDateTime", "created_at", MOMENT),
    )


_ID = Field("mRID", "message_id")
_SECTOR = _code("businessSector.type", "business_sector", required=False)


def _header(type_code: str) -> Table:
    return (
        _ID,
        _default_code("type", "type_code", type_code),
        _code("process.processType", "process_type", codes.PROCESSES, absent="E23"),
        _SECTOR,
        *_parties(receiver_role=True),
    )


_TRANSACTION = Field("mRID", "transaction")
_ORIGINAL = _text("originalTransactionIDReference_Series.mRID", "original_transaction", required=False)
_REASONS = Many("Reason", "reasons", (_code("code", "code"), _text("text", "text", required=False)))

MEASURE_DATA: Table = (
    *_header("E66"),
    Many(
        "Series",
        "series",
        (
            _TRANSACTION,
            _ORIGINAL,
            _identifier("marketEvaluationPoint.mRID", "point"),
            _code("marketEvaluationPoint.type", "point_type", codes.POINT_TYPES),
            _text("registration_DateAndOrTime.dateTime", "registered_at", SECOND),
            _identifier("in_Domain.mRID", "in_area", "NDK", required=False),
            _identifier("out_Domain.mRID", "out_area", "NDK", required=False),
            _text("product", "product", coded(codes.PRODUCTS), required=False),
            _code("quantity_Measure_Unit.name", "unit", codes.UNITS),
            Group(
                "Period",
                (
                    _text("resolution", "resolution", TOKEN),
                    Group("timeInterval", (_bound("start", "start"), _bound("end", "end"))),
                    Points("Point", "position", "quantity", "quality", codes.QUALITIES),
                ),
            ),
        ),
    ),
)

MEASURE_DATA_REQUEST: Table = (
    *_header("E73"),
    Many(
        "Series",
        "series",
        (
            _TRANSACTION,
            _text("start_DateAndOrTime.dateTime", "start", SECOND, required=False),
            _text("end_DateAndOrTime.dateTime", "end", SECOND, required=False),
            _identifier("marketEvaluationPoint.mRID", "point"),
        ),
        required=True,
    ),
)

MEASURE_DATA_REQUEST_REJECT: Table = (
    *_header("ERR"),
    _default_code("reason.code", "reason_code", "A02", required=False),
    Many(
        "Series",
        "series",
        (_TRANSACTION, _ORIGINAL, _REASONS, _identifier("marketEvaluationPoint.mRID", "point", required=False)),
        required=True,
    ),
)

# One Series for each rejected transaction; what else an acknowledgement can point at, the Danish hub does not use.
ACKNOWLEDGEMENT: Table = (
    _ID,
    _SECTOR,
    *_parties(receiver_role=False),
    _text("received_MarketDocument.mRID", "received_message_id", required=False),
    _code("received_MarketDocument.process.processType", "received_process_type", codes.PROCESSES, required=False),
    _REASONS,
    Many("Series", "series", (_TRANSACTION, _REASONS)),
)

TABLES: dict[DocumentKind, Table] = {
    DocumentKind.ACKNOWLEDGEMENT: ACKNOWLEDGEMENT,
    DocumentKind.MEASURE_DATA: MEASURE_DATA,
    DocumentKind.MEASURE_DATA_REQUEST: MEASURE_DATA_REQUEST,
    DocumentKind.MEASURE_DATA_REQUEST_REJECT: MEASURE_DATA_REQUEST_REJECT,
}
