"""The table of reads of metering data: who read what, when, why. Append-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from gateway.hub.tables import ROWID, metadata

metering_data_read = Table(
    "metering_data_read",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("metering_point", BigInteger, nullable=False),
    Column("data_from", BigInteger, nullable=False),
    Column("data_to", BigInteger, nullable=False),
    Column("party", String(16), nullable=False),
    Column("role", String(40), nullable=False),
    Column("client", String(200), nullable=False),
    Column("ground", String(24), nullable=False),
    Column("purpose", String(64), nullable=False),
    comment="Every read of a metering point's data: by whom, on which ground, what for; never updated",
)
Index("ix_metering_data_read_point", metering_data_read.c.metering_point, metering_data_read.c.id)
