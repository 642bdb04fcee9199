"""`gridpost kpis | missing | reminders | corrections`: how good a day was, what is missing, what was corrected."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from typing import Annotated, Any, TypeVar

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, days_from, instant_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson
from gateway.cli.report_printing import AsCsv, ReportForm, minute_of, print_report
from gateway.hub.control.values import CorrectionQuery, Corrections, DayQuery, MissingPage
from gateway.hub.exchange import Hub
from gateway.hub.ports import Page, Refused
from gateway.hub.ports_reminders import ReminderPage, ReminderQuery
from gateway.processes.reminder import ReminderState
from gateway.transport.control_models import CorrectionBody, KpiBody, MissingBody, ReminderBody

WINDOW = 10_000

From = Annotated[str | None, typer.Option("--from", help="First local day (2025-01-31, yesterday).")]
To = Annotated[str | None, typer.Option("--to", help="Local day to end before.")]
GridArea = Annotated[str, typer.Option("--grid-area", help="One grid area; all unless given.")]

Window = TypeVar("Window", MissingPage, ReminderPage, Corrections)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("kpis")(show_kpis)
    app.command("missing")(show_missing)
    app.command("reminders")(show_reminders)
    app.command("corrections")(show_corrections)


def show_kpis(  # noqa: PLR0913 - one parameter for each option
    *,
    start: From = None,
    end: To = None,
    grid_area: GridArea = "",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Key figures of each grid area and local day: yesterday's, unless days are given.

    Exit code 1 when a limit is breached by a figure that is final.
    """
    with existing_hub(data_dir, database, market) as hub:
        first, last = _days(hub, start, end)
        if first is not None and last is None:
            last = first + timedelta(days=1)
        found = wait_for(hub.kpis(operator_of(hub.office.profile), DayQuery(first, last, grid_area)))
    if found is None:
        raise CommandError(f"there is no grid area {grid_area}")
    bodies = [KpiBody.of(value) for value in found]
    heads = ("day", "grid area", "figure", "count", "of", "percent", "limit", "as of", "")
    if not print_report(ReportForm(KpiBody, heads, _kpi_row, as_csv, as_json), [bodies]):
        typer.echo("There are no figures: no metering point was active, or the days have not ended.", err=True)
    if any(body.breached and body.final for body in bodies):
        stop(FINDINGS)


def _kpi_row(body: KpiBody) -> tuple[object, ...]:
    standing = "breached" if body.breached else "" if body.final else "provisional"
    shown = (body.total, body.percent, body.limit)
    return (
        body.day,
        body.grid_area or body.grid_operator,
        body.kpi,
        body.count,
        *("" if value is None else value for value in shown),
        minute_of(body.as_of),
        standing,
    )


def show_missing(  # noqa: PLR0913 - one parameter for each option
    *,
    start: From = None,
    end: To = None,
    grid_area: GridArea = "",
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known then; now unless given.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Metering points of which values are missing after their limit, in the market's window unless days are given.

    Exit code 1 when anything is missing.
    """
    with existing_hub(data_dir, database, market) as hub:
        known = None if as_of is None else instant_of(as_of, hub.office.profile.zone, hub.office.clock.now())
        query = DayQuery(*_days(hub, start, end), grid_area, known)
        operator = operator_of(hub.office.profile)
        pages = _windows(lambda page: hub.missing_values(operator, query, page), f"there is no grid area {grid_area}")
        heads = ("day", "metering point", "grid area", "limit of", "missing", "of", "first", "last")
        form = ReportForm(MissingBody, heads, _missing_row, as_csv, as_json)
        count = print_report(form, ([MissingBody.of(point) for point in page.points] for page in pages))
    if count:
        stop(FINDINGS)


def _missing_row(body: MissingBody) -> tuple[object, ...]:
    bounds = minute_of(body.first), minute_of(body.last)
    return (body.day, body.metering_point, body.grid_area, body.group, body.missing, body.expected, *bounds)


def show_reminders(  # noqa: PLR0913 - one parameter for each option
    *,
    start: From = None,
    end: To = None,
    grid_area: GridArea = "",
    state: Annotated[ReminderState | None, typer.Option("--state", help="Where it stands; any unless given.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Who was reminded of what is missing, how often, and whether it has come since.

    Exit code 1 when anything is still missing.
    """
    with existing_hub(data_dir, database, market) as hub:
        query, operator = ReminderQuery(*_days(hub, start, end), grid_area, state), operator_of(hub.office.profile)
        pages = _windows(lambda page: hub.reminders(operator, query, page), f"there is no grid area {grid_area}")
        heads = ("day", "metering point", "grid area", "limit of", "reminders", "first", "last", "state", "since")
        bodies = [[ReminderBody.of(one) for one in page.reminders] for page in pages]
        print_report(ReportForm(ReminderBody, heads, _reminder_row, as_csv, as_json), bodies)
    if any(body.state is ReminderState.REMINDED for window in bodies for body in window):
        stop(FINDINGS)


def _reminder_row(body: ReminderBody) -> tuple[object, ...]:
    moments = minute_of(body.first), minute_of(body.last)
    ended = "" if body.ended is None else minute_of(body.ended)
    return (body.day, body.metering_point, body.grid_area, body.group, body.reminders, *moments, body.state, ended)


def show_corrections(  # noqa: PLR0913 - one parameter for each option
    *,
    start: Annotated[str, typer.Option("--from", help="Received from this day or instant.")],
    end: Annotated[str | None, typer.Option("--to", help="And before this one; now unless given.")] = None,
    point: Annotated[list[str] | None, typer.Option("--point", help="Metering point; may be repeated.")] = None,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Values that took the place of accepted ones, in the order they were received."""
    with existing_hub(data_dir, database, market) as hub:
        zone, now = hub.office.profile.zone, hub.office.clock.now()
        bounds = instant_of(start, zone, now), now + 1 if end is None else instant_of(end, zone, now)
        if bounds[0] >= bounds[1]:
            raise CommandError("--to must be after --from")
        query, operator = CorrectionQuery(*bounds, tuple(point or ())), operator_of(hub.office.profile)
        pages = _windows(lambda page: hub.corrections(operator, query, page), "one of these is no metering point here")
        heads = ("metering point", "start", "old", "", "new", "", "received", "first run")
        form = ReportForm(CorrectionBody, heads, _correction_row, as_csv, as_json)
        print_report(form, (list(CorrectionBody.of(page)) for page in pages))


def _correction_row(body: CorrectionBody) -> tuple[object, ...]:
    run = body.first_run if body.first_run_at is None else f"{body.first_run} {minute_of(body.first_run_at)}"
    values = (body.old_quantity or "", body.old_quality or "", body.new_quantity or "", body.new_quality)
    return (body.metering_point, minute_of(body.start), *values, minute_of(body.received_at), run)


def _days(hub: Hub, start: str | None, end: str | None) -> tuple[date | None, date | None]:
    """The days of the options, which may all be absent."""
    if start is not None:
        return days_from(start, end, hub.zone, hub.office.clock.now())
    if end is not None:
        raise CommandError("--to needs --from")
    return None, None


def _windows(read: Callable[[Page], Coroutine[Any, Any, Window | Refused | None]], absent: str) -> Iterator[Window]:
    """All windows of a report."""
    after = ""
    while True:
        window = wait_for(read(Page(WINDOW, after)))
        if isinstance(window, Refused):
            raise CommandError(window.findings[0].text)
        if window is None:
            raise CommandError(absent)
        yield window
        after = window.after
        if not after:
            return
