"""A small Estonian market over a real database: master data imported, values stored and told as a message's are."""

from __future__ import annotations

import asyncio
import functools
import uuid
import zlib
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pytest
from sqlalchemy.engine import Connection

from gateway.hub.clock import Clock, MovedClock
from gateway.hub.database import Database, allocate
from gateway.hub.feed.desk import FeedDesk
from gateway.hub.feed.master_data import note_import
from gateway.hub.feed.writing import note_changes
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.files import MasterDataSet, filled_csv_files
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.metering_data.changes import Change
from gateway.hub.metering_data.storing import MeteringStore
from gateway.hub.office import Office
from gateway.hub.ports import ImportReport, Principal, Refused
from gateway.hub.ports_feed import FeedItem, FeedPage, FeedQuery, FeedResource
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import changed_profile
from gateway.messages.agreements import AccessPermission, Agreement, AgreementFacts
from gateway.messages.codes import AgreementKind, Commodity, Flow, MeteringPointType, Quality, Resolution, Role, Unit
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import FOREVER, GridArea, MeteringPointVersion, PartyRole
from gateway.messages.metering_data import MeteringData
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import NO_INSTANT, MarketZone
from gateway.schemas.registry import Registry
from tests.eic_codes import eic

T = TypeVar("T")

both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"], indirect=True)
"""For tests that ask something of the database."""

ZONE = MarketZone("Europe/Tallinn")
DAY = ZONE.midnight(date(2026, 9, 15))
"""An ordinary Tuesday; the clock stands at noon of the day after."""

QUARTER, HOUR, WHOLE_DAY = 900, 3600, 86_400
START = ZONE.midnight(date(2020, 1, 1))


GRID, NEIGHBOUR, FIRST, SECOND, ABOVE, TOP, FLEX, OWNERS, HELPER = (eic("X", number) for number in range(1, 10))
"""Two grid operators, two suppliers, the portfolios above the first, an aggregator, the portfolio the grid is in."""

HOUSE, FACTORY, BOILER, BARN = (eic("Z", number) for number in range(1, 5))
AREA, NEXT_AREA = "38Y-GRID-AREA--1", "38Y-GRID-AREA--2"

SENDER = Principal(GRID, Role.GRID_OPERATOR, "grid")


def supplier(party: str) -> Principal:
    """Somebody in the role of a supplier."""
    return Principal(party, Role.ENERGY_SUPPLIER, f"client of {party}")


def agreed(kind: AgreementKind, party: str, since: int = START, until: int = FOREVER, **more: Any) -> Agreement:
    """An agreement with an id of its own; at the house unless another point, or none, is said."""
    stated = {"metering_point": HOUSE, **more}
    name = f"{kind} {party} {since} {stated['metering_point']} {stated.get('counterparty')}"
    agreement = stated.pop("agreement", f"A-{zlib.crc32(name.encode())}")
    return Agreement(agreement, kind, party, since, until, **stated)


def in_portfolio(party: str, of: str, since: int = START, until: int = FOREVER, **more: Any) -> Agreement:
    """A party holds the portfolio of another."""
    return agreed(AgreementKind.PORTFOLIO, party, since, until, counterparty=of, metering_point=None, **more)


def base() -> MasterDataSet:
    """The parties, areas and points."""
    roles = [PartyRole(GRID, Role.GRID_OPERATOR), PartyRole(NEIGHBOUR, Role.GRID_OPERATOR)]
    roles += [PartyRole(party, Role.ENERGY_SUPPLIER) for party in (FIRST, SECOND, ABOVE, TOP, OWNERS)]
    roles += [PartyRole(FLEX, Role.AGGREGATOR), PartyRole(HELPER, Role.ENERGY_SERVICE_PROVIDER)]
    points = [
        MeteringPointVersion(point, MeteringPointType.CONSUMPTION, AREA, START) for point in (HOUSE, FACTORY, BARN)
    ]
    gas = MeteringPointVersion(
        BOILER, MeteringPointType.CONSUMPTION, AREA, START, unit=Unit.CUBIC_METRE, resolution=Resolution.DAY
    )
    areas = [GridArea(AREA, GRID), GridArea(NEXT_AREA, NEIGHBOUR)]
    return MasterDataSet([*points, gas], areas, roles)


class Values(NamedTuple):
    """Values of one flow of a point, one behind the other from a start."""

    point: str
    start: int
    quantities: Sequence[int]
    flow: Flow = Flow.OUT
    unit: Unit = Unit.KWH
    resolution: Resolution = Resolution.QUARTER
    read_at: int | None = None
    quality: Quality = Quality.MEASURED


