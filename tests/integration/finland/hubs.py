"""A hub of the Finnish market for tests: real database, clock moved by hand, short words for what its parties do."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from gateway.codecs.table import Decoded, decode, encode
from gateway.config import Settings
from gateway.demo.finland import market as finland
from gateway.hub.clock import MovedClock
from gateway.hub.duties import duties_of
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, filled_csv_files
from gateway.hub.ports import (
    Accepted,
    MessageStatus,
    PointSeries,
    Principal,
    Refused,
    SeriesQuery,
    SeriesStatus,
    Submission,
)
from gateway.hub.scheduler import Scheduler
from gateway.messages.codes import Category, Dialect, DocumentKind, Flow, NeutralForm, ProcessType, Role
from gateway.messages.documents import (
    Acknowledgement,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    PartyRef,
    RequestedSeries,
)
from gateway.messages.findings import has_errors
from gateway.messages.series import Series, SeriesTable
from gateway.messages.times import MarketZone, format_second, to_datetime
from gateway.wiring import open_hub

ZONE = MarketZone("Europe/Helsinki")
DAY = date(2025, 3, 10)
"""The day of delivery; the hub's clock stands at 08:00 local time on the day after."""
START = ZONE.midnight(DAY)

GRID = Principal(finland.GRID, Role.METERED_DATA_RESPONSIBLE, "grid")
NEXT_GRID = Principal(finland.NEXT_GRID, Role.GRID_OPERATOR, "next-grid")
SUPPLIER = Principal(finland.SUPPLIER, Role.ENERGY_SUPPLIER, "supplier")
OTHER_SUPPLIER = Principal(finland.OTHER_SUPPLIER, Role.ENERGY_SUPPLIER, "other-supplier")
OPERATOR = Principal("6430042669998", Role.HUB, "operator")

OK, CORRECTED, ESTIMATED, UNCERTAIN, MISSING = "measured", "corrected", "estimated", "uncertain", "missing"


