"""Tables of metering data sent by the interval: each message under its UUID, and where its errors stand.

Insert-only but for the mark that a message has reached its final state. What became of it in detail is its outcome,
its steps and its findings, as of every message (`tables_exchange`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from gateway.hub.tables import ROWID, metadata

metering_document = Table(
    "metering_document",
    metadata,
    Column("sender", String(16), primary_key=True),
    Column("document_id", String(36), primary_key=True),
    Column("message", ROWID, ForeignKey("journal.id"), nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("commodity", String(16), nullable=False),
    Column("state", String(24), nullable=False),
    Column("finished_at", BigInteger, nullable=True),
    sqlite_with_rowid=False,
    comment="Messages of metering data by the UUID their sender gave them, which it has used for ever; and their state",
)
Index("ix_metering_document_created", metering_document.c.sender, metering_document.c.created_at)
Index(
    "ix_metering_document_open",
    metering_document.c.message,
    sqlite_where=text("finished_at is null"),
    postgresql_where=text("finished_at is null"),
)

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
