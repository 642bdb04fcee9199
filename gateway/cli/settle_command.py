"""`gridpost settle`: a settlement without a hub: files of master data and values in, one file for each result out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import settlement_commands
from gateway.cli.machine import existing_hub
from gateway.cli.options import DatabaseUrl, DataDir, Market, interval_of, profile_of, settings_from
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, finding_line, finding_value, print_json, print_rows
from gateway.cli.settle_files.master_files import LOSS_FILE, SettledPoints, read_points
from gateway.cli.settle_files.result_files import write_results
from gateway.cli.settle_files.series_file import FileValues, read_values
from gateway.hub.clock import SystemClock
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Resolution
from gateway.messages.findings import Finding, Severity, has_errors
from gateway.messages.times import HOUR, Interval, format_second
from gateway.settlement.dh3 import LossSign, settle_dh3
from gateway.settlement.energy import NO_POINTS, energy_plan
from gateway.settlement.kernel import Partial
from gateway.settlement.results import Method, SettlementResults
from gateway.settlement.sums import sums

RESOLUTION = "settlement-resolution"


def register(app: typer.Typer) -> None:
    """Add the command, and those that look at this machine's settlement below it."""
    group = typer.Typer(invoke_without_command=True, callback=settle)
    settlement_commands.register(group)
    app.add_typer(group, name="settle")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be settled, and how."""

    interval: Interval
    areas: tuple[str, ...]
    method: Method
    resolution: Resolution


def settle(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    *,
    masterdata: Annotated[
        Path | None, typer.Option("--masterdata", metavar="DIR", help="Holds metering_points.csv and grid_loss.csv.")
    ] = None,
    series: Annotated[
        Path | None, typer.Option("--series", metavar="FILE", help="Values: mp, time, quantity, quality.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="A local day (2025-01-31) or an instant (2025-01-30T23:00Z).")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Likewise; not in the period.")] = None,
    grid_area: Annotated[
        list[str] | None, typer.Option("--grid-area", help="To settle; may be given several times.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the results go.")] = None,
    method: Annotated[Method, typer.Option(help="Regulation D1, or as today's hub computes.")] = Method.D1,
    resolution: Annotated[
        Resolution | None, typer.Option(help="PT15M or PT1H; the market's at that time unless given.")
    ] = None,
    snapshot: Annotated[
        int | None, typer.Option(help="Calculate a snapshot of this machine's hub again, and compare.")
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Settle grid areas from files, or look at this machine's settlement.

    From files it writes one CSV for each result, and nothing when anything is wrong with them. Exit 1 with findings.
    """
    if context.invoked_subcommand is not None:
        return
    if snapshot is not None:
        with existing_hub(data_dir, database, market) as hub:
            settlement_commands.show_snapshot(snapshot, as_json, hub)
        return
    if masterdata is None or series is None or start is None or end is None or not grid_area or out is None:
        raise CommandError("give --masterdata, --series, --from, --to, --grid-area and --out, or --snapshot")
    profile = profile_of(settings_from(market=market))
    interval = interval_of(start, end, profile.zone, SystemClock().now())
    order = _order(profile, interval, (tuple(dict.fromkeys(grid_area)), method, resolution))
    findings = FindingList()
    manner = manner_of(profile)
    points = read_points(masterdata, manner, findings, needs_losses=method is Method.DH3)
    values = read_values(series, points, manner, findings)
    _check_areas(order, points, findings)
    found = findings.all()
    files: dict[str, int] = {}
    if not has_errors(found):
        files = write_results(_results(order, points, values), points.names, out)
    if as_json:
        print_json(_value(order, len(values), files, found))
    else:
        _print(files, found)
    if has_errors(found):
        stop(FINDINGS)


def _order(
    profile: MarketProfile, interval: Interval, wishes: tuple[tuple[str, ...], Method, Resolution | None]
) -> Order:
    """The order, when it can be carried out at all."""
    areas, method, resolution = wishes
    if interval.start % HOUR or interval.end % HOUR:
        raise CommandError("a settlement begins and ends with a whole hour")
    if resolution not in (None, Resolution.QUARTER, Resolution.HOUR):
        raise CommandError("--resolution is PT15M or PT1H")
    steps = profile.parameters[RESOLUTION]
    for value in steps.values[1:]:
        change = profile.zone.midnight(value.since)
        if method is Method.DH3 and interval.start < change < interval.end:
            raise CommandError(
                f"results change to {value.value} on {value.since}; settle the time before and after on its own"
            )
    in_force = Resolution(steps.text(profile.zone.day(interval.start)))
    return Order(interval, areas, method, resolution or in_force)


def _check_areas(order: Order, points: SettledPoints, findings: FindingList) -> None:
    """Remarks on areas that cannot come out as somebody expects."""
    for area in order.areas:
        if area not in points.master.areas.names:
            findings.add("area-without-points", f"no metering point lies in area {area}", Place(""), Severity.WARNING)
        elif order.method is Method.DH3:
            signs = {loss.sign for loss in points.losses if loss.grid_area == area}
            for sign in LossSign:
                if sign not in signs:
                    text = f"area {area} has no {sign} point: its {sign} grid loss is booked nowhere"
                    findings.add("no-loss-point", text, Place(LOSS_FILE), Severity.WARNING)


def _results(order: Order, points: SettledPoints, values: FileValues) -> SettlementResults:
    joins = order.method is Method.DH3 and order.resolution is Resolution.HOUR
    without = points.loss_points if points.losses else NO_POINTS
    energy = energy_plan(points.master, order.interval, order.areas, without, joins)
    partial = Partial(energy.plan)
    for batch in values.batches(order.interval, energy.plan.points):
        partial.add(*batch)
    if order.method is Method.D1:
        return sums(energy, partial, order.resolution)
    return settle_dh3(energy, partial, order.resolution, points.losses)


def _value(order: Order, values: int, files: dict[str, int], found: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "method": order.method,
        "resolution": order.resolution,
        "from": format_second(order.interval.start),
        "to": format_second(order.interval.end),
        "grid_areas": list(order.areas),
        "values": values,
        "files": files,
        "findings": [finding_value(finding) for finding in found],
    }


def _print(files: dict[str, int], found: tuple[Finding, ...]) -> None:
    for finding in found:
        typer.echo(finding_line(finding.path or "settlement", replace(finding, path="")))
    if files:
        print_rows(("file", "rows"), files.items())
    else:
        typer.echo("Nothing was written.")
