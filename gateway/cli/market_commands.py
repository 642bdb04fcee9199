"""`gridpost explain` and `gridpost draw`: a market's rules on a day, and the processes as pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.markdown import Markdown

from gateway.cli.code_table import code_table
from gateway.cli.options import day_of
from gateway.cli.outcome import FINDINGS, CommandError, stop
from gateway.cli.printing import AsJson, console, print_json
from gateway.markets.explanation import explain
from gateway.markets.profile import MarketProfile
from gateway.markets.registry import BEHAVIOURS, profile
from gateway.processes.draw import draw_all
from gateway.rules.runner import Wording


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("explain")(explain_market)
    app.command("draw")(draw)


def explain_market(
    market: Annotated[str, typer.Argument(help="The market: " + ", ".join(BEHAVIOURS) + ".")],
    day: Annotated[str, typer.Argument(help="A day of operation, as 2016-05-03.")],
    as_json: AsJson = False,
    codes: Annotated[bool, typer.Option("--codes", help="Only the error codes, as a page.")] = False,
) -> None:
    """The rules, numbers and deadlines in force on a day, with their sources."""
    if market not in BEHAVIOURS:
        raise CommandError(f"there is no market {market!r}; known are {', '.join(BEHAVIOURS)}")
    wanted = day_of(day)
    found = profile(market)
    try:
        text = code_table(found) if codes else explain(found, wanted)
        value = _value(found, wanted)
    except (LookupError, ValueError) as error:
        raise CommandError(f"nothing is known of market {market} on {day}: {error}") from error
    if as_json:
        print_json(value)
    elif console().is_terminal:
        console().print(Markdown(text))
    else:
        typer.echo(text, nl=False)


def _value(market: MarketProfile, day: date) -> dict[str, object]:
    numbers = {
        parameter.name: {
            "value": parameter.on(day).value,
            "unit": parameter.unit,
            "meaning": parameter.meaning,
            "since": parameter.on(day).since.isoformat(),
            "clause": parameter.on(day).clause,
            "source": parameter.on(day).source,
        }
        for parameter in market.parameters.values()
    }
    rules = market.rules
    return {
        "market": market.name,
        "day": day.isoformat(),
        "numbers": numbers,
        "rules": {
            "measure-data": _wordings(rule.wording for rule in rules.measure_data.rules),
            "measure-data-history": _wordings(rule.wording for rule in rules.history.rules),
            "measure-data-request": _wordings(rule.wording for rule in rules.requests.rules),
            **{str(kind): _wordings(rule.wording for rule in of.rules) for kind, of in rules.results.items()},
            "envelope": _wordings(wording for _, wording in rules.envelope.rules),
        },
    }


def _wordings(wordings: Iterable[Wording]) -> list[dict[str, str]]:
    return [asdict(wording) for wording in wordings]


def draw(
    directory: Annotated[Path, typer.Argument(help="Where the pages go.")] = Path("docs/processes"),
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a page is stale.")] = False,
    as_json: AsJson = False,
) -> None:
    """Draw every business process from the table the hub runs: Mermaid, the printed table, its words."""
    pages = draw_all()
    present = {path.name: path.read_text(encoding="utf-8") for path in directory.glob("*.md")}
    stale = sorted(name for name in present.keys() | pages.keys() if present.get(name) != pages.get(name))
    if not check:
        directory.mkdir(parents=True, exist_ok=True)
        for name in stale:
            if name in pages:
                (directory / name).write_text(pages[name], encoding="utf-8")
    if as_json:
        print_json({"pages": sorted(pages), "stale" if check else "written": stale})
    elif check:
        for name in stale:
            typer.echo(f"{directory / name} is stale: run gridpost draw")
    else:
        typer.echo(f"{len(pages)} pages in {directory}, {len(stale)} written anew.")
    if check and stale:
        stop(FINDINGS)
