"""Timing that survives a noisy machine: cases run round-robin, medians are compared with a floor of the same run.

A benchmark names its cases, calls `interleave`, and prints `report(...)`: absolute times beside the ratio to the
floor. `peak_megabytes` gives the extra memory a call takes, measured in a forked child.
"""

from __future__ import annotations

import gc
import multiprocessing
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one case took.

    Attributes:
        median: seconds, the middle of all rounds.
        fastest: seconds, the best round.
        rounds: how many rounds were run.
    """

    median: float
    fastest: float
    rounds: int


def interleave(cases: Mapping[str, Callable[[], object]], rounds: int = 5, budget: float = 60.0) -> dict[str, Timing]:
    """Run every case once per round, so that noise hits all alike.

    Stops by itself: after `rounds`, or when `budget` seconds have gone by (never before two rounds).
    """
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    began = time.perf_counter()
    for done in range(rounds):
        if done >= 2 and time.perf_counter() - began > budget:
            break
        for name, case in cases.items():
            before = time.perf_counter()
            case()
            seconds[name].append(time.perf_counter() - before)
    return {name: Timing(statistics.median(took), min(took), len(took)) for name, took in seconds.items()}


def report(title: str, timings: Mapping[str, Timing], floor: str, values: int) -> str:
    """A table of the cases: milliseconds, million values a second, and speed as a multiple of the floor's."""
    base = timings[floor].median
    lines = [f"## {title} (floor: {floor})"]
    for name, timing in timings.items():
        speed = values / timing.median / 1e6
        lines.append(
            f"{name:48s} {timing.median * 1e3:10.3f} ms {speed:9.3f} M values/s {base / timing.median:7.2f} x floor"
        )
    return "\n".join(lines)


def machine_note() -> str:
    """The machine in words: cores, memory, Python. No names and no paths."""
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    gibibytes = round(int(memory.split()[1]) / 2**20)
    cores = multiprocessing.cpu_count()
    return f"machine: {cores} cores, {gibibytes} GiB, Python {platform.python_version()}, shared and noisy"


def resident_peak() -> float:
    """The highest resident memory of this process so far, in MB."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


def forget_resident_peak() -> None:
    """Start the count of `resident_peak` anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes(call: Callable[[], object], timeout: float = 600.0) -> float:
    """Extra peak memory of `call` in MB, measured in a forked child so that nothing before it counts."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def child() -> None:
        gc.collect()
        forget_resident_peak()
        before = resident_peak()
        call()
        sender.send(resident_peak() - before)

    process = context.Process(target=child)
    process.start()
    sender.close()
    try:
        if not receiver.poll(timeout):
            raise TimeoutError(f"the measured call took longer than {timeout} s")
        return float(receiver.recv())
    finally:
        process.join(5)
        if process.is_alive():
            process.kill()
