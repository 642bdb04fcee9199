"""Simulated meters on real sockets, and a collector over them whose clock the test moves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from gateway.messages.times import Interval
from meter_adapters.collector.bus import BusWorker
from meter_adapters.collector.collector import Collector, Plant, doors_of, open_plant
from meter_adapters.collector.config import CollectorConfig, read_config
from meter_adapters.collector.schedule import Visit, Work
from meter_adapters.collector.visit import Outcome
from meter_adapters.delivery.courier import Courier, Sent
from meter_adapters.delivery.day_series import sources_of, steps_over
from meter_adapters.delivery.hub_access import HubAccess
from meter_adapters.delivery.point_values import Steps
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.store import Outbox
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects, ProfileStyle
from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.iec62056_21 import Iec62056Simulator
from meter_adapters.simulators.iec62056_21_texts import MeterTexts
from meter_adapters.simulators.line_server import serve_tcp
from meter_adapters.simulators.meter import Identity, SimulatedMeter

from .hub_side import CLIENT, SECRET

IMPORT_COLUMN = "1-0:1.29.0*255"
EXPORT_COLUMN = "1-0:2.29.0*255"
EVERYTHING = frozenset(Work)
PROFILE_ONLY = frozenset({Work.PROFILE})


@dataclass
class World:
    """The instant everybody's clock shows."""

    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Site:
    """A meter in the world: its truth, its protocol, its line, its faults."""

    name: str
    meter: SimulatedMeter
    protocol: str = "dlms"
    faults: Faults = field(default_factory=Faults)
    style: ProfileStyle = field(default_factory=ProfileStyle)
    settings: str = ""
    """More lines of its section of the configuration."""
    profile: str = ""
    """The meter profile; that of the protocol unless another is named."""
    port: int = 0
    objects: DlmsObjects | None = None

    @asynccontextmanager
    async def served(self, world: World) -> AsyncIterator[int]:
        """Serve it on a port, the one it had before."""
        if self.protocol == "dlms":
            self.objects = DlmsObjects(self.meter, world, self.style)
            simulated = SimulatedDlmsMeter(self.objects, faults=self.faults)
            async with simulated.wrapper(port=self.port) as self.port:
                yield self.port
        else:
            simulator = Iec62056Simulator(MeterTexts(self.meter), world, self.faults)
            async with serve_tcp(simulator.talk, port=self.port) as self.port:
                yield self.port

    def energies(self, span: Interval) -> list[int]:
        """The true energies of the intervals that end in (start, end], by the true time."""
        return [row.values[0] for row in self.meter.rows(span.start, span.end, span.end)]

    def exchange(self, meter: SimulatedMeter) -> None:
        """Another meter stands there from now on."""
        assert self.objects is not None
        self.meter = self.objects.meter = meter

    @property
    def stored_name(self) -> str:
        """The name the collector keeps its readings under."""
        identity = self.meter.identity
        return f"{identity.manufacturer}-{identity.serial}"

    def truth(self, now: float, channel: int = 0) -> list[tuple[int, int]]:
        """(end as the meter's clock had it, raw energy) of every row it closed, in its order."""
        return [(row.meter_end, row.values[channel]) for row in self.meter.rows(0, 2**40, now)]


def simulated(name: str, serial: str, start: int, **more: Any) -> Site:
    """A meter of its own seed."""
    site = {key: more.pop(key) for key in ("protocol", "faults", "settings", "profile") if key in more}
    seed = int(serial)
    return Site(name, SimulatedMeter(start, seed=seed, identity=Identity(serial), **more), **site)


def config_text(sites: list[Site], hub: str = "", more: str = "") -> str:
    """A configuration with a bus for each meter."""
    lines = ['[collector]\nname = "north"\nstatus-port = 0\nhost-clock = "trusted"', more]
    if hub:
        lines.append(
            f'[hub]\nurl = "{hub}"\nclient-id = "{CLIENT}"\nsecret = "hub"\nparty = "5790000705184"\nseries = false'
        )
    for site in sites:
        lines.append(f'[[bus]]\nname = "bus-{site.name}"\nlink = "tcp://127.0.0.1:{site.port}"\nprofile-lag = 0')
        line = "line = {switch-delay = 0}\n" if site.protocol == "iec62056-21" else ""
        lines.append(
            f'[[meter]]\nname = "{site.name}"\nbus = "bus-{site.name}"\nprofile = "{site.profile or site.protocol}"'
        )
        lines.append(line + site.settings)
    return "\n".join(lines)


