"""`gridpost lateness | losses | load-duration | balance-area`: who is late, losses, loads by duration, balances."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, days_from, instant_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson
from gateway.cli.report_printing import AsCsv, ReportForm, minute_of, print_report
from gateway.hub.exchange import Hub
from gateway.hub.ports_network import BalanceQuery, CurveQuery, LatenessQuery, LossQuery
from gateway.markets.deliveries import DeliveryStage
from gateway.messages.codes import Flow
from gateway.messages.times import Interval
from gateway.transport.network_models import BalanceStepBody, LatenessBody, LoadBody, LoadCurveBody, LossBody

From = Annotated[str, typer.Option("--from", help="First local day (2026-08-01).")]
To = Annotated[str | None, typer.Option("--to", help="Local day to end before; the next unless given.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("lateness")(show_lateness)
    app.command("losses")(show_losses)
    app.command("load-duration")(show_curve)
    app.command("balance-area")(show_balance)


def show_lateness(  # noqa: PLR0913 - one parameter for each option
    *,
    start: From = "yesterday",
    end: To = None,
    stage: Annotated[DeliveryStage, typer.Option(help="By which deadline.")] = DeliveryStage.INITIAL,
    grid_area: Annotated[str, typer.Option("--grid-area", help="One grid area; all unless given.")] = "",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """How the values of days met their deadline: steps there in time, come late, missing now, by grid area.

    Exit code 1 when somebody is late.
    """
    with existing_hub(data_dir, database, market) as hub:
        query = LatenessQuery(*_days(hub, start, end), stage, grid_area)
        found = wait_for(hub.network.lateness(operator_of(hub.office.profile), query))
    if found is None:
        raise CommandError(f"there is no grid area {grid_area}")
    bodies = [LatenessBody.of(row) for row in found]
    heads = (
        "day",
        "grid area",
        "commodity",
        "deadline",
        "points",
        "values",
        "in time",
        "late",
        "missing",
        "late points",
    )
    if not print_report(ReportForm(LatenessBody, heads, _lateness_row, as_csv, as_json), [bodies]):
        typer.echo("Nobody owes values of these days.", err=True)
    if any(body.late_points for body in bodies):
        stop(FINDINGS)


def _lateness_row(body: LatenessBody) -> tuple[object, ...]:
    counts = (body.points, body.values, body.in_time, body.late, body.missing, body.late_points)
    return (body.day, body.grid_area, body.commodity, minute_of(body.deadline), *counts)


def show_losses(  # noqa: PLR0913 - one parameter for each option
    grid_area: Annotated[str, typer.Argument(help="The grid area or line.")],
    *,
    start: From = "yesterday",
    end: To = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known then; now unless given.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """The losses of a grid or line, step by step, in kWh; with how many of its points had no value in each."""
    with existing_hub(data_dir, database, market) as hub:
        known = None if as_of is None else instant_of(as_of, hub.office.profile.zone, hub.office.clock.now())
        query = LossQuery(grid_area, _interval(hub, start, end), known)
        found = wait_for(hub.network.losses(operator_of(hub.office.profile), query))
    if found is None:
        raise CommandError(f"there is no grid area {grid_area}")
    heads = ("start", "loss", "border in", "border out", "own in", "own out", "lacking")
    print_report(ReportForm(LossBody, heads, _loss_row, as_csv, as_json), [list(LossBody.of(found))])


def _loss_row(body: LossBody) -> tuple[object, ...]:
    values = (body.loss, body.border_in, body.border_out, body.own_in, body.own_out)
    return (minute_of(body.start), *values, body.lacking)


def show_curve(  # noqa: PLR0913 - one parameter for each option
    *,
    metering_point: Annotated[str, typer.Option("--point", help="One metering point.")] = "",
    grid_area: Annotated[str, typer.Option("--grid-area", help="All metering points of a grid area.")] = "",
    flow: Annotated[str, typer.Option(help="in, into the grid, or out of it.")] = Flow.OUT,
    start: From = "yesterday",
    end: To = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """The load-duration curve of a point or a grid area: each load, and for how long it was at least so high."""
    if bool(metering_point) == bool(grid_area):
        raise CommandError("give either --point or --grid-area")
    if flow not in (Flow.IN, Flow.OUT):
        raise CommandError(f"--flow {flow} is neither in nor out")
    with existing_hub(data_dir, database, market) as hub:
        query = CurveQuery(_interval(hub, start, end), metering_point, grid_area, Flow(flow))
        found = wait_for(hub.network.load_curve(operator_of(hub.office.profile), query))
    if found is None:
        raise CommandError(f"there is no metering point or grid area {metering_point or grid_area}")
    body = LoadCurveBody.of(found)
    form = ReportForm(LoadBody, ("kW", "seconds"), lambda load: (load.load_kw, load.seconds), as_csv, as_json)
    print_report(form, [body.curve])
    if body.unknown_seconds:
        typer.echo(f"{body.unknown_seconds} seconds are not in it: values are missing.", err=True)


def show_balance(  # noqa: PLR0913 - one parameter for each option
    party: Annotated[str, typer.Argument(help="The balance responsible party.")],
    *,
    start: From = "yesterday",
    end: To = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Production and consumption of a balance area, step by step, in kWh."""
    with existing_hub(data_dir, database, market) as hub:
        query = BalanceQuery(_interval(hub, start, end), party)
        found = wait_for(hub.network.balance(operator_of(hub.office.profile), query))
    if found is None:
        raise CommandError(f"there is no balance area of {party}")
    heads = ("start", "production", "consumption", "saldo", "lacking")
    form = ReportForm(BalanceStepBody, heads, _balance_row, as_csv, as_json)
    print_report(form, [list(BalanceStepBody.of(found))])


def _balance_row(body: BalanceStepBody) -> tuple[object, ...]:
    return (minute_of(body.start), body.production, body.consumption, body.saldo, body.lacking)


def _days(hub: Hub, start: str, end: str | None) -> tuple[date, date]:
    first, last = days_from(start, end, hub.zone, hub.office.clock.now())
    return first, last or first + timedelta(days=1)


def _interval(hub: Hub, start: str, end: str | None) -> Interval:
    first, last = _days(hub, start, end)
    return Interval(hub.zone.midnight(first), hub.zone.midnight(last))
