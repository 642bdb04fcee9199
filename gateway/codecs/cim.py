"""The documents of the CIM dialects: one table each, for XML (in this order) and JSON (by these names) alike."""

from __future__ import annotations

from gateway.codecs import codes_cim as codes
from gateway.codecs.fields import (
    FILLED,
    MINUTE,
    MOMENT,
    SECOND,
    TOKEN,
    WRITTEN,
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


def _reject(*more: Node) -> Table:
    return (
        *_header("ERR"),
        _default_code("reason.code", "reason_code", "A02", required=False),
        Many("Series", "series", (_TRANSACTION, _ORIGINAL, _REASONS, *more), required=True),
    )


MEASURE_DATA_REQUEST_REJECT: Table = _reject(_identifier("marketEvaluationPoint.mRID", "point", required=False))
RESULTS_REQUEST_REJECT: Table = _reject()

_SETTLEMENT_VERSION = _code(
    "settlement_Series.version", "settlement_version", codes.SETTLEMENT_VERSIONS, required=False
)
_WRITTEN_BOUNDS = (
    _text("start_DateAndOrTime.dateTime", "start", WRITTEN),
    _text("end_DateAndOrTime.dateTime", "end", WRITTEN, required=False),
)
_GRID_AREA = _identifier("meteringGridArea_Domain.mRID", "grid_area", "NDK", required=False)
_ENERGY_SUPPLIER = _identifier("energySupplier_MarketParticipant.mRID", "energy_supplier", required=False)

AGGREGATED_MEASURE_DATA_REQUEST: Table = (
    *_header("E74"),
    Many(
        "Series",
        "series",
        (
            _TRANSACTION,
            _SETTLEMENT_VERSION,
            _code("marketEvaluationPoint.type", "point_type", codes.POINT_TYPES, required=False),
            _code(
                "marketEvaluationPoint.settlementMethod", "settlement_method", codes.SETTLEMENT_METHODS, required=False
            ),
            *_WRITTEN_BOUNDS,
            _GRID_AREA,
            _identifier("biddingZone_Domain.mRID", "bidding_zone", "A01", required=False),
            _ENERGY_SUPPLIER,
            _identifier("balanceResponsibleParty_MarketParticipant.mRID", "balance_responsible", required=False),
        ),
        required=True,
    ),
)

WHOLESALE_SETTLEMENT_REQUEST: Table = (
    *_header("D21"),
    Many(
        "Series",
        "series",
        (
            _TRANSACTION,
            _text("version", "version", required=False),
            _SETTLEMENT_VERSION,
            *_WRITTEN_BOUNDS,
            _GRID_AREA,
            _ENERGY_SUPPLIER,
            _identifier("chargeTypeOwner_MarketParticipant.mRID", "charge_owner", required=False),
            _text("aggregationSeries_Period.resolution", "resolution", TOKEN, required=False),
            Many(
                "ChargeType",
                "charges",
                (_code("type", "type", codes.CHARGE_TYPES, required=False), _text("mRID", "id", required=False)),
            ),
        ),
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
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: AGGREGATED_MEASURE_DATA_REQUEST,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT: RESULTS_REQUEST_REJECT,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: WHOLESALE_SETTLEMENT_REQUEST,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT: RESULTS_REQUEST_REJECT,
}
