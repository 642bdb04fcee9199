"""The series store against raw files and bare primary-key reads.

Run by `python -m benchmarks.store [--postgresql URL]`. Goals: at most 2 bytes a value with quality and index, at most 6
with the compressed original; a month of one point as of T within 5 x of 31 primary-key reads of 480 bytes; writing at
least 0.4 x of append + fsync.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import zstandard

from benchmarks.floor import interleave, machine_note, report
from gateway.hub.database import Database, allocate
from gateway.hub.series.segment_codec import CHUNK_ROWS, Points, Qualities, Quantities
from gateway.hub.series.segments import SegmentInput, SeriesPeriod
from gateway.hub.series.store import SeriesStore
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
FIRST_DAY = date(2025, 1, 1)
STEPS = 96
MESSAGE = 1000


def point_numbers(count: int) -> Points:
    """That many metering points."""
    return 571313100000000000 + np.arange(count, dtype=np.int64) * 10


def household_load(rows: int, seed: int) -> tuple[Quantities, Qualities]:
    """Quantities in Wh of a day and their qualities: log-normal consumers, one value in 17 estimated."""
    random = np.random.default_rng(seed)
    base = random.lognormal(4.6, 0.9, (rows, 1))
    shape = 1 + 0.6 * np.sin(np.linspace(0, 2 * np.pi, STEPS, endpoint=False))
    quantity = np.rint(base * shape * random.lognormal(0, 0.35, (rows, STEPS))).astype(np.int64)
    return quantity, np.where(quantity % 17 == 0, 3, 4).astype(np.uint8)


def day_start(number: int) -> int:
    """Where the day begins, counted from the first one measured."""
    return ZONE.midnight(FIRST_DAY + timedelta(days=number))


def filled(database: Database, store: SeriesStore, points: int, days: int) -> None:
    """Days of messages in random order of points, then 1 % corrections, indexed."""
    numbers = point_numbers(points)
    random = np.random.default_rng(1)
    for day in range(days):
        quantity, quality = household_load(points, day)
        order = random.permutation(points)
        for first in range(0, points, MESSAGE):
            rows = order[first : first + MESSAGE]
            put(database, store, SegmentInput(0, "PT15M", day_start(day), numbers[rows], quantity[rows], quality[rows]))
    for day in range(days):
        rows = np.arange(0, points, 100)
        quantity, quality = household_load(points, day)
        corrected = (quantity[rows] + 7, quality[rows] | np.uint8(0x80))
        put(database, store, SegmentInput(0, "PT15M", day_start(day), numbers[rows], *corrected))
    with database.write() as connection:
        while store.build_index(connection):
            pass


def put(database: Database, store: SeriesStore, *inputs: SegmentInput) -> None:
    """One durable transaction."""
    with database.write() as connection:
        store.append(connection, allocate(connection, 0), inputs)


def size_of(database: Database) -> int:
    """Bytes of the database on disk."""
    with database.read() as connection:
        if database.kind == "postgresql":
            tables = ("segment", "chunk", "point_index", "segment_day")
            sizes = [f"pg_total_relation_size('{table}')" for table in tables]
            return int(connection.exec_driver_sql(f"select {' + '.join(sizes)}").scalar_one())
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()
        return int(pages) * int(connection.exec_driver_sql("pragma page_size").scalar_one())


def print_space(database: Database, values: int) -> None:
    """Bytes a value, with and without the original message."""
    stored = size_of(database) / values
    quantity, quality = household_load(MESSAGE, 0)
    original = len(zstandard.ZstdCompressor(level=1).compress(message_text(quantity, quality))) / quantity.size
    print(f"space: {stored:.2f} bytes a value with quality and index (goal 2), ", end="")
    print(f"{stored + original:.2f} with the original at zstd 1 ({original:.2f}; goal 6)")


def message_text(quantity: Quantities, quality: Qualities) -> bytes:
    """CIM XML of a message's series, as far as its size is concerned."""
    parts = []
    for row, (quantities, qualities) in enumerate(zip(quantity.tolist(), quality.tolist(), strict=True)):
        parts.append(
            f"<cim:Series>\n<cim:mRID>S{row}</cim:mRID>\n<cim:marketEvaluationPoint.mRID codingScheme='A10'>"
            f"{571313100000000000 + row * 10}</cim:marketEvaluationPoint.mRID>\n<cim:Period>\n"
        )
        for position, (value, status) in enumerate(zip(quantities, qualities, strict=True), start=1):
            parts.append(
                f"<cim:Point>\n<cim:position>{position}</cim:position>\n<cim:quantity>{value // 1000}."
                f"{value % 1000:03d}</cim:quantity>\n<cim:quality>A0{status}</cim:quality>\n</cim:Point>\n"
            )
        parts.append("</cim:Period>\n</cim:Series>\n")
    return "".join(parts).encode()


