"""`gridpost workbook`: a template written, filled in, imported over HTTP, and every error told (EE-2.1)."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from gateway.demo.estonia.market import ELECTRICITY_POINTS, GRID_OPERATOR

from .conftest import Gridpost
from .serving import Serving

HOUSE = ELECTRICITY_POINTS[0]


def filled(path: Path, amount: float) -> None:
    """Every row of a template with an amount; the type is metered."""
    book = openpyxl.load_workbook(path)
    sheet = book["meter-data"]
    heads = {str(cell.value): cell.column or 0 for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        sheet.cell(row, heads["OUT Quantity kWh"], amount)
        sheet.cell(row, heads["Reading Type OUT"], "METERED")
    book.save(path)


def quantities(path: Path) -> set[object]:
    """What the rows of a workbook state of the flow out of the grid."""
    sheet = openpyxl.load_workbook(path)["meter-data"]
    column = next(cell.column for cell in sheet[1] if cell.value == "OUT Quantity kWh")
    return {sheet.cell(row, column or 0).value for row in range(2, sheet.max_row + 1)}


def test_a_template_is_filled_in_and_imported(gridpost: Gridpost, own_directory: Path) -> None:
    """EE-2.1, EE-2.2."""
    (own_directory / "gridpost.toml").write_text('market = "ee"\n')
    gridpost("demo", "--market", "ee", "--write", "sample")
    gridpost("masterdata", "import", "sample/masterdata")
    added = gridpost("client", "add", "grid", "--party", GRID_OPERATOR, "--role", "grid-operator", "--json")
    (own_directory / "secret").write_text(added.value["secret"])
    day = ("--from", "yesterday", "--to", "today", "--point", HOUSE)
    written = gridpost("workbook", "template", "day.xlsx", *day)
    assert (written.code, written.out.split()[1]) in [(0, "92"), (0, "96"), (0, "100")]
    filled(own_directory / "day.xlsx", 1.25)
    with Serving(own_directory) as hub:
        as_grid = ("--url", hub.url, "--client-id", "grid", "--secret-file", "secret")
        taken = gridpost("workbook", "import", "day.xlsx", *as_grid)
        assert (taken.code, taken.out) == (0, "day.xlsx\tsuccessful\n")
        as_party = ("--party", GRID_OPERATOR, *as_grid)
        fetched = gridpost("workbook", "export", "back.xlsx", *day, *as_party)
        assert (fetched.code, fetched.out.split("\t")[0]) == (0, "back.xlsx")
        assert quantities(own_directory / "back.xlsx") == {1.25}
        again = gridpost("workbook", "import", "back.xlsx", *as_grid)
        assert (again.code, again.out) == (0, "back.xlsx\tsuccessful\n")
        no_right = gridpost("workbook", "export", "no.xlsx", *day[:4], "--point", "38ZEE-1000007L-E", *as_party)
        assert no_right.code == 2
        assert "opp.error." in no_right.err
        assert gridpost("workbook", "export", "no.xlsx", *day, *as_party, "--role", "hub").code == 2
        filled(own_directory / "day.xlsx", -1)
        refused = gridpost("workbook", "import", "day.xlsx", *as_grid)
        assert refused.code == 1
        assert "meter-data row 2 D2: [opp.error.validation.field-value-cannot-be-negative]" in refused.out
        assert refused.out.endswith("errors, nothing is stored\n")
        told = gridpost("workbook", "import", "day.xlsx", *as_grid, "--json")
        rows = [error["row"] for error in told.value["errors"]]
        assert (told.code, rows) == (1, list(range(2, 2 + len(rows))))
