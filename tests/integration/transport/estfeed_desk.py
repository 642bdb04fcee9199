"""What tests of the Estonian endpoints send to the small exchange, and how its market answers otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gateway.hub.ports import Client
from gateway.messages.codes import Role

from .estfeed_client import Reply
from .running_server import SECRET_HASH
from .small_exchange import SmallExchange
from .small_metering import METER
from .small_places import ESTONIA, SUPPLIER

ROLES = (Role.GRID_OPERATOR, Role.ENERGY_SUPPLIER, Role.ENERGY_SERVICE_PROVIDER)
TECHNICAL = Client("own-technical", SUPPLIER, ROLES[0], SECRET_HASH, further_roles=frozenset(ROLES[1:]))
ID = "8e11eab4-e56c-431a-9e93-3dded6bd7368"
QUARTER = {"pS": "2025-04-01T00:00Z", "outQty": {"rType": "M", "kwh": 1.5}}
V2_BODY = [{"meteringPointEic": METER, "periods": [QUARTER]}]
V1_BODY = [{"meterEic": METER, "periods": [{"r": "PT15M", "aI": [QUARTER]}]}]
MISSING = "opp.error.validation.missing-field"
CODE_OF_SPANS = "opp.error.validation.from-field-cannot-be-equal-to-or-after-to-field"
WINDOW = ("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z")


def policy(exchange: SmallExchange, **changes: Any) -> None:
    """Another market policy until the test ends; what routes were made of stays."""
    exchange.profile = replace(ESTONIA, estfeed=replace(ESTONIA.estfeed, **changes))


def code(reply: Reply) -> tuple[int, str]:
    """HTTP status and code of a refusal."""
    return reply.status, reply.error["code"]
