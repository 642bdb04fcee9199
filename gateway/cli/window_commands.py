"""`gridpost windows show | reopen`: the balance windows of this machine's hub."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, day_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, finding_line, print_json, print_rows
from gateway.hub.exchange import Hub
from gateway.hub.ports import Refused
from gateway.hub.ports_point_series import BalanceWindow
from gateway.messages.codes import Service
from gateway.messages.times import format_minute
from gateway.transport.point_series_models import WindowBody, WindowsBody

MOST_DAYS = 366

Day = Annotated[str, typer.Argument(metavar="DAY", help="A day of delivery, as 2025-03-10.")]


def register(app: typer.Typer) -> None:
    """Add the family."""
    family = typer.Typer(help="Until when values enter the balance, in a market with balance windows.")
    family.command("show")(show)
    family.command("reopen")(reopen)
    app.add_typer(family, name="windows", no_args_is_help=True)


def show(  # noqa: PLR0913 - one parameter for each option
    day: Day,
    *,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Day to end before.")] = None,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """The balance windows of days, and where each stands."""
    first = day_of(day)
    end = first + timedelta(days=1) if until is None else day_of(until)
    if not 0 < (end - first).days <= MOST_DAYS:
        raise CommandError(f"--to must be after {first}, by at most {MOST_DAYS} days")
    days = [first + timedelta(days=number) for number in range((end - first).days)]
    with existing_hub(data_dir, database, market) as hub:
        _check_market(hub)
        found = wait_for(hub.point_series.windows(days))
    if as_json:
        print_json(WindowsBody(windows=[WindowBody.of(one) for one in found]).model_dump(mode="json"))
    else:
        _print(*found)


def reopen(  # noqa: PLR0913 - one parameter for each option
    day: Day,
    *,
    reason: Annotated[str, typer.Option(help="Why; it is kept with the time and who did it.")],
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Reopen the balance of a day that is closing: what is corrected until it is closed enters it."""
    if not 0 < len(reason) <= 500 or not reason.isprintable():
        raise CommandError("--reason is a sentence of at most 500 printable characters")
    with existing_hub(data_dir, database, market) as hub:
        _check_market(hub)
        found = wait_for(hub.point_series.reopen(operator_of(hub.office.profile), day_of(day), reason))
    if isinstance(found, Refused):
        for finding in found.findings:
            typer.echo(finding_line(day, finding))
        stop(FINDINGS)
    if as_json:
        print_json(WindowBody.of(found).model_dump(mode="json"))
    else:
        _print(found)


def _check_market(hub: Hub) -> None:
    if Service.POINT_SERIES not in hub.office.profile.services:
        raise CommandError(f"market {hub.office.profile.name} has no balance windows")


def _print(*windows: BalanceWindow) -> None:
    print_rows(("day", "state", "final", "closed", "reopened"), map(_row, windows))


def _row(one: BalanceWindow) -> tuple[object, ...]:
    window, reopening = one
    said = "" if reopening is None else f"{format_minute(reopening.at)} by {reopening.client}: {reopening.reason}"
    return window.day, window.state, format_minute(window.final), format_minute(window.closed), said
