"""A ciphered meter under the collector: keys from the store, counters that outlive a restart, forgeries refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from gateway.messages.times import parse_instant
from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.ciphering import Keys
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects
from meter_adapters.simulators.dlms_server import ClientRights, MeterSettings
from meter_adapters.simulators.faults import Faults

from .plant_side import Collecting, Site, World, config_text, opened, simulated

START = parse_instant("2026-06-01T00:00Z")
KEY, AUTH = bytes(range(16)), bytes(range(16, 32))
SECTION = (
    'encryption-key = "key"\nauthentication-key = "auth"\n'
    'dlms = {client = 1, authentication = "hls-gmac", ciphered = true}\n'
)
SECRETS = {"key": f"hex:{KEY.hex()}", "auth": f"hex:{AUTH.hex()}"}


def play(directory: Path, story: Callable[[Site, Callable[..., Collecting]], Coroutine[Any, Any, None]]) -> None:
    """A ciphered meter, and a story that opens collectors over it."""
    world = World(float(START + 86_400))
    site = simulated("m", "81", START, faults=Faults(strikes=0), settings=SECTION)
    settings = MeterSettings(keys=Keys(KEY, AUTH))
    settings.clients[1] = ClientRights(Mechanism.HLS_GMAC, ciphered=True)
    simulator = SimulatedDlmsMeter(DlmsObjects(site.meter, world), settings, site.faults)

    def collector(secrets: dict[str, str] | None = None) -> Collecting:
        return opened(directory, config_text([site]), world, secrets or SECRETS)

    async def run() -> None:
        async with simulator.wrapper() as site.port:
            await story(site, collector)

    asyncio.run(run())


def counters(collecting: Collecting) -> dict[str, int]:
    with collecting.plant.outbox.read() as connection:
        return dict(connection.execute("select name, value from counter").fetchall())


def test_counters_only_rise_over_restarts(tmp_path: Path) -> None:
    # AM-1.1
    async def story(site: Site, collector: Callable[..., Collecting]) -> None:
        before: dict[str, int] = {}
        for _ in range(3):
            collecting = collector()
            outcome = await collecting.visit_until_done("m")
            assert outcome.refusal is None, outcome.refusal
            now = counters(collecting)
            assert set(before) <= set(now)
            assert all(now[name] >= value for name, value in before.items())
            assert any(name.endswith("/own") for name in now)
            assert any("/seen/" in name for name in now)
            before = now
            with collecting.plant.outbox.read() as connection:
                found = connection.execute("select distinct protection from reading where source_id = ''").fetchall()
            assert ("gcm",) in found
            collecting.world.now += 3600
            collecting.plant.close()
        collecting = collector()
        rows = [(end, raw) for end, _, _, raw in collecting.rows(site)]
        assert rows == site.truth(collecting.world.now - 3600)
        collecting.plant.close()

    play(tmp_path, story)


def test_forged_and_replayed_answers_store_nothing(tmp_path: Path) -> None:
    async def story(site: Site, collector: Callable[..., Collecting]) -> None:
        for switch, reason in (("wrong_tag", "tag-wrong"), ("replay", "counter-replayed")):
            collecting = collector()
            setattr(site.faults, switch, True)
            site.faults.skip, site.faults.strikes = 12, -1
            outcome = await collecting.visit("m")
            assert outcome.refusal is not None
            assert outcome.refusal.reason == reason
            assert reason in collecting.refusals()
            assert {(end, raw) for end, _, _, raw in collecting.rows(site)} <= set(site.truth(collecting.world.now))
            setattr(site.faults, switch, False)
            collecting.plant.close()

    play(tmp_path, story)


def test_a_wrong_key_reads_nothing_and_is_not_taken_for_the_right_ones_counters(tmp_path: Path) -> None:
    async def story(site: Site, collector: Callable[..., Collecting]) -> None:
        collecting = collector({"key": "hex:" + "00" * 16, "auth": SECRETS["auth"]})
        outcome = await collecting.visit("m")
        assert outcome.refusal is not None
        assert collecting.rows(site) == []
        wrong = set(counters(collecting))
        collecting.plant.close()
        collecting = collector()
        assert (await collecting.visit_until_done("m")).refusal is None
        assert not {name.split("/")[1] for name in wrong} & {
            name.split("/")[1] for name in set(counters(collecting)) - wrong
        }
        assert "00" * 16 not in repr(Notebook(collecting.plant.outbox).refusals(50))
        collecting.plant.close()

    play(tmp_path, story)
