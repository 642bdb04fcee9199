"""Wire codes of the CIM dialects (XML and JSON) and their neutral names; ebIX shares all but quality and schemes."""

from __future__ import annotations

from gateway.codecs.fields import Codes
from gateway.messages.codes import (
    ChargeType,
    MeteringPointType,
    ProcessType,
    Product,
    Quality,
    Role,
    SettlementMethod,
    SettlementVersion,
    Unit,
)
from gateway.messages.identifiers import Scheme

ROLES = Codes(
    {
        "DDQ": Role.ENERGY_SUPPLIER,
        "DDM": Role.GRID_OPERATOR,
        "MDR": Role.METERED_DATA_RESPONSIBLE,
        "DDK": Role.BALANCE_RESPONSIBLE,
        "EZ": Role.SYSTEM_OPERATOR,
        "STS": Role.ENERGY_AGENCY,
        "DGL": Role.HUB,
        "DDX": Role.IMBALANCE_SETTLEMENT,
        "DDZ": Role.METERING_POINT_ADMINISTRATOR,
    }
)

PROCESSES = Codes(
    {
        "E23": ProcessType.PERIODIC_METERING,
        "E30": ProcessType.YEARLY_METERING,
        "D42": ProcessType.PERIODIC_FLEX_METERING,
        "D03": ProcessType.PRELIMINARY_AGGREGATION,
        "D04": ProcessType.BALANCE_FIXING,
        "D05": ProcessType.WHOLESALE_FIXING,
        "D32": ProcessType.CORRECTION_SETTLEMENT,
        "D24": ProcessType.MISSING_DATA,
    }
)

POINT_TYPES = Codes(
    {
        "E17": MeteringPointType.CONSUMPTION,
        "E18": MeteringPointType.PRODUCTION,
        "E20": MeteringPointType.EXCHANGE,
        "D01": MeteringPointType.VE_PRODUCTION,
        "D02": MeteringPointType.ANALYSIS,
        "D03": MeteringPointType.NOT_USED,
        "D04": MeteringPointType.SURPLUS_PRODUCTION_GROUP_6,
        "D05": MeteringPointType.NET_PRODUCTION,
        "D06": MeteringPointType.SUPPLY_TO_GRID,
        "D07": MeteringPointType.CONSUMPTION_FROM_GRID,
        "D08": MeteringPointType.WHOLESALE_SERVICES_INFORMATION,
        "D09": MeteringPointType.OWN_PRODUCTION,
        "D10": MeteringPointType.NET_FROM_GRID,
        "D11": MeteringPointType.NET_TO_GRID,
        "D12": MeteringPointType.TOTAL_CONSUMPTION,
        "D13": MeteringPointType.NET_LOSS_CORRECTION,
        "D14": MeteringPointType.ELECTRICAL_HEATING,
        "D15": MeteringPointType.NET_CONSUMPTION,
        "D17": MeteringPointType.OTHER_CONSUMPTION,
        "D18": MeteringPointType.OTHER_PRODUCTION,
        "D19": MeteringPointType.CAPACITY_SETTLEMENT,
        "D20": MeteringPointType.EXCHANGE_REACTIVE_ENERGY,
        "D21": MeteringPointType.COLLECTIVE_NET_PRODUCTION,
        "D22": MeteringPointType.COLLECTIVE_NET_CONSUMPTION,
        "D99": MeteringPointType.INTERNAL_USE,
    }
)

UNITS = Codes(
    {
        "KWH": Unit.KWH,
        "K3": Unit.KVARH,
        "MWH": Unit.MWH,
        "KWT": Unit.KW,
        "MAW": Unit.MW,
        "H87": Unit.PIECES,
        "AMP": Unit.AMPERE,
        "GWH": Unit.GWH,
        "MAH": Unit.MVARH,
    }
)

PRODUCTS = Codes(
    {
        "8716867000030": Product.ACTIVE_ENERGY,
        "8716867000047": Product.REACTIVE_ENERGY,
        "5790001330590": Product.TARIFF,
        "8716867000139": Product.CAPACITIVE_ENERGY,
        "8716867000146": Product.INDUCTIVE_ENERGY,
    }
)

SETTLEMENT_METHODS = Codes(
    {"D01": SettlementMethod.FLEX, "E02": SettlementMethod.HOURLY, "E01": SettlementMethod.PROFILED}
)

SETTLEMENT_VERSIONS = Codes(
    {
        "D01": SettlementVersion.FIRST_CORRECTION,
        "D02": SettlementVersion.SECOND_CORRECTION,
        "D03": SettlementVersion.THIRD_CORRECTION,
    }
)

CHARGE_TYPES = Codes({"D01": ChargeType.SUBSCRIPTION, "D02": ChargeType.FEE, "D03": ChargeType.TARIFF})

SCHEMES = Codes({"A10": Scheme.GS1, "A01": Scheme.EIC, "NDK": Scheme.GRID_AREA})

QUALITIES = {
    "A01": Quality.CORRECTED,
    "A02": Quality.MISSING,
    "A03": Quality.ESTIMATED,
    "A04": Quality.MEASURED,
    "A05": Quality.INCOMPLETE,
    "A06": Quality.CALCULATED,
}
"""How a value came about. UNCERTAIN has no code of its own: it is written as A03, estimated."""
