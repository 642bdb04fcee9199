"""`gridpost-meters doctor`: tries everything a collector needs, one by one, and says what does not work."""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
from typing import NamedTuple

import typer

from meter_adapters.cli.outcome import FINDINGS, AsJson, ConfigFile, print_json, print_rows, stop
from meter_adapters.cli.plants import plant_of
from meter_adapters.collector.collector import Plant
from meter_adapters.collector.host_clock import host_time, is_synchronised
from meter_adapters.delivery.hub_access import HubAccess, Silent
from meter_adapters.readings import MeterId, Refusal


class Check(NamedTuple):
    """One thing that was tried."""

    name: str
    is_well: bool
    text: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(config: ConfigFile, as_json: AsJson = False) -> None:
    """Try configuration, secrets, outbox, clock, every meter and the hub; exit 1 where anything does not work."""
    plant = plant_of(config)
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # a library may print, keys among it
            checks = asyncio.run(_checks(plant))
    finally:
        plant.close()
    if as_json:
        print_json([{"check": check.name, "well": check.is_well, "text": check.text} for check in checks])
    else:
        print_rows(("check", "", "what"), [(c.name, "well" if c.is_well else "NOT WELL", c.text) for c in checks])
    if not all(check.is_well for check in checks):
        stop(FINDINGS)


async def _checks(plant: Plant) -> list[Check]:
    meters = len(plant.config.meter)
    checks = [Check("configuration", True, f"{meters} meters on {len(plant.config.bus)} buses; every secret is there")]
    share = plant.outbox.used_share()
    checks.append(Check("outbox", not plant.outbox.is_alarming(), f"{100 * share:.1f} % of its bound in use"))
    is_held = plant.config.collector.host_clock == "trusted" or is_synchronised()
    text = "" if is_held else "no time server holds this machine's clock: what is read is marked"
    checks.append(Check("clock", is_held, text))
    for name in plant.doors:
        checks.append(await _meter(plant, name))
    if plant.config.hub is not None:
        checks.append(await _hub(plant))
    return checks


async def _meter(plant: Plant, name: str) -> Check:
    """Whether a meter answers, and is the one that is expected. A locked one is not asked."""
    door = plant.doors[name]
    if door.is_locked:
        return Check(f"meter {name}", False, "its password was refused; look at it, then read it with --forgive")
    adapter = door.open(plant.links[door.meter.bus], host_time, lambda _refusal: None)
    refused: Refusal | None = None
    try:
        refused = await adapter.open()
        found = refused or await adapter.identify()
    finally:
        await adapter.close()
    door.closed(found if isinstance(found, Refusal) else None)
    if isinstance(found, MeterId):
        expected = door.meter.serial
        is_it = not expected or found.serial == expected
        return Check(f"meter {name}", is_it, found.name if is_it else f"{found.name} answers; {expected} is expected")
    return Check(f"meter {name}", False, f"{found.reason}: {found.text}")


async def _hub(plant: Plant) -> Check:
    hub = plant.config.hub
    assert hub is not None
    secret = plant.hub_secret(hub)
    assert isinstance(secret, str)
    access = HubAccess(hub.url, hub.client_id, secret, time.monotonic)
    try:
        silence = await access.prove()
    finally:
        await access.close()
    return Check("hub", silence is None, silence.text if isinstance(silence, Silent) else f"{hub.url} lets us in")
