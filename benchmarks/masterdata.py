"""What a message and a settlement run wait for when they read the master data of many points.

Run by `python -m benchmarks.masterdata [--points N] [--postgresql URL]`. The view that messages need must not grow with
what settlement needs, and an import for settlement alone must not make the next message read the points anew.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import TypeVar

from benchmarks.floor import machine_note
from gateway.demo.market import GRID_AREA, SUPPLIER_A, sample_gsrn
from gateway.hub.database import Database, allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.masterdata.settlement_registry import settlement_view
from gateway.messages.codes import MeteringPointType, SettlementMethod
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.settlement_masterdata import LoadShare, PointTariff, SettlementFacts
from gateway.messages.times import MarketZone

ZONE = MarketZone("Europe/Copenhagen")
START = ZONE.midnight(date(2024, 1, 1))
T = TypeVar("T")


def points_of(count: int) -> MasterDataSet:
    """That many profile-settled points."""
    first = MeteringPointVersion(
        sample_gsrn(0),
        MeteringPointType.CONSUMPTION,
        GRID_AREA,
        START,
        settlement_method=SettlementMethod.PROFILED,
        energy_supplier=SUPPLIER_A,
    )
    return MasterDataSet([first._replace(metering_point=sample_gsrn(number)) for number in range(count)])


def facts_of(dataset: MasterDataSet) -> MasterDataSet:
    """A load share and two tariffs for each point."""
    points = [version.metering_point for version in dataset.points]
    shares = [LoadShare(point, 4_000_000 + number, START) for number, point in enumerate(points)]
    tariffs = [PointTariff(point, tariff, SUPPLIER_A, START) for point in points for tariff in ("NET-C", "SYSTEM")]
    return MasterDataSet(settlement=SettlementFacts(shares, tariffs))


def timed(text: str, call: Callable[[], T]) -> T:
    """Run once and say how long it took."""
    start = time.perf_counter()
    result = call()
    print(f"{text}: {time.perf_counter() - start:.3f} s")
    return result


def measure(database: Database, count: int) -> None:
    """All measurements on one database."""
    print(f"\n# {database.kind}: {count} points, as many load shares, twice as many tariffs")
    points = points_of(count)
    facts = facts_of(points)
    first = MasterDataSet(settlement=SettlementFacts(facts.settlement.load_shares[:1]))
    timed("register the points", partial(_register, database, points))
    del points  # millions of rows in memory would slow down what is measured
    with database.read() as connection:
        at_hand = timed("view for messages, nothing registered for settlement", lambda: registry.view(connection))
    timed("register load shares and tariffs", partial(_register, database, facts))
    del facts
    with database.read() as connection:
        timed("view for messages, all registered", lambda: registry.view(connection))
        timed("renew the view at hand after an import for settlement", lambda: registry.view_now(connection, at_hand))
        view = timed("view for settlement", lambda: settlement_view(connection))
        shares = timed("load shares at an instant", lambda: view.load_shares_at(at_hand, START))
    assert len(shares.point) == count
    files = {"load-shares.csv": csv_files(first)["load-shares.csv"]}
    report = timed("import one load share", lambda: MasterDataImport(database, Manner(ZONE)).take(files, 0, at_hand))
    assert not report.findings


def _register(database: Database, dataset: MasterDataSet) -> None:
    with database.write() as connection:
        registry.import_set(connection, allocate(connection, 0), dataset)


def main() -> None:
    """Measure on SQLite in a temporary file, and on PostgreSQL where one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--postgresql", metavar="URL")
    given = parser.parse_args()
    print(machine_note())
    with tempfile.TemporaryDirectory() as directory:
        for url in filter(None, (f"sqlite:///{directory}/hub.db", given.postgresql)):
            database = Database.open(url)
            database.create_tables()
            measure(database, given.points)
            database.close()


if __name__ == "__main__":
    main()