@dataclass
class Market:
    """One hub's feed, and short words for what happens in it."""

    office: Office
    clock: Clock

    def take(
        self,
        *agreements: Agreement,
        permissions: Iterable[AccessPermission] = (),
        more: MasterDataSet | None = None,
    ) -> ImportReport:
        """Import agreements, and the base set or another beside them."""
        dataset = more or MasterDataSet()
        facts = AgreementFacts(list(agreements), list(permissions))
        whole = MasterDataSet(
            dataset.points, dataset.grid_areas, dataset.roles, dataset.delegations, dataset.settlement, facts
        )
        files = filled_csv_files(whole)
        note = functools.partial(note_import, self.office)
        imports = MasterDataImport(self.office.database, manner_of(self.office.profile), note)
        report = imports.take(files, self.clock.micros(), self.office.master)
        assert not report.findings, report.findings
        return report

    def store(self, *values: Values, sender: Principal = SENDER, commodity: Commodity = Commodity.ELECTRICITY) -> int:
        """Store values as a message does, and tell whom they concern; says the transaction."""
        with self.office.database.write() as connection:
            return self.store_within(connection, *values, sender=sender, commodity=commodity)

    def store_within(
        self, connection: Connection, *values: Values, sender: Principal = SENDER, commodity: Commodity
    ) -> int:
        """The same within a transaction that may still fail."""
        table = SeriesTable.of(map(series, values))
        keys = np.array([point_key(point) for point in table.point], dtype=np.int64)
        transaction = allocate(connection, self.clock.micros())
        stored = tuple(MeteringStore(self.office, connection, transaction).append(table, keys))
        note_changes(self.office, connection, Change(transaction, sender, commodity, stored))
        return transaction

    def ask(
        self,
        reader: Principal,
        page: int = 0,
        size: int = 1000,
        resource: FeedResource = FeedResource.METERING_DATA,
        commodity: Commodity = Commodity.ELECTRICITY,
        **window: Any,
    ) -> FeedPage | Refused:
        """A page of somebody's feed; by ids from 0 where no window is given."""
        query = FeedQuery(resource, commodity, **(window or {"id_from": 0, "id_to": 10_000}))
        return answered(FeedDesk(self.office).changes(reader, query, NumberedPage(page, size)))

    def page(self, reader: Principal, **how: Any) -> FeedPage:
        """The same, of a window that is good."""
        answer = self.ask(reader, **how)
        assert isinstance(answer, FeedPage), answer
        return answer

    def items(self, reader: Principal, **how: Any) -> tuple[FeedItem, ...]:
        """The items of a page."""
        return self.page(reader, **how).items

    def told(self, reader: Principal, **how: Any) -> dict[tuple[str, int, Flow], int]:
        """All values somebody was told of, by point, start and flow; none twice."""
        found: dict[tuple[str, int, Flow], int] = {}
        for item in self.items(reader, **how):
            assert isinstance(item.content, MeteringData)
            for key, quantity in values_of(item.content).items():
                assert key not in found
                found[key] = quantity
        return found


def answered(call: Coroutine[Any, Any, T]) -> T:
    """What a call answers. `asyncio.run` would write the whole answer out as text on its way."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(call)
    finally:
        loop.close()


def values_of(data: MeteringData) -> dict[tuple[str, int, Flow], int]:
    """The values of intervals, by point, start and flow."""
    points = [data.point[block] for block in data.block.tolist()]
    return {
        (point, start, measure.flow): quantity
        for measure, columns in data.measures.items()
        for point, start, quantity, stated in zip(
            points, data.start.tolist(), columns.quantity.tolist(), columns.is_stated.tolist(), strict=True
        )
        if stated
    }


def series(values: Values) -> Series:
    """Values as a series of a message."""
    count = len(values.quantities)
    zone_end = ZONE.end(values.resolution, values.start, count)
    period = Period(
        values.resolution,
        values.start,
        zone_end,
        np.arange(1, count + 1, dtype=np.int32),
        np.array(values.quantities, dtype=np.int64),
        np.full(count, values.quality, dtype=np.uint8),
    )
    read_at = NO_INSTANT if values.read_at is None else values.read_at
    return Series(
        "", values.point, "", values.unit, period, flow=values.flow, read_at=np.full(count, read_at, dtype=np.int64)
    )


def opened(database: Database, settings: Mapping[str, Any] | None = None, clock: Clock | None = None) -> Market:
    """A market over an open database; its master data are still to be taken."""
    profile = changed_profile("ee", settings or {}, {})
    at = clock or MovedClock(DAY + WHOLE_DAY + 12 * HOUR)
    office = Office(database, profile, SeriesStore(profile.zone), Registry(), at, lambda: uuid.uuid4().hex)
    return Market(office, at)
