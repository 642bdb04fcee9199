"""A hub over a sample market for the tests of the exchange: real database, real clock moved by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import numpy as np

from gateway.codecs.table import Decoded, decode, encode
from gateway.config import Settings
from gateway.demo import market as sample
from gateway.hub.clock import MovedClock
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import filled_csv_files
from gateway.hub.ports import Accepted, PeekedDocument, Principal, Refused, Submission
from gateway.messages.codes import (
    Category,
    ConnectionState,
    Dialect,
    DocumentKind,
    MeteringPointType,
    ProcessType,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
)
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    PartyRef,
    RequestedAggregation,
    RequestedSeries,
    RequestedSettlement,
    WholesaleSettlementRequest,
)
from gateway.messages.findings import has_errors
from gateway.messages.masterdata import FOREVER, MeteringPointVersion
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.settlement_masterdata import SettlementFacts
from gateway.messages.times import Interval, MarketZone, to_datetime
from gateway.wiring import open_hub

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2026, 3, 10)
"""An ordinary Tuesday; the hub's clock stands at 06:00 UTC on the day after."""

HUB = "5790001330552"
GRID = Principal(sample.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, "grid")
SUPPLIER_A = Principal(sample.SUPPLIER_A, Role.ENERGY_SUPPLIER, "supplier-a")
SUPPLIER_B = Principal(sample.SUPPLIER_B, Role.ENERGY_SUPPLIER, "supplier-b")
OPERATOR = Principal(HUB, Role.HUB, "operator")


