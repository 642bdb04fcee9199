"""The collector's outbox: rows a second beside bare SQLite inserts of the same durability, measured in turn.

    python -m benchmarks.outbox [blocks=200] > benchmarks/results/outbox.txt

A block is a day of a meter with two columns: 192 readings in one transaction. Bare inserts put the same readings into
one table with the same key, without queue, revisions or mark; both wait for the disk at each commit.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.floor import machine_note
from meter_adapters.outbox.batches import Batches
from meter_adapters.outbox.rows import Lane, Row
from meter_adapters.outbox.store import Outbox, OutboxLimits, ProfileProgress
from meter_adapters.readings import MeterId

PROFILE = "1-0:99.1.0*255"
COLUMNS = ("1-0:1.29.0*255", "1-0:2.29.0*255")
START = 1_767_225_600
ROUNDS = 5


def rows_of(block: int) -> list[Row]:
    return [
        Row((PROFILE, code, 900), START + 900 * (96 * block + place), 0, 500 + place, *_REST)
        for place in range(1, 97)
        for code in COLUMNS
    ]


_REST = (0, "Wh", "", 8, "daylight", True, "07EA0101040000FF80FFC400", "deviation", "crc", "")


def stored(directory: Path, blocks: int) -> float:
    """Rows a second into the outbox."""
    outbox = Outbox(directory / "outbox.db", OutboxLimits())
    meters = [MeterId(f"GPS{n:013d}", str(n), "GPS") for n in range(10)]
    work = [(meters[n % 10], rows_of(n // 10)) for n in range(blocks)]
    began = time.perf_counter()
    for number, (meter, rows) in enumerate(work):
        outbox.store(meter, rows, Lane.INTERVAL, START, ProfileProgress(PROFILE, START + number))
    took = time.perf_counter() - began
    outbox.close()
    return 192 * blocks / took


def bare(directory: Path, blocks: int) -> float:
    """Rows a second into one table with one key."""
    connection = sqlite3.connect(directory / "bare.db", isolation_level=None)
    for pragma in ("page_size = 4096", "journal_mode = wal", "synchronous = full", "wal_autocheckpoint = 1000"):
        connection.execute(f"pragma {pragma}")
    connection.execute(
        "create table reading (channel, moment, epoch, raw, scaler, unit, text, status, flags, billable, meter_time,"
        " offset_source, protection, source_id, read_at, primary key (channel, moment, epoch))"
    )
    work = [
        [(n % 10 * 2 + COLUMNS.index(row.channel[1]), *row[1:], START) for row in rows_of(n // 10)]
        for n in range(blocks)
    ]
    began = time.perf_counter()
    for rows in work:
        connection.execute("begin immediate")
        connection.executemany(f"insert into reading values ({', '.join('?' * 15)})", rows)
        connection.execute("commit")
    took = time.perf_counter() - began
    connection.close()
    return 192 * blocks / took


def sent(directory: Path, blocks: int) -> float:
    """Rows a second frozen into batches and acknowledged."""
    outbox = Outbox(directory / "outbox.db", OutboxLimits())
    for number in range(blocks):
        outbox.store(MeterId("GPS1", "1", "GPS"), rows_of(number), Lane.INTERVAL, START)
    batches, count = Batches(outbox, "bench"), 0
    began = time.perf_counter()
    while (batch := batches.next(Lane.INTERVAL, START)) is not None:
        batches.acknowledge(batch, "", START)
        count += batch.rows
    took = time.perf_counter() - began
    outbox.close()
    return count / took


def measured(work: Callable[[Path, int], float], blocks: int) -> float:
    with tempfile.TemporaryDirectory(prefix="gridpost-outbox-", dir=Path.cwd()) as directory:
        return work(Path(directory), blocks)


def main(blocks: int = 200) -> None:
    """Measure in turn, so that a busy machine is busy for all of them."""
    print(machine_note())
    found: dict[str, list[float]] = {"outbox": [], "bare inserts": [], "frozen and acknowledged": []}
    for _ in range(ROUNDS):
        for name, work in zip(found, (stored, bare, sent), strict=True):
            found[name].append(measured(work, blocks))
    print(
        f"{ROUNDS} rounds in turn, {blocks} transactions of 192 rows each, WAL, synchronous=FULL; median rows a second"
    )
    for name, rates in found.items():
        print(f"  {name:25} {statistics.median(rates):10,.0f}   ({min(rates):,.0f} to {max(rates):,.0f})")
    ratio = statistics.median(o / b for o, b in zip(found["outbox"], found["bare inserts"], strict=True))
    print(f"  outbox / bare inserts     {ratio:10.2f}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
