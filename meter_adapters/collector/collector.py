"""The collector put together: buses, outbox, courier and status page, from a configuration, until told to stop."""

from __future__ import annotations

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.messages.findings import Finding
from gateway.messages.times import DAY, MarketZone
from meter_adapters.collector.adapters import MeterDoor, secrets_of
from meter_adapters.collector.bus import BusWorker
from meter_adapters.collector.config import BusSection, CollectorConfig, HubSection, profile_of
from meter_adapters.collector.host_clock import host_time, is_synchronised
from meter_adapters.collector.report import CollectorReport
from meter_adapters.collector.secret_store import SecretStore
from meter_adapters.collector.status_page import serve_status, status_application
from meter_adapters.delivery.courier import Courier
from meter_adapters.delivery.day_series import sources_of
from meter_adapters.delivery.hub_access import HubAccess
from meter_adapters.delivery.preparation import HandOver
from meter_adapters.delivery.series_courier import SeriesCourier, SeriesDesk
from meter_adapters.links.address import link_of
from meter_adapters.meter_profiles.profile import MeterProfile
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.store import MEBIBYTE, Outbox, OutboxFull, OutboxLimits
from meter_adapters.port import LineSetting, Link, Parity

log = logging.getLogger(__name__)

OUTBOX = "outbox.db"
SERIES_EVERY = 300.0
SERIES_SHARE = 20.0
"""How many times longer than looking for days that are ready the wait for the next look is."""
PRUNE_EVERY = 300.0


@dataclass
class Plant:
    """What a configuration stands for, opened: its outbox, its meters, the way to its hub."""

    config: CollectorConfig
    outbox: Outbox
    profiles: dict[str, MeterProfile]
    doors: dict[str, MeterDoor]
    links: dict[str, Link]
    secrets: SecretStore = field(repr=False)

    def close(self) -> None:
        """Give the outbox back."""
        self.outbox.close()

    def hub_secret(self, hub: HubSection) -> str | Finding:
        """The client secret of the hub's section."""
        found = self.secrets.find(hub.secret)
        return found if isinstance(found, Finding) else found.text


def open_plant(config: CollectorConfig, directory: Path, environment: Mapping[str, str]) -> Plant | tuple[Finding, ...]:
    """Everything a collector works with, or all that is wrong with its configuration; nothing is asked of any meter.

    Raises:
        sqlite3.Error, OSError: the outbox cannot be opened.
    """
    config = config.with_environment(environment)
    store = SecretStore.open(config.collector.secrets, environment)
    if isinstance(store, Finding):
        return (store,)
    findings: list[Finding] = []
    profiles: dict[str, MeterProfile] = {}
    links: dict[str, Link] = {}
    for meter in config.meter:
        profile = profile_of(meter, directory)
        if isinstance(profile, tuple):
            findings += profile
        else:
            profiles[meter.name] = profile
        secrets = secrets_of(meter, store)
        if isinstance(secrets, Finding):
            findings.append(secrets)
    for bus in config.bus:
        link = _link(bus, [profiles[m.name] for m in config.meters_on(bus.name) if m.name in profiles])
        if isinstance(link, Finding):
            findings.append(Finding(link.code, link.text, f"bus {bus.name}", link.rule))
        else:
            links[bus.name] = link
    if config.hub is not None and isinstance(found := store.find(config.hub.secret), Finding):
        findings.append(found)
    if findings:
        return tuple(findings)
    own = config.collector
    limits = OutboxLimits(most_bytes=own.outbox_mebibytes * MEBIBYTE, retention=own.retention_days * DAY)
    outbox = Outbox(own.data_dir / OUTBOX, limits)
    plant = Plant(config, outbox, profiles, {}, links, store)
    return replace(plant, doors=doors_of(plant, outbox))


def doors_of(plant: Plant, outbox: Outbox) -> dict[str, MeterDoor]:
    """The ways to the meters of a plant, with an outbox to remember in."""
    doors: dict[str, MeterDoor] = {}
    for meter in plant.config.meter:
        secrets = secrets_of(meter, plant.secrets)
        assert not isinstance(secrets, Finding)
        doors[meter.name] = MeterDoor(meter, plant.profiles[meter.name], secrets, Notebook(outbox))
    return doors


def _link(bus: BusSection, profiles: list[MeterProfile]) -> Link | Finding:
    """The line of a bus, set as its first meter wants it."""
    line = profiles[0].line if profiles else None
    setting = LineSetting(9600) if line is None else LineSetting(line.baud, line.bits, Parity(line.parity))
    return link_of(bus.link, setting)


