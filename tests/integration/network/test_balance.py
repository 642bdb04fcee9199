"""Balance areas: a point counts where the party answers for the customer or for the grid, not for both (BHT)."""

from __future__ import annotations

from datetime import date

from gateway.hub.database import Database
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.network.balance import balance
from gateway.hub.ports import Principal
from gateway.hub.ports_network import Balance, BalanceQuery
from gateway.messages.codes import Flow, Role
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import DAY
from tests.eic_codes import eic
from tests.integration.network.grid import (
    AREA,
    EE,
    GRID,
    LINE,
    LINES,
    NEIGHBOUR,
    OPERATOR,
    SUPPLIER,
    UPSTREAM,
    Grid,
    border,
    point,
)

TODAY = EE.zone.day_interval(date(2026, 8, 3))
QUARTERS = 96
SINCE = "2026-01-01"
OURS, THEIRS = eic("X", 20), eic("X", 21)
ME = Principal(OURS, Role.BALANCE_RESPONSIBLE, "brp")
PARTIES = "\n".join(
    ["party,role"]
    + [f"{party},grid-operator" for party in (GRID, NEIGHBOUR)]
    + [f"{LINES},line-operator", f"{SUPPLIER},energy-supplier"]
    + [f"{party},{role}" for party in (OURS, THEIRS) for role in ("balance-responsible", "energy-supplier")]
)
AREAS = f"grid_area,grid_operator\n{AREA},{GRID}\n{UPSTREAM},{NEIGHBOUR}\n{LINE},{LINES}\n"
POINT_COLUMNS = "metering_point,kind,grid_area,resolution,from_grid_area,to_grid_area,valid_from\n"
AGREEMENT_COLUMNS = "agreement,kind,party,counterparty,metering_point,valid_from,valid_to\n"


def furnished(database: Database, points: list[MeteringPointVersion], agreements: list[str]) -> Grid:
    """A grid with these points and agreements registered."""
    cells = [
        (one.metering_point, one.kind, one.grid_area, "PT15M", one.from_grid_area or "", one.to_grid_area or "", SINCE)
        for one in points
    ]
    files = {
        "parties.csv": PARTIES,
        "grid-areas.csv": AREAS,
        "metering-points.csv": POINT_COLUMNS + "\n".join(map(",".join, cells)),
        "agreements.csv": AGREEMENT_COLUMNS + "\n".join(agreements),
    }
    encoded = {name: text.encode() for name, text in files.items()}
    report = MasterDataImport(database, manner_of(EE)).take(encoded, 1)
    assert not report.findings, report.findings
    grid = Grid(database)
    for one in points:
        grid.deliver(one, Flow.OUT, [1000] * QUARTERS, start=TODAY.start, at=TODAY.end)
        grid.deliver(one, Flow.IN, [200] * QUARTERS, start=TODAY.start, at=TODAY.end)
    return grid


def mine(grid: Grid, reader: Principal = ME, party: str = "") -> Balance | None:
    with grid.database.read() as connection:
        return balance(grid.office, connection, reader, BalanceQuery(TODAY, party))


def supply(number: int, party: str, at: MeteringPointVersion, span: str = "2026-01-01,") -> str:
    return f"s-{number},supply,{party},,{at.metering_point},{span}"


def portfolio(number: int, above: str, below: str) -> str:
    return f"p-{number},portfolio,{above},{below},,2026-01-01,"


def test_a_customer_of_ours_in_a_strange_grid_is_added(database: Database) -> None:
    home = point(1)
    grid = furnished(database, [home], [supply(1, SUPPLIER, home), portfolio(1, OURS, SUPPLIER)])
    found = mine(grid)
    assert found is not None
    assert found.sums.consumption.tolist() == [1000] * QUARTERS
    assert found.sums.production.tolist() == [200] * QUARTERS
    assert (found.points, int(found.lacking.sum())) == (1, 0)


def test_a_strange_customer_in_a_grid_of_ours_is_taken_off(database: Database) -> None:
    home, other = point(1), point(2)
    agreements = [supply(1, SUPPLIER, home), portfolio(1, OURS, GRID), portfolio(2, THEIRS, SUPPLIER)]
    found = mine(furnished(database, [home, other], agreements))
    assert found is not None
    assert found.sums.consumption.tolist() == [-1000] * QUARTERS  # the other is the grid's own: on both sides
    assert found.points == 1


def test_a_change_of_supplier_counts_from_its_moment(database: Database) -> None:
    home = point(1)
    agreements = [
        supply(1, OURS, home, "2026-01-01,2026-08-03T12:00+03:00"),
        supply(2, THEIRS, home, "2026-08-03T12:00+03:00,"),
    ]
    found = mine(furnished(database, [home], agreements))
    assert found is not None
    assert found.sums.consumption.tolist() == [1000] * 48 + [0] * 48


def test_a_named_supplier_answers_for_those_without_one(database: Database) -> None:
    home = point(1)
    found = mine(furnished(database, [home], [f"n-1,named-supplier,{OURS},{GRID},,2026-01-01,"]))
    assert found is not None
    assert found.sums.consumption.tolist() == [1000] * QUARTERS


def test_a_border_belongs_to_the_grid_on_the_other_side(database: Database) -> None:
    found = mine(furnished(database, [border(1, run_by=UPSTREAM)], [portfolio(1, OURS, GRID)]))
    assert found is not None
    assert found.sums.consumption.tolist() == [1000] * QUARTERS


def test_points_of_lines_are_outside_of_balancing(database: Database) -> None:
    factory = point(1, grid_area=LINE)
    found = mine(furnished(database, [factory], [supply(1, OURS, factory)]))
    assert found is not None
    assert (found.points, int(found.sums.consumption.sum())) == (0, 0)


def test_nobody_sees_the_balance_of_another(database: Database) -> None:
    grid = furnished(database, [point(1)], [])
    assert mine(grid, party=THEIRS) is None
    assert mine(grid, OPERATOR, THEIRS) is not None
    assert mine(grid)
    assert TODAY.end - TODAY.start == DAY
