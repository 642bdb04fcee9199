"""Tables of anonymous queries. The two sides know a query by different random ids; neither tells anything of the other.

A query keeps its state, the instant it is due next and its answer as marks; every step is a row that stays.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from gateway.hub.tables import ROWID, metadata

anonymous_query = Table(
    "anonymous_query",
    metadata,
    Column("number", ROWID, primary_key=True),
    Column("asker_id", String(36), nullable=False, unique=True),
    Column("addressee_id", String(36), nullable=False, unique=True),
    Column("asker", String(16), nullable=False),
    Column("asker_role", String(32), nullable=False),
    Column("reference", String(36), nullable=False),
    Column("addressee", String(16), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("metering_point", BigInteger, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("finish", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("shown_at", BigInteger, nullable=True),
    Column("state", String(12), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("due_at", BigInteger, nullable=True),
    Column("answer", Text, nullable=True),
    Column("answered_at", BigInteger, nullable=True),
    UniqueConstraint("asker", "asker_role", "reference"),
    comment="Queries handed on without their asker; shown_at is the only instant the addressee sees",
)
Index("ix_anonymous_query_addressee", anonymous_query.c.addressee, anonymous_query.c.addressee_id)
Index("ix_anonymous_query_asker", anonymous_query.c.asker, anonymous_query.c.asker_role, anonymous_query.c.number)
Index("ix_anonymous_query_due", anonymous_query.c.due_at)

query_step = Table(
    "query_step",
    metadata,
    Column("query", ROWID, ForeignKey("anonymous_query.number"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("event", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    sqlite_with_rowid=False,
    comment="Steps of anonymous queries, in order; never updated",
)
