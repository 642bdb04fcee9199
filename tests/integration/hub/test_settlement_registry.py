"""Settlement's master data in the hub, on both databases: imported, refused, seen by right, loaded on their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from gateway.demo.market import (
    BALANCE_RESPONSIBLE_A,
    GRID_AREA,
    GRID_OPERATOR,
    NEIGHBOUR,
    SUPPLIER_A,
    SUPPLIER_B,
    sample_market,
)
from gateway.hub.access import visible_rows
from gateway.hub.database import Database
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.masterdata.pages import page
from gateway.hub.masterdata.settlement_registry import settlement_view
from gateway.hub.ports import ImportReport, MasterDataRow, MasterDataTable, Page, Principal
from gateway.messages.codes import GridLossRole, Permission, Role
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import MasterData
from gateway.messages.settlement_masterdata import LoadShare, SettlementFacts, SettlementMasterData
from gateway.messages.times import MarketZone

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2025, 1, 20)
MARKET = sample_market(ZONE, DAY)
FACTS = MARKET.dataset.settlement
NOW = ZONE.midnight(DAY)
FAMILIES = (
    MasterDataTable.LOAD_SHARES,
    MasterDataTable.TARIFFS,
    MasterDataTable.FORMULAS,
    MasterDataTable.GRID_LOSS,
    MasterDataTable.POINT_PERMISSIONS,
)


def take(database: Database, dataset: MasterDataSet, *tables: str) -> ImportReport:
    """Import a set, or only some of its tables."""
    files = csv_files(dataset)
    wanted = {f"{table}.csv": files[f"{table}.csv"] for table in tables} or files
    return MasterDataImport(database, Manner(ZONE, strict=True)).take(wanted, 1_000_000)


def views(database: Database, as_of: int | None = None) -> tuple[MasterData, SettlementMasterData]:
    with database.read() as connection:
        return registry.view(connection, as_of), settlement_view(connection, as_of)


@pytest.fixture
def market(database: Database) -> Database:
    report = take(database, MARKET.dataset)
    assert not report.findings
    assert report.rows == MARKET.dataset.counts()
    return database


def test_the_views_of_a_transaction_are_the_same_ever_after(market: Database) -> None:
    master, before = views(market)
    assert master.transaction == before.transaction == 1
    first = FACTS.load_shares[0]
    changed = SettlementFacts(load_shares=[first._replace(quantity=first.quantity + 1)])
    assert not take(market, MasterDataSet(settlement=changed), "load-shares").findings
    old_master, old = views(market, 1)
    assert np.array_equal(old.load_shares.quantity, before.load_shares.quantity)
    assert np.array_equal(old_master.points.point, master.points.point)
    new = views(market)[1]
    assert new.transaction == 2
    differs = new.load_shares.quantity != old.load_shares.quantity
    assert new.load_shares.point[differs].tolist() == [point_key(first.metering_point)]


def test_an_import_for_settlement_alone_leaves_the_points_in_memory(market: Database) -> None:
    with market.read() as connection:
        at_hand = registry.view(connection)
        assert registry.view_now(connection, at_hand) is at_hand
    take(market, MARKET.dataset, "load-shares", "tariffs")
    with market.read() as connection:
        moved = registry.view_now(connection, at_hand)
    assert (moved.transaction, moved.points) == (2, at_hand.points)
    assert moved.grid_operator(GRID_AREA, NOW) == GRID_OPERATOR
    take(market, MARKET.dataset, "parties")
    with market.read() as connection:
        renewed = registry.view_now(connection, moved)
    assert renewed.transaction == 3
    assert renewed.points is not at_hand.points


def test_settlement_asks_of_an_instant(market: Database) -> None:
    # DK-3.4.a, DK-5.1.1.c, DK-6.1.2, DK-6.1.3
    master, view = views(market)
    shares = view.load_shares_at(master, NOW)
    assert len(shares.point) == 6
    assert {master.parties.name(code) for code in shares.energy_supplier.tolist()} == {SUPPLIER_A, SUPPLIER_B}
    assert {master.areas.name(code) for code in shares.grid_area.tolist()} == {GRID_AREA}
    assert len(view.load_shares_at(master, ZONE.midnight(MARKET.change_day) - 1).point) == 7
    assert view.loss_point(GRID_AREA, GridLossRole.POSITIVE, NOW) == MARKET.named["positive-loss"]
    assert view.loss_point(GRID_AREA, GridLossRole.NEGATIVE, NOW) == MARKET.named["negative-loss"]
    assert view.loss_point(GRID_AREA, GridLossRole.NEGATIVE, 0) is None
    (formula,) = view.formulas_at(NOW)
    assert formula.point == point_key(MARKET.named["calculated"])
    assert sorted(formula.factors.tolist()) == [-1_000_000, 1_000_000, 1_000_000]
    points = np.array([point_key(MARKET.named[name]) for name in ("positive-loss", "negative-loss")])
    assert view.permitted(points, Permission.ABOVE_MANDATORY_LIMIT, NOW).tolist() == [True, False]


def test_a_file_at_fault_keeps_all_files_out(market: Database) -> None:
    wrong = replace(FACTS, load_shares=[LoadShare(MARKET.named["production"], 1, NOW)])
    report = take(market, replace(MARKET.dataset, settlement=wrong))
    assert [(f.rule, f.path, f.line) for f in report.findings if f.severity == "error"] == [
        ("not-profile-settled", "load-shares.csv", 2)
    ]
    assert set(report.rows.values()) == {0}
    assert views(market)[1].transaction == 1


def test_what_registered_facts_need_cannot_be_taken_away(market: Database) -> None:
    loss = [v for v in MARKET.dataset.points if v.metering_point == MARKET.named["positive-loss"]]
    report = take(market, MasterDataSet(points=[loss[0]._replace(energy_supplier=None)]), "metering-points")
    assert [finding.rule for finding in report.findings] == ["still-in-use"]
    assert "grid-loss registered before" in report.findings[0].text
    assert not take(market, MARKET.dataset, "metering-points").findings


# ---------------------------------------------------------------------------------------------------------- access


@pytest.fixture
def seen(market: Database) -> Callable[..., list[MasterDataRow]]:
    def rows(table: MasterDataTable, party: str, role: Role, key: str = "") -> list[MasterDataRow]:
        with market.read() as connection:
            visible = visible_rows(registry.view(connection), Principal(party, role, "test"), table, NOW)
            return list(page(connection, table, key, Page(limit=10_000), visible).rows)

    return rows


def points_of(supplier: str) -> set[str]:
    return {v.metering_point for v in MARKET.dataset.points if v.energy_supplier == supplier}


@pytest.mark.sec_17
@pytest.mark.parametrize("table", FAMILIES)
def test_facts_are_seen_by_supplier_operator_and_hub(
    seen: Callable[..., list[MasterDataRow]], table: MasterDataTable
) -> None:
    # DK-3.4.a
    everything = seen(table, "hub", Role.HUB)
    assert len(everything) == MARKET.dataset.counts()[table]
    for supplier in (SUPPLIER_A, SUPPLIER_B):
        own = [row for row in everything if row["metering_point"] in points_of(supplier)]
        assert seen(table, supplier, Role.ENERGY_SUPPLIER) == own
    neighbours = {MARKET.named["neighbours"]}
    for operator, is_own in ((GRID_OPERATOR, False), (NEIGHBOUR, True)):
        own = [row for row in everything if (row["metering_point"] in neighbours) is is_own]
        assert seen(table, operator, Role.GRID_OPERATOR) == seen(table, operator, Role.METERED_DATA_RESPONSIBLE) == own
    assert seen(table, BALANCE_RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE) == []
    assert seen(table, SUPPLIER_A, Role.ENERGY_AGENCY) == []


def test_a_supplier_sees_the_shares_of_its_own_time_by_what_is_known_now(
    market: Database, seen: Callable[..., list[MasterDataRow]]
) -> None:
    # DK-3.4.a
    share = FACTS.load_shares[0]
    (point,) = [v for v in MARKET.dataset.points if v.metering_point == share.metering_point]
    assert point.energy_supplier == SUPPLIER_A
    change = ZONE.midnight(date(2024, 7, 1))
    halves = [share._replace(valid_to=change), share._replace(valid_from=change, quantity=7000)]
    later = point._replace(valid_from=change, energy_supplier=SUPPLIER_B, balance_responsible=None)
    dataset = MasterDataSet([point._replace(valid_to=change), later], settlement=SettlementFacts(halves))
    assert not take(market, dataset, "metering-points", "load-shares").findings

    def shares(supplier: str) -> list[str]:
        rows = seen(MasterDataTable.LOAD_SHARES, supplier, Role.ENERGY_SUPPLIER, share.metering_point)
        return [row["kwh_per_year"] for row in rows if "superseded_at" not in row]

    assert shares(SUPPLIER_A) == ["2000"]
    assert shares(SUPPLIER_B) == ["7"]
    assert not take(market, MasterDataSet([later._replace(valid_from=point.valid_from)]), "metering-points").findings
    assert shares(SUPPLIER_A) == []
    assert shares(SUPPLIER_B) == ["2000", "7"]