class Collector:
    """A running collector. `now` gives epoch seconds."""

    def __init__(self, plant: Plant, now: Callable[[], float] = host_time) -> None:
        self.plant, self._now = plant, now
        self._zone = MarketZone(plant.config.collector.zone)
        self.report = CollectorReport(plant.config.collector.name)
        is_checked = plant.config.collector.host_clock == "checked"
        self.workers = [
            BusWorker(
                bus,
                {meter.name: plant.doors[meter.name] for meter in plant.config.meters_on(bus.name)},
                plant.links[bus.name],
                plant.outbox,
                self.report,
                now=now,
                chance=random.random,
                is_host_held=is_synchronised if is_checked else lambda: True,
            )
            for bus in plant.config.bus
        ]

    def status(self) -> dict[str, Any]:
        """The collector's state as JSON."""
        return self.report.as_value(self.plant.outbox, int(self._now()))

    async def run(self, stop: asyncio.Event) -> None:
        """Read, keep, send, until told to stop."""
        stored = asyncio.Event()
        config = self.plant.config
        async with asyncio.TaskGroup() as group:
            for worker in self.workers:
                group.create_task(worker.run(stop, stored))
            group.create_task(self._prune(stop))
            if config.collector.status_port:
                page = status_application(self.status)
                group.create_task(serve_status(page, config.collector.status_port, stop))
            if config.hub is not None:
                group.create_task(self._deliver(config.hub, stop, stored))
            if config.prepare is not None:
                group.create_task(self._hand_over(config.prepare.directory, stop))

    async def _deliver(self, hub: HubSection, stop: asyncio.Event, stored: asyncio.Event) -> None:
        secret = self.plant.hub_secret(hub)
        assert isinstance(secret, str)
        access = HubAccess(hub.url, hub.client_id, secret, time.monotonic)
        try:
            async with asyncio.TaskGroup() as group:
                if hub.measurements:
                    name = self.plant.config.collector.name
                    courier = Courier(self.plant.outbox, name, access, self._now, random.random)
                    group.create_task(courier.run(stop, stored))
                    group.create_task(self._watch(courier, stop))
                if hub.series:
                    group.create_task(self._send_series(hub, access, stop))
        finally:
            await access.close()

    async def _watch(self, courier: Courier, stop: asyncio.Event) -> None:
        while not await _over(stop, 1.0):
            self.report.hub = courier.silence

    async def _send_series(self, hub: HubSection, access: HubAccess, stop: asyncio.Event) -> None:
        sources = sources_of(self.plant.config, self.plant.profiles, "main")
        desk = SeriesDesk(hub, self._zone, sources, lambda: uuid.uuid4().hex)
        courier = SeriesCourier(self.plant.outbox, desk, access, self._now)
        while not stop.is_set():
            began = time.monotonic()
            try:
                _, findings = await asyncio.to_thread(courier.prepare)
                for finding in findings:
                    log.error("a document of series is not valid: %s %s", finding.path, finding.text)
                while await courier.send():
                    pass
            except OutboxFull as error:
                log.warning("series wait: %s", error)
            await _over(stop, min(SERIES_EVERY, 5.0 + SERIES_SHARE * (time.monotonic() - began)))

    async def _hand_over(self, directory: Path, stop: asyncio.Event) -> None:
        config, profiles = self.plant.config, self.plant.profiles
        hand_over = HandOver(
            directory, self._zone, sources_of(config, profiles, "main"), sources_of(config, profiles, "check")
        )
        while not stop.is_set():
            today = self._zone.day(int(self._now()))
            await asyncio.to_thread(hand_over.write, self.plant.outbox, today - timedelta(days=1))
            await _over(stop, PRUNE_EVERY)

    async def _prune(self, stop: asyncio.Event) -> None:
        while not await _over(stop, PRUNE_EVERY):
            try:
                while await asyncio.to_thread(self.plant.outbox.prune, int(self._now())):
                    pass
            except OutboxFull as error:
                log.warning("nothing could be pruned: %s", error)
            if self.plant.outbox.is_alarming():
                log.error("the outbox is %d %% full", round(100 * self.plant.outbox.used_share()))


async def _over(stop: asyncio.Event, seconds: float) -> bool:
    """Wait for some time; whether the end came."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
