"""`gridpost settle days | snapshots | diff | postpone | accept`, and `settle --snapshot`: this machine's settlement."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of, wait_for
from gateway.cli.options import DatabaseUrl, DataDir, Market, day_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, finding_line, finding_value, print_json, print_rows
from gateway.hub.exchange import Hub
from gateway.hub.ports import Refused
from gateway.hub.ports_settlement import DayFilter, Postponement, SnapshotSummary
from gateway.hub.settlement.difference import Difference, difference
from gateway.hub.settlement.reproduction import reproduce
from gateway.hub.settlement.snapshots import Snapshot, find
from gateway.messages.quantities import format_quantity
from gateway.messages.times import format_minute
from gateway.transport.settlement_models import DayBody, PostponementBody, SnapshotBody

Day = Annotated[str, typer.Argument(help="Day of operation (2025-01-31).")]
First = Annotated[str, typer.Option("--from", help="First day of operation (2025-01-31).")]
Last = Annotated[str | None, typer.Option("--to", help="Last day, included; the first alone unless given.")]
GridArea = Annotated[str, typer.Option("--grid-area", help="One grid area; all unless given.")]
GridAreas = Annotated[
    list[str] | None, typer.Option("--grid-area", help="May be given several times; all unless given.")
]
Reason = Annotated[str, typer.Option(help="Why; everybody can read it.")]


def register(group: typer.Typer) -> None:
    """Add the commands to `gridpost settle`."""
    group.command("days")(show_days)
    group.command("snapshots")(show_snapshots)
    group.command("diff")(show_difference)
    group.command("postpone")(postpone)
    group.command("accept")(accept)


def show_days(  # noqa: PLR0913 - one parameter for each option
    *,
    first: First,
    last: Last = None,
    grid_area: GridArea = "",
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Where days of operation stand. Exit 1 while one is held for the operator's decision."""
    with existing_hub(data_dir, database, market) as hub:
        found = wait_for(hub.settlement.days(operator_of(hub.office.profile), _filter(first, last, grid_area)))
    if as_json:
        print_json([DayBody.of(one).model_dump(mode="json") for one in found])
    else:
        rows = ((one.day, one.grid_area, one.state, format_minute(one.fixation), one.meaning) for one in found)
        print_rows(("day", "grid area", "state", "fixation", "meaning"), rows)
    if any(one.state == "held" for one in found):
        stop(FINDINGS)


