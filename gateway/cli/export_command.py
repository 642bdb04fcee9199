"""`gridpost export`: days of operation as Parquet files, for engines and analysts that know no hub."""

from __future__ import annotations

from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.engine import Connection

from gateway.analysis.day_export import Exported, export_day
from gateway.analysis.export_files import keys_of
from gateway.cli.machine import existing_hub
from gateway.cli.options import DatabaseUrl, DataDir, Market, day_of, instant_of
from gateway.cli.outcome import CommandError
from gateway.cli.printing import AsJson, print_json, print_rows
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.office import Office
from gateway.hub.settlement.calculation import day_work, settled_areas
from gateway.settlement.energy import energy_plan

_EVERY_MARK = 0
"""As if nothing were fixed yet: every value that superseded another keeps its mark."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(  # noqa: PLR0913 - one parameter for each option
    *,
    day: Annotated[list[str], typer.Option("--day", help="A local day (2025-01-31); may be given several times.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Holds a new directory for each day.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known then; now unless given.")] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Write what a settlement of a day sums as Parquet files: values, plan, and what its groups are.

    A day appears whole or not at all; one that is there already is not written again.
    """
    if find_spec("pyarrow") is None:
        raise CommandError("this needs pyarrow: install gridpost[analysis]")
    days = [day_of(text) for text in dict.fromkeys(day)]
    with existing_hub(data_dir, database, market) as hub:
        office = hub.office
        now = office.clock.now()
        known = now if as_of is None else instant_of(as_of, office.profile.zone, now)
        out.mkdir(parents=True, exist_ok=True)
        with office.database.read() as connection:
            version = transaction_at(connection, known * MICROSECONDS)
            written = {one: _export(office, connection, (one, version), out / one.isoformat()) for one in days}
    if as_json:
        print_json([{"day": one.isoformat(), "version": version, **found._asdict()} for one, found in written.items()])
        return
    columns = ("day", "blocks", "values", "plan rows", "groups")
    print_rows(columns, ((one.isoformat(), *map(str, found)) for one, found in written.items()))


def _export(office: Office, connection: Connection, what: tuple[date, int], directory: Path) -> Exported:
    day, version = what
    interval = office.profile.zone.day_interval(day)
    master = office.master_as_of(connection, version)
    energy = energy_plan(master, interval, settled_areas(master, interval))
    work = day_work(office, connection, (energy.plan,), (master, interval, version), _EVERY_MARK)
    try:
        return export_day(connection, office.store, work, keys_of(energy), directory)
    except FileExistsError as error:
        raise CommandError(str(error)) from error
