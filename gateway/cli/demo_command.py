"""`gridpost demo`: an hour with a whole market on this machine."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.outcome import CommandError
from gateway.cli.printing import AsJson, console
from gateway.demo.catalogue import DEMONSTRATIONS, Counted, Demonstration
from gateway.demo.meters import metered
from gateway.demo.run import Story
from gateway.demo.server import DemoFailed, is_free
from gateway.hub.clock import SystemClock
from gateway.markets.registry import profile

DEFAULT_PORT = 8080


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(  # noqa: PLR0913 - one parameter for each option
    *,
    market: Annotated[str, typer.Option(help="Whose market: " + ", ".join(DEMONSTRATIONS) + ".")] = "dk",
    once: Annotated[bool, typer.Option("--once", help="Stop when the demonstration is over.")] = False,
    as_json: AsJson = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port on loopback.")] = None,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Keep what the hub writes there.")] = None,
    meters: Annotated[
        bool, typer.Option("--meters", help="With two simulated meters that are collected from.")
    ] = False,
    write: Annotated[
        Path | None, typer.Option("--write", metavar="DIR", help="Only write the market and documents as files.")
    ] = None,
) -> None:
    """See it work: a hub with a sample market, a day's measure data sent, checked, corrected and delivered over HTTP.

    Everything is invented and stays on this machine. The hub serves on afterwards, unless --once is given.
    """
    shown = DEMONSTRATIONS.get(market)
    if shown is None:
        raise CommandError(f"there is no demonstration of {market}; there are {', '.join(DEMONSTRATIONS)}")
    if write is not None:
        for path in shown.write(profile(market), SystemClock().now(), write):
            typer.echo(path)
        return
    try:
        with _directory(data_dir) as directory, shown.run(directory, _port(port, once), _note(as_json)) as story:
            _show(shown, story, once, as_json)
            with _meters(story, directory) if meters else nullcontext():
                if not once:
                    _wait()
    except DemoFailed as error:
        raise CommandError(str(error)) from error


@contextmanager
def _meters(story: Counted, directory: Path) -> Iterator[None]:
    """Two simulated meters of the grid operator, where the market's sample has one for them."""
    if not isinstance(story, Story):
        raise CommandError("the simulated meters stand in the Danish sample market")
    typer.echo("\nTwo meters are read …", err=True)
    with metered(story, directory / "meters") as found:
        typer.echo(found.sentence(), err=True)
        yield


def _show(shown: Demonstration[Any], story: Counted, once: bool, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(story.counts()))
        if not once:
            typer.echo(shown.next_steps(story, _program()), err=True)
        return
    console().print()
    console().print(shown.summary(story))
    console().print()
    typer.echo(shown.steps_after_once(_program()) if once else shown.next_steps(story, _program()))


def _note(as_json: bool) -> Callable[[str], None]:
    """Hears what happens; says nothing where a program listens."""
    return (lambda _line: None) if as_json else typer.echo


def _port(port: int | None, once: bool) -> int:
    """The port asked for; else the usual one when it is free and somebody is going to use it."""
    if port is not None:
        return port
    return DEFAULT_PORT if not once and is_free(DEFAULT_PORT) else 0


@contextmanager
def _directory(data_dir: Path | None) -> Iterator[Path]:
    """The directory given, or one that is gone afterwards."""
    if data_dir is not None:
        data_dir.mkdir(parents=True, exist_ok=True)
        yield data_dir
        return
    with tempfile.TemporaryDirectory(prefix="gridpost-demo-") as directory:
        yield Path(directory)


def _wait() -> None:
    """Until Ctrl-C, or until told to stop."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        stopped.wait()
    except KeyboardInterrupt:
        typer.echo("\nThe demonstration is over.", err=True)


def _program() -> str:
    """How this command was called, where its plain name would not find it."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "gridpost" and shutil.which("gridpost") is None else "gridpost"
