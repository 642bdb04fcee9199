"""What goes wrong at a plant: unplugged lines, full disks, wrong passwords, damaged blocks; nothing is lost."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.messages.times import parse_instant
from meter_adapters.collector.config import CollectorConfig, read_config
from meter_adapters.outbox.store import Outbox, OutboxLimits
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects
from meter_adapters.simulators.faults import Faults
from meter_adapters.simulators.iec62056_21 import Iec62056Simulator
from meter_adapters.simulators.iec62056_21_texts import MeterTexts
from meter_adapters.simulators.line_server import serve_tcp

from .plant_side import PROFILE_ONLY, Collecting, Site, World, config_text, drive, opened, simulated

START = parse_instant("2026-06-01T00:00Z")
DAY = 86_400


def check_rows(collecting: Collecting, site: Site) -> None:
    """Everything once, nothing else."""
    assert [(end, raw) for end, _, _, raw in collecting.rows(site)] == site.truth(collecting.world.now)


def check_subset(collecting: Collecting, site: Site) -> int:
    """Whole true rows only; how many."""
    held = {(end, raw) for end, _, _, raw in collecting.rows(site)}
    assert held <= set(site.truth(collecting.world.now))
    return len(held)


@pytest.mark.parametrize(
    ("protocol", "fault"),
    [
        ("dlms", Faults(strikes=0, hang_up=True)),
        ("dlms", Faults(strikes=0, cut=60)),
        ("iec62056-21", Faults(strikes=0, hang_up=True)),
        ("iec62056-21", Faults(strikes=0, wrong_check=True)),
    ],
    ids=["dlms-hang-up", "dlms-cut", "iec-hang-up", "iec-wrong-check"],
)
def test_a_line_that_breaks_within_a_profile_goes_on_where_it_was(tmp_path: Path, protocol: str, fault: Faults) -> None:
    # AM-1.1, AM-2.1; the TCP wrapper carries no checksum of its own, so bits are not turned there
    world = World(float(START + 3 * DAY))
    site = simulated("m", "1", START, protocol=protocol, faults=fault)

    async def story(collecting: Collecting) -> None:
        seen = 0
        for skip in (6, 11):
            fault.skip, fault.strikes = skip, 2
            await collecting.visit("m", PROFILE_ONLY)
            assert check_subset(collecting, site) >= seen
            seen = check_subset(collecting, site)
        fault.strikes = 0
        assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        check_rows(collecting, site)

    drive(tmp_path, world, [site], story)


def test_a_probe_that_returns_under_another_name_is_found(tmp_path: Path) -> None:
    """A serial line is closed within a profile; it comes back as another device behind the same stable link."""
    world = World(float(START + 4 * DAY))
    site = simulated("m", "2", START)
    simulator = SimulatedDlmsMeter(DlmsObjects(site.meter, world), faults=site.faults)
    device = tmp_path / "by-id"
    text = config_text([site]).replace('link = "tcp://127.0.0.1:0"', f'link = "serial:{device}"')
    text += 'dlms = {framing = "hdlc"}\nline = {reaction = 0.3}\n'

    async def story() -> None:
        async with simulator.hdlc_pty() as path:
            device.symlink_to(path)
            collecting = opened(tmp_path / "collector", text, world)
            site.faults.skip, site.faults.strikes, site.faults.cut = 60, -1, 0
            outcome = await collecting.visit_until_done("m", PROFILE_ONLY)
            assert outcome.refusal is not None
            before = check_subset(collecting, site)
        device.unlink()
        gone = await collecting.visit("m", PROFILE_ONLY)
        assert gone.refusal is not None
        assert gone.refusal.reason == "link-lost"
        site.faults.strikes = 0
        async with simulator.hdlc_pty() as path:
            device.symlink_to(path)
            assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        assert before < len(site.truth(world.now))
        check_rows(collecting, site)
        collecting.plant.close()

    asyncio.run(story())


def test_a_wrong_password_is_tried_twice_ever(tmp_path: Path) -> None:
    world = World(float(START + DAY))
    site = simulated("m", "3", START, protocol="iec62056-21", settings='password = "m"\n')
    simulator = Iec62056Simulator(MeterTexts(site.meter), world, Faults(), password="87654321")

    async def story() -> None:
        async with serve_tcp(simulator.talk) as site.port:
            for secret in ("11111111", "11111111", "87654321"):
                collecting = opened(tmp_path, config_text([site]), world, {"m": secret})
                for _ in range(3):
                    worker = collecting.workers["m"]
                    visit = worker.take()
                    if visit is not None:
                        await worker.carry_out(visit)
                    world.now += 7200
                wrong = secret != "87654321"
                assert collecting.collector.report.meters["m"].is_locked is wrong
                assert simulator.wrong_passwords == (2 if wrong else 0)
                collecting.plant.close()

    asyncio.run(story())


def test_a_full_outbox_refuses_and_loses_nothing(tmp_path: Path) -> None:
    # AM-2.1
    world = World(float(START + 20 * DAY))
    site = simulated("m", "4", START)

    async def story(collecting: Collecting) -> None:
        collecting.plant.outbox.close()
        small = Outbox(tmp_path / "data" / "small.db", OutboxLimits(most_bytes=5 * 2**19))
        collecting.use(small)
        outcome = await collecting.visit("m", PROFILE_ONLY)
        while outcome.has_gaps and outcome.refusal is None:
            outcome = await collecting.visit("m", PROFILE_ONLY)
        assert outcome.refusal is not None
        assert "the outbox has no room" in outcome.refusal.text
        assert 0 < check_subset(collecting, site) < len(site.truth(world.now))
        mark = small.complete_until(site.stored_name, "1-0:99.1.0*255")
        assert mark is not None
        assert mark <= max(end for end, *_ in collecting.rows(site))
        small.close()
        collecting.use(Outbox(tmp_path / "data" / "small.db", OutboxLimits(most_bytes=64 * 2**20)))
        assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        check_rows(collecting, site)

    drive(tmp_path, world, [site], story)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    # AM-2.1
    world = World(float(START + 20 * DAY))
    site = simulated("m", "5", START)

    async def story(collecting: Collecting) -> None:
        with largest_file(400_000):
            outcome = await collecting.visit("m", PROFILE_ONLY)
            while outcome.has_gaps and outcome.refusal is None:
                outcome = await collecting.visit("m", PROFILE_ONLY)
        assert outcome.refusal is not None
        assert "the outbox has no room" in outcome.refusal.text
        assert check_subset(collecting, site) < len(site.truth(world.now))
        assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        check_rows(collecting, site)

    drive(tmp_path, world, [site], story)


@pytest.mark.sec_20
def test_no_secret_is_printed_or_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    world = World(float(START + DAY))
    site = simulated("m", "6", START, protocol="iec62056-21", settings='password = "m"\n')

    async def story(collecting: Collecting) -> None:
        caplog.set_level("DEBUG")
        await collecting.visit("m")
        config = read_config(tmp_path / "collector.toml")
        assert isinstance(config, CollectorConfig)
        shown = repr(collecting.plant) + repr(config) + repr(collecting.workers["m"].doors["m"])
        assert "s3cr3t77" not in shown

    drive(tmp_path, world, [site], story, secrets={"m": "s3cr3t77"})
    printed = capfd.readouterr()
    assert "s3cr3t77" not in caplog.text + printed.out + printed.err
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"s3cr3t77" not in path.read_bytes(), path
