"""An Estonian grid over a real database: points with EICs, values stored as they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gateway.hub.clock import MICROSECONDS, MovedClock
from gateway.hub.database import Database, allocate
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Principal
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.markets.profile import MarketProfile
from gateway.markets.registry import changed_profile, profile
from gateway.messages.codes import Flow, MeteringPointType, Quality, Resolution, Role, Unit
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.schemas.registry import Registry
from tests.eic_codes import eic

EE = profile("ee")
AS_REGISTERED = changed_profile("ee", {"networks": {"own_points": "registered"}}, {})
"""A market in which every registered point counts, so that a test need not agree on each."""

AREA, UPSTREAM, LINE = "38Y-GRID-AREA--1", "38Y-GRID-AREA--2", "38Y-LINE-------3"


GRID, NEIGHBOUR, LINES, SUPPLIER = (eic("X", number) for number in range(1, 5))
OPERATOR = Principal(EE.hub, Role.HUB, "operator")
OWNER = Principal(GRID, Role.GRID_OPERATOR, "grid")
LINE_OWNER = Principal(LINES, Role.LINE_OPERATOR, "line")
READER = Principal(SUPPLIER, Role.ENERGY_SUPPLIER, "supplier")


def point(number: int, **changes: Any) -> MeteringPointVersion:
    """A metering point of the grid in quarters, since ever."""
    version = MeteringPointVersion(
        eic("Z", number), MeteringPointType.CONSUMPTION, AREA, valid_from=0, resolution=Resolution.QUARTER
    )
    return version._replace(**changes)


def border(number: int, run_by: str = AREA, **changes: Any) -> MeteringPointVersion:
    """A point between the grid and the one upstream."""
    facts: dict[str, Any] = {
        "kind": MeteringPointType.EXCHANGE,
        "grid_area": run_by,
        "from_grid_area": UPSTREAM,
        "to_grid_area": AREA,
    }
    return point(number, **(facts | changes))


class Grid:
    """A hub's office over a grid, and what was delivered for it."""

    def __init__(
        self, database: Database, *versions: MeteringPointVersion, market: MarketProfile = AS_REGISTERED
    ) -> None:
        areas = [GridArea(AREA, GRID), GridArea(UPSTREAM, NEIGHBOUR), GridArea(LINE, LINES)]
        master = MasterData.build(versions, areas, [PartyRole(GRID, Role.GRID_OPERATOR)])
        self.clock = MovedClock(0)
        self.database = database
        self.office = Office(database, market, SeriesStore(EE.zone), Registry(), self.clock, lambda: "0" * 32, master)

    def deliver(
        self,
        of: MeteringPointVersion,
        flow: Flow,
        values: Sequence[int | None],
        *,
        start: int,
        at: int,
        step: Resolution = Resolution.QUARTER,
        unit: Unit = Unit.KWH,
    ) -> None:
        """Values in Wh from an instant on, stored in a transaction committed at another; None is a missing value."""
        quantity = np.array([[value or 0 for value in values]], dtype=np.int64)
        quality = np.array([[Quality.MISSING if value is None else Quality.MEASURED for value in values]], np.uint8)
        keys = np.array([point_key(of.metering_point)], dtype=np.int64)
        with self.database.write() as connection:
            number = allocate(connection, at * MICROSECONDS)
            one = SegmentInput(series_kind(unit, flow), step, start, keys, quantity, quality)
            self.office.store.append(connection, number, [one])
