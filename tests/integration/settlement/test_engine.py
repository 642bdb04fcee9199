"""The embedded engine: the same sums alone and in a pool, whatever is corrected, and nothing left when workers die."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gateway.hub.database import Database
from gateway.hub.series.day_scan import DayPlan, DayView
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.engine import DayWork, Engine, WorkerLost
from gateway.messages.codes import Resolution
from gateway.messages.series import Quantities
from gateway.settlement.kernel import Totals
from gateway.settlement.quality_sets import CORRECTED, MISSING
from tests.integration.settlement import day_works
from tests.integration.settlement.day_works import DAY, GROUPS, ZONE, deadly, fill, plan

ALONE, POOLED = Engine(workers=1), Engine(workers=2, alone=0)


@pytest.fixture
def store() -> SeriesStore:
    return SeriesStore(ZONE)


def by_group(values: Quantities) -> Quantities:
    return np.stack([values[group::GROUPS].sum(axis=0) for group in range(GROUPS)])


def summed(database: Database, store: SeriesStore, engine: Engine, work: DayWork) -> Totals:
    with database.read() as connection:
        return engine.sum_day(database, store, connection, work)[0].totals(Resolution.QUARTER)


def same(one: Totals, other: Totals) -> bool:
    pairs = ((one.parts, other.parts), (one.qualities, other.qualities), (one.exists, other.exists))
    return all(np.array_equal(*pair) for pair in pairs)


def test_workers_sum_what_one_process_sums_as_of_any_version(database: Database, store: SeriesStore) -> None:
    # DK-4.1.5.g: the sums are those of the values known at the cut-off, whoever adds them up
    version, before, after = fill(database, store)
    for as_of, values in ((version, before), (version + 3, after)):
        work = DayWork((plan(),), DayView(DAY, 0, as_of))
        alone, pooled = (summed(database, store, engine, work) for engine in (ALONE, POOLED))
        assert np.array_equal(alone.parts, by_group(values))
        assert not (alone.qualities & MISSING).any()
        assert same(alone, pooled)


def test_only_what_came_after_the_last_basis_is_marked(database: Database, store: SeriesStore) -> None:
    # DK-4.1.5.f
    version, *_ = fill(database, store)
    for fixed, is_marked in ((None, False), (version, True), (version + 3, False)):
        work = DayWork((plan(),), DayView(DAY, 0, version + 3), fixed)
        alone, pooled = (summed(database, store, engine, work) for engine in (ALONE, POOLED))
        assert bool((alone.qualities & CORRECTED).any()) == is_marked
        assert same(alone, pooled)


def test_shares_of_a_plan_are_the_plan(database: Database, store: SeriesStore) -> None:
    fill(database, store)
    with database.read() as connection:
        day = store.day_plan(connection, DayView(DAY, 0, 99))
    assert len(day.pieced)
    for number in (1, 2, 5, 100):
        shares = day.shares(number)
        assert len(shares) <= number
        assert [one.segment.id for share in shares for one in share.whole] == [one.segment.id for one in day.whole]
        assert np.array_equal(np.concatenate([share.pieced for share in shares]), day.pieced)
    nothing = DayPlan(day.view, [], day.pieced[:0])
    assert nothing.shares(3) == []
    assert nothing.values == 0


def test_a_worker_that_is_killed_is_replaced(database: Database, store: SeriesStore, tmp_path: Path) -> None:
    version, before, _ = fill(database, store)
    found = summed(database, store, POOLED, deadly(tmp_path, 1, version))
    assert np.array_equal(found.parts, by_group(before))
    assert not multiprocessing.active_children()


def test_workers_that_go_on_dying_are_told_of(database: Database, store: SeriesStore, tmp_path: Path) -> None:
    version, before, _ = fill(database, store)
    with pytest.raises(WorkerLost, match="settlement_workers = 1"):
        summed(database, store, POOLED, deadly(tmp_path, 50, version))
    assert not multiprocessing.active_children()
    found = summed(database, store, ALONE, DayWork((plan(),), DayView(DAY, 0, version)))
    assert np.array_equal(found.parts, by_group(before))


def test_no_worker_outlives_a_hub_that_was_killed(database: Database, store: SeriesStore, tmp_path: Path) -> None:
    fill(database, store)
    url = database.engine.url.render_as_string(hide_password=False)
    code = f"from {day_works.__name__} import settle_slowly; settle_slowly({url!r}, {str(tmp_path)!r})"
    with subprocess.Popen([sys.executable, "-c", code]) as hub:
        workers = wait_for(lambda: [int(note.name[7:]) for note in tmp_path.glob("worker-*")], 2)
        hub.kill()
    deadline = time.monotonic() + 60
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived its hub"
        time.sleep(0.05)


def wait_for(found: Callable[[], list[int]], number: int) -> list[int]:
    deadline = time.monotonic() + 60
    while len(workers := found()) < number:
        assert time.monotonic() < deadline, "no worker began"
        time.sleep(0.05)
    return workers


def is_running(process: int) -> bool:
    """Whether it runs; one that ended and was not yet waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
