"""Imports of files on both databases: everything or nothing, also when several come at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from gateway.demo.market import GRID_AREA, GRID_OPERATOR, SUPPLIER_A, sample_market
from gateway.hub.database import Database
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import csv_files
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.ports import ImportReport
from gateway.messages.codes import Role
from gateway.messages.masterdata import MasterData
from gateway.messages.times import MarketZone

ZONE = MarketZone("Europe/Copenhagen")
MARKET = sample_market(ZONE, date(2025, 1, 20))
MANNER = Manner(ZONE)


def take(database: Database, files: dict[str, bytes], known: MasterData | None = None) -> ImportReport:
    return MasterDataImport(database, MANNER).take(files, 1_000_000, known)


def known(database: Database) -> MasterData:
    with database.read() as connection:
        return registry.view(connection)


@pytest.fixture
def market(database: Database) -> Database:
    report = take(database, csv_files(MARKET.dataset))
    assert not report.findings
    assert report.rows == MARKET.dataset.counts()
    return database


def parties(party: str, role: str) -> dict[str, bytes]:
    return {"parties.csv": f"party,role,valid_from\n{party},{role},2020-01-01\n".encode()}


def test_a_bad_row_in_one_file_keeps_all_files_out(market: Database) -> None:
    before = known(market)
    files = csv_files(MARKET.dataset)
    files["delegations.csv"] += b"nonsense,990,,,,,,,\n"
    report = take(market, files)
    assert {finding.path for finding in report.findings} == {"delegations.csv"}
    assert set(report.rows.values()) == {0}
    assert known(market).transaction == before.transaction


def test_files_are_checked_against_what_is_registered_now_not_then(database: Database) -> None:
    empty = known(database)
    take(database, csv_files(MARKET.dataset))
    points = {"metering-points.csv": csv_files(MARKET.dataset)["metering-points.csv"]}
    assert not take(database, points, empty).findings
    assert known(database).transaction == 2


def test_warnings_are_told_and_do_not_keep_the_rows_out(market: Database) -> None:
    # DK-6.1.1
    text = "metering_point,kind,grid_area,resolution,valid_from\n299999999999999999,D17,990,PT15M,2025-01-01\n"
    report = take(market, {"metering-points.csv": text.encode()})
    assert [finding.rule for finding in report.findings] == ["no-parent"]
    assert report.rows["metering-points"] == 1
    assert len(known(market).versions("299999999999999999")) == 1


def test_of_imports_that_contradict_each_other_one_is_taken(market: Database) -> None:
    """One takes the supplier's role away, others give it a new point: never both."""
    point = (
        "metering_point,kind,grid_area,resolution,energy_supplier,valid_from\n"
        f"299999999999999999,E17,{GRID_AREA},PT15M,{GRID_OPERATOR},2025-01-01\n"
    )
    start = "2023-01-01"
    both = "party,role,valid_from\n" + "".join(
        f"{GRID_OPERATOR},{role},{start}\n" for role in ("grid-operator", "metered-data-responsible", "DDQ")
    )
    assert not take(market, {"parties.csv": both.encode()}).findings
    without = {"parties.csv": both.rpartition(GRID_OPERATOR)[0].encode()}
    with ThreadPoolExecutor(2) as pool:
        view = known(market)
        ends = pool.submit(take, market, without, view)
        uses = pool.submit(take, market, {"metering-points.csv": point.encode()}, view)
        refused = [bool(ends.result().findings), bool(uses.result().findings)]
    assert sorted(refused) == [False, True]
    after = known(market)
    used = bool(after.versions("299999999999999999"))
    assert used == after.holds(GRID_OPERATOR, Role.ENERGY_SUPPLIER, ZONE.midnight(date(2025, 2, 1)))


def test_every_import_of_many_at_once_is_kept(market: Database) -> None:
    names = [f"{200000000000 + number:012d}0" for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda name: take(market, parties(name, "DDQ")), names))
    assert all(not report.findings for report in reports)
    at = ZONE.midnight(date(2025, 2, 1))
    holders = known(market).holders(Role.ENERGY_SUPPLIER, at)
    assert set(names) < set(holders)
    assert SUPPLIER_A in holders
