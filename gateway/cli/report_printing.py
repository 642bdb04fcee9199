"""How commands print a report of bodies: a table for people, JSON or CSV for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import typer

from gateway.cli.printing import print_json, print_rows
from gateway.messages.times import format_minute, to_instant
from gateway.transport.control_forms import csv_head, csv_lines
from gateway.transport.hub_models import Body

AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


class ReportForm(NamedTuple):
    """How a report is printed: its model, the heads of its table and the row of a body; CSV or JSON instead."""

    model: type[Body]
    heads: tuple[str, ...]
    row: Callable[[Any], tuple[object, ...]]
    as_csv: bool
    as_json: bool


def print_report(form: ReportForm, windows: Iterable[list[Any]]) -> int:
    """Print a report; how long it was. CSV is printed as it is read."""
    count = 0
    if form.as_csv:
        typer.echo(csv_head(form.model), nl=False)
        for bodies in windows:
            count += len(bodies)
            typer.echo(csv_lines(bodies), nl=False)
        return count
    everything = [body for bodies in windows for body in bodies]
    if form.as_json:
        print_json([body.model_dump(mode="json") for body in everything])
    elif everything:
        print_rows(form.heads, map(form.row, everything))
    return len(everything)


def minute_of(moment: datetime) -> str:
    """An instant to the minute."""
    return format_minute(to_instant(moment))
