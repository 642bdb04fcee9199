"""`gridpost readings import | cancel | list | due | production`: meter readings of this machine's hub."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, instant_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, finding_line, finding_value, print_json, print_rows
from gateway.hub.exchange import Hub
from gateway.hub.ports import Page, Refused
from gateway.hub.ports_readings import (
    AwaitedReading,
    PointReadings,
    ProductionState,
    ReadingOutcome,
    ReadingsTaken,
    StandingReading,
)
from gateway.hub.readings.files import ReadingTable
from gateway.messages.findings import Finding
from gateway.messages.quantities import format_quantity
from gateway.messages.times import format_minute
from gateway.transport.reading_models import AwaitedBody, PointReadingsBody, ProductionBody, ReadingsTakenBody

WINDOW = 1000

File = Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .json file.")]


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Meter readings of profile-settled points.", no_args_is_help=True)
    family.command("import")(take)
    family.command("cancel")(cancel)
    family.command("list")(show)
    family.command("due")(due)
    family.command("production")(production)
    app.add_typer(family, name="readings")


def take(
    file: File, data_dir: DataDir = None, database: DatabaseUrl = None, market: Market = None, as_json: AsJson = False
) -> None:
    """Take readings. The same period again corrects it; a row that is rejected leaves the others alone.

    Columns are transaction, metering_point, start, end, consumption, status, and counter, occasion, nominal if wanted.
    """
    with existing_hub(data_dir, database, market) as hub:
        _take(ReadingTable.READINGS, file, hub, as_json)


def cancel(
    file: File, data_dir: DataDir = None, database: DatabaseUrl = None, market: Market = None, as_json: AsJson = False
) -> None:
    """Cancel readings, each point's from the newest backwards. Columns are transaction, metering_point, start, end."""
    with existing_hub(data_dir, database, market) as hub:
        _take(ReadingTable.CANCELLATIONS, file, hub, as_json)


def _take(table: ReadingTable, file: Path, hub: Hub, as_json: bool) -> None:
    if file.suffix not in (".csv", ".json"):
        raise CommandError(f"{file} is neither a .csv nor a .json file")
    taken = wait_for(hub.readings.take(operator_of(hub.office.profile), f"{table}{file.suffix}", file.read_bytes()))
    if isinstance(taken, Refused):
        if as_json:
            print_json({"results": [], "findings": [finding_value(found) for found in taken.findings]})
        else:
            for found in taken.findings:
                typer.echo(_line(file, found))
            typer.echo("Nothing was taken.")
        stop(FINDINGS)
    if as_json:
        print_json(ReadingsTakenBody.of(taken).model_dump(mode="json"))
    else:
        _print_taken(file, taken)
    if any(result.outcome is ReadingOutcome.REJECTED for result in taken.results):
        stop(FINDINGS)


def _print_taken(file: Path, taken: ReadingsTaken) -> None:
    for result in taken.results:
        for found in result.findings:
            typer.echo(_line(file, found))
    counts = ((outcome, sum(r.outcome is outcome for r in taken.results)) for outcome in ReadingOutcome)
    typer.echo("Readings: " + ", ".join(f"{count} {outcome}" for outcome, count in counts if count))


def _line(file: Path, finding: Finding) -> str:
    """A finding under the file's own name, where the hub speaks of readings.csv and the like."""
    return finding_line(file.name, replace(finding, path=finding.path.partition("/")[2]))


def show(  # noqa: PLR0913 - one parameter for each option
    point: Annotated[str, typer.Argument(help="Metering point (GSRN).")],
    *,
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known then; now unless given.")] = None,
    every: Annotated[bool, typer.Option("--versions", help="Every version, cancelled ones too.")] = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """The reading periods of a metering point that stand, or every version of them."""
    with existing_hub(data_dir, database, market) as hub:
        now = hub.office.clock.now()
        known = None if as_of is None else instant_of(as_of, hub.office.profile.zone, now)
        found = wait_for(hub.readings.of_point(operator_of(hub.office.profile), point, known))
    found = found or PointReadings((), ())
    if as_json:
        print_json(PointReadingsBody.of(point, now if known is None else known, found).model_dump(mode="json"))
    else:
        heads = ("start", "end", "consumption", "status", "event", "nominal", "transaction", "registered")
        print_rows(heads, map(_reading_row, found.versions if every else found.periods))
    if not found.versions:
        typer.echo(f"The hub holds no readings of {point}.", err=True)
        stop(FINDINGS)


def _reading_row(reading: StandingReading) -> tuple[str, ...]:
    return (
        format_minute(reading.start),
        format_minute(reading.end),
        format_quantity(reading.consumption),
        reading.quality.name.lower(),
        reading.event,
        reading.nominal.isoformat(),
        reading.transaction_id,
        format_minute(reading.registered_at),
    )


def due(data_dir: DataDir = None, database: DatabaseUrl = None, market: Market = None, as_json: AsJson = False) -> None:
    """Readings whose nominal date has come, with who owes them, when they are due and whether it was reminded."""
    owed: list[AwaitedReading] = []
    with existing_hub(data_dir, database, market) as hub:
        after = ""
        while True:
            page = wait_for(hub.readings.awaited(operator_of(hub.office.profile), Page(WINDOW, after)))
            owed += page.readings
            after = page.after
            if not after:
                break
    if as_json:
        print_json([AwaitedBody.of(one).model_dump(mode="json") for one in owed])
        return
    print_rows(
        ("grid operator", "grid area", "metering point", "nominal", "reminder after", "due", "state"),
        (
            (o.grid_operator or "", o.grid_area, o.metering_point, o.nominal, o.reminded_after, o.due, o.state)
            for o in owed
        ),
    )


def production(
    month: Annotated[str, typer.Option("--month", help="The month, as 2026-03.")],
    *,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Monthly production series of a month: until when they were due, when they came. Exit 1 when any is late."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise CommandError(f"{month} is no month such as 2026-03") from None
    with existing_hub(data_dir, database, market) as hub:
        series = wait_for(hub.readings.production(operator_of(hub.office.profile), first))
    if as_json:
        print_json([ProductionBody.of(one).model_dump(mode="json") for one in series])
    else:
        print_rows(
            ("grid operator", "grid area", "metering point", "due", "received", "state"),
            (
                (
                    one.grid_operator or "",
                    one.grid_area,
                    one.metering_point,
                    format_minute(one.due),
                    "" if one.received_at is None else format_minute(one.received_at),
                    one.state,
                )
                for one in series
            ),
        )
    if any(one.state in (ProductionState.LATE, ProductionState.MISSING) for one in series):
        stop(FINDINGS)
