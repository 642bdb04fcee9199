"""The change feed and the search, against reading the same rows of the store by key.

Usage: python -m benchmarks.feed [--quick]. Goal (issue of the markets): a page of 1000 items of the feed within 5 x of
reading the same rows by key. Cases: the page as intervals and as the JSON of both generations; entering a message of
365 points in the feed against storing it; a year of a point searched. SQLite and PostgreSQL. Stops by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy.engine import Connection

from benchmarks.exchange import temporary_postgresql
from benchmarks.floor import interleave, machine_note, report
from benchmarks.metering_data import eic
from gateway.codecs.estfeed.shapes import V1_CONTENT, V2_SUBMISSION, Shape
from gateway.codecs.estfeed.writing import encode_each
from gateway.hub.clock import MovedClock
from gateway.hub.database import Database, allocate
from gateway.hub.feed.desk import FeedDesk
from gateway.hub.feed.writing import note_changes
from gateway.hub.interpreter import settle_interpreter
from gateway.hub.metering_data.changes import Change
from gateway.hub.metering_data.search import SearchDesk
from gateway.hub.metering_data.storing import MeteringStore
from gateway.hub.office import Office
from gateway.hub.period_groups import READING_TIMES, series_kind
from gateway.hub.ports import Principal
from gateway.hub.ports_feed import FeedItem, FeedPage, FeedQuery, FeedResource
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.ports_metering_search import MeteringDataAnswer, MeteringDataQuery
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import profile
from gateway.messages.agreements import Agreement, AgreementFacts, Agreements
from gateway.messages.codes import AgreementKind, Commodity, Flow, MeteringPointType, Quality, Resolution, Role, Unit
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.metering_data import MeteringData
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import HOUR, Interval
from gateway.schemas.registry import Registry

EE = profile("ee")
NOW = 1_789_560_000
"""A day of September 2026."""
DAY = NOW - NOW % 86_400 - 86_400
ITEMS, YEAR = 1000, 35_040
GRID, SUPPLIER, ABOVE = "38X-EIN-GO-----0", "38X-EIN-OS-----J", "38X-EIN-NS-----R"
SENDER = Principal(GRID, Role.GRID_OPERATOR, "grid")
READER = Principal(SUPPLIER, Role.ENERGY_SUPPLIER, "supplier")
AREA = "38Y-GRID-AREA--1"


POINTS = [eic(number) for number in range(1, ITEMS + 1)]


def series(point: str, flow: Flow, start: int, count: int) -> Series:
    """Quarters of one flow, read an hour ago."""
    quantity = np.random.default_rng(start + count).integers(0, 5000, count)
    position, quality = np.arange(1, count + 1, dtype=np.int32), np.full(count, Quality.MEASURED, dtype=np.uint8)
    period = Period(Resolution.QUARTER, start, start + 900 * count, position, quantity, quality)
    return Series("", point, "", Unit.KWH, period, flow=flow, read_at=np.full(count, NOW - HOUR, dtype=np.int64))


@dataclass
class Hub:
    """A hub whose points one supplier supplies, in the portfolio of another."""

    office: Office
    loop: asyncio.AbstractEventLoop

    def write(self, points: Sequence[str], start: int, count: int, *, tells: bool = True) -> None:
        """One message: both flows of some points."""
        with self.office.database.write() as connection:
            self._write(connection, points, (start, count), tells=tells)

    def _write(self, connection: Connection, points: Sequence[str], span: tuple[int, int], *, tells: bool) -> None:
        table = SeriesTable.of(series(point, flow, *span) for point in points for flow in (Flow.IN, Flow.OUT))
        keys = np.array([point_key(point) for point in table.point], dtype=np.int64)
        transaction = allocate(connection, self.office.clock.micros())
        stored = tuple(MeteringStore(self.office, connection, transaction).append(table, keys))
        if tells:
            note_changes(self.office, connection, Change(transaction, SENDER, Commodity.ELECTRICITY, stored))

    def page(self) -> tuple[FeedItem, ...]:
        """A page of 1000 items."""
        query = FeedQuery(FeedResource.METERING_DATA, Commodity.ELECTRICITY, id_from=1, id_to=ITEMS)
        page = self.loop.run_until_complete(FeedDesk(self.office).changes(READER, query, NumberedPage(0, ITEMS)))
        assert isinstance(page, FeedPage)
        assert len(page.items) == ITEMS
        return page.items

    def by_key(self, places: Sequence[tuple[int, int]]) -> None:
        """The same rows, read by segment and row."""
        with self.office.database.read() as connection:
            assert len(self.office.store.rows(connection, places)) == len(places)

    def searched(self, point: str, start: int) -> None:
        """A year of a point."""
        query = MeteringDataQuery((point,), Commodity.ELECTRICITY, start, start + 900 * YEAR)
        answer = self.loop.run_until_complete(SearchDesk(self.office).search(READER, query, NumberedPage(0, YEAR)))
        assert isinstance(answer, MeteringDataAnswer)
        assert answer.found[0].total == YEAR

    def year_read(self, point: str, start: int) -> None:
        """The same series read from the store, with their reading times."""
        points, span = np.array([point_key(point)], dtype=np.int64), Interval(start, start + 900 * YEAR)
        with self.office.database.read() as connection:
            for flow in (Flow.IN, Flow.OUT):
                for kind in (series_kind(Unit.KWH, flow), series_kind(Unit.KWH, flow) + READING_TIMES):
                    assert self.office.store.read(connection, points, span, kind=kind).runs[0]


@contextmanager
def open_hub(url: str) -> Iterator[Hub]:
    """A hub over an empty database."""
    database = Database.open(url)
    database.create_tables()
    versions = [MeteringPointVersion(point, MeteringPointType.CONSUMPTION, AREA, valid_from=0) for point in POINTS]
    roles = [PartyRole(SUPPLIER, Role.ENERGY_SUPPLIER), PartyRole(ABOVE, Role.ENERGY_SUPPLIER)]
    supply = [Agreement(point, AgreementKind.SUPPLY, SUPPLIER, 0, metering_point=point) for point in POINTS]
    above = Agreement("above", AgreementKind.PORTFOLIO, ABOVE, 0, counterparty=SUPPLIER)
    office = Office(
        database,
        EE,
        SeriesStore(EE.zone),
        Registry(),
        MovedClock(NOW),
        lambda: uuid.uuid4().hex,
        MasterData.build(versions, [GridArea(AREA, GRID)], roles),
        known_agreements=Agreements.build(AgreementFacts([*supply, above])),
    )
    loop = asyncio.new_event_loop()
    try:
        yield Hub(office, loop)
    finally:
        loop.close()
        database.close()


def texts(items: Sequence[FeedItem], shape: Shape) -> int:
    """The items' contents as JSON; how many characters that is."""
    contents = (item.content for item in items)
    return sum(map(len, encode_each([data for data in contents if isinstance(data, MeteringData)], shape)))


