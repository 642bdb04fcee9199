"""Agreements and permissions in the hub, on both databases: registered, superseded, shown to whom they concern."""

from __future__ import annotations

import pytest

from gateway.hub.access import visible_rows
from gateway.hub.database import Database
from gateway.hub.masterdata import agreement_registry, pages
from gateway.hub.ports import MasterDataRow, MasterDataTable, Page, Principal
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import AgreementKind, CustomerType, Role, Standing
from gateway.messages.identifiers import point_key
from tests.integration.feed.market import (
    DAY,
    FIRST,
    GRID,
    HELPER,
    HOUSE,
    NEIGHBOUR,
    SECOND,
    START,
    Market,
    agreed,
    base,
    in_portfolio,
    opened,
    supplier,
)

# EE-3.1

AGREEMENTS, PERMISSIONS = MasterDataTable.AGREEMENTS, MasterDataTable.PERMISSIONS
FIRST_SUPPLY = agreed(
    AgreementKind.SUPPLY, FIRST, START, DAY, agreement="A", customers=("ann", "bo"), customer_type=CustomerType.PRIVATE
)
PERMISSION = AccessPermission("P", HOUSE, HELPER, Role.ENERGY_SERVICE_PROVIDER, START, START, DAY, owner="ann")


@pytest.fixture
def market(database: Database) -> Market:
    made = opened(database)
    made.take(FIRST_SUPPLY, in_portfolio(SECOND, FIRST), permissions=[PERMISSION], more=base())
    return made


def last_transaction(market: Market) -> int:
    with market.office.database.read() as connection:
        return agreement_registry.view(connection).transaction


def spans(market: Market, as_of: int | None = None) -> list[tuple[str, int, int]]:
    with market.office.database.read() as connection:
        view = agreement_registry.view(connection, as_of)
    return [(span.party, span.start, span.end) for span in view.of_point(point_key(HOUSE))]


def rows(market: Market, reader: Principal, table: MasterDataTable, key: str = "") -> list[MasterDataRow]:
    with market.office.database.read() as connection:
        master = market.office.refresh(connection)
        visible = visible_rows(master, reader, table, market.clock.now())
        return list(pages.page(connection, table, key, Page(), visible).rows)


def test_the_newest_registration_of_an_id_counts_and_the_older_stay(market: Market) -> None:
    before = last_transaction(market)
    market.take(FIRST_SUPPLY._replace(valid_to=DAY - 86_400))
    market.take(agreed(AgreementKind.SUPPLY, SECOND, DAY - 86_400, agreement="B"))
    assert spans(market) == [(FIRST, START, DAY - 86_400), (SECOND, DAY - 86_400, 2**62)]
    assert spans(market, before) == [(FIRST, START, DAY)]
    market.take(FIRST_SUPPLY._replace(standing=Standing.WITHDRAWN))
    assert [party for party, _, _ in spans(market)] == [SECOND]
    with market.office.database.read() as connection:
        view = agreement_registry.view(connection)
        (span,) = view.of_point(point_key(HOUSE))
        assert view.permitted(point_key(HOUSE), HELPER, PERMISSION.role, DAY)
    assert span.customers == frozenset()


def test_the_offices_view_is_read_anew_when_agreements_came_and_only_then(market: Market) -> None:
    office = market.office
    with office.database.read() as connection:
        first = office.agreements(connection)
    market.take(more=base())
    with office.database.read() as connection:
        second = office.agreements(connection)
    assert second.columns is first.columns
    assert second.transaction > first.transaction
    market.take(agreed(AgreementKind.SUPPLY, SECOND, DAY, agreement="B"))
    with office.database.read() as connection:
        assert len(office.agreements(connection).of_point(point_key(HOUSE))) == 2


def test_rows_are_shown_to_whom_they_concern(market: Market) -> None:
    hub = Principal("38X-AVP-HUB----5", Role.HUB, "hub")
    assert len(rows(market, hub, AGREEMENTS)) == 2
    assert [row["agreement"] for row in rows(market, supplier(FIRST), AGREEMENTS, HOUSE)] == ["A"]
    assert len(rows(market, supplier(FIRST), AGREEMENTS)) == 2
    assert [row["kind"] for row in rows(market, supplier(SECOND), AGREEMENTS)] == ["portfolio"]
    assert [row["agreement"] for row in rows(market, Principal(GRID, Role.GRID_OPERATOR, "g"), AGREEMENTS)] == ["A"]
    assert not rows(market, Principal(NEIGHBOUR, Role.GRID_OPERATOR, "n"), AGREEMENTS)
    helper = Principal(HELPER, Role.ENERGY_SERVICE_PROVIDER, "h")
    assert [row["permission"] for row in rows(market, helper, PERMISSIONS)] == ["P"]
    assert [row["owner"] for row in rows(market, helper, PERMISSIONS, HOUSE)] == ["ann"]
    assert not rows(market, Principal(HELPER, Role.ENERGY_SUPPLIER, "h"), PERMISSIONS)
    assert not rows(market, supplier(FIRST), PERMISSIONS)


def test_rows_are_found_by_point_party_and_id(market: Market) -> None:
    hub = Principal("38X-AVP-HUB----5", Role.HUB, "hub")
    for key in ("A", FIRST, HOUSE):
        found = rows(market, hub, AGREEMENTS, key)
        assert any(row["agreement"] == "A" for row in found), key
    assert not rows(market, hub, AGREEMENTS, "none")
    (whole,) = rows(market, hub, AGREEMENTS, "A")
    assert whole["customers"] == "ann bo"
    assert whole["metering_point"] == HOUSE
    assert [row["metering_point"] for row in rows(market, hub, MasterDataTable.METERING_POINTS, HOUSE)] == [HOUSE]
    later: Agreement = FIRST_SUPPLY._replace(valid_to=DAY - 86_400)
    market.take(later)
    assert ["superseded_at" in row for row in rows(market, hub, AGREEMENTS, "A")] == [True, False]