def show_snapshots(  # noqa: PLR0913 - one parameter for each option
    *,
    first: First,
    last: Last = None,
    grid_area: GridArea = "",
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """What was filed of some days of operation, oldest first."""
    with existing_hub(data_dir, database, market) as hub:
        wanted = _filter(first, last, grid_area)
        found = wait_for(hub.settlement.snapshots(operator_of(hub.office.profile), wanted))
    _print_snapshots(found, as_json)


def show_snapshot(number: int, as_json: bool, hub: Hub) -> None:
    """Calculate a snapshot again and say whether it comes out as it was filed; exit 1 where it does not."""
    with hub.office.database.read() as connection:
        filed = _found(find(connection, number), number)
        again = reproduce(hub.office, connection, filed)
    if as_json:
        body = {
            "number": filed.id,
            "stage": filed.run.stage,
            "day": filed.run.day.isoformat(),
            "grid_area": filed.grid_area,
            "filed": filed.sha256.hex(),
            "reproduced": again.sha256.hex(),
            "identical": again.is_identical,
            "same_rules": again.same_rules,
        }
        print_json(body)
    else:
        typer.echo(f"Snapshot {filed.id}: {filed.run.stage} of {filed.run.day} in grid area {filed.grid_area}")
        typer.echo(f"filed       {filed.sha256.hex()}")
        typer.echo(f"reproduced  {again.sha256.hex()}")
        typer.echo("They are identical." if again.is_identical else "They differ.")
        if not again.same_rules:
            typer.echo(f"It was calculated by other rules ({filed.run.rules}) than those of this version.")
    if not again.is_identical:
        stop(FINDINGS)


def show_difference(  # noqa: PLR0913 - one parameter for each option
    first: Annotated[int, typer.Argument(help="Number of the earlier snapshot.")],
    second: Annotated[int, typer.Argument(help="Number of the later one, of the same day and grid area.")],
    *,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Why two snapshots of a day differ: sums, values and the messages that brought them. Exit 1 when they do."""
    with existing_hub(data_dir, database, market) as hub, hub.office.database.read() as connection:
        one, other = (_found(find(connection, number), number) for number in (first, second))
        try:
            found = difference(hub.office, connection, one, other)
        except ValueError as error:
            raise CommandError(str(error)) from error
    if as_json:
        print_json(_difference_value(found))
    else:
        _print_difference(found)
    if found.sums or found.values or found.points:
        stop(FINDINGS)


def postpone(  # noqa: PLR0913 - one parameter for each option
    day: Day,
    *,
    until: Annotated[str, typer.Option(help="The working day on whose evening it is fixed instead.")],
    reason: Reason,
    grid_area: GridAreas = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Move the fixation of a day, and its cut-off, to a later evening; parties see it at once."""
    with existing_hub(data_dir, database, market) as hub:
        desk, operator = hub.settlement, operator_of(hub.office.profile)
        found = wait_for(desk.postpone(operator, day_of(day), grid_area or (), day_of(until), reason))
    if isinstance(found, Refused):
        _refuse(found, as_json)
    elif as_json:
        print_json([PostponementBody.of(one).model_dump(mode="json") for one in found])
    else:
        print_rows(("day", "grid area", "old", "new", "sent by"), map(_postponed_row, found))


def accept(  # noqa: PLR0913 - one parameter for each option
    day: Day,
    *,
    grid_area: GridAreas,
    reason: Reason,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
) -> None:
    """Let the negative residual of a held day stand: its basis is fixed, filed and sent."""
    with existing_hub(data_dir, database, market) as hub:
        desk, operator = hub.settlement, operator_of(hub.office.profile)
        found = wait_for(desk.accept_residual(operator, day_of(day), grid_area or (), reason))
    if isinstance(found, Refused):
        _refuse(found, as_json)
    else:
        _print_snapshots(found, as_json)


def _filter(first: str, last: str | None, grid_area: str) -> DayFilter:
    wanted = DayFilter(day_of(first), day_of(last or first), grid_area)
    if wanted.last < wanted.first:
        raise CommandError("--to must not be before --from")
    return wanted


def _found(snapshot: Snapshot | None, number: int) -> Snapshot:
    if snapshot is None:
        raise CommandError(f"there is no snapshot {number}")
    return snapshot


def _refuse(refused: Refused, as_json: bool) -> None:
    if as_json:
        print_json([finding_value(finding) for finding in refused.findings])
    else:
        for finding in refused.findings:
            typer.echo(finding_line("settlement", finding), err=True)
    stop(FINDINGS)


def _print_snapshots(found: tuple[SnapshotSummary, ...], as_json: bool) -> None:
    if as_json:
        print_json([SnapshotBody.of(one).model_dump(mode="json") for one in found])
        return
    rows = (
        (
            one.number,
            one.day,
            one.grid_area,
            one.stage,
            format_minute(one.evening),
            format_minute(one.filed_at),
            one.sha256,
        )
        for one in found
    )
    print_rows(("number", "day", "grid area", "stage", "cut-off", "filed", "sha256"), rows)


def _postponed_row(one: Postponement) -> tuple[object, ...]:
    return (one.day, one.grid_area, format_minute(one.old), format_minute(one.new), format_minute(one.sent_by))


def _difference_value(found: Difference) -> dict[str, object]:
    return {
        "sums": [
            {
                "kind": one.kind,
                **{name: value for name, value in one.key._asdict().items() if value is not None},
                "steps": one.steps,
                "change_kwh": format_quantity(one.change),
            }
            for one in found.sums
        ],
        "values": [
            {
                "metering_point": one.metering_point,
                "start": format_minute(one.start),
                "before_kwh": _kwh(one.before),
                "after_kwh": _kwh(one.after),
                "status_before": one.status_before.name.lower(),
                "status_after": one.status_after.name.lower(),
                "message_id": one.message_id,
                "sender": one.sender,
            }
            for one in found.values
        ],
        "more_values": found.more_values,
        "points": list(found.points),
    }


def _kwh(wh: int | None) -> str | None:
    return None if wh is None else format_quantity(wh)


def _print_difference(found: Difference) -> None:
    if not (found.sums or found.values or found.points):
        typer.echo("Nothing differs.")
        return
    sums = ((one.kind, _whose(one.key), one.steps, format_quantity(one.change)) for one in found.sums)
    print_rows(("sum", "of", "steps", "change in kWh"), sums)
    values = (
        (
            one.metering_point,
            format_minute(one.start),
            f"{_kwh(one.before) or '-'} {one.status_before.name.lower()}",
            f"{_kwh(one.after) or '-'} {one.status_after.name.lower()}",
            one.message_id or "-",
            one.sender or "-",
        )
        for one in found.values
    )
    print_rows(("metering point", "start", "before", "after", "message", "sender"), values)
    if found.more_values:
        typer.echo(f"{found.more_values} further values differ.")
    for point in found.points:
        typer.echo(f"{point} was registered differently.")


def _whose(key: tuple[object, ...]) -> str:
    return " ".join(str(part) for part in key if part is not None)
