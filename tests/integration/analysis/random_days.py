"""Days of random markets in a store: quarters and hours, gaps, changes of group within the day, corrections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from gateway.analysis.export_files import GROUP_COLUMNS, GroupKeys
from gateway.hub.database import Database, allocate
from gateway.hub.series.day_scan import DayView
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.engine import DayWork
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.masterdata import Rows
from gateway.messages.times import HOUR, STEP_SECONDS, Interval, MarketZone
from gateway.settlement.plan import Plan, PlanRows

ZONE = MarketZone("Europe/Copenhagen")
DAYS = (date(2025, 3, 30), date(2025, 10, 26), date(2025, 6, 1))
QUALITIES = np.array(
    [Quality.MEASURED] * 5 + [Quality.ESTIMATED, Quality.CALCULATED, Quality.MISSING, Quality.UNCERTAIN], dtype=np.uint8
)


@dataclass(frozen=True)
class RandomDay:
    """A day in a store.

    Attributes:
        first, latest: the version before the corrections, and after them.
        plan: points in groups, some of them in two, one after another.
    """

    first: int
    latest: int
    plan: Plan

    def work(self, as_of: int) -> DayWork:
        """The day as known at a version; what was corrected keeps its mark."""
        return DayWork((self.plan,), DayView(self.plan.interval, 0, as_of), self.first)

    @property
    def keys(self) -> GroupKeys:
        """Names for the groups."""
        return {name: [f"{name} {group}" for group in range(self.plan.groups)] for name in GROUP_COLUMNS}


def random_day(database: Database, store: SeriesStore, seed: int, count: int = 400) -> RandomDay:
    """A market of so many points, 1 % of it corrected, and as many again in some of their steps."""
    random = np.random.default_rng(seed)
    day = ZONE.day_interval(DAYS[seed % len(DAYS)])
    points = 571313100000000000 + 10 * random.choice(10 * count, count, replace=False).astype(np.int64)
    groups = int(random.integers(1, 30))
    hourly = random.random(count) < 0.3

    def put(rows: Rows, resolution: str, span: tuple[int, int], mark: int = 0) -> int:
        start, steps = day.start + span[0], span[1] // STEP_SECONDS[resolution]
        largest = int(random.choice([9, 300, 70_000, 2**33]))
        quantity = random.integers(0, largest, (len(rows), steps))
        quality = random.choice(QUALITIES, quantity.shape) | np.uint8(mark)
        quality[random.random(len(rows)) < 0.7] = Quality.MEASURED | mark
        quantity[quality & 7 == Quality.MISSING] = 0
        with database.write() as connection:
            number = allocate(connection, 0)
            store.append(connection, number, [SegmentInput(0, resolution, start, points[rows], quantity, quality)])
        return number

    whole = (0, day.end - day.start)
    sent = np.flatnonzero(random.random(count) < 0.97)
    version = 0
    for some in np.array_split(random.permutation(sent), 5):
        for is_hourly, resolution in ((False, "PT15M"), (True, "PT1H")):
            if len(rows := some[hourly[some] == is_hourly]):
                version = put(rows, resolution, whole)
    latest = version
    for number in range(max(2, count // 100)):
        rows = random.choice(sent, 1)
        resolution = "PT1H" if hourly[rows[0]] else "PT15M"
        hours = (int(random.integers(0, 20)) * HOUR, 2 * HOUR)
        latest = put(rows, resolution, hours if number % 2 else whole, CORRECTED_FLAG)
    return RandomDay(version, latest, _plan(random, points, groups, day))


def _plan(random: np.random.Generator, points: Rows, groups: int, interval: Interval) -> Plan:
    moves = np.flatnonzero(random.random(len(points)) < 0.1)
    first = np.full(len(points), interval.start)
    last = np.full(len(points), interval.end)
    last[moves] = interval.start + HOUR * random.integers(1, 22, len(moves))
    known = random.random(len(points)) < 0.98
    rows = PlanRows(
        np.concatenate((points[known], points[moves])),
        random.integers(0, groups, int(known.sum()) + len(moves)).astype(np.int32),
        np.concatenate((first[known], last[moves])),
        np.concatenate((last[known], np.full(len(moves), interval.end))),
    )
    return Plan.of(interval, rows, groups)
