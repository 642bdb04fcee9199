"""Tables of meter readings: what was sent, every version of every reading period, who got it, which limits passed.

All of them are insert-only. A version's number is its transaction and its place in it, so that numbers are in commit
order: a receiver who has seen one number has seen all before it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from gateway.hub.tables import ROWID, metadata

reading_message = Table(
    "reading_message",
    metadata,
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("party", String(16), nullable=False),
    Column("role", String(32), nullable=False),
    Column("client", String(64), nullable=False),
    Column("name", String(24), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    comment="Readings and cancellations as they came, one body for each transaction; zstd",
)

reading_finding = Table(
    "reading_finding",
    metadata,
    Column("transaction", ROWID, ForeignKey("reading_message.transaction"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("place", Integer, nullable=False),
    Column("metering_point", BigInteger, nullable=False),
    Column("code", String(24), nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    comment="Findings about the readings of a message, by its row; also the statistics of rejections",
)

reading_version = Table(
    "reading_version",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("event", String(12), nullable=False),
    Column("metering_point", BigInteger, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("finish", BigInteger, nullable=False),
    Column("consumption", BigInteger, nullable=False),
    Column("quality", SmallInteger, nullable=False),
    Column("counter", BigInteger, nullable=True),
    Column("occasion", String(16), nullable=False),
    Column("nominal", Integer, nullable=False),
    Column("sender", String(16), nullable=False),
    Column("transaction_id", String(36), nullable=False),
    UniqueConstraint("sender", "transaction_id"),
    comment="Readings, corrections and cancellations; id = transaction * 1048576 + place in it; never updated",
)
Index("ix_reading_version_period", reading_version.c.metering_point, reading_version.c.start, reading_version.c.id)

reading_delivery = Table(
    "reading_delivery",
    metadata,
    Column("party", String(16), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("version", ROWID, ForeignKey("reading_version.id"), primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="Which versions are whose: the feed of each receiver, in order",
)
Index("ix_reading_delivery_version", reading_delivery.c.version)

reading_deadline = Table(
    "reading_deadline",
    metadata,
    Column("metering_point", BigInteger, primary_key=True, autoincrement=False),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("state", String(12), primary_key=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("nominal", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("grid_area", String(35), nullable=False),
    sqlite_with_rowid=False,
    comment="Reminders of readings and readings overdue, by the period they are for; days since 1970-01-01",
)
Index("ix_reading_deadline_day", reading_deadline.c.day)