@dataclass
class Collecting:
    """A collector opened over sites; visits happen when the test says so."""

    plant: Plant
    collector: Collector
    world: World

    @property
    def workers(self) -> dict[str, BusWorker]:
        return {meter: worker for worker in self.collector.workers for meter in worker.doors}

    def use(self, outbox: Outbox) -> None:
        """Go on with another outbox."""
        self.plant = replace(self.plant, outbox=outbox, doors=doors_of(self.plant, outbox))
        self.collector = Collector(self.plant, self.world)

    async def visit(self, name: str, works: frozenset[Work] = EVERYTHING) -> Outcome:
        """One visit of a meter."""
        return await self.workers[name].carry_out(Visit(name, works))

    async def visit_until_done(self, name: str, works: frozenset[Work] = EVERYTHING) -> Outcome:
        """Visits of a meter until it has no gaps left."""
        outcome = await self.visit(name, works)
        while outcome.has_gaps:
            outcome = await self.visit(name, works)
        return outcome

    def rows(self, site: Site, column: str = IMPORT_COLUMN) -> list[tuple[int, int, int, int]]:
        """(end, epoch, revision, raw) of what the outbox holds of a column."""
        with self.plant.outbox.read() as connection:
            return list(
                connection.execute(
                    "select r.moment, r.epoch, r.revision, r.raw from reading r join channel c on c.id = r.channel"
                    " join meter m on m.id = c.meter where m.name = ? and c.obis = ? and c.source <> ''"
                    " order by r.epoch, r.moment, r.revision",
                    (site.stored_name, column),
                )
            )

    def refusals(self) -> list[str]:
        """The reasons of what was refused, newest first."""
        return [reason for _, _, _, reason, _ in Notebook(self.plant.outbox).refusals(100)]

    def day(self, point: str, span: Interval) -> Steps:
        """The values of a metering point over a span."""
        sources = sources_of(self.plant.config, self.plant.profiles, "main")[point]
        return steps_over(self.plant.outbox, sources, span)

    def courier(self, url: str, transport: httpx.AsyncBaseTransport | None = None) -> tuple[Courier, HubAccess]:
        """A courier of the outbox to a hub."""
        loop = asyncio.get_running_loop()
        access = HubAccess(url, CLIENT, SECRET, loop.time, transport)
        return Courier(self.plant.outbox, "north", access, self.world, random.Random(1).random), access

    async def deliver(self, url: str) -> None:
        """Send until nothing waits."""
        courier, access = self.courier(url)
        await emptied(courier)
        await access.close()


async def emptied(courier: Courier) -> None:
    """Send until nothing waits; a silent hub is asked again at once."""
    while await courier.turn() is not Sent.NOTHING:
        pass


def opened(directory: Path, text: str, world: World, secrets: dict[str, str] | None = None) -> Collecting:
    """A collector over a configuration, its secrets in the environment."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "collector.toml").write_text(text)
    config = read_config(directory / "collector.toml")
    assert isinstance(config, CollectorConfig), config
    given = {"hub": SECRET} | (secrets or {})
    environment = {f"GRIDPOST_METERS_SECRET_{name.upper().replace('-', '_')}": text for name, text in given.items()}
    plant = open_plant(config, directory, environment)
    assert isinstance(plant, Plant), plant
    return Collecting(plant, Collector(plant, world), world)


def drive(
    directory: Path,
    world: World,
    sites: list[Site],
    story: Callable[[Collecting], Coroutine[Any, Any, None]],
    **more: Any,
) -> None:
    """Serve the sites, open a collector over them, and play a story."""

    async def play() -> None:
        async with AsyncExitStack() as stack:
            for site in sites:
                await stack.enter_async_context(site.served(world))
            secrets = more.pop("secrets", None)
            collecting = opened(directory, config_text(sites, **more), world, secrets)
            try:
                await story(collecting)
            finally:
                collecting.plant.close()

    asyncio.run(play())
