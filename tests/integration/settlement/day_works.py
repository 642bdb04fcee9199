"""A day to be summed by workers, and workers to whom something happens: a module that other processes can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.database import Database, allocate
from gateway.hub.series.day_scan import DayPlan, DayView
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.engine import DayWork, Engine
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.series import Quantities
from gateway.messages.times import MarketZone
from gateway.settlement.kernel import Partial
from gateway.settlement.plan import Plan, PlanRows

ZONE = MarketZone("Europe/Copenhagen")
DAY = ZONE.day_interval(date(2025, 3, 30))
QUARTERS = (DAY.end - DAY.start) // 900
POINTS = 571313100000000000 + 10 * np.arange(600, dtype=np.int64)
GROUPS = 7


def put(database: Database, store: SeriesStore, one: SegmentInput) -> int:
    with database.write() as connection:
        number = allocate(connection, 0)
        store.append(connection, number, [one])
    return number


def fill(database: Database, store: SeriesStore) -> tuple[int, Quantities, Quantities]:
    """A day in messages of quarters and of hours, some of it corrected: whole days, and a few steps.

    Returns the version before the corrections, and Wh by point and quarter, times four, before and after them.
    """
    random = np.random.default_rng(7)
    before = np.zeros((len(POINTS), QUARTERS), dtype=np.int64)
    order = random.permutation(len(POINTS))
    for number, rows in enumerate(np.array_split(order, 12)):
        resolution, parts = (("PT1H", 1), ("PT15M", 4))[number % 3 > 0]
        largest = (200, 60_000, 2**33)[number % 3]
        quantity = random.integers(0, largest, (len(rows), QUARTERS * parts // 4))
        quality = np.full(quantity.shape, Quality.MEASURED, dtype=np.uint8)
        put(database, store, SegmentInput(0, resolution, DAY.start, POINTS[rows], quantity, quality))
        before[rows] = np.repeat(quantity * parts, 4 // parts, axis=1)
    version = 12
    after = before.copy()
    quarterly = np.concatenate([rows for number, rows in enumerate(np.array_split(order, 12)) if number % 3 > 0])
    for rows, first, count in ((quarterly[:6], 0, QUARTERS), (quarterly[6:12], 8, 4), (quarterly[:3], 40, 8)):
        quantity = random.integers(0, 1000, (len(rows), count))
        quality = np.full(quantity.shape, Quality.MEASURED | CORRECTED_FLAG, dtype=np.uint8)
        put(database, store, SegmentInput(0, "PT15M", DAY.start + 900 * first, POINTS[rows], quantity, quality))
        after[rows, first : first + count] = quantity * 4
    return version, before, after


def plan() -> Plan:
    bounds = (np.full(len(POINTS), bound) for bound in (DAY.start, DAY.end))
    return Plan.of(DAY, PlanRows(POINTS, (np.arange(len(POINTS)) % GROUPS).astype(np.int32), *bounds), GROUPS)


@dataclass(frozen=True)
class DeadlyWork(DayWork):
    """Kills the worker that takes it up, as often as there are files of that name to remove."""

    lives: Path = Path()

    def sum_share(self, connection: Connection, store: SeriesStore, share: DayPlan) -> tuple[Partial, ...]:
        for life in sorted(self.lives.glob("life-*")):
            life.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().sum_share(connection, store, share)


def deadly(lives: Path, number: int, as_of: int) -> DeadlyWork:
    for life in range(number):
        (lives / f"life-{life}").touch()
    return DeadlyWork((plan(),), DayView(DAY, 0, as_of), None, lives=lives)


@dataclass(frozen=True)
class SlowWork(DayWork):
    """Notes the worker's number and then takes for ever."""

    notes: Path = Path()

    def sum_share(self, connection: Connection, store: SeriesStore, share: DayPlan) -> tuple[Partial, ...]:
        (self.notes / f"worker-{os.getpid()}").touch()
        time.sleep(600)
        return super().sum_share(connection, store, share)


def settle_slowly(url: str, notes: str) -> None:
    """What the process does that the next test kills."""
    database, store = Database.open(url), SeriesStore(ZONE)
    work = SlowWork((plan(),), DayView(DAY, 0, 12), None, notes=Path(notes))
    with database.read() as connection:
        Engine(workers=2, alone=0).sum_day(database, store, connection, work)
