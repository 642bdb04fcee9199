"""`gridpost-meters run`: the collector as a service."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import signal
import sys
from typing import Annotated

import typer

from meter_adapters.cli.outcome import ConfigFile
from meter_adapters.cli.plants import plant_of
from meter_adapters.collector.collector import Collector

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class _Nowhere(io.TextIOBase):
    """Takes what a library prints: among it may be keys."""

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    config: ConfigFile,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every visit.")] = False,
) -> None:
    """Read the meters by their schedules, keep what they say, and send it, until told to stop (SIGTERM, Ctrl-C)."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, stream=sys.stderr, format=_FORMAT)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    plant = plant_of(config)
    try:
        with contextlib.redirect_stdout(_Nowhere()):
            asyncio.run(_run(Collector(plant)))
    finally:
        plant.close()


async def _run(collector: Collector) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    await collector.run(stop)
