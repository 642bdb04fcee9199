"""A day settled from the durable store beside one numpy sum of the same matrix in memory.

Run by `python -m benchmarks.settlement_store > benchmarks/results/settlement_store.txt`. Goals: as of T with 1 %
corrections at most 25 x at 100 000 points x 96 (32 x at 3.3 million, see `benchmarks.nation`); as of now at most 1.5 x
of as of before the corrections; a fixation of a million points, filed and queued, below 3 GB; cost linear in points
within 15 %. What is summed is checked against what was written.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.floor import forget_resident_peak, interleave, machine_note, report, resident_peak
from benchmarks.store import FIRST_DAY, MESSAGE, STEPS, ZONE, day_start, household_load, point_numbers, put
from gateway.analysis.day_export import export_day
from gateway.analysis.duckdb_engine import sum_in_duckdb
from gateway.analysis.export_files import keys_of
from gateway.analysis.spark_engine import local_session, sum_on_spark
from gateway.hub.clock import MovedClock
from gateway.hub.database import Database
from gateway.hub.office import Office
from gateway.hub.series.day_scan import DayView
from gateway.hub.series.point_index import BUILD_SEGMENTS
from gateway.hub.series.segment_codec import Points, Qualities, Quantities
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.engine import DayWork, Engine
from gateway.hub.settlement.settling import CutOff, settle
from gateway.hub.tables_settlement import snapshot
from gateway.markets.registry import profile
from gateway.messages.codes import (
    CORRECTED_FLAG,
    MeteringPointType,
    Quality,
    Resolution,
    SettlementMethod,
    SettlementStage,
)
from gateway.messages.masterdata import FOREVER, KINDS, METHODS, Codes, GridArea, MasterData, Names, PointColumns
from gateway.messages.times import Interval
from gateway.schemas.registry import Registry
from gateway.settlement.energy import EnergyPlan, energy_plan
from gateway.settlement.kernel import Totals

AREAS, SUPPLIERS, BRPS = 50, 40, 8
PLANT = 100  # one point in so many produces
CORRECTED = 100  # one point in so many is corrected
CORRECTION = 50  # series in a correcting message
DAY = Interval(day_start(0), day_start(1))
DK = profile("dk")
FLOOR = "numpy.sum of the quantities"
BEFORE = "as of T, before the corrections, one process"
NOW = "as of now, one process"
POOL = "as of T, a pool of processes"


@dataclass(frozen=True, slots=True)
class Nation:
    """Points by number, their master data, and their values of the day.

    Attributes:
        points: int64[n], in the order in which their messages come: no order at all.
        master: consumers and plants in grid areas of five operators, suppliers of very unlike size.
    """

    points: Points
    master: MasterData

    @classmethod
    def of(cls, count: int) -> Nation:
        """A nation of that many points."""
        random = np.random.default_rng(count)
        points = point_numbers(count)
        supplier = (np.minimum(random.zipf(1.5, count), SUPPLIERS) - 1).astype(np.int32)
        area = random.integers(0, AREAS, count, dtype=np.int32)
        return cls(random.permutation(points), _registered(points, area, supplier))

    def values(self, first: int, rows: int, corrected: bool = False) -> tuple[Quantities, Qualities]:
        """Quantities and qualities of some of the points: measured, one row in a hundred with estimates."""
        quantity, _ = household_load(rows, first)
        points = self.points[first : first + rows]
        quantity[points // 10 % PLANT == 0] *= 10 * PLANT
        quality = np.full(quantity.shape, Quality.MEASURED, dtype=np.uint8)
        quality[points // 10 % CORRECTED == 7, 20:28] = Quality.ESTIMATED
        return (quantity + 7, quality | np.uint8(CORRECTED_FLAG)) if corrected else (quantity, quality)

    def blocks(self, rows: int) -> Iterator[tuple[int, Points]]:
        """The points in blocks of that many, each with the number of its first."""
        for first in range(0, len(self.points), rows):
            yield first, self.points[first : first + rows]

    def matrix(self) -> Quantities:
        """All quantities before the corrections, as the store holds them, in memory."""
        whole = np.empty((len(self.points), STEPS), dtype=np.int64)
        for first, points in self.blocks(MESSAGE):
            whole[first : first + MESSAGE], _ = self.values(first, len(points))
        return whole


def _registered(points: Points, area: Codes, supplier: Codes) -> MasterData:
    count = len(points)
    is_plant = points // 10 % PLANT == 0
    zero, nothing = np.zeros(count, dtype=np.int32), np.full(count, -1, dtype=np.int32)
    kinds = [KINDS.index(kind) for kind in (MeteringPointType.PRODUCTION, MeteringPointType.CONSUMPTION)]
    flex, hourly = (METHODS.index(method) for method in (SettlementMethod.FLEX, SettlementMethod.HOURLY))
    columns = PointColumns(
        point=points,
        valid_from=np.zeros(count, dtype=np.int64),
        valid_to=np.full(count, FOREVER),
        kind=np.where(is_plant, *kinds).astype(np.int32),
        subtype=zero,
        settlement_method=np.where(points // 10 % 20 == 0, hourly, flex).astype(np.int32),
        connection_state=np.ones(count, dtype=np.int32),
        resolution=zero,
        unit=zero,
        grid_area=area,
        energy_supplier=supplier,
        balance_responsible=(SUPPLIERS + supplier % BRPS).astype(np.int32),
        from_grid_area=nothing,
        to_grid_area=nothing,
        parent=np.full(count, -1, dtype=np.int64),
    )
    names = Names(f"{number:03d}" for number in range(AREAS))
    areas = tuple(GridArea(name, f"57900000000{number % 5:02d}") for number, name in enumerate(names.names))
    return MasterData(columns, names, Names(f"57900000001{number:02d}" for number in range(SUPPLIERS + BRPS)), areas)


def engine_cases(office: Office, energy: EnergyPlan, as_of: int, directory: Path) -> dict[str, Callable[[], object]]:
    """The other engines over the export of the day, where their packages and Java are; each checks its sums."""
    with office.database.read() as connection:
        work = DayWork((energy.plan,), DayView(DAY, 0, as_of))
        export_day(connection, office.store, (work, ()), keys_of(energy), directory)
    total = int(summed(office, energy, as_of, Engine(workers=1)).parts.sum())

    def in_duckdb() -> None:
        assert int(sum_in_duckdb(directory).parts.sum()) == total

    cases: dict[str, Callable[[], object]] = {"DuckDB over the export, 2 threads": in_duckdb}
    if find_spec("pyspark") and shutil.which("java"):
        session = local_session()

        def on_spark() -> None:
            assert int(sum_on_spark(session, directory).totals(Resolution.QUARTER).parts.sum()) == total

        cases["Spark over the export, local[2]"] = on_spark
    return cases


@contextmanager
def hub_of(nation: Nation) -> Iterator[Office]:
    """A hub on SQLite that has received the day of a nation, and 1 % corrections in small messages after it."""
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(Database.open(f"sqlite:///{directory}/hub.db")) as database,
    ):
        database.create_tables()
        ids = itertools.count()
        clock = MovedClock(DK.timetable.fixation(FIRST_DAY) + 7200)
        store = SeriesStore(ZONE)
        office = Office(
            database,
            DK,
            store,
            Registry(),
            clock,
            lambda: f"{next(ids):032x}",
            nation.master,
            engine=Engine(workers=1),
        )
        for number, (first, points) in enumerate(nation.blocks(MESSAGE), start=1):
            put(database, store, SegmentInput(0, "PT15M", DAY.start, points, *nation.values(first, len(points))))
            if number % BUILD_SEGMENTS == 0:
                _index(office)
        _index(office)
        for first, points in nation.blocks(CORRECTION):
            if first // CORRECTION % CORRECTED == 0:
                values = nation.values(first, len(points), corrected=True)
                put(database, store, SegmentInput(0, "PT15M", DAY.start, points, *values))
        yield office


def _index(office: Office) -> None:
    with office.database.write() as connection:
        while office.store.build_index(connection):
            pass


def versions(nation: Nation) -> tuple[int, int]:
    """The version before the corrections, and the newest."""
    messages = -(-len(nation.points) // MESSAGE)
    return messages, messages + -(-len(nation.points) // CORRECTION // CORRECTED)


def plan_of(nation: Nation) -> EnergyPlan:
    """The plan of all grid areas."""
    return energy_plan(nation.master, DAY, nation.master.areas.names)


def summed(office: Office, energy: EnergyPlan, as_of: int, engine: Engine) -> Totals:
    """The sums of the day as known at a version."""
    with office.database.read() as connection:
        work = DayWork((energy.plan,), DayView(DAY, 0, as_of))
        return engine.sum_day(office.database, office.store, connection, work)[0].totals(Resolution.QUARTER)


def expected(nation: Nation) -> int:
    """The sum of all values before the corrections."""
    return sum(int(nation.values(first, len(points))[0].sum()) for first, points in nation.blocks(MESSAGE))


def fix(office: Office, as_of: int, engine: Engine) -> str:
    """Settle, file and queue the fixation of the day in all grid areas: what it took, in words."""
    office.engine = engine
    areas = tuple(sorted(office.master.areas.names))
    forget_resident_peak()
    began = time.perf_counter()
    run = settle(
        office,
        Due(SettlementStage.FIXATION, FIRST_DAY, areas),
        CutOff(DK.timetable.fixation(FIRST_DAY), as_of),
    )
    seconds = time.perf_counter() - began
    assert run is not None
    with office.database.read() as connection:
        filed = connection.execute(sa.select(sa.func.count()).select_from(snapshot)).scalar_one()
    assert filed == len(areas)
    return f"fixation filed and queued: {seconds:.2f} s, peak memory of the process {resident_peak():.0f} MB"


def processor_time(case: Callable[[], object], rounds: int) -> float:
    """Seconds of a processor a case takes, the median: what others do meanwhile counts less than by the clock."""
    spent = []
    for _ in range(rounds):
        before = time.process_time()
        case()
        spent.append(time.process_time() - before)
    return statistics.median(spent)


def measure(count: int, rounds: int, others: bool) -> float:
    """One nation; nanoseconds a value to settle as of before the corrections, in one process.

    `others` says whether Spark and DuckDB settle it as well.
    """
    nation = Nation.of(count)
    before, now = versions(nation)
    alone, pooled = Engine(workers=1), Engine(alone=0)
    with hub_of(nation) as office:
        print(
            f"\n# settled: {count} points x {STEPS}, {AREAS} grid areas, one commit per {MESSAGE} series, 1 % corrected"
        )
        print(fix(office, before, alone))
        energy = plan_of(nation)
        assert int(summed(office, energy, before, alone).parts.sum()) == 4 * expected(nation)
        matrix = nation.matrix()
        cases: dict[str, Callable[[], object]] = {
            FLOOR: matrix.sum,
            BEFORE: lambda: summed(office, energy, before, alone),
            NOW: lambda: summed(office, energy, now, alone),
            f"{POOL} ({os.cpu_count()})": lambda: summed(office, energy, before, pooled),
            "plan, from master data": lambda: plan_of(nation),
        }
        with tempfile.TemporaryDirectory() as directory:
            if others:
                cases |= engine_cases(office, energy, before, Path(directory) / "day")
            timings = interleave(cases, rounds, 300)
        print(report(f"{energy.plan.groups} groups", timings, FLOOR, count * STEPS))
        for name in list(cases)[1:]:
            median = timings[name].median / timings[FLOOR].median
            fastest = timings[name].fastest / timings[FLOOR].fastest
            print(f"{name:48s} {median:6.1f} x the time of the floor; {fastest:.1f} x, best of each")
        spent = {name: processor_time(cases[name], rounds) for name in (FLOOR, BEFORE, NOW)}
        for name in (BEFORE, NOW):
            print(f"{name:48s} {spent[name] / spent[FLOOR]:6.1f} x the processor time of the floor")
        print(f"as of now beside before the corrections          {timings[NOW].median / timings[BEFORE].median:6.2f}")
        return 1e9 * timings[BEFORE].fastest / count / STEPS


def main() -> None:
    """Measure several sizes; the last line compares their cost a value."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, nargs="+", default=[100_000, 300_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    print(machine_note())
    least = min(arguments.points)
    costs = {count: measure(count, arguments.rounds, count == least) for count in arguments.points}
    print("\ncost a value: " + ", ".join(f"{cost:.1f} ns at {count} points" for count, cost in costs.items()))


if __name__ == "__main__":
    main()
