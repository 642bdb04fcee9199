"""The documents of settlement that leave the hub, in ebIX (dk-messages §4).

The schemas of RSM-014 and RSM-019 know the same elements; prices, charges and money are read and written in RSM-019
alone.
"""

from __future__ import annotations

from gateway.codecs import codes_cim, codes_ebix
from gateway.codecs.codes_ebix import ebix_attributes, gs1_attributes, list_attributes
from gateway.codecs.ebix_fields import (
    GS1,
    GS1_OR_EIC,
    TRANSACTION,
    Table,
    code,
    context,
    header,
    optional,
    original,
    point,
)
from gateway.codecs.fields import SECOND, STATED, TEXT, Amount, Field, Group, Many, Scheme, Status, Values
from gateway.messages.codes import DocumentKind, Quality


def _variant(process: str) -> Group:
    """The context of results: one settlement version for the whole document."""
    version = optional(code("ProcessVariant", "settlement_version", codes_cim.SETTLEMENT_VERSIONS))
    return context(version, absent=process)


def _party(name: str, key: str) -> Group:
    scheme = Scheme("schemeAgencyIdentifier", f"{key}_scheme", codes_ebix.AGENCIES, "9", GS1_OR_EIC)
    return Group(name, (Field("Identification", key, STATED, required=False, scheme=scheme),), required=False)


_DANISH = {"260": ' schemeIdentifier="DK"'}


def _area(name: str, key: str) -> Group:
    sayable = frozenset({"260", "305"})
    scheme = Scheme("schemeAgencyIdentifier", f"{key}_scheme", codes_ebix.AGENCIES, "260", sayable, _DANISH)
    return Group(name, (Field("Identification", key, STATED, required=False, scheme=scheme),), required=False)


def _product(default: str, *more: Field) -> Group:
    return Group(
        "IncludedProductCharacteristic",
        (
            code("Identification", "product", codes_cim.PRODUCTS, default, gs1_attributes),
            code("UnitType", "unit", codes_cim.UNITS, listed=ebix_attributes),
            *more,
        ),
    )


_FUNCTION = code("Function", "function", absent="9")
_PERIOD = Group(
    "ObservationTimeSeriesPeriod",
    (Field("ResolutionDuration", "resolution", TEXT), Field("Start", "start", SECOND), Field("End", "end", SECOND)),
)
_BALANCE_RESPONSIBLE = _party("BalanceResponsibleEnergyParty", "balance_responsible")
_SUPPLIER = _party("BalanceSupplierEnergyParty", "supplier")
_POINTS = Group(
    "DetailMeasurementMeteringPointCharacteristic",
    (
        optional(code("TypeOfMeteringPoint", "point_type", codes_cim.POINT_TYPES)),
        optional(code("SettlementMethod", "settlement_method", codes_cim.SETTLEMENT_METHODS)),
    ),
    required=False,
)
_GRID_AREA = _area("MeteringGridAreaUsedDomainLocation", "grid_area")
_BIDDING_ZONE = _area("MarketBalanceAreaUsedDomainLocation", "bidding_zone")
_VERSION = Field("Version", "version", STATED, required=False)
_QUANTITY = Amount("EnergyQuantity", "quantity", "QuantityMissing", Quality.MISSING)

AGGREGATED_MEASURE_DATA: Table = (
    header("E31"),
    _variant("D04"),
    Many(
        "PayloadEnergyTimeSeries",
        "series",
        (
            TRANSACTION,
            _FUNCTION,
            _PERIOD,
            _BALANCE_RESPONSIBLE,
            _SUPPLIER,
            _product("8716867000030"),
            _POINTS,
            _GRID_AREA,
            Values(
                "IntervalEnergyObservation",
                "Position",
                (
                    _QUANTITY,
                    Status(
                        "QuantityQuality", codes_ebix.QUALITIES, codes_ebix.QUALITIES_OF_SUMS, listed=list_attributes
                    ),
                ),
            ),
            _BIDDING_ZONE,
            original("original_transaction", required=False),
            _VERSION,
        ),
        required=True,
    ),
)

MISSING_DATA_REMINDER: Table = (
    header("D24"),
    context(absent="D24"),
    Many(
        "PayloadMissingDataRequest",
        "series",
        (
            TRANSACTION,
            Field("RequestPeriod", "day", SECOND),
            point(GS1),
            Field("NumberOfReminders", "sent", absent="0"),
        ),
        required=True,
    ),
)

WHOLESALE_SERVICES: Table = (
    header("E31"),
    _variant("D05"),
    Many(
        "PayloadEnergyTimeSeries",
        "series",
        (
            TRANSACTION,
            _FUNCTION,
            optional(code("Currency", "currency", listed=ebix_attributes)),
            _PERIOD,
            _SUPPLIER,
            _product(
                "5790001330590",
                optional(code("MeasureUnitPriceType", "price_unit", codes_cim.UNITS, listed=ebix_attributes)),
            ),
            _POINTS,
            _GRID_AREA,
            Values(
                "IntervalEnergyObservation",
                "Position",
                (
                    _QUANTITY,
                    Amount("EnergyPrice", "price", "PriceMissing", Quality.INCOMPLETE),
                    Status(
                        "QuantityQuality",
                        read={"D01": Quality.CALCULATED},
                        write={quality: "D01" for quality in Quality if quality is not Quality.ABSENT},
                        listed=list_attributes,
                    ),
                    Amount("EnergySum", "amount"),
                ),
            ),
            _BIDDING_ZONE,
            optional(code("ChargeType", "charge_type", codes_cim.CHARGE_TYPES)),
            Field("PartyChargeTypeID", "charge", STATED, required=False),
            original("original_transaction", required=False),
            _party("ChargeTypeOwnerEnergyParty", "charge_owner"),
            _VERSION,
        ),
        required=True,
    ),
)

TABLES: dict[DocumentKind, Table] = {
    DocumentKind.AGGREGATED_MEASURE_DATA: AGGREGATED_MEASURE_DATA,
    DocumentKind.MISSING_DATA_REMINDER: MISSING_DATA_REMINDER,
    DocumentKind.WHOLESALE_SERVICES: WHOLESALE_SERVICES,
}
