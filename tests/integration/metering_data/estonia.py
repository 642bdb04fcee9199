"""A desk for metering data over a small Estonian grid and a real database, its clock moved by hand."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from gateway.hub.clock import MICROSECONDS, MovedClock
from gateway.hub.database import Database
from gateway.hub.metering_data.changes import Change
from gateway.hub.metering_data.desk import Desk
from gateway.hub.office import Office
from gateway.hub.period_groups import READING_TIMES, series_kind
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_metering_data import (
    Busy,
    MeteringDataSubmission,
    NumberedPage,
    StatusPage,
    StatusQuery,
    Submitted,
)
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import changed_profile
from gateway.messages.codes import Commodity, FeedForm, Flow, MeteringPointType, Resolution, Role, Unit
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState
from gateway.messages.times import Interval, format_second
from gateway.schemas.registry import Registry
from tests.eic_codes import eic

DAY = date(2026, 9, 15)
"""An ordinary Tuesday; the clock stands at 06:00 UTC on the day after."""

AREA, NEIGHBOURS = "38Y-GRID-AREA--1", "38Y-GRID-AREA--2"


GRID = Principal(eic("X", 1), Role.GRID_OPERATOR, "grid")
NEIGHBOUR = Principal(eic("X", 2), Role.GRID_OPERATOR, "neighbour")
SUPPLIER = Principal(eic("X", 3), Role.ENERGY_SUPPLIER, "supplier")
HOUSE, FACTORY, BOILER, CABIN, UNKNOWN = (eic("Z", number) for number in (1, 2, 3, 4, 99))
"""Two points of electricity, one of gas by the day, one of the neighbour's, one that nobody registered."""


def master_data() -> MasterData:
    """The grid's points and who runs them."""
    versions = [
        MeteringPointVersion(HOUSE, MeteringPointType.CONSUMPTION, AREA, valid_from=0),
        MeteringPointVersion(FACTORY, MeteringPointType.CONSUMPTION, AREA, valid_from=0),
        MeteringPointVersion(
            BOILER,
            MeteringPointType.CONSUMPTION,
            AREA,
            valid_from=0,
            unit=Unit.CUBIC_METRE,
            resolution=Resolution.DAY,
        ),
        MeteringPointVersion(CABIN, MeteringPointType.CONSUMPTION, NEIGHBOURS, valid_from=0),
    ]
    areas = [GridArea(AREA, GRID.party), GridArea(NEIGHBOURS, NEIGHBOUR.party)]
    return MasterData.build(versions, areas, [PartyRole(GRID.party, Role.GRID_OPERATOR)])


@dataclass
class Estonia:
    """A started desk, and short words for what its senders do.

    Attributes:
        changes: what was handed to the change feed.
    """

    office: Office
    clock: MovedClock
    desk: Desk
    changes: list[Change] = field(default_factory=list)

    @property
    def midnight(self) -> int:
        """The start of the day."""
        return self.office.profile.zone.midnight(DAY)

    def submission(
        self,
        body: object,
        form: FeedForm = FeedForm.ESTFEED_V2,
        commodity: Commodity = Commodity.ELECTRICITY,
        document_id: str = "",
    ) -> MeteringDataSubmission:
        """A message; `body` is bytes, or what JSON is written from."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return MeteringDataSubmission(document_id or str(uuid.uuid4()), form, commodity, content)

    def send(self, body: object, who: Principal = GRID, **how: Any) -> Submitted | Refused | Busy:
        """Send a message and take its first answer."""
        return asyncio.run(self.desk.submit(who, self.submission(body, **how)))

    def settle(self, body: object, who: Principal = GRID, **how: Any) -> MeteringDataStatus:
        """Send a message and wait for its final state."""
        answer = asyncio.run(self.desk.carry_out(who, self.submission(body, **how)))
        assert isinstance(answer, MeteringDataStatus), answer
        return answer

    def statuses(self, who: Principal = GRID, page: int = 0, size: int = 100, **query: Any) -> StatusPage:
        """A page of somebody's statuses."""
        answer = asyncio.run(self.desk.statuses(who, StatusQuery(**query), NumberedPage(page, size)))
        assert isinstance(answer, StatusPage), answer
        return answer

    def await_finals(self, who: Principal = GRID) -> StatusPage:
        """Somebody's statuses once nothing is in processing."""
        while self.statuses(who, state=ProcessingState.PROCESSING).total:
            pass
        return self.statuses(who)

    def values(self, point: str, flow: Flow, unit: Unit = Unit.KWH, *, read_at: bool = False) -> dict[int, int]:
        """What is stored of a flow, by start; with `read_at` the instants it was read at."""
        kind = series_kind(unit, flow) + (READING_TIMES if read_at else 0)
        span = Interval(self.midnight - 400 * 86400, self.midnight + 400 * 86400)
        with self.office.database.read() as connection:
            series = self.office.store.read(connection, np.array([point_key(point)]), span, kind=kind)
        zone = self.office.profile.zone
        return {
            start: quantity
            for run in series.runs[0]
            for start, quantity, quality in zip(
                zone.step_starts(run.resolution, run.start, len(run.quantity)).tolist(),
                run.quantity.tolist(),
                run.quality.tolist(),
                strict=True,
            )
            if quality & 0x7F != 2
        }


def opened(database: Database, settings: Mapping[str, Any] | None = None, office_of: type[Office] = Office) -> Estonia:
    """A desk over a database, not started; what it would hand to the change feed is listed."""
    profile = changed_profile("ee", settings or {}, {})
    clock = MovedClock(profile.zone.midnight(DAY + timedelta(days=1)) + 9 * 3600)
    office = office_of(
        database, profile, SeriesStore(profile.zone), Registry(), clock, lambda: uuid.uuid4().hex, master_data()
    )
    changes: list[Change] = []
    desk = Desk(office, lambda _office, _connection, change: changes.append(change))
    return Estonia(office, clock, desk, changes)


def started(database: Database, settings: Mapping[str, Any] | None = None) -> Iterator[Estonia]:
    """A started desk over a database; stopped in the end."""
    estonia = opened(database, settings)
    estonia.desk.start()
    yield estonia
    estonia.desk.stop()


def quantity(kwh: float | str, kind: str = "M", **more: Any) -> dict[str, Any]:
    """A quantity of V2."""
    return {"rType": kind, "kwh": kwh, **more}


def quarter(start: int, **members: Any) -> dict[str, Any]:
    """A period of V2 at an instant."""
    return {"pS": format_second(start), **members}


def of_point(point: str, periods: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The periods of a point, as V2 has them."""
    return {"meteringPointEic": point, "periods": list(periods)}


def day_of(point: str, start: int, kwh: float = 1.5, count: int = 96) -> dict[str, Any]:
    """Quarters of a point with the same consumption each."""
    return of_point(point, [quarter(start + 900 * i, outQty=quantity(kwh)) for i in range(count)])


def v1_body(
    blocks: Sequence[Mapping[str, Any]], who: Principal = GRID, commodity: str = "ELECTRICITY"
) -> dict[str, Any]:
    """A message of V1."""
    context = {
        "marketParticipantIdentification": who.party,
        "marketParticipantRole": "GRID_OPERATOR",
        "commodityType": commodity,
    }
    return {"marketParticipantContext": context, "meterData": list(blocks)}


def micros(instant: int) -> int:
    """An instant in microseconds."""
    return instant * MICROSECONDS