def raw_append(path: Path, rows: int) -> Callable[[], None]:
    """The floor of writing: the same values as int32 and uint8, appended and synced."""
    quantity, quality = household_load(rows, 3)

    def append() -> None:
        with path.open("ab") as file:
            file.write(quantity.astype("<i4").tobytes() + quality.tobytes())
            file.flush()
            os.fsync(file.fileno())

    return append


def written(database: Database, store: SeriesStore, rows: int) -> Callable[[], None]:
    """A message of that many series through the store, durable."""
    quantity, quality = household_load(rows, 3)
    numbers = np.random.default_rng(2).permutation(point_numbers(100_000))[:rows]
    message = SegmentInput(0, "PT15M", day_start(400), numbers, quantity, quality)
    return lambda: put(database, store, message)


def primary_key_reads(path: Path, rows: int) -> Callable[[], None]:
    """The floor of reading: a day of a point as 480 bytes under (day, point), 31 times."""
    file = sqlite3.connect(path)
    file.execute("pragma page_size = 8192")
    file.execute("create table b (day int, point int, content blob, primary key (day, point)) without rowid")
    for day in range(31):
        file.executemany("insert into b values (?, ?, ?)", [(day, point, os.urandom(480)) for point in range(rows)])
    file.commit()
    random = np.random.default_rng(4)

    def read() -> None:
        point = int(random.integers(0, rows))
        for day in range(31):
            file.execute("select content from b where day = ? and point = ?", (day, point)).fetchone()

    return read


def month_read(database: Database, store: SeriesStore, points: int, as_of: int | None) -> Callable[[], None]:
    """A month of one point as of a version, in a transaction of its own as the API reads it."""
    random = np.random.default_rng(4)
    interval = Interval(day_start(0), day_start(31))

    def read() -> None:
        number = 571313100000000000 + int(random.integers(0, points)) * 10
        with database.read() as connection:
            ((run,),) = store.read(connection, np.array([number], dtype=np.int64), interval, as_of=as_of).runs
        assert len(run.quantity) == 31 * STEPS

    return read


def lookup(database: Database, store: SeriesStore, points: Points, day: int) -> Callable[[], None]:
    """Which values of these points are accepted for a day."""
    period = SeriesPeriod(0, "PT15M", day_start(day), STEPS)

    def current() -> None:
        with database.read() as connection:
            store.current(connection, period, points)

    return current


def rendered(database: Database, store: SeriesStore) -> Callable[[], None]:
    """A thousand rows by reference, as the outbox fetches them."""
    places = [(1, row) for row in range(MESSAGE)]

    def rows() -> None:
        with database.read() as connection:
            store.rows(connection, places)

    return rows


def measure(database: Database, directory: Path, points: int) -> None:
    """All measurements on one database."""
    store = SeriesStore(ZONE)
    days = 31
    filled(database, store, points, days)
    print(f"\n# {database.kind}: {points} points x {days} days, chunks of {CHUNK_ROWS} rows")
    print_space(database, points * days * STEPS)
    versions = points // MESSAGE * days
    months: dict[str, Callable[[], object]] = {
        "31 primary-key reads of 480 bytes": primary_key_reads(directory / f"{database.kind}.reads", points),
        "month of one point, now": month_read(database, store, points, None),
        "month of one point, before the corrections": month_read(database, store, points, versions),
    }
    print(report("one point, one month", interleave(months, 200), "31 primary-key reads of 480 bytes", 31 * STEPS))
    new = point_numbers(2 * points)[points : points + MESSAGE]
    lookups: dict[str, Callable[[], object]] = {
        "rows: 1000 by reference": rendered(database, store),
        "current: none of 1000 known": lookup(database, store, new, 5),
        "current: 1 of 1 known": lookup(database, store, point_numbers(1), 5),
        "current: 1000 of 1000 known": lookup(database, store, point_numbers(MESSAGE), 5),
    }
    print(report("lookups", interleave(lookups, 20), "rows: 1000 by reference", MESSAGE * STEPS))
    for rows in (1, 50, MESSAGE, 3000):
        cases: dict[str, Callable[[], object]] = {
            "append + fsync, 5 bytes a value": raw_append(directory / f"{database.kind}.raw", rows),
            f"store, {rows} series": written(database, store, rows),
        }
        print(report(f"write {rows} x {STEPS}", interleave(cases, 41), "append + fsync, 5 bytes a value", rows * STEPS))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=3000)
    parser.add_argument("--postgresql", metavar="URL", help="an empty database to measure as well")
    arguments = parser.parse_args()
    print(machine_note())
    with tempfile.TemporaryDirectory() as directory:
        urls = [f"sqlite:///{directory}/hub.db"] + [arguments.postgresql] * bool(arguments.postgresql)
        for url in urls:
            with closing(Database.open(url)) as database:
                database.create_tables()
                measure(database, Path(directory), arguments.points)


if __name__ == "__main__":
    main()
