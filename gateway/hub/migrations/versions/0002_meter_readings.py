"""Meter readings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROWID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "reading_message",
        sa.Column("transaction", ROWID, autoincrement=False, nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_reading_message_transaction")),
        sa.PrimaryKeyConstraint("transaction", name=op.f("pk_reading_message")),
        comment="Readings and cancellations as they came, one body for each transaction; zstd",
    )
    op.create_table(
        "reading_finding",
        sa.Column("transaction", ROWID, autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("metering_point", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction"], ["reading_message.transaction"], name=op.f("fk_reading_finding_transaction")
        ),
        sa.PrimaryKeyConstraint("transaction", "ordinal", name=op.f("pk_reading_finding")),
        comment="Findings about the readings of a message, by its row; also the statistics of rejections",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reading_version",
        sa.Column("id", ROWID, autoincrement=False, nullable=False),
        sa.Column("event", sa.String(length=12), nullable=False),
        sa.Column("metering_point", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.Column("consumption", sa.BigInteger(), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=True),
        sa.Column("occasion", sa.String(length=16), nullable=False),
        sa.Column("nominal", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("transaction_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_version")),
        sa.UniqueConstraint("sender", "transaction_id", name=op.f("uq_reading_version_sender")),
        comment="Readings, corrections and cancellations; id = transaction * 1048576 + place in it; never updated",
    )
    op.create_index("ix_reading_version_period", "reading_version", ["metering_point", "start", "id"], unique=False)
    op.create_table(
        "reading_delivery",
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("version", ROWID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["version"], ["reading_version.id"], name=op.f("fk_reading_delivery_version")),
        sa.PrimaryKeyConstraint("party", "role", "version", name=op.f("pk_reading_delivery")),
        comment="Which versions are whose: the feed of each receiver, in order",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reading_delivery_version", "reading_delivery", ["version"], unique=False)
    op.create_table(
        "reading_deadline",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("transaction", ROWID, autoincrement=False, nullable=False),
        sa.Column("nominal", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("grid_area", sa.String(length=35), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_reading_deadline_transaction")),
        sa.PrimaryKeyConstraint("metering_point", "start", "state", "transaction", name=op.f("pk_reading_deadline")),
        comment="Reminders of readings and readings overdue, by the period they are for; days since 1970-01-01",
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reading_deadline_day", "reading_deadline", ["day"], unique=False)


def downgrade() -> None:
    """Back."""
    op.drop_index("ix_reading_deadline_day", table_name="reading_deadline")
    op.drop_table("reading_deadline")
    op.drop_index("ix_reading_delivery_version", table_name="reading_delivery")
    op.drop_table("reading_delivery")
    op.drop_index("ix_reading_version_period", table_name="reading_version")
    op.drop_table("reading_version")
    op.drop_table("reading_finding")
    op.drop_table("reading_message")
