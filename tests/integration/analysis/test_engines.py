"""All engines say the same, to the last watt-hour and the last quality: the hub's own, Spark's, and DuckDB's in SQL."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gateway.analysis.day_export import export_day
from gateway.analysis.duckdb_engine import QuarterSums, sum_in_duckdb
from gateway.analysis.export_files import GROUPS, PLAN, VALUES, read_plan
from gateway.analysis.spark_engine import local_session, sum_on_spark
from gateway.hub.database import Database
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.engine import Engine
from gateway.messages.codes import Resolution
from gateway.settlement.kernel import Partial, Totals
from tests.integration.analysis.random_days import ZONE, RandomDay, random_day

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SEEDS = range(3)

pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def store() -> SeriesStore:
    return SeriesStore(ZONE)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """One of SQLite: which database the values come from is the store's affair."""
    opened = Database.open(f"sqlite:///{tmp_path}/hub.db")
    opened.create_tables()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        started = local_session(cores=2, memory="512m")
        yield started
        started.stop()


def settled(database: Database, store: SeriesStore, day: RandomDay, as_of: int) -> Totals:
    work = day.work(as_of)
    with database.read() as connection:
        return Engine(workers=1).sum_day(database, store, connection, work)[0].totals(Resolution.QUARTER)


def exported(database: Database, store: SeriesStore, day: RandomDay, as_of: int, directory: Path) -> Path:
    target = directory / f"as-of-{as_of}"
    with database.read() as connection:
        export_day(connection, store, (day.work(as_of), ()), day.keys, target)
    return target


def same(one: Totals | QuarterSums, other: Totals | QuarterSums) -> bool:
    pairs = ((one.parts, other.parts), (one.qualities, other.qualities), (one.exists, other.exists))
    return all(np.array_equal(*pair) for pair in pairs)


@pytest.mark.parametrize("seed", SEEDS)
def test_duckdb_agrees(database: Database, store: SeriesStore, tmp_path: Path, seed: int) -> None:
    pytest.importorskip("duckdb")
    day = random_day(database, store, seed)
    found = []
    for as_of in (day.first, day.latest):
        found.append(settled(database, store, day, as_of))
        assert same(found[-1], sum_in_duckdb(exported(database, store, day, as_of, tmp_path)))
    assert not same(*found)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_spark_agrees(database: Database, store: SeriesStore, tmp_path: Path, session: SparkSession, seed: int) -> None:
    day = random_day(database, store, seed)
    for as_of in (day.first, day.latest):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            partial: Partial = sum_on_spark(session, exported(database, store, day, as_of, tmp_path))
        assert same(settled(database, store, day, as_of), partial.totals(Resolution.QUARTER))


@pytest.mark.slow
def test_spark_in_another_zone_is_refused(session: SparkSession, tmp_path: Path) -> None:
    session.conf.set("spark.sql.session.timeZone", "Europe/Copenhagen")
    try:
        with pytest.raises(ValueError, match="UTC"):
            sum_on_spark(session, tmp_path)
    finally:
        session.conf.set("spark.sql.session.timeZone", "UTC")


def test_an_export_reads_back(database: Database, store: SeriesStore, tmp_path: Path) -> None:
    day = random_day(database, store, 4)
    target = exported(database, store, day, day.latest, tmp_path)
    plan = read_plan(target)
    assert (plan.interval, plan.groups) == (day.plan.interval, day.plan.groups)
    for name in ("point", "group", "first", "last"):
        assert np.array_equal(getattr(plan, name), getattr(day.plan, name))
    groups = pq.read_table(target / GROUPS).to_pydict()
    assert groups.pop("group") == list(range(plan.groups))
    assert groups == day.keys
    blocks = pq.ParquetDataset(target / VALUES).read()
    assert blocks.column_names == ["point", "start", "resolution", "quantities", "qualities"]
    read = {}
    with database.read() as connection:
        for batch in store.scan(connection, plan.interval, as_of=day.latest):
            for point, values in zip(batch.points.tolist(), batch.quantity.tolist(), strict=True):
                read[point, batch.start] = values
    rows = zip(*(blocks[name].to_pylist() for name in ("point", "start", "quantities")), strict=True)
    assert {(point, start): values for point, start, values in rows} == read


def test_a_day_without_values_is_all_missing(database: Database, store: SeriesStore, tmp_path: Path) -> None:
    pytest.importorskip("duckdb")
    day = random_day(database, store, 5)
    target = exported(database, store, day, 0, tmp_path)
    assert same(settled(database, store, day, 0), sum_in_duckdb(target))
    assert pq.read_metadata(next((target / VALUES).iterdir())).num_rows == 0


def test_an_export_never_overwrites(database: Database, store: SeriesStore, tmp_path: Path) -> None:
    day = random_day(database, store, 6)
    target = exported(database, store, day, day.first, tmp_path)
    with pytest.raises(FileExistsError, match="exists already"):
        exported(database, store, day, day.first, tmp_path)
    assert (target / PLAN).is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
