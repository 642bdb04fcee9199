"""Twenty-five days of a small simulated market over the clock change of 27 March 2016, with the hub left open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.hub.clock import MovedClock
from gateway.messages.times import MarketZone
from gateway.simulation.market import SimulatedMarket
from gateway.simulation.play import Play
from gateway.simulation.values import Meters
from gateway.wiring import open_hub

ZONE = MarketZone("Europe/Copenhagen")
FIRST = date(2016, 3, 14)
"""On the last of the 25 days, 7 April, March is refixed for the first time."""


def set_up(directory: Path, days: int, points: int, seed: int = 1) -> Play:
    """A market about to be played, on a started hub."""
    market = SimulatedMarket.build(ZONE, FIRST, days, points, seed)
    clock = MovedClock(market.start)
    hub = open_hub(Settings(data_dir=directory, database=None), clock)
    hub.start()
    return Play(market, Meters(market, seed), hub, clock)


@pytest.fixture(scope="package")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """The market after its last evening."""
    play = set_up(tmp_path_factory.mktemp("simulated"), 25, 120)
    asyncio.run(play.run(lambda _: None))
    yield play
    play.hub.stop()
