"""How roles are named in a token and in everything else a client is told of its roles."""

from __future__ import annotations

from gateway.messages.codes import Role

ROLE_NAMES: dict[str, Role] = {
    "energysupplier": Role.ENERGY_SUPPLIER,
    "gridaccessprovider": Role.GRID_OPERATOR,
    "gridoperator": Role.GRID_OPERATOR,
    "metereddataresponsible": Role.METERED_DATA_RESPONSIBLE,
    "balanceresponsibleparty": Role.BALANCE_RESPONSIBLE,
    "systemoperator": Role.SYSTEM_OPERATOR,
    "danishenergyagency": Role.ENERGY_AGENCY,
    "closeddistributionnetwork": Role.CLOSED_DISTRIBUTION_NETWORK,
    "lineoperator": Role.LINE_OPERATOR,
    "chargingpointoperator": Role.CHARGING_POINT_OPERATOR,
    "aggregator": Role.AGGREGATOR,
    "produceroperator": Role.PRODUCER_OPERATOR,
    "storageoperator": Role.STORAGE_OPERATOR,
    "gasstationoperator": Role.GAS_STATION_OPERATOR,
    "energyserviceprovider": Role.ENERGY_SERVICE_PROVIDER,
    "delegated": Role.DELEGATE,
    "customer": Role.CUSTOMER,
    "thirdparty": Role.THIRD_PARTY,
    "hub": Role.HUB,
}
"""Names of the `roles` claim. Ours are `customer`, `thirdparty`, and `hub`: the hub's operator, for administration."""


def role_name(role: Role) -> str:
    """How a role is named in a token; gridaccessprovider for the grid operator."""
    return next(name for name, known in ROLE_NAMES.items() if known is role)
