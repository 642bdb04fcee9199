"""`gridpost series`: values of a metering point, as known now or at any instant before."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, instant_of, interval_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, print_rows
from gateway.hub.ports import PointSeries, Refused, SeriesQuery
from gateway.messages.codes import CORRECTED_FLAG, Resolution, Unit
from gateway.messages.quantities import NO_QUANTITY, format_quantity
from gateway.messages.times import format_minute
from gateway.transport.hub_models import quality_name
from gateway.transport.series_forms import csv_series, json_series


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("series")(show)


def show(  # noqa: PLR0913 - one parameter for each option
    point: Annotated[str, typer.Argument(help="Metering point (GSRN).")],
    *,
    start: Annotated[
        str, typer.Option("--from", help="A local day (2025-01-31, yesterday) or an instant (2025-01-30T23:00Z).")
    ],
    end: Annotated[str, typer.Option("--to", help="Likewise; not in the interval.")],
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known then; now unless given.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="Unit; the point's own unless given.")] = None,
    step: Annotated[Resolution | None, typer.Option(help="Step; as stored unless given.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Values of a metering point from this machine's hub."""
    with existing_hub(data_dir, database, market) as hub:
        zone, now = hub.office.profile.zone, hub.office.clock.now()
        known = now if as_of is None else instant_of(as_of, zone, now)
        interval = interval_of(start, end, zone, now)
        query = SeriesQuery((point,), interval.start, interval.end, known, unit, step)
        found = wait_for(hub.read_series(operator_of(hub.office.profile), query))
    if isinstance(found, Refused):
        raise CommandError(found.findings[0].text)
    if as_json:
        typer.echo(json_series(found or (), known).decode())
    elif as_csv:
        typer.echo(csv_series(found or ()).decode(), nl=False)
    else:
        _print_values(found or ())
    if not any(len(series.starts) for series in found or ()):
        typer.echo(f"The hub holds no values of {point} in this interval.", err=True)
        stop(FINDINGS)


def _print_values(found: tuple[PointSeries, ...]) -> None:
    print_rows(
        ("metering point", "start", "quantity", "unit", "quality", "registered"),
        (row for series in found for row in _rows(series)),
    )


def _rows(series: PointSeries) -> list[tuple[str, ...]]:
    columns = (series.starts, series.quantities, series.qualities, series.registered_at)
    rows: list[tuple[str, ...]] = []
    for start, quantity, quality, registered_at in zip(*(column.tolist() for column in columns), strict=True):
        is_there = quantity != NO_QUANTITY
        word = quality_name(quality, is_there) + (" (corrected)" if quality & CORRECTED_FLAG else "")
        text = format_quantity(quantity) if is_there else ""
        moments = (format_minute(start), format_minute(registered_at))
        rows.append((series.metering_point, moments[0], text, str(series.unit), word, moments[1]))
    return rows
