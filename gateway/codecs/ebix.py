"""The documents of the ebIX dialect, one table each, in the order of the wire (dk-messages §4)."""

from __future__ import annotations

from collections.abc import Callable

from gateway.codecs import codes_cim, codes_ebix
from gateway.codecs.codes_ebix import ebix_attributes, gs1_attributes, list_attributes
from gateway.codecs.fields import (
    FILLED,
    MOMENT,
    SECOND,
    TEXT,
    TOKEN,
    Codes,
    Convert,
    Field,
    Group,
    Many,
    Node,
    Points,
    Scheme,
    coded,
)
from gateway.messages.codes import DocumentKind

Table = tuple[Node, ...]


def _code(
    name: str,
    key: str,
    list_of: Codes | None = None,
    absent: str = "",
    listed: Callable[[str], str] = list_attributes,
) -> Field:
    return Field(name, key, coded(list_of) if list_of else TOKEN, absent=absent, listed=listed)


def _optional(field: Field) -> Field:
    return Field(field.name, field.key, field.convert, required=False, listed=field.listed)


def _identifier(key: str, sayable: frozenset[str]) -> Field:
    scheme = Scheme("schemeAgencyIdentifier", f"{key}_scheme", codes_ebix.AGENCIES, "9", sayable)
    return Field("Identification", key, FILLED, scheme=scheme)


_GS1_OR_EIC = frozenset({"9", "305"})
_GS1 = frozenset({"9"})

# ebIX ids are at most 35 characters long; see `gateway.codecs.completion.short_id`.
_ID = Field("Identification", "message_id")
_TRANSACTION = Field("Identification", "transaction")


def _header(type_code: str) -> Group:
    return Group(
        "HeaderEnergyDocument",
        (
            _ID,
            _code("DocumentType", "type_code", absent=type_code),
            Field("Creation", "created_at", MOMENT),
            Group("SenderEnergyParty", (_identifier("sender", _GS1_OR_EIC),)),
            Group("RecipientEnergyParty", (_identifier("receiver", _GS1_OR_EIC),)),
        ),
    )


def _context(*more: Node, process: str = "process_type", absent: tuple[str, str] = ("E23", "MDR")) -> Group:
    return Group(
        "ProcessEnergyContext",
        (
            _code("EnergyBusinessProcess", process, codes_cim.PROCESSES, absent=absent[0]),
            _code("EnergyBusinessProcessRole", "context_role", codes_cim.ROLES, absent=absent[1]),
            _code("EnergyIndustryClassification", "business_sector", absent="23"),
            *more,
        ),
    )


def _times(*before: Node) -> tuple[Node, ...]:
    return (
        *before,
        Field("Start", "start", SECOND, required=False),
        Field("End", "end", SECOND, required=False),
    )


def _point(sayable: frozenset[str]) -> Group:
    return Group("MeteringPointDomainLocation", (_identifier("point", sayable),))


def _original(key: str, convert: Convert = FILLED, required: bool = True) -> Field:
    return Field("OriginalBusinessDocument", key, convert, required)


_STATUS = _code("StatusType", "status", absent="41")

MEASURE_DATA: Table = (
    _header("E66"),
    _context(),
    Many(
        "PayloadEnergyTimeSeries",
        "series",
        (
            _TRANSACTION,
            _code("Function", "function", absent="9"),
            Group("ObservationTimeSeriesPeriod", _times(Field("ResolutionDuration", "resolution", TEXT))),
            Group(
                "IncludedProductCharacteristic",
                (
                    _code("Identification", "product", codes_cim.PRODUCTS, "8716867000030", gs1_attributes),
                    _code("UnitType", "unit", codes_cim.UNITS, listed=ebix_attributes),
                ),
            ),
            Group(
                "DetailMeasurementMeteringPointCharacteristic",
                (
                    _code("TypeOfMeteringPoint", "point_type", codes_cim.POINT_TYPES),
                    _optional(_code("SettlementMethod", "settlement_method", codes_cim.SETTLEMENT_METHODS)),
                ),
            ),
            _point(_GS1_OR_EIC),
            Points(
                "IntervalEnergyObservation",
                "Position",
                "EnergyQuantity",
                "QuantityQuality",
                codes_ebix.QUALITIES,
                missing="QuantityMissing",
                listed=list_attributes,
            ),
            _original("original_transaction", required=False),
        ),
        required=True,
    ),
)

MEASURE_DATA_REQUEST: Table = (
    _header("E73"),
    _context(),
    Many(
        "PayloadMeasuredDataRequest",
        "series",
        (_TRANSACTION, Group("ObservationTimeSeriesPeriod", _times(), required=False), _point(_GS1)),
        required=True,
    ),
)

# A refusal has one reason in ebIX: the first one is said, as the Danish hub does, the others are dropped.
_REASON = _code("ResponseReasonType", "reason")

MEASURE_DATA_REQUEST_REJECT: Table = (
    _header("ERR"),
    _context(),
    Many(
        "PayloadResponseEvent",
        "series",
        (_TRANSACTION, _STATUS, _REASON, _point(_GS1), _original("original_transaction")),
        required=True,
    ),
)

# The requests of results themselves have no form in version 3: only what the hub sends has one.
AGGREGATED_MEASURE_DATA_REQUEST_REJECT: Table = (
    _header("ERR"),
    _context(absent=("D04", "MDR")),
    Many(
        "PayloadResponseEvent",
        "series",
        (_TRANSACTION, _STATUS, _REASON, _original("original_transaction")),
        required=True,
    ),
)

WHOLESALE_SETTLEMENT_REQUEST_REJECT: Table = (
    _header("ERR"),
    _context(absent=("D05", "DDQ")),
    Many(
        "PayloadChargeEvent",
        "series",
        (_TRANSACTION, _original("original_transaction"), _STATUS, _REASON),
        required=True,
    ),
)

ACKNOWLEDGEMENT: Table = (
    _header("294"),
    _context(Field("OriginalBusinessMessage", "received_message_id", FILLED), process="received_process_type"),
    Many(
        "PayloadResponseEvent",
        "series",
        (
            Field("Identification", "event"),
            _STATUS,
            _optional(_REASON),
            Field("ReasonText", "reason_text", required=False),
            _original("transaction", TEXT),
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
