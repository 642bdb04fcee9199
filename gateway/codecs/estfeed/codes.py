"""The code lists of the Estonian datahub as it spells them (Elering 12)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.messages.codes import Commodity, Resolution, Role
from gateway.messages.metering_status import ProcessingState


class Generation(StrEnum):
    """A major version of the datahub's interface."""

    V1 = "v1"
    V2 = "v2"


ROLES: Mapping[str, Role] = {
    "OPEN_SUPPLIER": Role.ENERGY_SUPPLIER,
    "GRID_OPERATOR": Role.GRID_OPERATOR,
    "CLOSED_DISTRIBUTION_NETWORK": Role.CLOSED_DISTRIBUTION_NETWORK,
    "LINE_OPERATOR": Role.LINE_OPERATOR,
    "CHARGING_POINT_OPERATOR": Role.CHARGING_POINT_OPERATOR,
    "AGGREGATOR": Role.AGGREGATOR,
    "PRODUCER_OPERATOR": Role.PRODUCER_OPERATOR,
    "ENERGY_SERVICE_PROVIDER": Role.ENERGY_SERVICE_PROVIDER,
    "STORAGE_OPERATOR": Role.STORAGE_OPERATOR,
    "GAS_STATION_OPERATOR": Role.GAS_STATION_OPERATOR,
}
"""Roles a request may be made in."""

COMMODITIES: Mapping[str, Commodity] = {
    "ELECTRICITY": Commodity.ELECTRICITY,
    "NATURAL_GAS": Commodity.NATURAL_GAS,
}

STATES: Mapping[str, ProcessingState] = {
    "PROCESSING": ProcessingState.PROCESSING,
    "SUCCESSFUL": ProcessingState.SUCCESSFUL,
    "PARTIALLY_SUCCESSFUL": ProcessingState.PARTIALLY_SUCCESSFUL,
    "ERROR": ProcessingState.ERROR,
}
"""States of a message of metering data."""

RESOLUTIONS: Mapping[str, Resolution] = {str(step): step for step in Resolution}
"""Steps a query may ask its values in."""


def name_of(table: Mapping[str, object], code: object) -> str:
    """How a code is spelled on the wire."""
    return next(name for name, known in table.items() if known == code)
