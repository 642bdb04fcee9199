"""`gridpost masterdata import | show`: the market's parties, grid areas, metering points and facts about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, local_hub, operator_of, wait_for
from gateway.cli.master_files import master_data_files
from gateway.cli.options import DatabaseUrl, DataDir, Market, settings_from
from gateway.cli.outcome import FINDINGS, stop
from gateway.cli.printing import AsJson, finding_line, finding_value, print_json, print_rows
from gateway.hub.ports import ImportReport, MasterDataTable, Page
from gateway.messages.findings import has_errors

WINDOW = 1000


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Master data of this machine's hub.", no_args_is_help=True)
    family.command("import")(take)
    family.command("show")(show)
    app.add_typer(family, name="masterdata")


def take(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR|FILE…", help="Files, or a directory of them.")],
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Take files of master data all together, or none of them when anything in them is wrong.

    Files are parties, grid-areas, metering-points, delegations, load-shares, tariffs, formulas, grid-loss,
    point-permissions, agreements, permissions and more, each as .csv or .json. A key that a file names replaces what
    was known of it; older versions stay on record.
    """
    files = master_data_files(paths)
    settings = settings_from(data_dir=data_dir, database=database, market=market)
    with local_hub(settings) as hub:
        report = wait_for(hub.import_master_data(operator_of(hub.office.profile), files))
    show_report(report, as_json=as_json)


def show_report(report: ImportReport, *, as_json: bool) -> None:
    """What an import took, or why it took nothing; then the command ends with findings."""
    if as_json:
        print_json({"rows": dict(report.rows), "findings": [finding_value(found) for found in report.findings]})
    else:
        _print_report(report)
    if has_errors(report.findings):
        stop(FINDINGS)


def _print_report(report: ImportReport) -> None:
    for found in report.findings:
        typer.echo(finding_line(found.path or "master data", replace(found, path="")))
    if has_errors(report.findings):
        typer.echo("Nothing was taken.")
    else:
        typer.echo("Taken: " + ", ".join(f"{count} {table}" for table, count in report.rows.items()))


def show(  # noqa: PLR0913 - one parameter for each option
    table: Annotated[MasterDataTable, typer.Argument(help="Which table.")],
    key: Annotated[str, typer.Argument(help="A metering point, party or grid area; everything without.")] = "",
    *,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Rows of a table, every version of them, with when each was registered and superseded."""
    rows: list[dict[str, str]] = []
    with existing_hub(data_dir, database, market) as hub:
        after = ""
        while True:
            window = Page(WINDOW, after)
            found = wait_for(hub.master_data(operator_of(hub.office.profile), table, key, window))
            rows += [dict(row) for row in found.rows] if found else []
            if not found or not found.after:
                break
            after = found.after
    if as_json:
        print_json(rows)
    elif rows:
        heads = list(dict.fromkeys(name for row in rows for name in row))
        print_rows(heads, ([row.get(name, "") for name in heads] for row in rows))
    if not rows:
        typer.echo(f"{table} hold nothing{f' under {key}' if key else ''}.", err=True)
        stop(FINDINGS)
