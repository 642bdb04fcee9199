"""From bytes to durable: journal, schema, rules, series, receivers and outbox rows, against bare lxml parse + XSD.

Usage: python -m benchmarks.ingest [--quick]. Goals (issue of the exchange, performance.md §7): CIM XML into SQLite at
least 3 x for 1000 series, 1.8 x for 50, 0.4 x for one (0.8 x with group commit); any valid spelling 0.40 x; JSON 4 x
of decoding; PostgreSQL 2 x at 1000 series; two processes 1.6 x one. What lxml's freed trees leave the allocator to sort
is done by cases of its own, as in `benchmarks.codecs`. Stops by itself.
"""

from __future__ import annotations

import itertools
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier as BarrierType
from typing import Any

from lxml import etree

from benchmarks.codecs import settle
from benchmarks.exchange import Bench, Sender, open_bench, temporary_postgresql, temporary_sqlite
from benchmarks.floor import interleave, machine_note, report
from gateway.hub.interpreter import settle_interpreter
from gateway.messages.codes import Dialect, DocumentKind
from gateway.schemas.registry import shipped

GROUP = 50
FLOOR = "lxml parse + XSD"


def commented(body: bytes) -> bytes:
    """A spelling that no fast path takes: a comment in every series."""
    return body.replace(b"<cim:Period>", b"<!-- a day --><cim:Period>")


def floor_of(body: bytes) -> Callable[[], object]:
    """Bare lxml: parse the bytes and validate them against our XSD."""
    (schema,) = shipped().entry(DocumentKind.MEASURE_DATA, Dialect.CIM_XML).xml_schemas

    def parse() -> object:
        root = etree.fromstring(body)
        schema.assertValid(root)
        return root

    return parse


def one_size(series: int, sqlite: Bench, postgresql: Bench, rounds: int) -> str:
    """Messages of one size through every case."""
    first = itertools.count({1: 5001, 50: 6001, 1000: 1}[series], series)
    xml = Sender(series, next(first))
    others = {
        "CIM JSON -> SQLite": Sender(series, next(first), Dialect.CIM_JSON),
        "ebIX XML -> SQLite": Sender(series, next(first), Dialect.EBIX_XML),
        "CIM XML, other spelling -> SQLite": Sender(series, next(first), spelling=commented),
    }
    cases: dict[str, Callable[[], object]] = {FLOOR: floor_of(xml.body()), "(the floor's tree, freed)": settle}
    cases["CIM XML -> SQLite"] = _handling(sqlite, xml, rounds)
    cases["CIM XML -> PostgreSQL"] = _handling(postgresql, xml, rounds)
    cases |= {name: _handling(sqlite, sender, rounds) for name, sender in others.items()}
    cases["(the other spelling's tree, freed)"] = settle
    for case in cases.values():
        case()
    settle_interpreter()
    lines = [report(f"{series} series x 96", interleave(cases, rounds), FLOOR, series * 96)]
    if series == 1:
        lines.append(grouped(sqlite, [Sender(1, 7001 + number) for number in range(GROUP)], max(3, rounds // 3)))
    return "\n".join(lines)


def grouped(bench: Bench, senders: list[Sender], rounds: int) -> str:
    """Single series in groups that share their commits, as the intake makes them under load."""
    floor = floor_of(senders[0].body())
    groups = [[sender.submission() for sender in senders] for _ in range(rounds)]
    cases: dict[str, Callable[[], object]] = {
        FLOOR: lambda: [floor() for _ in range(GROUP)],
        "(the floor's trees, freed)": settle,
        f"CIM XML -> SQLite, {GROUP} messages a commit": lambda: bench.handle(*groups.pop()),
    }
    return report(f"{GROUP} x 1 series x 96", interleave(cases, rounds), FLOOR, GROUP * 96)


def _handling(bench: Bench, sender: Sender, rounds: int) -> Callable[[], object]:
    """Carries out another message at every call; the messages are made beforehand, and one more to warm up."""
    waiting = [sender.submission() for _ in range(rounds + 1)]
    return lambda: bench.handle(waiting.pop())


def _work(url: str, first_point: int, count: int, barrier: BarrierType, took: Any) -> None:
    bench = open_bench(url)
    sender = Sender(1000, first_point)
    bench.handle(sender.submission())
    submissions = [sender.submission() for _ in range(count)]
    barrier.wait()
    before = time.perf_counter()
    for submission in submissions:
        bench.handle(submission)
    took.put(time.perf_counter() - before)


def processes(url: str, number: int, count: int, first_point: int) -> float:
    """Messages of 1000 series a second by so many processes over one database, of points nobody has sent yet."""
    context = multiprocessing.get_context("spawn")
    barrier, took = context.Barrier(number), context.Queue()
    workers = [
        context.Process(target=_work, args=(url, first_point + 1000 * i, count, barrier, took)) for i in range(number)
    ]
    for worker in workers:
        worker.start()
    slowest = max(took.get(timeout=300) for _ in workers)
    for worker in workers:
        worker.join()
    return float(number * count / slowest)


def main() -> None:
    """Print every ratio with its floor."""
    rounds = 3 if "--quick" in sys.argv else 9
    print(machine_note())
    with temporary_sqlite() as sqlite_url, temporary_postgresql() as postgresql_url:
        sqlite, postgresql = open_bench(sqlite_url, 8000), open_bench(postgresql_url, 8000)
        for series in (1, 50, 1000):
            print(one_size(series, sqlite, postgresql, rounds if series == 1000 else rounds * 3), flush=True)
        sqlite.check()
        postgresql.check()
    with temporary_sqlite() as url:
        bench = open_bench(url, 9000)
        speeds: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(3):
            for number, found in speeds.items():
                found.append(processes(url, number, 12, 1 + 3000 * turn + 1000 * (number - 1)))
        bench.check()
        one, two = (statistics.median(speeds[number]) for number in (1, 2))
        print(
            f"## 1000 series x 96 by processes over one SQLite database (floor: one process)\n"
            f"1 process {one * 96_000 / 1e6:.2f} M values/s, 2 processes {two * 96_000 / 1e6:.2f} M values/s,"
            f" {two / one:.2f} x one process"
        )


if __name__ == "__main__":
    main()
