"""Master data that settlement needs."""

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
        "formula_term",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("term_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_formula_term_transaction")),
        sa.PrimaryKeyConstraint(
            "metering_point", "term_point", "valid_from", "transaction", name=op.f("pk_formula_term")
        ),
        comment="Terms of the formulas of calculated points, factors in millionths; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grid_loss_point",
        sa.Column("grid_area", sa.String(length=35), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("metering_point", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_grid_loss_point_transaction")),
        sa.PrimaryKeyConstraint("grid_area", "role", "valid_from", "transaction", name=op.f("pk_grid_loss_point")),
        comment="On which points the loss of a grid area is booked; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "load_share",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_load_share_transaction")),
        sa.PrimaryKeyConstraint("metering_point", "valid_from", "transaction", name=op.f("pk_load_share")),
        comment="Annual consumption of profile-settled points in thousandths of a kWh; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "point_permission",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("permission", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_point_permission_transaction")),
        sa.PrimaryKeyConstraint(
            "metering_point", "permission", "valid_from", "transaction", name=op.f("pk_point_permission")
        ),
        comment="What is allowed to single metering points; never updated",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "point_tariff",
        sa.Column("metering_point", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tariff", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "transaction", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["transaction"], ["transaction.id"], name=op.f("fk_point_tariff_transaction")),
        sa.PrimaryKeyConstraint(
            "metering_point", "tariff", "owner", "valid_from", "transaction", name=op.f("pk_point_tariff")
        ),
        comment="Tariffs of metering points and whose they are; never updated",
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("master_data_import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("load_shares", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("tariffs", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("formulas", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("grid_loss", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("point_permissions", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("master_data_import", schema=None) as batch_op:
        batch_op.drop_column("point_permissions")
        batch_op.drop_column("grid_loss")
        batch_op.drop_column("formulas")
        batch_op.drop_column("tariffs")
        batch_op.drop_column("load_shares")

    op.drop_table("point_tariff")
    op.drop_table("point_permission")
    op.drop_table("load_share")
    op.drop_table("grid_loss_point")
    op.drop_table("formula_term")
