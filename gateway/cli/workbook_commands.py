"""`gridpost workbook template | import | export`: metering data in a spreadsheet, filled in, sent, taken home."""

from __future__ import annotations

import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from gateway.cli.options import Market, instant_of, interval_of, profile_of, settings_from
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.party_commands import DEFAULT_URL, ClientId, Secret, SecretFile, Url, party_client
from gateway.cli.printing import AsJson, print_json
from gateway.codecs.estfeed.codes import COMMODITIES, ROLES, Generation, name_of
from gateway.codecs.workbook.layouts import layout_of
from gateway.codecs.workbook.templates import blank
from gateway.codecs.workbook.writing import write_workbook
from gateway.hub.clock import SystemClock
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Commodity, Resolution, Role
from gateway.messages.metering_status import ProcessingState
from gateway.messages.times import format_second
from gateway.transport.client import HubClient
from gateway.transport.estfeed.workbooks import template_starts
from gateway.transport.media_types import WORKBOOK
from gateway.transport.workbook_models import WorkbookJobBody

LOOK_SECONDS = 0.2
MOST_ROWS = 100_000

CommodityOption = Annotated[Commodity, typer.Option("--commodity", help="What it measures.")]


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Metering data in spreadsheets.", no_args_is_help=True)
    family.command("template")(template)
    family.command("import")(take)
    family.command("export")(export)
    app.add_typer(family, name="workbook")


def template(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    *,
    start: Annotated[str, typer.Option("--from", help="First local day, or an instant.")],
    end: Annotated[str, typer.Option("--to", help="Where it ends; not in it.")],
    point: Annotated[list[str] | None, typer.Option(help="Metering point; may be repeated.")] = None,
    resolution: Annotated[
        Resolution | None, typer.Option(help="Step of the rows; that of the market when absent.")
    ] = None,
    commodity: CommodityOption = Commodity.ELECTRICITY,
    generation: Annotated[Generation, typer.Option(help="Layout.")] = Generation.V2,
    market: Market = None,
) -> None:
    """Write a workbook to fill in: a row for every step of every metering point. It needs no hub."""
    profile = profile_of(settings_from(market=market))
    zone = profile.zone
    interval = interval_of(start, end, zone, SystemClock().now())
    step = resolution or _resolution(profile, commodity, zone.day(interval.start))
    starts = template_starts(profile, commodity, step, interval)
    points = point or [""]
    if len(starts) * len(points) > MOST_ROWS:
        raise CommandError(f"that is more than {MOST_ROWS} rows; take less")
    data = blank(points, step, starts, commodity)
    layout = layout_of(generation, commodity)
    with (
        _bar("Writing", len(data)) as (bar, task),
        write_workbook(data, layout, zone, lambda rows: bar.advance(task, rows)) as book,
        file.open("wb") as written,
    ):
        shutil.copyfileobj(book, written)
    typer.echo(f"{file}\t{len(data)} rows")


def _resolution(profile: MarketProfile, commodity: Commodity, day: date) -> Resolution:
    if commodity is not Commodity.ELECTRICITY:
        raise CommandError(f"--resolution is needed: {commodity} comes in several")
    return profile.settlement_resolution(day)


def take(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A workbook.")],
    *,
    commodity: CommodityOption = Commodity.ELECTRICITY,
    role: Annotated[str, typer.Option(help="In which of its roles the client acts, where it holds several.")] = "",
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Send a workbook and follow it to its end. Nothing is stored when there is an error; every one is listed."""
    content = file.read_bytes()
    with party_client(url, client_id, secret, secret_file) as client, _bar("Importing", None) as (bar, task):
        client.role = role
        client.get("ready", {})  # patient with a hub that is starting; the call below is made once
        path = f"workbooks?commodity={commodity}&id={uuid.uuid4()}"
        job = WorkbookJobBody.model_validate_json(client.call("POST", path, content, kind=WORKBOOK))
        job = _followed(client, job, lambda found: _show_progress(bar, task, found))
    if as_json:
        print_json(job.model_dump(mode="json"))
    else:
        _print_job(file, job)
    if job.state is not ProcessingState.SUCCESSFUL:
        stop(FINDINGS)


def export(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
    *,
    start: Annotated[str, typer.Option("--from", help="First local day, or an instant.")],
    end: Annotated[str, typer.Option("--to", help="Where it ends; not in it.")],
    point: Annotated[list[str], typer.Option(help="Metering point; may be repeated.")],
    party: Annotated[str, typer.Option(envvar="GRIDPOST_PARTY", help="EIC of the party the client speaks for.")],
    role: Annotated[Role, typer.Option(help="The role it acts in.")] = Role.GRID_OPERATOR,
    purpose: Annotated[str, typer.Option(help="What for: OWN_MP_MANAGEMENT, OPEN_SUPPLY, …")] = "OWN_MP_MANAGEMENT",
    customer: Annotated[str, typer.Option(help="Only while this customer has the point.")] = "",
    commodity: CommodityOption = Commodity.ELECTRICITY,
    market: Market = None,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Fetch metering data that the party may read as a workbook, which can be changed and imported again."""
    if role not in ROLES.values():
        raise CommandError(f"nobody asks for metering data as {role}; roles are {', '.join(ROLES.values())}")
    zone, now = profile_of(settings_from(market=market)).zone, SystemClock().now()
    asked = {
        "meteringPointEics": ",".join(point),
        "periodStart": format_second(instant_of(start, zone, now)),
        "periodEnd": format_second(instant_of(end, zone, now)),
        "purpose": purpose,
        "customerEic": customer,
    }
    caller = {
        "x-document-identification": str(uuid.uuid4()),
        "x-market-participant-eic": party,
        "x-market-participant-role": name_of(ROLES, role),
        "x-commodity-type": name_of(COMMODITIES, commodity),
    }
    with party_client(url, client_id, secret, secret_file) as client:
        address = f"/api/v2/metering-data/{commodity}/export"
        content = client.fetch(address, {name: text for name, text in asked.items() if text}, caller)
    file.write_bytes(content)
    typer.echo(f"{file}\t{len(content)} bytes")


def _followed(client: HubClient, job: WorkbookJobBody, heard: Callable[[WorkbookJobBody], None]) -> WorkbookJobBody:
    """The job, once it has a final state."""
    while job.state is ProcessingState.PROCESSING:
        heard(job)
        time.sleep(LOOK_SECONDS)
        job = WorkbookJobBody.model_validate_json(client.get(f"workbooks/{job.id}", {}))
    heard(job)
    return job


def _show_progress(bar: Progress, task: TaskID, job: WorkbookJobBody) -> None:
    if job.rows_total is not None:
        bar.update(task, total=job.rows_total, completed=job.rows_done)


def _print_job(file: Path, job: WorkbookJobBody) -> None:
    for error in job.errors:
        where = f"{error.sheet} row {error.row} {error.cell}".strip() if error.row else "whole"
        typer.echo(f"{file}: {where}: [{error.code}] {error.text}")
    typer.echo(f"{file}\t{job.state}" + ("" if not job.errors else f"\t{len(job.errors)} errors, nothing is stored"))


@contextmanager
def _bar(what: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    """A bar on the error output where somebody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        yield bar, bar.add_task(what, total=total)
