"""What commands print: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.messages.findings import Finding, Severity
from gateway.schemas.parsers import parse_json
from gateway.transport.problems import FindingBody

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def console() -> Console:
    """The output for people; wide where it is no terminal, so that lines can be searched."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def print_json(value: object) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def table_of(heads: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> Table:
    """A table; cells are shown as they are, without markup."""
    table = Table(*heads, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    return table


def print_rows(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows as a table for a terminal, otherwise as lines with tabs between the cells."""
    if sys.stdout.isatty():
        console().print(table_of(heads, rows))
        return
    for row in (heads, *rows):
        typer.echo("\t".join(map(str, row)))


def finding_line(name: str, finding: Finding) -> str:
    """A finding as compilers print theirs: file, line, place, weight, code, sentence, clause."""
    place = f"{name}:{finding.line}" if finding.line else name
    path = f" {finding.path}:" if finding.path else ""
    weight = "" if finding.severity is Severity.ERROR else " remark"
    clause = f" ({finding.clause})" if finding.clause else ""
    return f"{place}:{path}{weight} [{finding.code}] {finding.text}{clause}"


def finding_value(finding: Finding) -> dict[str, object]:
    """A finding as JSON, in the form of the neutral API."""
    return FindingBody.of(finding).model_dump(mode="json")


def refusal_words(body: str) -> str:
    """The code and sentence of a hub's error body, from JSON or XML; other text as it is, on one line."""
    value = parse_json(body.encode()).value if body.startswith("{") else None
    if isinstance(value, dict):
        error = value.get("Error", value)
        if isinstance(error, dict):
            details = error.get("Details")
            errors = details if isinstance(details, list) and details else [error]
            said = [f"{one.get('Code')} {one.get('Message')}" for one in errors if isinstance(one, dict)]
            return "; ".join(said)
    return " ".join(_MARKUP.sub(" ", body).split())


_MARKUP = re.compile("<[^>]*>")
