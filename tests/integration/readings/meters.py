"""Short words for what parties do with meter readings; the market is profile-settled since 1 January 2024."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from gateway.demo.market import GRID_AREA
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, csv_files, filled_csv_files
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_readings import (
    AwaitedReading,
    PointReadings,
    ReadingFeed,
    ReadingResult,
    ReadingsTaken,
)
from gateway.hub.readings.deadlines import note_passed_deadlines
from gateway.messages.codes import Role, SettlementMethod, Subtype
from gateway.messages.findings import has_errors
from gateway.messages.masterdata import FOREVER, MeteringPointVersion
from gateway.messages.settlement_masterdata import PointPermission, SettlementFacts
from tests.integration.exchange.hubs import GRID, OPERATOR, SUPPLIER_A, ZONE, Bench, start_bench

FIRST = date(2024, 1, 1)
"""When the points became profile-settled."""

MDR = GRID
GRID_COMPANY = Principal(GRID.party, Role.GRID_OPERATOR, "grid-operator")


@dataclass
class Meters:
    """A running hub with the sample market and what its parties say about readings."""

    bench: Bench
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def hub(self) -> Hub:
        return self.bench.hub

    def version(self, supplier: Principal = SUPPLIER_A, place: int = 0) -> MeteringPointVersion:
        """A profile-settled point of a supplier."""
        found = [
            version
            for version in self.bench.market.dataset.points
            if version.settlement_method is SettlementMethod.PROFILED
            and version.subtype is Subtype.PHYSICAL
            and version.energy_supplier == supplier.party
            and version.grid_area == GRID_AREA
            and version.valid_to == FOREVER
        ]
        return found[place]

    def point(self, supplier: Principal = SUPPLIER_A, place: int = 0) -> str:
        """Its GSRN."""
        return self.version(supplier, place).metering_point

    def row(self, point: str, start: date | str, end: date | str, consumption: object = 4000, **more: str) -> str:
        """One line of readings, with the columns of `readings`."""
        transaction = more.get("transaction") or f"t-{next(self.numbers)}"
        rest = [more.get("status", "measured"), more.get("counter", ""), more.get("occasion", "")]
        return ",".join([transaction, point, str(start), str(end), str(consumption), *rest, more.get("nominal", "")])

    def send(self, *rows: str, who: Principal = MDR) -> ReadingsTaken | Refused:
        """Send readings as CSV."""
        return self.give("readings.csv", self.body(*rows), who)

    def body(self, *rows: str) -> bytes:
        """Readings as the CSV that is sent."""
        head = "transaction,metering_point,start,end,consumption,status,counter,occasion,nominal"
        return "\n".join((head, *rows)).encode()

    def take(self, *rows: str, who: Principal = MDR) -> tuple[ReadingResult, ...]:
        """Send readings, which must be readable; what became of each."""
        taken = self.send(*rows, who=who)
        assert isinstance(taken, ReadingsTaken), taken
        return taken.results

    def cancel(
        self, point: str, *periods: tuple[date, date], who: Principal = MDR, transaction: str = ""
    ) -> tuple[ReadingResult, ...]:
        """Send cancellations of periods, in the order given; what became of each."""
        lines = [f"{transaction or f'c-{next(self.numbers)}'},{point},{start},{end}" for start, end in periods]
        body = "\n".join(("transaction,metering_point,start,end", *lines)).encode()
        taken = self.give("cancellations.csv", body, who)
        assert isinstance(taken, ReadingsTaken), taken
        return taken.results

    def give(self, name: str, body: bytes, who: Principal = MDR) -> ReadingsTaken | Refused:
        """Send a file."""
        return asyncio.run(self.hub.readings.take(who, name, body))

    def of_point(self, point: str, who: Principal = OPERATOR, as_of: int | None = None) -> PointReadings | None:
        """The readings of a point as somebody sees them."""
        return asyncio.run(self.hub.readings.of_point(who, point, as_of))

    def standing(self, point: str, as_of: int | None = None) -> list[tuple[date, date, int]]:
        """The periods that stand: local days and consumption in Wh."""
        found = self.of_point(point, as_of=as_of)
        assert found is not None
        return [(ZONE.day(one.start), ZONE.day(one.end), one.consumption) for one in found.periods]

    def feed(self, who: Principal, after: str = "", limit: int = 100) -> ReadingFeed:
        """What was handed to somebody."""
        found = asyncio.run(self.hub.readings.feed(who, Page(limit, after)))
        assert isinstance(found, ReadingFeed)
        return found

    def handed_to(self, who: Principal) -> list[tuple[str, date, int]]:
        """All of somebody's feed: what happened, the period's end, consumption."""
        return [(one.event, ZONE.day(one.end), one.consumption) for one in self.feed(who).readings]

    def awaited(self, who: Principal = OPERATOR) -> dict[str, AwaitedReading]:
        """Readings due, by point."""
        page = asyncio.run(self.hub.readings.awaited(who, Page(1000)))
        return {one.metering_point: one for one in page.readings}

    def run_until(self, day: date, hour: int = 1) -> int:
        """Let it be a day and note the limits that passed by then."""
        self.bench.clock.move_to(ZONE.at(day, hour))
        return note_passed_deadlines(self.hub.office, self.bench.clock.now())

    def import_points(self, *versions: MeteringPointVersion) -> None:
        """Register metering points anew."""
        files = csv_files(MasterDataSet(points=list(versions)))
        wanted = {"metering-points.csv": files["metering-points.csv"]}
        report = asyncio.run(self.hub.import_master_data(OPERATOR, wanted))
        assert not has_errors(report.findings), report.findings

    def permit(self, permission: PointPermission) -> None:
        """Register what a point is allowed, in place of what it was."""
        facts = MasterDataSet(settlement=SettlementFacts(permissions=[permission]))
        files = filled_csv_files(facts)
        report = asyncio.run(self.hub.import_master_data(OPERATOR, files))
        assert any(report.rows.values()), report.findings


def start_meters(data_dir: Path, database_url: str | None = None) -> Meters:
    """A started hub with the sample market; its clock stands at 11 March 2026."""
    return Meters(start_bench(data_dir, database_url))


def rules_of(result: ReadingResult) -> list[str]:
    """The rules a result names."""
    return [finding.rule for finding in result.findings]
