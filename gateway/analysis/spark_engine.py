"""The kernel of settlement on Spark, over the Parquet export of a day: where a nation outgrows one machine.

Every task sums its blocks with the very code the hub runs (`gateway.settlement.kernel`) and gives one partial sum back;
partial sums are integers and add up in any order, so the result is the hub's to the last bit. Workers need this package
and numpy. The session's zone must be UTC (`session` sees to it), although no column is a timestamp.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gateway.analysis.export_files import VALUES, read_plan
from gateway.messages.codes import Resolution
from gateway.messages.times import STEP_SECONDS
from gateway.settlement.kernel import Partial
from gateway.settlement.plan import Plan

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.broadcast import Broadcast
    from pyspark.sql import SparkSession

COLUMNS = ("point", "start", "resolution", "quantities", "qualities")
_RESOLUTIONS = {seconds: resolution for resolution, seconds in STEP_SECONDS.items()}


def local_session(cores: int = 2, memory: str = "1g") -> SparkSession:
    """A session on this machine that listens to nobody else."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.driver.memory": memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master(f"local[{cores}]").appName("gridpost settlement")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def sum_on_spark(session: SparkSession, directory: Path) -> Partial:
    """The sums of an exported day.

    Raises:
        ValueError: the session's zone is not UTC.
    """
    if session.conf.get("spark.sql.session.timeZone") != "UTC":
        raise ValueError("the session's zone must be UTC")
    plan = read_plan(directory)
    shared = session.sparkContext.broadcast(plan)
    blocks = session.read.parquet(str(directory / VALUES)).select(*COLUMNS)
    total = Partial(plan)
    for row in blocks.mapInArrow(_summing(shared), "partial binary").toLocalIterator():
        total.merge(pickle.loads(row.partial))  # noqa: S301 - made by the function below
    shared.destroy()
    return total


def _summing(shared: Broadcast[Plan]) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """What a task does: record batches of blocks in, one pickled partial out."""

    def summed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow  # noqa: PLC0415 - an extra

        partial = Partial(shared.value)
        for batch in batches:
            add_blocks(partial, batch)
        yield pyarrow.record_batch({"partial": [pickle.dumps(partial, pickle.HIGHEST_PROTOCOL)]})

    return summed


def add_blocks(partial: Partial, batch: pa.RecordBatch) -> None:
    """Add the blocks of a record batch, those of one resolution, start and count together."""
    point, start = (batch.column(name).to_numpy() for name in ("point", "start"))
    words = batch.column("resolution").dictionary_encode()
    seconds = np.array([STEP_SECONDS[Resolution(word)] for word in words.dictionary.to_pylist()], dtype=np.int64)
    quantities, qualities = batch.column("quantities"), batch.column("qualities")
    bounds = quantities.offsets.to_numpy()
    quantity = quantities.values.to_numpy()
    quality = qualities.values.to_numpy().astype(np.uint8, copy=False)  # Spark has no unsigned bytes
    forms = np.stack((seconds[words.indices.to_numpy()], start, np.diff(bounds)), axis=1)
    for form in np.unique(forms, axis=0):
        rows = np.flatnonzero((forms == form).all(axis=1))
        step, begin, count = form.tolist()
        cells = bounds[rows, None] + np.arange(count)
        partial.add(point[rows], quantity[cells], quality[cells], _RESOLUTIONS[step], begin)
