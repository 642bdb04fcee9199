"""Who is who to the small exchange behind the transport, and what it holds."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from gateway.hub.ports import Principal
from gateway.markets.registry import profile
from gateway.messages.codes import Dialect

ESTONIA = profile("ee")
"""The market whose words the endpoints of metering data speak; the Danish ones take theirs from what they are told."""

NOON = 1_736_942_400  # 2025-01-15T12:00Z

SUPPLIER = "5790001330583"
OTHER_SUPPLIER = "5790001330590"
GRID_OPERATOR = "5790001330606"
HUB_OPERATOR = "5790001330552"
POINT = "571313180000000005"
AREA = "543"
JANUARY_14 = date(2025, 1, 14)

CONTENT = {
    Dialect.CIM_XML: b'<?xml version="1.0"?><a xmlns="urn:a"/>',
    Dialect.CIM_JSON: b'{"a": 1}',
    Dialect.EBIX_XML: b'<?xml version="1.0"?><e:DK_MeteredDataTimeSeries xmlns:e="un:e"/>',
}


class Owners(Protocol):
    """Knows whose points are whose, and whether the store answers."""

    owners: dict[str, str]

    def answer(self) -> None: ...

    def may_see(self, reader: Principal, point: str) -> bool: ...
