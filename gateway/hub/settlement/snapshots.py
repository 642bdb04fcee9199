"""Snapshots: what a run filed of a grid area, packed and hashed, for good (house decision 6).

The hash is over the packed results themselves, so that the same versions settled again by the same rules give the same
bytes and therewith the same hash, years later and on another machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec
import numpy as np
import sqlalchemy as sa
import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.tables_settlement import settlement_run, snapshot
from gateway.messages.codes import Resolution, SettlementStage
from gateway.messages.times import STEP_SECONDS, day_number, numbered_day
from gateway.settlement.results import KeyedSums, Method, ResultKey, ResultKind, SettlementResults

RULES = "d1-2"
"""The version of the rules that calculate; grows when the same input would come out differently."""

_FORMAT = 1
_LEVEL = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One settlement of a day of operation.

    Attributes:
        stage, day: what was settled.
        evening: the cut-off, epoch seconds.
        as_of: the version of series and master data it was calculated from.
        version: the transaction that filed it.
        finished_at: microseconds.
        rules: version of the rules.
        id: its number once filed.
    """

    stage: SettlementStage
    day: date
    evening: int
    as_of: int
    version: int
    finished_at: int
    rules: str = RULES
    id: int = 0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a run filed of one grid area."""

    id: int
    run: Run
    grid_area: str
    sha256: bytes
    results: SettlementResults


def packed(results: SettlementResults) -> bytes:
    """Results as bytes, equal for equal results."""
    tables = [
        (
            kind.value,
            [list(key) for key in table.keys],
            table.quantity.astype("<i8").tobytes(),
            table.qualities.tobytes(),
            np.packbits(table.exists).tobytes(),
        )
        for kind, table in sorted(results.tables.items())
    ]
    head = (_FORMAT, results.method.value, results.start, results.resolution.value, results.steps)
    return msgspec.msgpack.encode((head, tables))


def unpacked(content: bytes) -> SettlementResults:
    """Results from their bytes."""
    (form, method, start, resolution, steps), packed_tables = msgspec.msgpack.decode(content)
    if form != _FORMAT:
        raise ValueError(f"a snapshot in form {form} cannot be read by this version")
    tables = {ResultKind(kind): _table(steps, *columns) for kind, *columns in packed_tables}
    starts = start + STEP_SECONDS[resolution] * np.arange(steps, dtype=np.int64)
    return SettlementResults(Method(method), Resolution(resolution), starts, tables)


def _table(steps: int, keys: Sequence[Any], quantity: bytes, qualities: bytes, exists: bytes) -> KeyedSums:
    shape = (len(keys), steps)
    flags = np.unpackbits(np.frombuffer(exists, np.uint8), count=len(keys) * steps).astype(bool)
    return KeyedSums(
        tuple(ResultKey(*key) for key in keys),
        np.frombuffer(quantity, "<i8").reshape(shape).astype(np.int64),
        np.frombuffer(qualities, np.uint8).reshape(shape).copy(),
        flags.reshape(shape),
    )


def digest(content: bytes) -> bytes:
    """The hash of packed results."""
    return hashlib.sha256(content).digest()


def file_run(connection: Connection, run: Run, results: Mapping[str, SettlementResults]) -> tuple[Run, dict[str, int]]:
    """File a run and its results by grid area; the run with its number, and the number of each snapshot."""
    values = {
        "stage": run.stage.value,
        "day": day_number(run.day),
        "evening": run.evening,
        "as_of": run.as_of,
        "rules": run.rules,
        "transaction": run.version,
        "finished_at": run.finished_at,
    }
    inserted = connection.execute(sa.insert(settlement_run).values(values).returning(settlement_run.c.id))
    number = int(inserted.scalar_one())
    snapshots: dict[str, int] = {}
    pack = zstandard.ZstdCompressor(level=_LEVEL).compress
    for area, found in results.items():
        content = packed(found)
        row = {"run": number, "grid_area": area, "sha256": digest(content), "content": pack(content)}
        inserted = connection.execute(sa.insert(snapshot).values(row).returning(snapshot.c.id))
        snapshots[area] = int(inserted.scalar_one())
    return replace(run, id=number), snapshots


def find(connection: Connection, number: int) -> Snapshot | None:
    """A snapshot by its number, None where there is none."""
    wanted = sa.select(snapshot, settlement_run).join(settlement_run).where(snapshot.c.id == number)
    row = connection.execute(wanted).mappings().first()
    if row is None:
        return None
    content = zstandard.ZstdDecompressor().decompress(row[snapshot.c.content])
    run = run_of(row)
    return Snapshot(number, run, row[snapshot.c.grid_area], row[snapshot.c.sha256], unpacked(content))


def load(connection: Connection, number: int) -> Snapshot:
    """A snapshot that is known to be there.

    Raises:
        KeyError: it is not.
    """
    found = find(connection, number)
    if found is None:
        raise KeyError(f"snapshot {number}")
    return found


def newest_of(connection: Connection, day: date, area: str, *stages: SettlementStage) -> Snapshot:
    """The newest snapshot of a day and grid area at one of some stages.

    Raises:
        KeyError: there is none.
    """
    wanted = (
        sa.select(sa.func.max(snapshot.c.id))
        .join(settlement_run)
        .where(settlement_run.c.day == day_number(day), snapshot.c.grid_area == area)
        .where(settlement_run.c.stage.in_([stage.value for stage in stages]))
    )
    number = connection.execute(wanted).scalar()
    if number is None:
        raise KeyError(f"no snapshot of {day} in {area}")
    return load(connection, number)


def newest_by_day(
    connection: Connection, area: str, days: tuple[date, date], *stages: SettlementStage
) -> Iterator[Snapshot]:
    """The newest snapshot of a grid area at one of some stages, of each of some days that has one, in order of day."""
    first, last = days
    wanted = (
        sa.select(sa.func.max(snapshot.c.id))
        .join(settlement_run)
        .where(settlement_run.c.day.between(day_number(first), day_number(last)), snapshot.c.grid_area == area)
        .where(settlement_run.c.stage.in_([stage.value for stage in stages]))
        .group_by(settlement_run.c.day)
        .order_by(settlement_run.c.day)
    )
    for number in connection.execute(wanted).scalars().all():
        yield load(connection, number)


def run_of(row: Mapping[Any, Any]) -> Run:
    """The run a row of `settlement_run` holds."""
    columns = settlement_run.c
    return Run(
        SettlementStage(row[columns.stage]),
        numbered_day(row[columns.day]),
        row[columns.evening],
        row[columns.as_of],
        row[columns.transaction],
        row[columns.finished_at],
        row[columns.rules],
        row[columns.id],
    )


def last_bases(connection: Connection, day: date, before: int | None = None) -> dict[str, int]:
    """The version that the last fixed basis of a day was calculated from, by grid area; none before its fixation.

    `before` is the number of a run: the last basis before it.
    """
    wanted = (
        sa.select(snapshot.c.grid_area, sa.func.max(settlement_run.c.as_of).label("as_of"))
        .join(settlement_run)
        .where(settlement_run.c.day == day_number(day))
        .where(settlement_run.c.stage != SettlementStage.PRELIMINARY.value)
        .group_by(snapshot.c.grid_area)
    )
    if before is not None:
        wanted = wanted.where(settlement_run.c.id < before)
    return {row.grid_area: row.as_of for row in connection.execute(wanted)}
