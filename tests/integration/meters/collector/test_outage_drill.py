"""The outage drill: 35 days of 10 meters, the hub out of reach for three, acknowledgements lost, doubled, late.

In the end the hub's table equals the meters' own rows, row for row, in both directions.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import httpx
import pytest

from gateway.messages.times import parse_instant
from meter_adapters.delivery.courier import Sent
from meter_adapters.simulators.meter import IMPORT

from .hub_side import HubSide
from .plant_side import EXPORT_COLUMN, IMPORT_COLUMN, Collecting, Site, World, drive, emptied, simulated

START = parse_instant("2026-03-10T00:00Z")
DAY = 86_400
DAYS = 35
"""Over the clock change of 29 March 2026."""
METERS = 10
VISITS = (1, 2, *range(3, 12, 2), 12, 13, 14, *range(15, DAYS + 1, 4))
"""Days on which the meters are read; the meters keep what they have in between."""
DOWN = range(12, 15)
RESTARTS = (5, 14, 19, 31)


class BadLine(httpx.AsyncHTTPTransport):
    """A line to the hub that is down, loses acknowledgements, sends twice and delivers old copies late."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        self._late: list[tuple[httpx.Request, bytes]] = []
        self.is_down = False
        self.lost = self.doubled = self.late = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("the network is down", request=request)
        if "measurements" not in request.url.path:
            return await super().handle_async_request(request)
        body = await request.aread()
        await self._deliver_late()
        response = await super().handle_async_request(_copy(request, body))
        if self._chance.random() < 0.2:
            self.doubled += 1
            await (await super().handle_async_request(_copy(request, body))).aread()
        if self._chance.random() < 0.2:
            self._late.append((request, body))
        if self._chance.random() < 0.3:
            self.lost += 1
            await response.aread()
            raise httpx.ReadError("the acknowledgement was lost", request=request)
        return response

    async def _deliver_late(self) -> None:
        """Old copies arrive behind newer batches."""
        if len(self._late) > 2:
            place = self._chance.randrange(len(self._late))
            request, body = self._late.pop(place)
            self.late += 1
            await (await super().handle_async_request(_copy(request, body))).aread()


def _copy(request: httpx.Request, body: bytes) -> httpx.Request:
    return httpx.Request(request.method, request.url, headers=request.headers, content=body)


@pytest.mark.slow
def test_after_an_outage_the_hub_holds_every_row_once(tmp_path: Path) -> None:
    # AM-2.1, AM-2.2, AM-1.1
    world = World(float(START + DAY))
    sites = [simulated(f"m{number}", str(1000 + number), START) for number in range(2)]
    sites += [simulated(f"m{n}", str(1000 + n), START, channels=(IMPORT,)) for n in range(2, METERS - 1)]
    sites.append(simulated("iec", "2000", START, protocol="iec62056-21"))
    hub = HubSide(tmp_path / "hub", START + DAY).start()
    line = BadLine(seed=7)

    async def story(collecting: Collecting) -> None:
        courier, access = collecting.courier(hub.url, line)
        for day in VISITS:
            world.now = float(START + day * DAY + 60)
            line.is_down = day in DOWN
            for outcome in await asyncio.gather(*(collecting.visit_until_done(site.name) for site in sites)):
                assert outcome.refusal is None
            if day in RESTARTS:
                hub.stop()
                hub.start()
            if line.is_down:
                assert await courier.turn() is Sent.SILENT
            else:
                await emptied(courier)
        await access.close()
        _compare(collecting, hub, sites, world.now)

    try:
        drive(tmp_path / "collector", world, sites, story)
    finally:
        hub.stop()
    assert min(line.lost, line.doubled, line.late) > 10, "the line was not bad enough to show anything"


def _compare(collecting: Collecting, hub: HubSide, sites: list[Site], now: float) -> None:
    with collecting.plant.outbox.read() as connection:
        assert connection.execute("select count(*) from outbox").fetchone() == (0,)
        assert connection.execute("select count(*) from batch where state <> 'acknowledged'").fetchone() == (0,)
    for site in sites:
        for channel, column in enumerate((IMPORT_COLUMN, EXPORT_COLUMN)[: len(site.meter.channels)]):
            truth = [(end, 0, 0, raw) for end, raw in site.truth(now, channel)]
            assert len(truth) == DAYS * 96
            assert hub.stored_rows(site.stored_name, column) == truth, site.name
    assert hub.interval_rows(sites[0].stored_name, IMPORT_COLUMN) == [
        (end, 0, 0, raw) for end, raw in sites[0].truth(now)
    ]
