"""Tables of metering data sent by the interval: whose UUIDs are taken, and where its errors stand. Insert-only.

What became of a message is its outcome, its steps and its findings, as of every message (`tables_exchange`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from gateway.hub.tables import ROWID, metadata

metering_document = Table(
    "metering_document",
    metadata,
    Column("sender", String(16), primary_key=True),
    Column("document_id", String(36), primary_key=True),
    Column("message", ROWID, ForeignKey("journal.id"), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("commodity", String(16), nullable=False),
    sqlite_with_rowid=False,
    comment="UUIDs a sender has used for messages of metering data; unique per sender, for ever",
)
Index("ix_metering_document_status", metering_document.c.sender, metering_document.c.created_at)

finding_place = Table(
    "finding_place",
    metadata,
    Column("message", ROWID, ForeignKey("journal.id"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("metering_point", String(35), nullable=False),
    Column("period_start", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="Metering point and accounting interval that a finding about metering data stands at",
)
