"""A day of operation as known at a version, written as Parquet files for engines that know no hub."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.analysis.export_files import VALUES, GroupKeys, block_table, write_plan
from gateway.hub.series.day_scan import StoredBatch
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.engine import DayWork

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP = 16_384


class Exported(NamedTuple):
    """What was written: blocks of values, values, rows of the plan, groups."""

    blocks: int
    values: int
    plan_rows: int
    groups: int


def export_day(
    connection: Connection,
    store: SeriesStore,
    work: tuple[DayWork, Iterable[StoredBatch]],
    keys: GroupKeys,
    directory: Path,
) -> Exported:
    """Write the values a settlement of the day sums, with its first plan, into a new directory.

    `work` goes with the values of calculated points. The directory appears whole or not at all. Values of other
    resolutions than quarters and hours are left out: they are not settled by the hour.

    Raises:
        FileExistsError: the directory exists.
    """
    if directory.exists():
        raise FileExistsError(f"{directory} exists already")
    unfinished = directory.with_name(f".{directory.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / VALUES).mkdir(parents=True)
    day, calculated = work
    plan = day.plans[0]
    write_plan(unfinished, plan, keys, day.view.as_of)
    stored = day.batches(connection, store, store.day_plan(connection, day.view))
    blocks, values = _write_values(day, chain(stored, calculated), unfinished / VALUES)
    unfinished.rename(directory)
    return Exported(blocks, values, len(plan.point), plan.groups)


def _write_values(work: DayWork, batches: Iterable[StoredBatch], directory: Path) -> tuple[int, int]:
    blocks = values = 0
    with ExitStack() as files:
        written: dict[tuple[str, int], _BlockFile] = {}
        for batch in batches:
            form = (str(batch.resolution), batch.quantity.shape[1])
            if form not in written:
                file = _BlockFile(directory / f"{form[0]}-{form[1]}.parquet")
                written[form] = file
                files.callback(file.close)
            columns = batch.points, batch.quantity, work.marked(batch)
            written[form].add(block_table(form[0], batch.start, columns))
            blocks, values = blocks + len(batch.points), values + batch.quantity.size
        if not written:  # readers look for the columns
            nothing = np.empty(0, dtype=np.int64), np.empty((0, 1), dtype=np.int64), np.empty((0, 1), dtype=np.uint8)
            empty = _BlockFile(directory / "PT1H-1.parquet")
            empty.add(block_table("PT1H", work.view.day.start, nothing))
            empty.close()
    return blocks, values


class _BlockFile:
    """A file of blocks of one resolution and count, written a row group at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._writer: pa.parquet.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """Take blocks; they are on disk when the file is closed."""
        self._waiting.append(table)
        self._rows += len(table)
        if self._rows >= ROW_GROUP:
            self._write()

    def close(self) -> None:
        """Write the rest."""
        self._write()
        if self._writer is not None:
            self._writer.close()

    def _write(self) -> None:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        import pyarrow.parquet as pq  # noqa: PLC0415

        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, table.schema, compression="zstd", use_dictionary=["resolution"])
        self._writer.write_table(table, row_group_size=ROW_GROUP)
        self._waiting, self._rows = [], 0
