"""First tables."""

# ruff: noqa: E501 - generated; the comments are the tables' own

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "bundle",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("process_type", sa.String(length=40), nullable=False),
        sa.Column("document_role", sa.String(length=32), nullable=False),
        sa.Column("related_message", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("peeked_at", sa.BigInteger(), nullable=True),
        sa.Column("dequeued_at", sa.BigInteger(), nullable=True),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle")),
        sa.UniqueConstraint("message_id", name=op.f("uq_bundle_message_id")),
        comment="A closed document of a receiver's queue; the same until its owner dequeues it",
    )
    op.create_index("ix_bundle_party", "bundle", ["party", "role", "closed_at"], unique=False)
    op.create_index(
        "ix_bundle_queue",
        "bundle",
        ["party", "role", "id"],
        unique=False,
        sqlite_where=sa.text("dequeued_at is null and failed_at is null"),
        postgresql_where=sa.text("dequeued_at is null and failed_at is null"),
    )
    op.create_table(
        "chunk",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chunk")),
        comment="chunk_rows rows of a segment, packed; id = segment * 65536 + number of the chunk",
    )
    op.create_table(
        "client",
        sa.Column("client_id", sa.String(length=200), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("secret_hash", sa.String(length=500), nullable=False),
        sa.Column("thumbprint", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client")),
        sa.UniqueConstraint("party", "role", name=op.f("uq_client_party")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_client_thumbprint")),
        comment="One client per party and role, with what proves it; secrets as hashes only",
    )
    op.create_table(
        "index_progress",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("segment", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_index_progress_single")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_index_progress")),
        comment="Up to which segment the derived tables reach",
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("direction", sa.String(length=3), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("correlation", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("dialect", sa.String(length=12), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        comment="Every document in or out as it crossed the wire, kept before anyone parses it; zstd",
    )
    op.create_index("ix_journal_party", "journal", ["party", "received_at"], unique=False)
    op.create_table(
        "point_index",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("segment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "point", "segment", "row", name=op.f("pk_point_index")),
        comment="Derived: where a point's values of a local day stand; built in sorted bulk",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recovery",
        sa.Column("one", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("one = 1", name=op.f("ck_recovery_single")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_recovery")),
        comment="Up to this journal entry every one that came in has its outcome: a restart looks behind it",
    )
    op.create_table(
        "segment_day",
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("segment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "segment", name=op.f("pk_segment_day")),
        comment="Derived: which segments touch a local day",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transaction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("committed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transaction")),
        comment="One row per committed write, in commit order; its number is the version of what it stored",
    )
    op.create_index(op.f("ix_transaction_committed_at"), "transaction", ["committed_at"], unique=False)
    op.create_table(
        "delegation",
        sa.Column("process", sa.String(length=40), nullable=False),
        sa.Column("grid_area", sa.String(length=35), nullable=False),
        sa.Column("from_party", sa.String(length=16), nullable=False),
        sa.Column("from_role", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("to_party", sa.String(length=16), nullable=False),
        sa.Column("to_role", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_delegation_transaction")),
        sa.PrimaryKeyConstraint(
            "process",
            "grid_area",
            "from_party",
            "from_role",
            "valid_from",
            "sequence",
            "transaction",
            name=op.f("pk_delegation"),
        ),
        comment="Who acts or receives for whom; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "finding",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_finding_message")),
        sa.PrimaryKeyConstraint("message", "ordinal", name=op.f("pk_finding")),
        comment="Findings about a message (number -1) or one of its series; also the statistics of rejections",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_finding_party_at", "finding", ["party", "at"], unique=False)
    op.create_table(
        "grid_area",
        sa.Column("code", sa.String(length=35), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("grid_operator", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_grid_area_transaction")),
        sa.PrimaryKeyConstraint("code", "valid_from", "transaction", name=op.f("pk_grid_area")),
        comment="Grid areas and who runs them; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "master_data_import",
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("metering_points", sa.Integer(), nullable=False),
        sa.Column("parties", sa.Integer(), nullable=False),
        sa.Column("grid_areas", sa.Integer(), nullable=False),
        sa.Column("delegations", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_master_data_import_transaction")),
        sa.PrimaryKeyConstraint("transaction", name=op.f("pk_master_data_import")),
        comment="One row per import of master data, with its rows by table",
    )
    op.create_table(
        "message_id",
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_message_id_message")),
        sa.PrimaryKeyConstraint("sender", "message_id", name=op.f("pk_message_id")),
        comment="Message ids a sender has used; unique per sender, for ever",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metering_point",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subtype", sa.String(length=16), nullable=False),
        sa.Column("settlement_method", sa.String(length=16), nullable=True),
        sa.Column("connection_state", sa.String(length=16), nullable=False),
        sa.Column("resolution", sa.String(length=8), nullable=False),
        sa.Column("unit", sa.String(length=8), nullable=False),
        sa.Column("grid_area", sa.String(length=35), nullable=False),
        sa.Column("energy_supplier", sa.String(length=16), nullable=True),
        sa.Column("balance_responsible", sa.String(length=16), nullable=True),
        sa.Column("from_grid_area", sa.String(length=35), nullable=True),
        sa.Column("to_grid_area", sa.String(length=35), nullable=True),
        sa.Column("parent", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_metering_point_transaction")),
        sa.PrimaryKeyConstraint("metering_point", "valid_from", "transaction", name=op.f("pk_metering_point")),
        comment="Versions of metering points by neutral names; a GSRN is its own number; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outcome",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=True),
        sa.Column("process_type", sa.String(length=40), nullable=True),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_outcome_message")),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_outcome_transaction")),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_outcome")),
        comment="What became of an entry: accepted, refused or failed; written once",
    )
    op.create_index(op.f("ix_outcome_message_id"), "outcome", ["message_id"], unique=False)
    op.create_index(op.f("ix_outcome_transaction"), "outcome", ["transaction"], unique=False)
    op.create_table(
        "outgoing",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("process_type", sa.String(length=40), nullable=False),
        sa.Column("document_role", sa.String(length=32), nullable=False),
        sa.Column("related_message", sa.String(length=64), nullable=False),
        sa.Column("alone", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("bundled", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_outgoing_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing")),
        comment="Series on their way to one receiver, those of one message together; bundled counts how many have a bundle",
    )
    op.create_index("ix_outgoing_message", "outgoing", ["message"], unique=False)
    op.create_index(
        "ix_outgoing_waiting",
        "outgoing",
        ["party", "role", "id"],
        unique=False,
        sqlite_where=sa.text("bundled < series"),
        postgresql_where=sa.text("bundled < series"),
    )
    op.create_table(
        "party_role",
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_party_role_transaction")),
        sa.PrimaryKeyConstraint("party", "role", "valid_from", "transaction", name=op.f("pk_party_role")),
        comment="Roles of parties; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rendering",
        sa.Column("bundle", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("dialect", sa.String(length=12), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.id"], name=op.f("fk_rendering_bundle")),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_rendering_message")),
        sa.PrimaryKeyConstraint("bundle", "dialect", name=op.f("pk_rendering")),
        comment="A bundle as rendered in a dialect: the journal's entry of the document that left",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("resolution", sa.String(length=8), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("chunk_rows", sa.Integer(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_segment_transaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        comment="Accepted series of one period: rows x count values; never updated",
    )
    op.create_table(
        "step",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.String(length=24), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("series", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_step_message")),
        sa.PrimaryKeyConstraint("message", "ordinal", name=op.f("pk_step")),
        comment="Steps of a message's instances, one row for all that stepped alike; series null means every one",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transaction_id",
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("point", sa.String(length=35), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["journal.id"], name=op.f("fk_transaction_id_message")),
        sa.PrimaryKeyConstraint("sender", "transaction_id", name=op.f("pk_transaction_id")),
        comment="Transaction ids a sender has used, with the series that bore them; unique per sender, for ever",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_transaction_id_message", "transaction_id", ["message"], unique=False)
    op.create_table(
        "bundle_part",
        sa.Column("bundle", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("outgoing", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["bundle"], ["bundle.id"], name=op.f("fk_bundle_part_bundle")),
        sa.ForeignKeyConstraint(["outgoing"], ["outgoing.id"], name=op.f("fk_bundle_part_outgoing")),
        sa.PrimaryKeyConstraint("bundle", "ordinal", name=op.f("pk_bundle_part")),
        comment="Which series of which outgoing rows a bundle holds: [first, last)",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_bundle_part_outgoing", "bundle_part", ["outgoing"], unique=False)


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_bundle_part_outgoing", table_name="bundle_part")
    op.drop_table("bundle_part")
    op.drop_index("ix_transaction_id_message", table_name="transaction_id")
    op.drop_table("transaction_id")
    op.drop_table("step")
    op.drop_table("segment")
    op.drop_table("rendering")
    op.drop_table("party_role")
    op.drop_index(
        "ix_outgoing_waiting",
        table_name="outgoing",
        sqlite_where=sa.text("bundled < series"),
        postgresql_where=sa.text("bundled < series"),
    )
    op.drop_index("ix_outgoing_message", table_name="outgoing")
    op.drop_table("outgoing")
    op.drop_index(op.f("ix_outcome_transaction"), table_name="outcome")
    op.drop_index(op.f("ix_outcome_message_id"), table_name="outcome")
    op.drop_table("outcome")
    op.drop_table("metering_point")
    op.drop_table("message_id")
    op.drop_table("master_data_import")
    op.drop_table("grid_area")
    op.drop_index("ix_finding_party_at", table_name="finding")
    op.drop_table("finding")
    op.drop_table("delegation")
    op.drop_index(op.f("ix_transaction_committed_at"), table_name="transaction")
    op.drop_table("transaction")
    op.drop_table("segment_day")
    op.drop_table("recovery")
    op.drop_table("point_index")
    op.drop_index("ix_journal_party", table_name="journal")
    op.drop_table("journal")
    op.drop_table("index_progress")
    op.drop_table("client")
    op.drop_table("chunk")
    op.drop_index(
        "ix_bundle_queue",
        table_name="bundle",
        sqlite_where=sa.text("dequeued_at is null and failed_at is null"),
        postgresql_where=sa.text("dequeued_at is null and failed_at is null"),
    )
    op.drop_index("ix_bundle_party", table_name="bundle")
    op.drop_table("bundle")
