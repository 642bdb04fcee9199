"""`gridpost purge`: take away values older than the market keeps them, or tell what was taken."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from gateway.cli.machine import existing_hub, operator_of
from gateway.cli.options import DatabaseUrl, DataDir, Market
from gateway.cli.outcome import CommandError
from gateway.cli.printing import AsJson, print_json, print_rows
from gateway.hub.exchange import Hub
from gateway.hub.retention import Purge, first_kept, foretold, purge_values, recorded
from gateway.hub.series.purging import Taken
from gateway.messages.times import format_second


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("purge")(purge)


def purge(  # noqa: PLR0913 - one parameter for each option
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    past: Annotated[bool, typer.Option("--list", help="Only tell what has been purged, when and by whom.")] = False,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    as_json: AsJson = False,
) -> None:
    """Take away the values of days beyond the time the market keeps them; messages stay in the journal.

    Each segment of the store that goes is on record with its hash. The time is the setting `retention.years`.
    """
    with existing_hub(data_dir, database, market) as hub:
        if past:
            with hub.office.database.read() as connection:
                _tell_past([_value(one) for one in recorded(connection)], as_json)
            return
        kept = first_kept(hub.office)
        if kept is None:
            raise CommandError(f"market {hub.profile.name} keeps values for ever: set profile.retention.years")
        taken = _foretold(hub, kept) if dry_run else purge_values(hub.office, kept, operator_of(hub.profile).client_id)
    if as_json:
        print_json({"first_kept": kept.isoformat(), "dry_run": dry_run, **taken._asdict()})
        return
    verb = "would go" if dry_run else "gone"
    typer.echo(f"Before {kept}: {taken.segments} segments, {taken.series} series, {taken.values} values {verb}")


def _foretold(hub: Hub, kept: date) -> Taken:
    with hub.office.database.read() as connection:
        return foretold(hub.office, connection, kept)


def _value(one: Purge) -> dict[str, object]:
    at, kept, client, taken = one
    return {"at": format_second(at), "first_kept": kept.isoformat(), "client": client, **taken._asdict()}


def _tell_past(purges: list[dict[str, object]], as_json: bool) -> None:
    if as_json:
        print_json({"purges": purges})
    else:
        heads = ("at", "first_kept", "client", *Taken._fields)
        print_rows(heads, [[one[head] for head in heads] for one in purges])