@dataclass
class FinnishHub:
    """A running hub with the sample market."""

    hub: Hub
    clock: MovedClock
    market: finland.FinnishMarket
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def series(self, name: str, values: Sequence[tuple[str | None, str]], **stated: Any) -> dict[str, Any]:
        """A series of a point in the hub's own form, from the start of the day on unless stated otherwise."""
        point = self.market.point(name)
        found = {
            "transaction_id": f"t-{next(self.numbers)}",
            "metering_point": point.metering_point,
            "type": point.kind.value,
            "unit": "kwh",
            "step": point.resolution.value,
            "start": format_second(START),
            "values": [{"quantity": quantity, "status": status} for quantity, status in values],
        }
        return {**found, **stated}

    def send(self, *series: dict[str, Any], who: Principal = GRID, **stated: Any) -> list[SeriesStatus]:
        """Send series; where each of them stands afterwards."""
        message = {"message_id": f"m-{next(self.numbers)}", "created_at": format_second(self.clock.now())}
        body = json.dumps({**message, "series": series, **stated}).encode()
        submission = Submission(DocumentKind.MEASURE_DATA, NeutralForm.HUB_JSON, body)
        answer = asyncio.run(self.hub.submit(who, submission))
        assert isinstance(answer, Accepted), answer
        return self.status(answer.message_id, who)

    def refused(self, *series: dict[str, Any], who: Principal = GRID, **stated: Any) -> Refused:
        """Send what is refused as a whole."""
        message = {"message_id": f"m-{next(self.numbers)}", "created_at": format_second(self.clock.now())}
        body = json.dumps({**message, "series": series, **stated}).encode()
        submission = Submission(DocumentKind.MEASURE_DATA, NeutralForm.HUB_JSON, body)
        answer = asyncio.run(self.hub.submit(who, submission))
        assert isinstance(answer, Refused), answer
        return answer

    def status(self, message_id: str, who: Principal = GRID) -> list[SeriesStatus]:
        """Where the series of a message stand."""
        found = asyncio.run(self.hub.message_status(who, message_id))
        assert isinstance(found, MessageStatus)
        return list(found.series)

    def rules(self, *series: dict[str, Any], **stated: Any) -> list[list[str]]:
        """The rules that speak against each series sent; none for a good one."""
        return [[finding.rule for finding in one.findings] for one in self.send(*series, **stated)]

    def submit(self, *series: Series, dialect: Dialect = Dialect.CIM_XML, who: Principal = GRID) -> list[SeriesStatus]:
        """Send series in one of CIM's dialects."""
        header = Header(
            message_id=f"m-{next(self.numbers)}",
            sender=PartyRef(id=who.party, role=who.role),
            receiver=PartyRef(id=OPERATOR.party, role=Role.HUB),
            created_at=to_datetime(self.clock.now()),
            type_code="E66",
            process_type=ProcessType.PERIODIC_METERING,
            business_sector="23",
        )
        body = encode(MeasureData(header=header, series=SeriesTable.of(series)), dialect)
        answer = asyncio.run(self.hub.submit(who, Submission(DocumentKind.MEASURE_DATA, dialect, body)))
        assert isinstance(answer, Accepted), answer
        return self.status(answer.message_id, who)

    def request(self, name: str, who: Principal, dialect: Dialect) -> None:
        """Ask for the day's values of a point by document."""
        header = Header(
            message_id=f"m-{next(self.numbers)}",
            sender=PartyRef(id=who.party, role=who.role),
            receiver=PartyRef(id=OPERATOR.party, role=Role.HUB),
            created_at=to_datetime(self.clock.now()),
            type_code="E73",
            process_type=ProcessType.PERIODIC_METERING,
            business_sector="23",
        )
        span = ZONE.day_interval(DAY)
        asked = RequestedSeries(
            transaction=f"t-{next(self.numbers)}", point=self.market.named[name], start=span.start, end=span.end
        )
        body = encode(MeasureDataRequest(header=header, series=(asked,)), dialect)
        answer = asyncio.run(self.hub.submit(who, Submission(DocumentKind.MEASURE_DATA_REQUEST, dialect, body)))
        assert isinstance(answer, Accepted), answer

    def receive(self, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> list[Document]:
        """Peek and dequeue until the queue is empty; what came, decoded."""
        documents: list[Document] = []
        while (found := asyncio.run(self.hub.peek(who, Category.MEASURE_DATA, dialect))) is not None:
            decoded = decode(found.content, found.dialect, found.kind)
            assert isinstance(decoded, Decoded), decoded
            documents.append(decoded.document)
            assert asyncio.run(self.hub.dequeue(who, found.message_id))
        return documents

    def received(self, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> list[Series]:
        """The series that wait for a party, taken off its queue."""
        return [
            series
            for document in self.receive(who, dialect)
            if isinstance(document, MeasureData)
            for series in document.series
        ]

    def rejections(self, who: Principal = GRID) -> list[tuple[str, list[str]]]:
        """Transactions rejected with the codes of their reasons, taken off the queue."""
        return [
            (one.transaction, [reason.code for reason in one.reasons])
            for document in self.receive(who)
            if isinstance(document, Acknowledgement)
            for one in document.series
        ]

    def read(self, name: str, who: Principal = GRID, **asked: Any) -> list[PointSeries]:
        """The day's values of a point, as a party sees them."""
        found = asyncio.run(self.hub.read_series(who, self.query(name, **asked)))
        assert isinstance(found, tuple), found
        return list(found)

    def query(self, name: str, **asked: Any) -> SeriesQuery:
        """A query for the day's values of a point."""
        span = ZONE.day_interval(DAY)
        stated: dict[str, Any] = {"start": span.start, "end": span.end, **asked}
        return SeriesQuery((self.market.named[name],), **stated)

    def quantities(self, name: str, flow: Flow | None = None, **asked: Any) -> list[int]:
        """The thousandths of the day's only series of a point."""
        (found,) = self.read(name, flow=flow, **asked)
        return [int(quantity) for quantity in found.quantities]

    def at(self, day: date, hour: int = 8) -> None:
        """Move the clock to an hour of a local day."""
        self.clock.move_to(ZONE.at(day, hour))

    def duties(self) -> None:
        """Let every duty fall due once."""
        for duty in duties_of(self.hub.office, self.hub.runner):
            Scheduler([duty], self.clock.now())
            duty.do(self.clock.now())

    def take(self, **changes: Any) -> None:
        """Import the market's master data with changes."""
        dataset = replace(self.market.dataset, **changes)
        import_all(self.hub, dataset)


def import_all(hub: Hub, dataset: MasterDataSet) -> None:
    """Import what a set holds."""
    files = filled_csv_files(dataset)
    report = asyncio.run(hub.import_master_data(OPERATOR, files))
    assert not has_errors(report.findings), report.findings


def start_hub(data_dir: Path, database_url: str | None = None) -> FinnishHub:
    """A started hub with the sample market, bundles closing at once."""
    clock = MovedClock(ZONE.at(date(2025, 3, 11), 8))
    settings = Settings(data_dir=data_dir, database=database_url, market="fi", profile={"bundling": {"age_seconds": 0}})
    hub = open_hub(settings, clock)
    hub.start()
    market = finland.finnish_market(ZONE, DAY)
    import_all(hub, market.dataset)
    return FinnishHub(hub, clock, market)
