"""What the pages of all demonstrations are made of."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table


def page_table(title: str, *heads: str) -> Table:
    """A table under its title."""
    return Table(*heads, title=title, title_justify="left", title_style="bold", box=None, header_style="dim")


def add_row(table: Table, *cells: object) -> None:
    """A row of cells, shown as they are, without markup."""
    table.add_row(*(escape(str(cell)) for cell in cells))


def goodbye(url: str) -> tuple[str, ...]:
    """The last lines of what to try while the hub serves on."""
    return ("", f"The API, described: {url}/api/hub/v1/openapi.json", "Stop with Ctrl-C.")
