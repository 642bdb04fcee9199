"""One collector polling many simulated TCP meters every minute: does it keep up, and does its memory stay flat?

    python -m benchmarks.poll [meters=200] [minutes=10] > benchmarks/results/poll.txt

The meters are DLMS meters over the wrapper with a load profile of one minute, each on a port of its own, played by this
process; the collector is `gridpost-meters run` in a process of its own. At the end every interval that was due must be
in the outbox, as the meters have it. Ends with 1 when one is missing or wrong.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

from benchmarks.floor import machine_note
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects
from meter_adapters.simulators.meter import IMPORT, Identity, SimulatedMeter

MODULE = "meter_adapters"
PROFILE = """
title = "A profile of one minute"
protocol = "dlms"
[status]
daylight = 8
[load-profile]
period = 60
depth-days = 1
[registers]
read = ["1-0:1.8.0*255"]
"""
HOUR, SAMPLE = 3600, 10.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Sample(NamedTuple):
    """The collector at a moment: seconds since its start, memory in MB, descriptors, CPU seconds, rows."""

    at: float
    megabytes: float
    descriptors: int
    cpu: float
    rows: int


def configuration(ports: dict[str, int]) -> str:
    lines = ['[collector]\nname = "bench"\nstatus-port = 0\nhost-clock = "trusted"\n']
    for name, port in ports.items():
        lines.append(f'[[bus]]\nname = "{name}"\nlink = "tcp://127.0.0.1:{port}"\n')
        lines.append("profile-every = 60\nprofile-lag = 2\njitter = 20\n")
        lines.append(f'[[meter]]\nname = "{name}"\nbus = "{name}"\nprofile = "minute.toml"\n')
    return "".join(lines)


def sampled(pid: int, began: float, outbox: Path) -> Sample:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6
    descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Sample(time.time() - began, resident, descriptors, cpu, rows_of(outbox))


def rows_of(outbox: Path) -> int:
    if not outbox.exists():
        return 0
    connection = sqlite3.connect(outbox)
    try:
        (rows,) = connection.execute(
            "select count(*) from reading r join channel c on c.id = r.channel where c.source <> ''"
        ).fetchone()
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
    return int(rows)


def faults_of(outbox: Path, meters: list[SimulatedMeter], until: int) -> int:
    """Intervals up to an instant that the outbox lacks or has otherwise."""
    connection = sqlite3.connect(outbox)
    held: dict[str, set[tuple[int, int]]] = {}
    for name, moment, raw in connection.execute(
        "select m.name, r.moment, r.raw from reading r join channel c on c.id = r.channel"
        " join meter m on m.id = c.meter where c.source <> ''"
    ):
        held.setdefault(name, set()).add((moment, raw))
    connection.close()
    wrong = 0
    for meter in meters:
        true = {(row.meter_end, row.values[0]) for row in meter.rows(0, until, until)}
        wrong += len(true - held.get(f"GPS-{meter.identity.serial}", set()))
    return wrong


async def play(directory: Path, count: int, minutes: int) -> int:
    start = int(time.time()) // HOUR * HOUR - HOUR
    meters = [SimulatedMeter(start, n, Identity(str(10_000 + n)), period=60, channels=(IMPORT,)) for n in range(count)]
    samples: list[Sample] = []
    async with AsyncExitStack() as stack:
        ports = {
            f"m{n}": await stack.enter_async_context(SimulatedDlmsMeter(DlmsObjects(meter, time.time)).wrapper())
            for n, meter in enumerate(meters)
        }
        (directory / "minute.toml").write_text(PROFILE)
        (directory / "plant.toml").write_text(configuration(ports))
        outbox = directory / "gridpost-meters" / "outbox.db"
        arguments = ("-m", MODULE, "run", "--config", str(directory / "plant.toml"))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
        began = time.time()
        while time.time() - began < 60 * minutes:
            await asyncio.sleep(SAMPLE)
            samples.append(await asyncio.to_thread(sampled, process.pid, began, outbox))
        until = (int(time.time()) - 60) // 60 * 60 - 60
        process.send_signal(signal.SIGTERM)
        await process.wait()
    wrong = faults_of(outbox, meters, until)
    report(samples, count, wrong)
    return wrong


def report(samples: list[Sample], count: int, wrong: int) -> None:
    settled = samples[len(samples) // 3 :]
    first, last = settled[0], settled[-1]
    minutes = (last.at - first.at) / 60
    print(machine_note())
    print(f"{count} meters, a minute each, {last.at / 60:.0f} minutes; the last two thirds of them:")
    print(f"  intervals stored a minute     {(last.rows - first.rows) / minutes:10.1f}   of {count}")
    print(f"  CPU seconds a minute          {(last.cpu - first.cpu) / minutes:10.1f}")
    print(f"  memory, MB                    {first.megabytes:10.1f} to {last.megabytes:.1f}", end="")
    print(f", greatest {max(sample.megabytes for sample in settled):.1f}")
    print(f"  descriptors                   {first.descriptors:10d} to {last.descriptors}")
    print(f"  intervals missing or wrong    {wrong:10d}")


def main(meters: int = 200, minutes: int = 10) -> int:
    """Play for some minutes."""
    with tempfile.TemporaryDirectory(prefix="gridpost-poll-", dir=Path.cwd()) as directory:
        return asyncio.run(play(Path(directory), meters, minutes))


if __name__ == "__main__":
    sys.exit(bool(main(*(int(argument) for argument in sys.argv[1:]))))
