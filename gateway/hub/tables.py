"""The hub's metadata and the tables of the series store.

Other rooms declare theirs against the same `metadata` and are listed in `gateway.hub.schema`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

ROWID = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key that is SQLite's own row number where it stands alone as primary key."""

transaction = Table(
    "transaction",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("committed_at", BigInteger, nullable=False, index=True),
    comment="One row per committed write, in commit order; its number is the version of what it stored",
)

segment = Table(
    "segment",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("resolution", String(8), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("finish", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("chunk_rows", Integer, nullable=False),
    Column("points", LargeBinary, nullable=False),
    comment="Accepted series of one period: rows x count values; never updated",
)

chunk = Table(
    "chunk",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("quantity", LargeBinary, nullable=False),
    Column("quality", LargeBinary, nullable=False),
    comment="chunk_rows rows of a segment, packed; id = segment * 65536 + number of the chunk",
)

segment_day = Table(
    "segment_day",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="Derived: which segments touch a local day",
)

point_index = Table(
    "point_index",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("point", BigInteger, primary_key=True, autoincrement=False),
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("row", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="Derived: where a point's values of a local day stand; built in sorted bulk",
)

purge = Table(
    "purge",
    metadata,
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("first_kept", Integer, nullable=False),
    Column("client", String(200), nullable=False),
    Column("segments", Integer, nullable=False),
    Column("series", BigInteger, nullable=False),
    Column("values", BigInteger, nullable=False),
    comment="What was taken out of the store for its age: values of days before the first kept, and by whom",
)

purged_segment = Table(
    "purged_segment",
    metadata,
    Column("id", ROWID, primary_key=True, autoincrement=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("resolution", String(8), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("finish", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("purge", ROWID, ForeignKey("purge.transaction"), nullable=False),
    comment="Segments that were purged: what they were, and the hash of their points and chunks; never updated",
)

index_progress = Table(
    "index_progress",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("segment", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="single"),
    comment="Up to which segment the derived tables reach",
)
