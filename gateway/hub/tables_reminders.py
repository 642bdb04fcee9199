"""Tables of reminders: when they went out, and what became of every metering point they named.

Append-only. Points that take the same step are one row, their keys packed, so that a nation's reminders of a day are
a handful of rows; where a point stands is its last step.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, Table

from gateway.hub.tables import ROWID, metadata

reminder_round = Table(
    "reminder_round",
    metadata,
    Column("group", String(12), primary_key=True),
    Column("due", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("master_data", ROWID, nullable=False),
    sqlite_with_rowid=False,
    comment="Instants just after which reminders of a group went out, and the import of master data they were made by",
)

reminder_step = Table(
    "reminder_step",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("group", String(12), nullable=False),
    Column("day", Integer, nullable=False),
    Column("grid_area", String(35), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("event", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("points", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
    comment="Steps of reminders: one row for the points of a day, group and grid area that take the same one",
)
Index("ix_reminder_step_day", reminder_step.c.day, reminder_step.c.group, reminder_step.c.grid_area)
Index("ix_reminder_step_transaction", reminder_step.c.transaction)
