"""Master data in the hub, on both databases: registered, superseded, seen by when true and by when known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from gateway.demo.market import GRID_AREA, GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B, SampleMarket, sample_market
from gateway.hub.database import Database, allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataSet, csv_files, read_files
from gateway.hub.masterdata.pages import page
from gateway.hub.ports import MasterDataRow, MasterDataTable, Page
from gateway.hub.tables_masterdata import metering_point
from gateway.messages.codes import Role
from gateway.messages.masterdata import MasterData, MeteringPointVersion
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2025, 1, 20)
SECOND = 1_000_000


@pytest.fixture(scope="module")
def market() -> SampleMarket:
    return sample_market(ZONE, DAY)


def take(database: Database, dataset: MasterDataSet, at: int) -> int:
    with database.write() as connection:
        transaction = allocate(connection, at * SECOND)
        registry.import_set(connection, transaction, dataset)
    return transaction


def view(database: Database, as_of: int | None = None) -> MasterData:
    with database.read() as connection:
        return registry.view(connection, as_of)


def same(one: MasterData, other: MasterData) -> bool:
    """Whether two views say the same of every point, whatever codes their columns use."""
    rows = range(len(one.points.point))
    return (
        bool(np.array_equal(one.points.point, other.points.point))
        and [one.version(row) for row in rows] == [other.version(row) for row in rows]
        and set(one.roles) == set(other.roles)
        and set(one.grid_areas) == set(other.grid_areas)
        and set(one.delegations) == set(other.delegations)
    )


def test_an_empty_hub_knows_nothing(database: Database) -> None:
    empty = view(database)
    assert len(empty.points.point) == empty.transaction == 0
    with database.read() as connection:
        assert registry.latest_transaction(connection) == 0
        assert page(connection, MasterDataTable.PARTIES, "", Page()).rows == ()


def test_the_view_is_what_was_imported(database: Database, market: SampleMarket) -> None:
    transaction = take(database, market.dataset, 100)
    seen = view(database)
    assert same(seen, market.view)
    assert seen.transaction == transaction
    with database.read() as connection:
        assert registry.latest_transaction(connection) == transaction
    at = ZONE.midnight(DAY)
    assert seen.grid_operator(GRID_AREA, at) == GRID_OPERATOR
    assert seen.holds(GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, at)


def test_what_is_true_when(database: Database, market: SampleMarket) -> None:
    take(database, market.dataset, 100)
    change = ZONE.midnight(market.change_day)
    seen, point = view(database), market.named["supplier-change"]

    def supplier(start: int, end: int) -> list[str | None]:
        return [v.energy_supplier for v in seen.versions(point, Interval(start, end))]

    assert supplier(change - 900, change) == [SUPPLIER_A]
    assert supplier(change, change + 900) == [SUPPLIER_B]
    assert supplier(change - 900, change + 900) == [SUPPLIER_A, SUPPLIER_B]


def test_what_was_known_when(database: Database, market: SampleMarket) -> None:
    first = take(database, market.dataset, 100)
    point = market.named["supplier-change"]
    (before,) = [v for v in market.dataset.points if v.metering_point == point][:1]
    corrected = before._replace(valid_to=2**62)
    second = take(database, MasterDataSet(points=[corrected]), 200)

    def suppliers(as_of: int | None) -> list[str | None]:
        return [v.energy_supplier for v in view(database, as_of).versions(point)]

    assert suppliers(None) == suppliers(second) == suppliers(second + 5) == [SUPPLIER_A]
    assert suppliers(first) == [SUPPLIER_A, SUPPLIER_B]
    assert suppliers(first - 1) == []
    assert view(database, second + 5).transaction == second
    others = view(database).versions(market.named["closed-down"])
    assert others == view(database, first).versions(market.named["closed-down"])


def test_a_party_an_area_and_a_delegation_are_superseded_as_a_whole(database: Database, market: SampleMarket) -> None:
    # DK-3.4.c
    first = take(database, market.dataset, 100)
    operator = [role for role in market.dataset.roles if role.party == GRID_OPERATOR][:1]
    area = market.dataset.grid_areas[0]._replace(name="Renamed")
    delegation = market.dataset.delegations[0]._replace(valid_to=2**62)
    take(database, MasterDataSet(roles=operator, grid_areas=[area], delegations=[delegation]), 200)
    at = ZONE.midnight(DAY)
    now, then = view(database), view(database, first)
    assert then.holds(GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, at)
    assert not now.holds(GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, at)
    assert {a.name for a in now.grid_areas} - {a.name for a in then.grid_areas} == {"Renamed"}
    assert len(now.grid_areas) == len(then.grid_areas) == 2
    assert now.delegations_at(delegation.process, at) == [delegation]
    assert then.delegations_at(delegation.process, at) == []


def test_an_import_is_all_or_nothing(database: Database, market: SampleMarket) -> None:
    take(database, market.dataset, 100)
    twice = market.dataset.points[:1] * 2
    changed = MasterDataSet(points=twice, roles=market.dataset.roles[:1])
    with pytest.raises(Exception, match=r"(?i)unique"):
        take(database, changed, 200)
    assert same(view(database), market.view)
    with database.read() as connection:
        assert registry.latest_transaction(connection) == 1


def test_files_are_checked_against_what_is_registered(database: Database, market: SampleMarket) -> None:
    take(database, market.dataset, 100)
    files = csv_files(MasterDataSet(points=market.dataset.points[:3]))
    only_points = {"metering-points.csv": files["metering-points.csv"]}
    assert not read_files(only_points, Manner(ZONE)).is_good
    reading = read_files(only_points, Manner(ZONE), view(database))
    assert reading.is_good
    take(database, reading.dataset, 200)
    assert same(view(database), market.view)


# ---------------------------------------------------------------------------------------------------------- pages


def versions_of(market: SampleMarket, name: str) -> list[MeteringPointVersion]:
    return [v for v in market.dataset.points if v.metering_point == market.named[name]]


def test_a_page_shows_superseded_registrations(database: Database, market: SampleMarket) -> None:
    take(database, market.dataset, 100)
    (first, _) = versions_of(market, "supplier-change")
    take(database, MasterDataSet(points=[first]), 200)
    with database.read() as connection:
        rows = page(connection, MasterDataTable.METERING_POINTS, first.metering_point, Page()).rows
    told = [(row["energy_supplier"], row["registered_at"][-3:-1], row.get("superseded_at", "")) for row in rows]
    assert told == [
        (SUPPLIER_A, "40", "1970-01-01T00:03:20Z"),
        (SUPPLIER_A, "20", ""),
        (SUPPLIER_B, "40", "1970-01-01T00:03:20Z"),
    ]
    assert rows[1]["kind"] == "consumption"
    assert rows[1]["valid_from"] == "2022-12-31T23:00:00Z"
    assert "parent" not in rows[1]


@pytest.mark.parametrize("table", list(MasterDataTable))
def test_pages_add_up_to_the_table(database: Database, market: SampleMarket, table: MasterDataTable) -> None:
    take(database, market.dataset, 100)
    take(database, market.dataset, 200)
    with database.read() as connection:
        whole = page(connection, table, "", Page(limit=10_000))
        assert whole.after == ""
        assert len(whole.rows) == 2 * market.dataset.counts()[table]
        rows: list[MasterDataRow] = []
        after = ""
        while True:
            part = page(connection, table, "", Page(limit=7, after=after))
            assert len(part.rows) <= 7
            rows += part.rows
            after = part.after
            if not after:
                break
    assert tuple(rows) == whole.rows


def test_a_page_keeps_to_what_the_reader_may_see(database: Database, market: SampleMarket) -> None:
    take(database, market.dataset, 100)
    own = metering_point.c.energy_supplier == SUPPLIER_B
    with database.read() as connection:
        rows = page(connection, MasterDataTable.METERING_POINTS, "", Page(limit=1000), own).rows
        hidden = page(connection, MasterDataTable.METERING_POINTS, market.named["disconnected"], Page(), own).rows
    assert {row["energy_supplier"] for row in rows} == {SUPPLIER_B}
    assert hidden == ()


@pytest.mark.parametrize("key", ["x", "999", "٣" * 18, "\0", "9" * 40, "-1", "' or 1=1 --"])
@pytest.mark.parametrize("table", list(MasterDataTable))
def test_a_key_nobody_has_gives_an_empty_page(database: Database, table: MasterDataTable, key: str) -> None:
    with database.read() as connection:
        assert page(connection, table, key, Page()).rows == ()


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "MQo5OTk5OTk5OTk5OTk5OTk5OTk5OTk5CjE=", "AAo5CjE=", "Cg=="])
@pytest.mark.parametrize("table", list(MasterDataTable))
def test_an_invented_cursor_gives_an_empty_page(
    database: Database, market: SampleMarket, table: MasterDataTable, cursor: str
) -> None:
    with database.read() as connection:
        assert page(connection, table, "", Page(after=cursor)).rows == ()
