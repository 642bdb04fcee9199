"""A nation's day through the series store: 3.3 million points x 96, written, indexed, corrected, read as of T.

Run by `python -m benchmarks.nation > benchmarks/results/nation.txt`. Goals: the cost per value is at most 1.7 x that of
100 000 points in the same run; the day settled as of T at most 32 x one numpy sum of the same matrix. Every sum read is
checked against the sum written. At last the fixation of such a day is calculated, filed and queued
(`benchmarks.settlement_store`). It stops by itself and cleans up.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from benchmarks import settlement_store
from benchmarks.floor import forget_resident_peak, machine_note, resident_peak
from benchmarks.store import MESSAGE, STEPS, ZONE, day_start, household_load, point_numbers, put, size_of
from gateway.hub.database import Database
from gateway.hub.series.point_index import BUILD_SEGMENTS
from gateway.hub.series.segment_codec import Points
from gateway.hub.series.segments import SegmentInput, SeriesPeriod
from gateway.hub.series.store import SeriesStore
from gateway.messages.times import Interval

CORRECTION = 50  # series in a correcting message
DAY = Interval(day_start(0), day_start(1))


@dataclass
class Costs:
    """Seconds of one run, and what it took."""

    points: int
    write: float = 0.0
    index: float = 0.0
    correct: float = 0.0
    scan_before: float = 0.0
    scan_now: float = 0.0
    bytes: int = 0
    peak_megabytes: float = 0.0
    lookup: float = 0.0
    unknown: float = 0.0

    @property
    def values(self) -> int:
        """Quarters of the day."""
        return self.points * STEPS

    @property
    def per_value(self) -> float:
        """Nanoseconds a value to write, index, correct and read as of T."""
        return 1e9 * (self.write + self.index + self.correct + self.scan_before) / self.values


class Stopwatch:
    """Adds up the seconds of a with block into a field of Costs."""

    def __init__(self, costs: Costs, field: str) -> None:
        self._costs, self._field = costs, field

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        spent = time.perf_counter() - self._began
        setattr(self._costs, self._field, getattr(self._costs, self._field) + spent)


def messages(order: Points, rows: int, seed: int) -> Iterator[SegmentInput]:
    """Messages of that many series in the order of the points, all for the one day."""
    for number, first in enumerate(range(0, len(order), rows)):
        quantity, quality = household_load(len(order[first : first + rows]), seed + number)
        yield SegmentInput(0, "PT15M", DAY.start, order[first : first + rows], quantity, quality)


def write(database: Database, store: SeriesStore, costs: Costs, order: Points) -> int:
    """The day as it arrives, the index built every few hundred messages; returns the sum of its values."""
    total = 0
    for number, message in enumerate(messages(order, MESSAGE, 0), start=1):
        with Stopwatch(costs, "write"):
            put(database, store, message)
        total += int(message.quantity.sum())
        if number % BUILD_SEGMENTS == 0:
            build(database, store, costs)
    build(database, store, costs)
    return total


def build(database: Database, store: SeriesStore, costs: Costs) -> None:
    """Index what is pending."""
    with Stopwatch(costs, "index"), database.write() as connection:
        while store.build_index(connection):
            pass


def correct(database: Database, store: SeriesStore, costs: Costs, chosen: Points) -> None:
    """One point in a hundred again, in small messages, left unindexed."""
    for message in messages(chosen, CORRECTION, 10**6):
        with Stopwatch(costs, "correct"):
            put(database, store, message)


def scan(database: Database, store: SeriesStore, as_of: int | None) -> tuple[int, int]:
    """How many series the day has and the sum of their values, as known at a version."""
    rows = total = 0
    with database.read() as connection:
        for batch in store.scan(connection, DAY, as_of=as_of):
            rows += len(batch.points)
            total += int(batch.quantity.sum())
    return rows, total


def look_up(database: Database, store: SeriesStore, costs: Costs) -> None:
    """One point's day, and a thousand points that are not there: medians."""
    random = np.random.default_rng(5)
    ones, thousands = [], []
    period = SeriesPeriod(0, "PT15M", DAY.start, STEPS)
    for _ in range(50):
        point = point_numbers(costs.points)[random.integers(0, costs.points, 1)]
        unknown = 571313100000000005 + random.choice(costs.points, MESSAGE, replace=False) * 10
        with database.read() as connection:
            began = time.perf_counter()
            store.read(connection, point, DAY)
            between = time.perf_counter()
            assert not store.current(connection, period, unknown).known.any()
            ones.append(between - began)
            thousands.append(time.perf_counter() - between)
    costs.lookup, costs.unknown = statistics.median(ones), statistics.median(thousands)


def run(points: int) -> Costs:
    """One population in a database of its own."""
    costs = Costs(points)
    random = np.random.default_rng(9)
    numbers = point_numbers(points)
    forget_resident_peak()
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(Database.open(f"sqlite:///{directory}/hub.db")) as database,
    ):
        database.create_tables()
        store = SeriesStore(ZONE)
        total = write(database, store, costs, numbers[random.permutation(points)])
        version = -(-points // MESSAGE)
        correct(database, store, costs, random.permutation(numbers[::100]))
        with Stopwatch(costs, "scan_before"):
            assert scan(database, store, version) == (points, total)
        with Stopwatch(costs, "scan_now"):
            rows, corrected = scan(database, store, None)
        assert rows == points
        assert corrected != total
        look_up(database, store, costs)
        build(database, store, costs)
        costs.bytes = size_of(database)
    costs.peak_megabytes = resident_peak()
    return costs


def described(costs: Costs) -> str:
    """A run in lines."""

    def speed(seconds: float) -> str:
        return f"{seconds:8.2f} s  {costs.values / seconds / 1e6:7.1f} M values/s"

    return "\n".join(
        [
            f"{costs.points} points x {STEPS} = {costs.values / 1e6:.1f} M values, one commit per {MESSAGE} series",
            f"  write, durable                  {speed(costs.write)}",
            f"  index, every {BUILD_SEGMENTS} segments       {speed(costs.index)}",
            f"  1 % corrections, by {CORRECTION}          {costs.correct:8.2f} s",
            f"  read as of T, before them       {speed(costs.scan_before)}",
            f"  read now                        {speed(costs.scan_now)}",
            f"  one point's day                 {costs.lookup * 1e3:8.2f} ms",
            f"  1000 new points, none known     {costs.unknown * 1e3:8.2f} ms",
            f"  bytes a value, index included   {costs.bytes / costs.values:8.2f}",
            f"  peak memory of the process      {costs.peak_megabytes:8.0f} MB",
            f"  cost a value                    {costs.per_value:8.1f} ns",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=3_300_000)
    arguments = parser.parse_args()
    print(machine_note())
    small = [run(100_000)]
    print(described(small[0]), flush=True)
    nation = run(arguments.points)
    print(described(nation), flush=True)
    small += [run(100_000), run(100_000)]
    floor = statistics.median(costs.per_value for costs in small)
    print(f"cost a value at 100000 points, before and after: {', '.join(f'{one.per_value:.1f}' for one in small)} ns")
    print(f"ratio: {nation.per_value / floor:.2f} (goal 1.7)", flush=True)
    logging.disable(logging.WARNING)
    settlement_store.measure(arguments.points, rounds=3, others=False)


if __name__ == "__main__":
    main()
