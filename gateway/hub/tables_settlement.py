"""Tables of settlement: runs, what they filed, where every day of operation stands, what the operator decided.

Append-only: a snapshot is never touched again, a later one is a version of its own, and the state of a day is its last
step. Only the claim, which says which process settles now, is written over.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table

from gateway.hub.tables import ROWID, metadata

settlement_run = Table(
    "settlement_run",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("stage", String(16), nullable=False),
    Column("day", Integer, nullable=False),
    Column("evening", BigInteger, nullable=False),
    Column("as_of", ROWID, nullable=False),
    Column("rules", String(40), nullable=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("finished_at", BigInteger, nullable=False),
    comment="One settlement of a day of operation: from which version of everything, by which rules",
)
Index("ix_settlement_run_day", settlement_run.c.day, settlement_run.c.stage)

snapshot = Table(
    "snapshot",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("run", ROWID, ForeignKey("settlement_run.id"), nullable=False),
    Column("grid_area", String(35), nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    comment="What a run filed of one grid area: the results, packed, and their hash; never updated",
)
Index("ix_snapshot_run", snapshot.c.run, snapshot.c.grid_area, unique=True)

settlement_step = Table(
    "settlement_step",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("grid_area", String(35), primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("process", String(24), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("event", String(32), nullable=False),
    Column("state", String(24), nullable=False),
    Column("run", ROWID, ForeignKey("settlement_run.id"), nullable=True),
    Column("until", BigInteger, nullable=True),
    Column("actor", String(64), nullable=False),
    Column("text", String(1000), nullable=False),
    sqlite_with_rowid=False,
    comment="Steps of a day of operation of a grid area; the last one is where it stands",
)

settlement_evening = Table(
    "settlement_evening",
    metadata,
    Column("evening", BigInteger, primary_key=True, autoincrement=False),
    Column("finished_at", BigInteger, nullable=False),
    comment="Evenings that are settled in full",
)

claim = Table(
    "claim",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),
    comment="Which process does a long duty now, and until when nobody else begins it",
)
