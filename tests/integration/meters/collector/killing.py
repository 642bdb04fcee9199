"""A collector in a process of its own, killed at random instants, over simulated meters and a real hub."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from .hub_side import SECRET, HubSide
from .plant_side import EXPORT_COLUMN, IMPORT_COLUMN, Site, World, config_text, simulated

DAY = 86_400
MODULE = "meter_adapters"
LOG = "collector.log"


@dataclass
class KillResult:
    """What the rounds showed.

    Attributes:
        rounds: how often the collector was killed.
        slowest_start: seconds from a start to the first row stored or sent, at most.
        torn: rounds after which the outbox's file was not sound.
        faults: what the hub lacks or holds too much at the end.
    """

    rounds: int = 0
    slowest_start: float = 0.0
    torn: int = 0
    acknowledged: int = 0
    faults: list[str] = field(default_factory=list)


class RealTime(World):
    """The machine's own time: the killed process has no other."""

    def __call__(self) -> float:
        return time.time()


def kill_rounds(directory: Path, rounds: int, seed: int, meters: int = 3, days: int = 12) -> KillResult:
    """Kill a collector again and again while it reads and sends, then let it finish, and compare."""
    return asyncio.run(_play(directory, rounds, random.Random(seed), meters, days))


async def _play(directory: Path, rounds: int, chance: random.Random, meters: int, days: int) -> KillResult:
    world, result = RealTime(0.0), KillResult()
    start = int(time.time()) // DAY * DAY - days * DAY
    sites = [simulated(f"m{n}", str(100 + n), start) for n in range(meters)]
    hub = HubSide(directory / "hub", int(time.time())).start()
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "collector.toml"
    try:
        async with AsyncExitStack() as stack:
            for site in sites:
                await stack.enter_async_context(site.served(world))
            text = config_text(sites, hub.url).replace(
                "profile-lag = 0", "profile-lag = 0\njitter = 0\nprofile-every = 1"
            )
            config.write_text(text)
            for _ in range(rounds):
                await _round(config, chance.uniform(0.6, 2.2), result)
            await _finish(config, sites, result)
        _compare(hub, sites, result)
    finally:
        hub.stop()
    return result


async def _started(config: Path) -> asyncio.subprocess.Process:
    environment = {**os.environ, "GRIDPOST_METERS_SECRET_HUB": SECRET}
    command = (sys.executable, "-m", MODULE, "run", "--config", str(config))
    with (config.parent / LOG).open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)


async def _round(config: Path, seconds: float, result: KillResult) -> None:
    process = await _started(config)
    await asyncio.sleep(seconds)
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    else:
        said = (config.parent / LOG).read_text(errors="replace")[-2000:]
        result.faults.append(f"round {result.rounds}: it ended by itself with {process.returncode}: {said}")
    result.rounds += 1
    path = config.parent / "gridpost-meters" / "outbox.db"
    if path.exists():
        result.torn += await asyncio.to_thread(_is_torn, path)


def _is_torn(path: Path) -> bool:
    """Whether the outbox holds half a transaction: rows without their queue entry, batches without their rows."""
    with sqlite3.connect(path) as connection:
        (sound,) = connection.execute("pragma integrity_check").fetchone()
        if connection.execute("select count(*) from sqlite_master").fetchone() == (0,):
            return False
        (orphans,) = connection.execute(
            "select count(*) from outbox o left join reading r on r.id = o.reading left join event e on e.id = o.event"
            " where r.id is null and e.id is null"
        ).fetchone()
        (halves,) = connection.execute(
            "select count(*) from batch b where state = 'frozen'"
            " and rows <> (select count(*) from outbox o where o.batch = b.id)"
        ).fetchone()
    connection.close()
    return sound != "ok" or bool(orphans) or bool(halves)


async def _finish(config: Path, sites: list[Site], result: KillResult) -> None:
    """Let it run until all is read and sent."""
    process = await _started(config)
    began = time.monotonic()
    path = config.parent / "gridpost-meters" / "outbox.db"
    before = await asyncio.to_thread(_progress, path)
    while time.monotonic() - began < 90:
        await asyncio.sleep(0.2)
        rows, waiting, acknowledged = await asyncio.to_thread(_progress, path)
        if not result.slowest_start and (rows, waiting, acknowledged) != before:
            result.slowest_start = time.monotonic() - began
        result.acknowledged = acknowledged
        wanted = sum(2 * len(site.meter.rows(0, 2**40, time.time())) for site in sites)
        if rows >= wanted and waiting == 0:
            break
    process.send_signal(signal.SIGTERM)
    await process.wait()


def _progress(path: Path) -> tuple[int, int, int]:
    """Rows of load profiles stored, rows waiting, batches acknowledged."""
    if not path.exists():
        return 0, 0, 0
    connection = sqlite3.connect(path)
    try:
        (rows,) = connection.execute(
            "select count(*) from reading r join channel c on c.id = r.channel where c.source <> '' and r.revision = 0"
        ).fetchone()
        (waiting,) = connection.execute("select count(*) from outbox where lane = 1").fetchone()
        (acknowledged,) = connection.execute("select count(*) from batch where state = 'acknowledged'").fetchone()
    except sqlite3.OperationalError:
        return 0, 0, 0
    finally:
        connection.close()
    return rows, waiting, acknowledged


def _compare(hub: HubSide, sites: list[Site], result: KillResult) -> None:
    for site in sites:
        for channel, column in enumerate((IMPORT_COLUMN, EXPORT_COLUMN)):
            held = hub.stored_rows(site.stored_name, column)
            truth = [(end, 0, 0, raw) for end, raw in site.truth(time.time(), channel)]
            if held != truth[: len(held)] or len(truth) - len(held) > 1:
                result.faults.append(f"{site.name} {column}: {len(held)} rows held, {len(truth)} true")
