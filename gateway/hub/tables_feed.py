"""Tables of the feed of changes: what was made available to whom, in which order.

Items are added in the transaction that stores what they tell of, and taken away when their time is over. Every
recipient counts its own items, and every stream (one resource of one commodity) the places in it: so a window's items
are counted and found by arithmetic, whatever was taken away before them.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, SmallInteger, String, Table, UniqueConstraint

from gateway.hub.tables import ROWID, metadata

feed_recipient = Table(
    "feed_recipient",
    metadata,
    Column("number", ROWID, primary_key=True),
    Column("party", String(16), nullable=False),
    Column("role", String(40), nullable=False),
    Column("last_id", BigInteger, nullable=False),
    UniqueConstraint("party", "role"),
    comment="Who is told of changes, and the id of its newest item",
)

feed_stream = Table(
    "feed_stream",
    metadata,
    Column("number", ROWID, primary_key=True),
    Column("recipient", ROWID, ForeignKey("feed_recipient.number"), nullable=False),
    Column("resource", String(16), nullable=False),
    Column("commodity", String(16), nullable=False),
    Column("last_place", BigInteger, nullable=False),
    UniqueConstraint("recipient", "resource", "commodity"),
    comment="One resource of one commodity for one recipient, and the place of its newest item",
)

feed_item = Table(
    "feed_item",
    metadata,
    Column("stream", ROWID, ForeignKey("feed_stream.number"), primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("id", BigInteger, nullable=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    comment="What a recipient is told: of metering data which rows of which segments, of master data which key",
)
Index("ix_feed_item_id", feed_item.c.stream, feed_item.c.id)
Index("ix_feed_item_transaction", feed_item.c.stream, feed_item.c.transaction)
