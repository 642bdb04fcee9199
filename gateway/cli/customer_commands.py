"""`gridpost customers import`: whose metering points they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.masterdata_commands import show_report
from gateway.cli.options import DatabaseUrl, DataDir, Market
from gateway.cli.outcome import CommandError
from gateway.cli.printing import AsJson

ENDINGS = (".csv", ".json")


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Customers of metering points.", no_args_is_help=True)
    family.callback()(_family)
    family.command("import")(take)
    app.add_typer(family, name="customers")


def _family() -> None:
    """Customers of metering points."""


def take(
    file: Annotated[Path, typer.Argument(help="Columns metering_point, customer, valid_from, valid_to; .csv or .json")],
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Take customers of metering points, all rows or none.

    A point that the file names has these customers from now on, and no others; what was registered before stays on
    record. An empty customer says that a point has none in that time.
    """
    if file.suffix not in ENDINGS:
        raise CommandError(f"{file} must end in {' or '.join(ENDINGS)}")
    content = file.read_bytes()
    with existing_hub(data_dir, database, market) as hub:
        operator = operator_of(hub.office.profile)
        report = wait_for(hub.customers.import_links(operator, file.name, content))
    show_report(report, as_json=as_json)
