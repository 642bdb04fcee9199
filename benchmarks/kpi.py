"""Missing values and key figures of a day against the bare scan of the same day.

Run by `python -m benchmarks.kpi > benchmarks/results/kpi.txt`. Goals: the list of missing values at most 1.5 x the bare
scan, which puts a nation's 3.3 million points well under a minute. What is found is checked against what was left out.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

import numpy as np

from benchmarks.floor import interleave, machine_note, peak_megabytes, report
from benchmarks.nation import CORRECTION, DAY
from benchmarks.store import FIRST_DAY, MESSAGE, STEPS, ZONE, household_load, point_numbers
from gateway.hub.clock import MovedClock
from gateway.hub.control.expected import expected_values
from gateway.hub.control.kpis import kpis
from gateway.hub.control.missing_values import missing_values
from gateway.hub.control.values import DayQuery, Kpi
from gateway.hub.database import Database, allocate
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.series.segment_codec import Points
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import profile
from gateway.messages.codes import Role, SettlementMethod
from gateway.messages.masterdata import FOREVER, METHODS, GridArea, MasterData, Names, PointColumns
from gateway.schemas.registry import Registry

AREAS = 50
DK = profile("dk")
OPERATOR = Principal(DK.hub, Role.HUB, "benchmark")
LATE = 100  # one point in so many delivers nothing


def nation_of(points: Points) -> MasterData:
    """Flex settled consumption in quarters, spread over grid areas of five operators."""
    names = Names(f"{number:03d}" for number in range(AREAS))
    nothing = np.full(len(points), -1, dtype=np.int32)
    zero = np.zeros(len(points), dtype=np.int32)
    columns = PointColumns(
        point=points,
        valid_from=np.zeros(len(points), dtype=np.int64),
        valid_to=np.full(len(points), FOREVER),
        kind=zero,
        subtype=zero,
        settlement_method=np.full(len(points), METHODS.index(SettlementMethod.FLEX), dtype=np.int32),
        connection_state=np.ones(len(points), dtype=np.int32),
        resolution=zero,
        unit=zero,
        grid_area=(np.arange(len(points)) % AREAS).astype(np.int32),
        energy_supplier=zero,
        balance_responsible=nothing,
        from_grid_area=nothing,
        to_grid_area=nothing,
        parent=np.full(len(points), -1, dtype=np.int64),
    )
    areas = tuple(GridArea(name, f"57900000000{number % 5:02d}") for number, name in enumerate(names.names))
    return MasterData(columns, names, Names(["5790000000001"]), areas)


def filled(office: Office, points: Points) -> None:
    """The day in messages before the first look, 1 % corrected after fixation, indexed."""
    random = np.random.default_rng(9)
    early, late = DK.timetable.early_look(FIRST_DAY) - 3600, DK.timetable.fixation(FIRST_DAY) + 3600
    order = random.permutation(points[points % (10 * LATE) != points[0] % (10 * LATE)])
    again = random.permutation(order[::100])
    for chosen, rows, at, mark in ((order, MESSAGE, early, 0), (again, CORRECTION, late, 0x80)):
        for number, first in enumerate(range(0, len(chosen), rows)):
            some = chosen[first : first + rows]
            quantity, quality = household_load(len(some), number)
            one = SegmentInput(0, "PT15M", DAY.start, some, quantity + (mark > 0), quality | np.uint8(mark))
            with office.database.write(lasting=False) as connection:
                office.store.append(connection, allocate(connection, at * 1_000_000), [one])
    with office.database.write() as connection:
        while office.store.build_index(connection):
            pass


def cases_of(office: Office, lacking: int) -> dict[str, Callable[[], object]]:
    """What is measured; every case checks what it found."""

    def scan() -> None:
        with office.database.read() as connection:
            rows = sum(len(batch.points) for batch in office.store.scan(connection, DAY))
        assert rows == len(office.master.points.point) - lacking

    def expect() -> None:
        assert len(expected_values(DK.control, office.master, DAY)) == len(office.master.points.point)

    def miss() -> None:
        with office.database.read() as connection:
            found = missing_values(office, connection, FIRST_DAY)
        assert len(found) == lacking

    def figures() -> None:
        query = DayQuery(FIRST_DAY, FIRST_DAY + timedelta(days=1))
        with office.database.read() as connection:
            found = kpis(office, connection, OPERATOR, query) or ()
        missing = sum(value.count for value in found if value.kpi is Kpi.MISSING_FLEX)
        assert missing == lacking * STEPS

    return {
        "bare day scan": scan,
        "expected steps, from master data": expect,
        "missing values": miss,
        "key figures, corrections included": figures,
    }


def measure(points: int, rounds: int) -> None:
    """One population on SQLite."""
    numbers = point_numbers(points)
    now = DK.timetable.fixation(FIRST_DAY) + 7200
    with (
        tempfile.TemporaryDirectory() as directory,
        closing(Database.open(f"sqlite:///{directory}/hub.db")) as database,
    ):
        database.create_tables()
        ids = itertools.count()
        office = Office(
            database,
            DK,
            SeriesStore(ZONE),
            Registry(),
            MovedClock(now),
            lambda: f"{next(ids):032x}",
            nation_of(numbers),
        )
        filled(office, numbers)
        cases = cases_of(office, points // LATE)
        timings = interleave(cases, rounds, 300)
        print(
            report(f"{points} points x {STEPS}, 1 % missing, 1 % corrected", timings, "bare day scan", points * STEPS)
        )
        floor = timings["bare day scan"].median
        for name, timing in timings.items():
            print(f"{name:48s} {timing.median / floor:6.2f} x the time of the bare scan")
        database.close()
        for name in ("bare day scan", "missing values", "key figures, corrections included"):
            print(f"{name:48s} {peak_megabytes(cases[name]):6.0f} MB more at its peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(machine_note())
    for points in sorted({100_000, arguments.points}):
        measure(points, arguments.rounds)


if __name__ == "__main__":
    main()
