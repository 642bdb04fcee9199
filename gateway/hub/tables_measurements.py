"""Tables of what collectors read from meters: batches as they came, meters and their channels, values, events.

All of them are insert-only and belong to the party whose collector sent them. A value is found by its reading key:
channel (meter, source, OBIS code, period), moment, clock epoch, revision. Numbers of meters and channels are made of
the transaction that saw them first.
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

measurement_batch = Table(
    "measurement_batch",
    metadata,
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("party", String(16), nullable=False),
    Column("collector", String(64), nullable=False),
    Column("batch", String(64), nullable=False),
    Column("client", String(64), nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("known", Integer, nullable=False),
    Column("findings", LargeBinary, nullable=False),
    UniqueConstraint("party", "collector", "batch"),
    comment="Batches of collectors with the answer they were given; a repeated one gets the same answer",
)

measurement_meter = Table(
    "measurement_meter",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("party", String(16), nullable=False),
    Column("name", String(64), nullable=False),
    UniqueConstraint("party", "name"),
    comment="Meters by the name their collector keeps them under",
)

measurement_channel = Table(
    "measurement_channel",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("meter", ROWID, ForeignKey("measurement_meter.id"), nullable=False),
    Column("source", String(32), nullable=False),
    Column("obis", String(32), nullable=False),
    Column("period", Integer, nullable=False),
    UniqueConstraint("meter", "source", "obis", "period"),
    comment="One quantity of a meter: OBIS code, the profile it came out of (empty: a register), seconds (0: none)",
)

measurement = Table(
    "measurement",
    metadata,
    Column("channel", ROWID, ForeignKey("measurement_channel.id"), primary_key=True, autoincrement=False),
    Column("moment", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("transaction", ROWID, ForeignKey("measurement_batch.transaction"), nullable=False),
    Column("raw", String(40), nullable=False),
    Column("scaler", SmallInteger, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("text", String(256), nullable=False),
    Column("status", BigInteger, nullable=True),
    Column("flags", String(512), nullable=False),
    Column("meter_time", String(40), nullable=False),
    Column("offset_source", String(24), nullable=False),
    Column("protection", String(8), nullable=False),
    Column("read_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="Values: raw * 10^scaler in unit; moment is the instant or interval end, negative where it has none",
)
Index("ix_measurement_transaction", measurement.c.transaction)

measurement_event = Table(
    "measurement_event",
    metadata,
    Column("meter", ROWID, ForeignKey("measurement_meter.id"), primary_key=True, autoincrement=False),
    Column("moment", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, primary_key=True),
    Column("transaction", ROWID, ForeignKey("measurement_batch.transaction"), nullable=False),
    Column("log", String(32), nullable=False),
    Column("code", BigInteger, nullable=False),
    Column("text", String(256), nullable=False),
    Column("meter_time", String(40), nullable=False),
    Column("offset_source", String(24), nullable=False),
    Column("protection", String(8), nullable=False),
    Column("read_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="Entries of meters' event logs, each once by its content; moment negative where it has no instant",
)
Index("ix_measurement_event_transaction", measurement_event.c.transaction)
