"""`gridpost simulate`: months of a market through the hub of production, in seconds."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gateway.cli.options import profile_of
from gateway.cli.outcome import CommandError
from gateway.cli.printing import AsJson, print_json
from gateway.config import Settings
from gateway.hub.clock import MovedClock
from gateway.simulation.files import write_market
from gateway.simulation.market import LARGEST, SMALLEST, SimulatedMarket
from gateway.simulation.operator import SimulationFailed
from gateway.simulation.play import Play
from gateway.simulation.telling import day_lines, summary_lines
from gateway.simulation.timeline import MarketDay, Timeline
from gateway.simulation.values import Meters
from gateway.wiring import open_hub

MARKET = "dk"
"""The market whose habits are known; its settlement is Regulation D1's."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST = 1200
"""Days: three years and what is settled after them."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("simulate")(simulate)


def simulate(  # noqa: PLR0913 - one parameter for each option
    *,
    market: Annotated[str, typer.Option("--market", help="Whose rules hold: dk.")],
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day of operation: 2016-03-01.")],
    days: Annotated[int, typer.Option("--days", min=1, max=LONGEST, help="How many days are played.")],
    points: Annotated[int, typer.Option("--points", min=SMALLEST, max=LARGEST, help="Metering points.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another one is another market.")] = 1,
    as_json: AsJson = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write timeline, results, master data, pictures there.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", metavar="DIR", help="Keep the hub there, to look at it afterwards.")
    ] = None,
) -> None:
    """Play months of an invented market through the hub of production, and print what happened.

    Values come late, estimated, wrong and corrected, customers change supplier, clocks change; every evening is
    settled. The same arguments give the same market.
    """
    if market != MARKET:
        raise CommandError(f"--market {market} cannot be simulated: only the settlement of {MARKET} is known")
    first = _day(start)
    if out is not None and out.exists() and not out.is_dir():
        raise CommandError(f"--out {out} is no directory")
    with _directory(data_dir) as directory:
        # No database of the environment: a simulation must not get into a hub that is in use.
        settings = Settings(data_dir=directory, database=None, market=market)
        zone = profile_of(settings).zone
        simulated = SimulatedMarket.build(zone, first, days, points, seed)
        clock = MovedClock(simulated.start)
        hub = open_hub(settings, clock)
        hub.start()
        try:
            timeline = _played(Play(simulated, Meters(simulated, seed), hub, clock), days, as_json)
        except SimulationFailed as error:
            raise CommandError(str(error)) from error
        finally:
            hub.stop()
    if out is not None:
        write_market(out, simulated, timeline)
    if as_json:
        arguments = {"market": market, "from": str(first), "days": days, "points": points, "seed": seed}
        print_json(arguments | timeline.value())
    else:
        _say(summary_lines(timeline))


def _played(play: Play, days: int, as_json: bool) -> Timeline:
    """The market played, told day by day to a person; a bar shows how far it is where somebody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_watched = sys.stdout.isatty()  # otherwise the output is a file's or a program's, and the bar keeps out of it
    console = Console(stderr=not is_watched)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("days", total=days)

        def say(line: str) -> None:
            """Above the bar, where both are on one screen."""
            console.print(line, markup=False, highlight=False, soft_wrap=True)

        def note(day: MarketDay) -> None:
            if not as_json:
                _say(day_lines(day, play.timeline), say if is_watched else typer.echo)
            progress.update(task, advance=1, description=str(day.today))

        return asyncio.run(play.run(note))


def _say(lines: Iterator[str], say: Callable[[str], None] = typer.echo) -> None:
    for line in lines:
        say(line)


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"--from {text} is no day such as 2016-03-01") from error
    if not FIRST_YEAR <= day.year < LAST_YEAR:
        raise CommandError(f"--from must be a day from {FIRST_YEAR} to {LAST_YEAR - 1}")
    return day


@contextmanager
def _directory(data_dir: Path | None) -> Iterator[Path]:
    """The directory given, which must not hold a hub; or one that is gone afterwards."""
    if data_dir is None:
        with tempfile.TemporaryDirectory(prefix="gridpost-simulate-") as directory:
            yield Path(directory)
        return
    if (data_dir / "gridpost.db").exists():
        raise CommandError(f"{data_dir} holds a hub already; give the simulation an empty directory")
    yield data_dir
