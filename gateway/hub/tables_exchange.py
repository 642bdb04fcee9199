"""Tables of the exchange: the journal, what became of each message, and the receivers' queues.

Insert-only but for the small marks that a queue lives by (`outgoing.bundled`, `bundle.peeked_at`,
`bundle.dequeued_at`, `bundle.failed_at`) and the mark up to which everything is finished (`recovery`).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    text,
)

from gateway.hub.tables import ROWID, metadata

journal = Table(
    "journal",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Column("direction", String(3), nullable=False),
    Column("party", String(16), nullable=False),
    Column("role", String(32), nullable=False),
    Column("client", String(64), nullable=False),
    Column("correlation", String(64), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("dialect", String(12), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("envelope", LargeBinary, nullable=True),
    comment="Every document in or out as it crossed the wire, kept before anyone parses it; zstd",
)

Index("ix_journal_party", journal.c.party, journal.c.received_at)

recovery = Table(
    "recovery",
    metadata,
    Column("one", SmallInteger, primary_key=True, autoincrement=False),
    Column("message", BigInteger, nullable=False),
    CheckConstraint("one = 1", name="single"),
    comment="Up to this journal entry every one that came in has its outcome: a restart looks behind it",
)

outcome = Table(
    "outcome",
    metadata,
    Column("message", ROWID, ForeignKey("journal.id"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=True, index=True),
    Column("state", String(12), nullable=False),
    Column("message_id", String(64), nullable=True, index=True),
    Column("process_type", String(40), nullable=True),
    Column("series", Integer, nullable=False),
    comment="What became of an entry: accepted, refused or failed; written once",
)

message_id = Table(
    "message_id",
    metadata,
    Column("sender", String(16), primary_key=True),
    Column("message_id", String(36), primary_key=True),
    Column("message", ROWID, ForeignKey("journal.id"), nullable=False),
    sqlite_with_rowid=False,
    comment="Message ids a sender has used; unique per sender, for ever",
)

transaction_id = Table(
    "transaction_id",
    metadata,
    Column("sender", String(16), primary_key=True),
    Column("transaction_id", String(36), primary_key=True),
    Column("message", ROWID, ForeignKey("journal.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("point", String(35), nullable=False),
    sqlite_with_rowid=False,
    comment="Transaction ids a sender has used, with the series that bore them; unique per sender, for ever",
)
Index("ix_transaction_id_message", transaction_id.c.message)

step = Table(
    "step",
    metadata,
    Column("message", ROWID, ForeignKey("journal.id"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("process", String(24), nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("event", String(24), nullable=False),
    Column("state", String(24), nullable=False),
    Column("series", LargeBinary, nullable=True),
    sqlite_with_rowid=False,
    comment="Steps of a message's instances, one row for all that stepped alike; series null means every one",
)

finding = Table(
    "finding",
    metadata,
    Column("message", ROWID, ForeignKey("journal.id"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("party", String(16), nullable=False),
    Column("code", String(128), nullable=False),
    Column("content", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
    comment="Findings about a message (number -1) or one of its series; also the statistics of rejections",
)
Index("ix_finding_party_at", finding.c.party, finding.c.at)

outgoing = Table(
    "outgoing",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("party", String(16), nullable=False),
    Column("role", String(32), nullable=False),
    Column("category", String(12), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("process_type", String(40), nullable=False),
    Column("document_role", String(32), nullable=False),
    Column("related_message", String(64), nullable=False),
    Column("alone", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("message", ROWID, ForeignKey("journal.id"), nullable=True),
    Column("transaction", ROWID, nullable=False),
    Column("series", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("bundled", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    comment="Series on their way to one receiver, those of one message together; bundled counts how many have a bundle",
)
Index(
    "ix_outgoing_waiting",
    outgoing.c.party,
    outgoing.c.role,
    outgoing.c.id,
    sqlite_where=text("bundled < series"),
    postgresql_where=text("bundled < series"),
)
Index("ix_outgoing_message", outgoing.c.message)

bundle = Table(
    "bundle",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("message_id", String(36), nullable=False, unique=True),
    Column("party", String(16), nullable=False),
    Column("role", String(32), nullable=False),
    Column("category", String(12), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("process_type", String(40), nullable=False),
    Column("document_role", String(32), nullable=False),
    Column("related_message", String(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("closed_at", BigInteger, nullable=False),
    Column("series", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("peeked_at", BigInteger, nullable=True),
    Column("dequeued_at", BigInteger, nullable=True),
    Column("failed_at", BigInteger, nullable=True),
    comment="A closed document of a receiver's queue; the same until its owner dequeues it",
)
Index(
    "ix_bundle_queue",
    bundle.c.party,
    bundle.c.role,
    bundle.c.id,
    sqlite_where=text("dequeued_at is null and failed_at is null"),
    postgresql_where=text("dequeued_at is null and failed_at is null"),
)

Index("ix_bundle_party", bundle.c.party, bundle.c.role, bundle.c.closed_at)

bundle_part = Table(
    "bundle_part",
    metadata,
    Column("bundle", ROWID, ForeignKey("bundle.id"), primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("outgoing", ROWID, ForeignKey("outgoing.id"), nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    sqlite_with_rowid=False,
    comment="Which series of which outgoing rows a bundle holds: [first, last)",
)
Index("ix_bundle_part_outgoing", bundle_part.c.outgoing)

rendering = Table(
    "rendering",
    metadata,
    Column("bundle", ROWID, ForeignKey("bundle.id"), primary_key=True, autoincrement=False),
    Column("dialect", String(12), primary_key=True),
    Column("message", ROWID, ForeignKey("journal.id"), nullable=False),
    sqlite_with_rowid=False,
    comment="A bundle as rendered in a dialect: the journal's entry of the document that left",
)
