"""What all demonstrations tell with: notes on the way, a page of what happened, and what to try next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

Note = Callable[[str], None]
"""Hears what happens, a line at a time."""


def page(title: str, tables: Iterable[Table], remarks: Iterable[str], counts: str) -> RenderableType:
    """The page: title, tables, remarks a line each, and the counts at its end."""
    parts: list[RenderableType] = [Text(title, style="bold")]
    for table in tables:
        parts += ["", table]
    return Group(*parts, "", *map(Text, remarks), "", Text(counts, style="bold"))


def page_table(title: str, *heads: str) -> Table:
    """A table under its title."""
    return Table(*heads, title=title, title_justify="left", title_style="bold", box=None, header_style="dim")


def add_row(table: Table, *cells: object) -> None:
    """A row of cells, shown as they are, without markup."""
    table.add_row(*(escape(str(cell)) for cell in cells))


def counted(what: str, counts: Mapping[str, int]) -> str:
    """The numbers of a demonstration in a line, as `Series: 12 accepted, 1 rejected.` is one."""
    return f"{what}: {', '.join(f'{count} {name}' for name, count in counts.items())}."


def to_try(url: str, data_dir: Path, commands: Iterable[str]) -> str:
    """Commands to try while the hub serves on; `$DIR` is where it keeps its files."""
    return "\n".join(
        (
            f"The hub serves on at {url}. In another terminal:",
            "",
            f"  DIR={data_dir}",
            *(f"  {command}" for command in commands),
            "",
            f"The API, described: {url}/api/hub/v1/openapi.json",
            "Stop with Ctrl-C.",
        )
    )


def to_try_after_once(program: str, options: str, own: tuple[str, str]) -> str:
    """Commands to try when the demonstration has ended.

    Args:
        program: how gridpost is called here.
        options: what names the market, with a blank before it.
        own: a command of the market's own, and what it does.
    """
    steps: Sequence[tuple[str, str]] = (
        (f"demo{options}", "the same, and the hub serves on for you to try"),
        (f"demo{options} --write sample", "the market and the documents as files"),
        own,
        (f"serve{options}", "a hub of your own"),
    )
    width = max(len(command) for command, _ in steps)
    return "\n".join(("Next:", *(f"  {program} {command:<{width}}  # {told}" for command, told in steps)))
