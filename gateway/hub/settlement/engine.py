"""The embedded engine: the values of a day summed over the store, in this process or by several others.

Which rows count is decided once (`SeriesStore.day_plan`). Shares of that plan are then read, unpacked and summed by
processes with connections of their own: they see the same values, because a plan names segments and a version, and
neither ever changes. Partial sums are integers and add up in any order, so that the result is the same to the last bit.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import shutil
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.engine import URL, Connection

from gateway.hub.database import Database
from gateway.hub.series.day_scan import DayPlan, DayView, StoredBatch
from gateway.hub.series.store import SeriesStore
from gateway.messages.codes import CORRECTED_FLAG
from gateway.messages.masterdata import Rows
from gateway.messages.series import Qualities
from gateway.messages.times import STEP_SECONDS, MarketZone
from gateway.settlement.energy import NO_POINTS
from gateway.settlement.kernel import Partial
from gateway.settlement.plan import Plan

log = logging.getLogger(__name__)

SHARES_EACH = 4
"""Shares for each worker, so that none waits long for the last."""

ATTEMPTS = 2
_STATUS, _EVERYTHING = np.uint8(0xFF ^ CORRECTED_FLAG), np.uint8(0xFF)


class WorkerLost(Exception):
    """A process that summed a share ended before it was done, and so did one of the next attempt. Nothing is kept."""


@dataclass(frozen=True, slots=True)
class DayWork:
    """What is to be summed.

    Attributes:
        plans: whose values go where, and what else they go to.
        view: the day, the kind of series, and the version, which must be committed.
        fixed_as_of: the version of the last fixed basis: only what was corrected after it keeps the mark of a
            correction (DK-4.1.5.f). None before there is one: nothing keeps it.
        without: points whose values do not count.
    """

    plans: tuple[Plan, ...]
    view: DayView
    fixed_as_of: int | None = None
    without: Rows = field(default_factory=lambda: NO_POINTS)

    def marked(self, batch: StoredBatch) -> Qualities:
        """Qualities of a batch, with the mark of correction only where it came after the last fixed basis."""
        if self.fixed_as_of is None:
            return batch.quality & _STATUS
        return batch.quality & np.where(batch.transaction > self.fixed_as_of, _EVERYTHING, _STATUS)

    def batches(self, connection: Connection, store: SeriesStore, share: DayPlan) -> Iterator[StoredBatch]:
        """The values of a share that count; what is read by the day or month is not settled by the hour."""
        for batch in store.planned(connection, share):
            if batch.resolution in STEP_SECONDS:
                yield batch.without(self.without) if len(self.without) else batch

    def add(self, partials: Sequence[Partial], batches: Iterable[StoredBatch]) -> None:
        """Add batches to the sums of each plan."""
        for batch in batches:
            quality = self.marked(batch)
            for partial in partials:
                partial.add(batch.points, batch.quantity, quality, batch.resolution, batch.start)

    def sum_share(self, connection: Connection, store: SeriesStore, share: DayPlan) -> tuple[Partial, ...]:
        """The sums of a share, by plan."""
        partials = tuple(Partial(plan) for plan in self.plans)
        self.add(partials, self.batches(connection, store, share))
        return partials


@dataclass(frozen=True, slots=True)
class Engine:
    """How the days of a hub are summed.

    Attributes:
        workers: how many processes at most; None for as many as there are cores.
        alone: days of up to so many values are summed in this process: starting others would take longer.
    """

    workers: int | None = None
    alone: int = 60_000_000

    def sum_day(
        self, database: Database, store: SeriesStore, connection: Connection, work: DayWork
    ) -> tuple[Partial, ...]:
        """The sums of a day as known at a version, by plan.

        Raises:
            WorkerLost: workers ended twice; the day is as it was and can be settled again.
            StoreUnavailable: the database went away.
        """
        day = store.day_plan(connection, work.view)
        workers = min(self.workers or os.cpu_count() or 1, len(day.whole) + len(day.pieced))
        if workers <= 1 or day.values <= self.alone:
            return work.sum_share(connection, store, day)
        shares = day.shares(workers * SHARES_EACH)
        start = _Start(database.engine.url, store.zone, work)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _pooled(start, shares, workers)
            except BrokenProcessPool:
                log.warning("a process that summed a share of a day ended early (attempt %d of %d)", attempt, ATTEMPTS)
        raise WorkerLost(
            f"processes that sum a day ended early {ATTEMPTS} times: were they killed, or is memory short? "
            "With settlement_workers = 1 the day is summed without them."
        )


@dataclass(frozen=True, slots=True)
class _Start:
    """What a worker begins with."""

    address: URL
    zone: MarketZone
    work: DayWork


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a worker works with; `papers` is the directory it shares with who started it."""

    papers: Path
    database: Database
    store: SeriesStore
    work: DayWork


_desks: list[_Desk] = []
"""The desk of this process, where it is a worker."""


def _pooled(start: _Start, shares: Sequence[DayPlan], workers: int) -> tuple[Partial, ...]:
    """The shares summed by processes that live no longer than this call.

    What is large goes by files: a process that dies behind a full pipe leaves the other end waiting for ever.
    """
    totals = tuple(Partial(plan) for plan in start.work.plans)
    context = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
    with tempfile.TemporaryDirectory(prefix="gridpost-settlement-") as directory:
        papers = Path(directory)
        _put(papers / "start", start)
        for number, share in enumerate(shares):
            _put(papers / f"share-{number}", share)
        pool = ProcessPoolExecutor(min(workers, len(shares)), context, _begin, (papers,))
        try:
            for done in as_completed([pool.submit(_sum_share, number) for number in range(len(shares))]):
                for total, partial in zip(totals, _get(papers / f"partial-{done.result()}"), strict=True):
                    total.merge(partial)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return totals


def _begin(papers: Path) -> None:
    """Open the database of a worker, and end with the process that started it, however that ends."""
    threading.Thread(target=_end_with_parent, args=(papers,), daemon=True).start()
    start: _Start = _get(papers / "start")
    _desks[:] = [_Desk(papers, Database.open(start.address), SeriesStore(start.zone), start.work)]


def _end_with_parent(papers: Path) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        shutil.rmtree(papers, ignore_errors=True)
        os._exit(1)


def _sum_share(number: int) -> int:
    (desk,) = _desks
    with desk.database.read() as connection:
        partials = desk.work.sum_share(connection, desk.store, _get(desk.papers / f"share-{number}"))
    _put(desk.papers / f"partial-{number}", partials)
    return number


def _put(path: Path, paper: object) -> None:
    with path.open("wb") as file:
        pickle.dump(paper, file, pickle.HIGHEST_PROTOCOL)


def _get(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - written by this process or the one that started it, readable by no other
