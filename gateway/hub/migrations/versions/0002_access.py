"""Access of customers and third parties, and anonymous queries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "anonymous_query",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asker_id", sa.String(length=36), nullable=False),
        sa.Column("addressee_id", sa.String(length=36), nullable=False),
        sa.Column("asker", sa.String(length=16), nullable=False),
        sa.Column("asker_role", sa.String(length=32), nullable=False),
        sa.Column("reference", sa.String(length=36), nullable=False),
        sa.Column("addressee", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("metering_point", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("finish", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_anonymous_query")),
        sa.UniqueConstraint("addressee_id", name=op.f("uq_anonymous_query_addressee_id")),
        sa.UniqueConstraint("asker", "asker_role", "reference", name=op.f("uq_anonymous_query_asker")),
        sa.UniqueConstraint("asker_id", name=op.f("uq_anonymous_query_asker_id")),
        comment="Queries handed on without their asker; shown_at is the only instant the addressee sees",
    )
    with op.batch_alter_table("anonymous_query", schema=None) as batch_op:
        batch_op.create_index("ix_anonymous_query_addressee", ["addressee", "addressee_id"], unique=False)
        batch_op.create_index("ix_anonymous_query_asker", ["asker", "asker_role", "number"], unique=False)
        batch_op.create_index("ix_anonymous_query_due", ["due_at"], unique=False)

    op.create_table(
        "access_grant",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer", sa.String(length=16), nullable=False),
        sa.Column("third_party", sa.String(length=16), nullable=False),
        sa.Column("data_from", sa.BigInteger(), nullable=False),
        sa.Column("data_to", sa.BigInteger(), nullable=False),
        sa.Column("valid_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_access_grant_transaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_grant")),
        comment="What customers let third parties see: a period of data, until when; never updated",
    )
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.create_index("ix_access_grant_customer", ["customer"], unique=False)
        batch_op.create_index("ix_access_grant_third_party", ["third_party"], unique=False)

    op.create_table(
        "customer_link",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("customer", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_customer_link_transaction")),
        sa.PrimaryKeyConstraint("metering_point", "valid_from", "transaction", name=op.f("pk_customer_link")),
        comment="Customers of metering points over time; null where a point has none; never updated",
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("customer_link", schema=None) as batch_op:
        batch_op.create_index("ix_customer_link_customer", ["customer"], unique=False)

    op.create_table(
        "query_step",
        sa.Column("query", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["query"], ["anonymous_query.number"], name=op.f("fk_query_step_query")),
        sa.PrimaryKeyConstraint("query", "ordinal", name=op.f("pk_query_step")),
        comment="Steps of anonymous queries, in order; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "access_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("customer", sa.String(length=16), nullable=False),
        sa.Column("grant_id", sa.String(length=36), nullable=False),
        sa.Column("event", sa.String(length=16), nullable=False),
        sa.Column("party", sa.String(length=16), nullable=False),
        sa.Column("client", sa.String(length=200), nullable=False),
        sa.Column("metering_point", sa.BigInteger(), nullable=True),
        sa.Column("data_from", sa.BigInteger(), nullable=True),
        sa.Column("data_to", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name=op.f("fk_access_record_grant_id")),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_access_record_transaction")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_record")),
        comment="Every grant, revocation and read under a grant: who, what, when; never updated",
    )
    with op.batch_alter_table("access_record", schema=None) as batch_op:
        batch_op.create_index("ix_access_record_customer", ["customer", "id"], unique=False)

    op.create_table(
        "grant_revocation",
        sa.Column("grant_id", sa.String(length=36), nullable=False),
        sa.Column("transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name=op.f("fk_grant_revocation_grant_id")),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_grant_revocation_transaction")),
        sa.PrimaryKeyConstraint("grant_id", name=op.f("pk_grant_revocation")),
        comment="Grants that were taken back, from their transaction on",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "granted_point",
        sa.Column("grant_id", sa.String(length=36), nullable=False),
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["grant_id"], ["access_grant.id"], name=op.f("fk_granted_point_grant_id")),
        sa.PrimaryKeyConstraint("grant_id", "metering_point", name=op.f("pk_granted_point")),
        comment="The metering points of a grant",
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("granted_point", schema=None) as batch_op:
        batch_op.create_index("ix_granted_point_metering_point", ["metering_point"], unique=False)


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("granted_point", schema=None) as batch_op:
        batch_op.drop_index("ix_granted_point_metering_point")

    op.drop_table("granted_point")
    op.drop_table("grant_revocation")
    with op.batch_alter_table("access_record", schema=None) as batch_op:
        batch_op.drop_index("ix_access_record_customer")

    op.drop_table("access_record")
    op.drop_table("query_step")
    with op.batch_alter_table("customer_link", schema=None) as batch_op:
        batch_op.drop_index("ix_customer_link_customer")

    op.drop_table("customer_link")
    with op.batch_alter_table("access_grant", schema=None) as batch_op:
        batch_op.drop_index("ix_access_grant_third_party")
        batch_op.drop_index("ix_access_grant_customer")

    op.drop_table("access_grant")
    with op.batch_alter_table("anonymous_query", schema=None) as batch_op:
        batch_op.drop_index("ix_anonymous_query_due")
        batch_op.drop_index("ix_anonymous_query_asker")
        batch_op.drop_index("ix_anonymous_query_addressee")

    op.drop_table("anonymous_query")