def feed_page(hub: Hub, rounds: int) -> str:
    """1000 messages of a point's day each, as one page."""
    for point in POINTS:
        hub.write([point], DAY, 96)
    with hub.office.database.write() as connection:
        while hub.office.store.build_index(connection):
            pass
    rows = [(segment, row) for segment in range(1, 4 * ITEMS + 1) for row in (0,)]
    cases: dict[str, Callable[[], object]] = {
        "rows by key": lambda: hub.by_key(rows),
        "page of 1000 items": hub.page,
        "and as V1 contents": lambda: texts(hub.page(), V1_CONTENT),
        "and as V2": lambda: texts(hub.page(), V2_SUBMISSION),
    }
    for case in cases.values():
        case()
    settle_interpreter()
    return report("a page of the feed, 1000 items of 192 values", interleave(cases, rounds), "rows by key", 192 * ITEMS)


def entering(hub: Hub, rounds: int) -> str:
    """A message of 365 points stored, and stored and told to two recipients."""
    days = itertools.count(1)
    cases: dict[str, Callable[[], object]] = {
        "stored": lambda: hub.write(POINTS[:365], DAY + 86_400 * next(days), 96, tells=False),
        "stored and told": lambda: hub.write(POINTS[:365], DAY + 86_400 * next(days), 96),
    }
    for case in cases.values():
        case()
    return report("a day of 365 points entered in the feed", interleave(cases, rounds), "stored", 2 * YEAR)


def search(hub: Hub, rounds: int) -> str:
    """A year of a point."""
    start = DAY - 900 * YEAR
    hub.write(POINTS[:1], start, YEAR)
    cases: dict[str, Callable[[], object]] = {
        "read from the store": lambda: hub.year_read(POINTS[0], start),
        "searched, on record": lambda: hub.searched(POINTS[0], start),
    }
    for case in cases.values():
        case()
    return report("a year of a point searched", interleave(cases, rounds), "read from the store", 2 * YEAR)


def main() -> None:
    """Print every ratio with its floor."""
    rounds = 3 if "--quick" in sys.argv else 9
    print(machine_note())
    with tempfile.TemporaryDirectory() as directory, temporary_postgresql() as postgresql_url:
        for name, url in (("SQLite", f"sqlite:///{Path(directory) / 'hub.db'}"), ("PostgreSQL", postgresql_url)):
            with open_hub(url) as hub:
                print(f"# {name}")
                for part in (feed_page, entering, search):
                    print(part(hub, rounds))


if __name__ == "__main__":
    main()
