"""A village with one grid area: a good series, and ways to spoil it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from gateway.markets.profile import MarketProfile
from gateway.markets.registry import profile
from gateway.messages.codes import MeteringPointType, Quality, Resolution, Role, SettlementMethod, Unit
from gateway.messages.findings import Finding
from gateway.messages.masterdata import Delegation, GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Series, SeriesTable
from gateway.rules.batch import Sender
from gateway.rules.runner import Verdict
from tests.gs1_codes import gln, gsrn

DK = profile("dk")
ZONE = DK.zone

AREA, NEXT_AREA = "543", "544"


OPERATOR, NEIGHBOUR, SUPPLIER, STRANGER, AGENT = gln(1), gln(2), gln(3), gln(4), gln(5)
POINT = gsrn(1)
DAY = date(2025, 6, 10)
START, END = ZONE.midnight(DAY), ZONE.midnight(date(2025, 6, 11))
NOW = ZONE.at(date(2025, 6, 11), 8)
SENDER = Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE)

AREAS = (GridArea(AREA, OPERATOR), GridArea(NEXT_AREA, NEIGHBOUR))
ROLES = (PartyRole(SUPPLIER, Role.ENERGY_SUPPLIER),)


def version(point: str = POINT, **changes: Any) -> MeteringPointVersion:
    """A flex settled hourly consumption point of the village, for ever."""
    flex = MeteringPointVersion(
        point,
        MeteringPointType.CONSUMPTION,
        AREA,
        valid_from=0,
        settlement_method=SettlementMethod.FLEX,
        resolution=Resolution.HOUR,
        energy_supplier=SUPPLIER,
    )
    return flex._replace(**changes)


def master_of(*versions: MeteringPointVersion, delegations: Sequence[Delegation] = ()) -> MasterData:
    """Master data with the given versions."""
    return MasterData.build(versions, AREAS, ROLES, delegations)


MASTER = master_of(version())


def period(quantities: Sequence[int | None] | None = None, **changes: Any) -> Period:
    """24 hours of one day; quantities are thousandths, None is a missing value."""
    given = [250] * 24 if quantities is None else quantities
    fields: dict[str, Any] = {
        "resolution": Resolution.HOUR,
        "start": START,
        "end": END,
        "position": np.arange(1, len(given) + 1, dtype=np.int32),
        "quantity": np.array([NO_QUANTITY if value is None else value for value in given], dtype=np.int64),
        "quality": np.array(
            [Quality.MISSING if value is None else Quality.MEASURED for value in given], dtype=np.uint8
        ),
    }
    for name in ("position", "quality"):
        if name in changes:
            changes[name] = np.array(changes[name], dtype=fields[name].dtype)
    return Period(**{**fields, **changes})


def series(its_period: Period | None = None, **changes: Any) -> Series:
    """A good series of the village's point."""
    fields: dict[str, Any] = {
        "transaction": "t-1",
        "point": POINT,
        "point_type": MeteringPointType.CONSUMPTION,
        "unit": Unit.KWH,
        "period": its_period or period(),
    }
    return Series(**{**fields, **changes})


def verdict(
    *rows: Series,
    master: MasterData = MASTER,
    now: int = NOW,
    sender: Sender = SENDER,
    market: MarketProfile = DK,
) -> Verdict:
    """What all rules say of a message with these series."""
    return market.check(market.batch(SeriesTable.of(rows), master, sender, now))


def found(*rows: Series, **given: Any) -> list[tuple[str, str]]:
    """(rule, code) of every finding."""
    return [(finding.rule, finding.code) for finding in verdict(*rows, **given).findings]


def findings(*rows: Series, **given: Any) -> tuple[Finding, ...]:
    """Every finding."""
    return verdict(*rows, **given).findings