@dataclass
class Bench:
    """A running hub with the sample market, and short words for what its parties do."""

    hub: Hub
    clock: MovedClock
    market: sample.SampleMarket
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def named(self, name: str) -> MeteringPointVersion:
        """A metering point of the market by what it is; its version in force on the day."""
        start = ZONE.midnight(DAY)
        key = self.market.named[name]
        return self.point(lambda v: v.metering_point == key and v.valid_from <= start < v.valid_to)

    def flex_point(self, supplier: Principal) -> MeteringPointVersion:
        """A flex-settled consumption point of a supplier, in quarters."""
        start = ZONE.midnight(DAY)
        return self.point(
            lambda v: (
                (v.kind, v.settlement_method, v.resolution, v.subtype, v.connection_state)
                == (
                    MeteringPointType.CONSUMPTION,
                    SettlementMethod.FLEX,
                    Resolution.QUARTER,
                    Subtype.PHYSICAL,
                    ConnectionState.CONNECTED,
                )
                and v.energy_supplier == supplier.party
                and v.grid_area == sample.GRID_AREA
                and v.valid_from <= start
                and v.valid_to == FOREVER
            )
        )

    def point(self, wanted: Callable[[MeteringPointVersion], bool]) -> MeteringPointVersion:
        """The first metering point of the market that is as wanted."""
        return next(version for version in self.market.dataset.points if wanted(version))

    def submit(
        self, document: Document, dialect: Dialect = Dialect.CIM_XML, who: Principal = GRID
    ) -> Accepted | Refused:
        """Send a document as one of the parties."""
        return self.send(document.kind, dialect, encode(document, dialect), who)

    def send(self, kind: DocumentKind, dialect: Dialect, body: bytes, who: Principal = GRID) -> Accepted | Refused:
        """Send bytes as one of the parties."""
        return asyncio.run(self.hub.submit(who, Submission(kind, dialect, body)))

    def peek(
        self, who: Principal, dialect: Dialect = Dialect.CIM_XML, category: Category = Category.MEASURE_DATA
    ) -> PeekedDocument | None:
        """Peek as one of the parties."""
        return asyncio.run(self.hub.peek(who, category, dialect))

    def dequeue(self, who: Principal, message_id: str) -> bool:
        """Dequeue as one of the parties."""
        return asyncio.run(self.hub.dequeue(who, message_id))

    def receive(
        self, who: Principal, dialect: Dialect = Dialect.CIM_XML, category: Category = Category.MEASURE_DATA
    ) -> list[Document]:
        """Peek and dequeue until the queue's section is empty; what came, decoded."""
        documents: list[Document] = []
        while (found := self.peek(who, dialect, category)) is not None:
            documents.append(opened(found))
            assert self.dequeue(who, found.message_id)
        return documents

    def measure_data(self, *series: Series, message: str = "", sender: Principal = GRID) -> MeasureData:
        """RSM-012 of some series."""
        header = self.header(message, sender, ProcessType.PERIODIC_METERING, "E66")
        return MeasureData(header=header, series=SeriesTable.of(series))

    def request(
        self, *series: RequestedSeries, sender: Principal, process: ProcessType = ProcessType.PERIODIC_METERING
    ) -> MeasureDataRequest:
        """RSM-015 of some transactions."""
        return MeasureDataRequest(header=self.header("", sender, process, "E73"), series=series)

    def request_sums(
        self, *series: RequestedAggregation, sender: Principal, process: ProcessType = ProcessType.BALANCE_FIXING
    ) -> AggregatedMeasureDataRequest:
        """RSM-016 of some transactions."""
        return AggregatedMeasureDataRequest(header=self.header("", sender, process, "E74"), series=series)

    def request_charges(
        self, *series: RequestedSettlement, sender: Principal, process: ProcessType = ProcessType.WHOLESALE_FIXING
    ) -> WholesaleSettlementRequest:
        """RSM-017 of some transactions."""
        return WholesaleSettlementRequest(header=self.header("", sender, process, "D21"), series=series)

    def header(self, message: str, sender: Principal, process: ProcessType, type_code: str) -> Header:
        """A header to the hub."""
        return Header(
            message_id=message or f"message-{next(self.numbers)}",
            sender=PartyRef(id=sender.party, role=sender.role),
            receiver=PartyRef(id=HUB, role=Role.HUB),
            created_at=to_datetime(self.clock.now()),
            type_code=type_code,
            process_type=process,
            business_sector="23",
        )

    def series(
        self,
        version: MeteringPointVersion,
        quantity: int | list[int] = 1000,
        quality: int = Quality.MEASURED,
        interval: Interval | None = None,
        transaction: str = "",
    ) -> Series:
        """A day of a point in its resolution; `quantity` in Wh, one for all steps or one for each."""
        span = interval or ZONE.day_interval(DAY)
        count = ZONE.steps(version.resolution, span)
        assert count is not None
        values = [quantity] * count if isinstance(quantity, int) else quantity
        period = Period(
            version.resolution,
            span.start,
            span.end,
            np.arange(1, count + 1, dtype=np.int32),
            np.array(values, dtype=np.int64),
            np.full(count, quality, dtype=np.uint8),
        )
        return Series(
            transaction or f"transaction-{next(self.numbers)}",
            version.metering_point,
            version.kind,
            version.unit,
            period,
            registered_at=self.clock.now(),
        )


def opened(found: PeekedDocument) -> Document:
    """The document that was peeked, which must be valid by our own schemas."""
    decoded = decode(found.content, found.dialect, found.kind)
    assert isinstance(decoded, Decoded), decoded
    return decoded.document


def start_bench(data_dir: Path, database_url: str | None = None, **profile: object) -> Bench:
    """A started hub with the sample market but for what settlement needs of it, bundles closing at once."""
    clock = MovedClock(ZONE.day_interval(DAY).end + 7 * 3600)
    market = sample.sample_market(ZONE, DAY)
    changes = {"bundling": {"age_seconds": 0}, **profile}
    hub = open_hub(Settings(data_dir=data_dir, database=database_url, profile=changes), clock)
    hub.start()
    dataset = replace(market.dataset, settlement=SettlementFacts())  # so that tests may change points as they like
    files = filled_csv_files(dataset)
    report = asyncio.run(hub.import_master_data(OPERATOR, files))
    assert not has_errors(report.findings), report.findings
    return Bench(hub, clock, market)
