"""Tables of master data and clients.

Master data is append-only: every row carries the `transaction` that registered it, and the newest registration of a
key (a metering point, a party, a grid area, what a delegation is for) states that key's whole timeline.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from gateway.hub.tables import ROWID, metadata


def key_column(name: str, length: int) -> Column[str]:
    """A text that is part of the key."""
    return Column(name, String(length), primary_key=True)


def point_column(name: str) -> Column[int]:
    """A metering point that is part of the key: a GSRN is its own number."""
    return Column(name, BigInteger, primary_key=True, autoincrement=False)


def _text(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _optional(name: str, length: int) -> Column[str]:
    return Column(name, String(length))


def valid_from() -> Column[int]:
    """From when a row is true, epoch seconds."""
    return Column("valid_from", BigInteger, primary_key=True, autoincrement=False)


def valid_to() -> Column[int]:
    """Until when a row is true."""
    return Column("valid_to", BigInteger, nullable=False)


def registration() -> Column[int]:
    """The transaction that registered a row."""
    reference = ForeignKey("transaction.id")
    return Column("transaction", ROWID, reference, primary_key=True, autoincrement=False)


master_data_import = Table(
    "master_data_import",
    metadata,
    registration(),
    Column("metering_points", Integer, nullable=False),
    Column("parties", Integer, nullable=False),
    Column("grid_areas", Integer, nullable=False),
    Column("delegations", Integer, nullable=False),
    Column("load_shares", Integer, nullable=False, server_default="0"),
    Column("tariffs", Integer, nullable=False, server_default="0"),
    Column("formulas", Integer, nullable=False, server_default="0"),
    Column("grid_loss", Integer, nullable=False, server_default="0"),
    Column("point_permissions", Integer, nullable=False, server_default="0"),
    Column("agreements", Integer, nullable=False, server_default="0"),
    Column("permissions", Integer, nullable=False, server_default="0"),
    Column("point_details", Integer, nullable=False, server_default="0"),
    Column("reactive_orders", Integer, nullable=False, server_default="0"),
    Column("communities", Integer, nullable=False, server_default="0"),
    comment="One row per import of master data, with its rows by table",
)

metering_point = Table(
    "metering_point",
    metadata,
    point_column("metering_point"),
    valid_from(),
    registration(),
    valid_to(),
    _text("kind", 40),
    _text("subtype", 16),
    _optional("settlement_method", 16),
    _text("connection_state", 16),
    _text("resolution", 8),
    _text("unit", 8),
    _text("grid_area", 35),
    _optional("energy_supplier", 16),
    _optional("balance_responsible", 16),
    _optional("from_grid_area", 35),
    _optional("to_grid_area", 35),
    Column("parent", BigInteger),
    sqlite_with_rowid=False,
    comment="Versions of metering points by neutral names; a GSRN is its own number; never updated",
)

party_role = Table(
    "party_role",
    metadata,
    key_column("party", 16),
    key_column("role", 40),
    valid_from(),
    registration(),
    valid_to(),
    _text("name", 200),
    sqlite_with_rowid=False,
    comment="Roles of parties; never updated",
)

grid_area = Table(
    "grid_area",
    metadata,
    key_column("code", 35),
    valid_from(),
    registration(),
    valid_to(),
    _text("grid_operator", 16),
    _text("name", 200),
    sqlite_with_rowid=False,
    comment="Grid areas and who runs them; never updated",
)

delegation = Table(
    "delegation",
    metadata,
    key_column("process", 40),
    key_column("grid_area", 35),
    key_column("from_party", 16),
    key_column("from_role", 40),
    valid_from(),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    registration(),
    valid_to(),
    _text("to_party", 16),
    _text("to_role", 40),
    sqlite_with_rowid=False,
    comment="Who acts or receives for whom; never updated",
)

client = Table(
    "client",
    metadata,
    key_column("client_id", 200),
    _text("party", 16),
    _text("role", 40),
    _text("secret_hash", 500),
    Column("thumbprint", String(64), unique=True),
    Column("further_roles", String(400), nullable=False),
    Column("addresses", String(2000), nullable=False),
    Column("seat", String(60), unique=True),
    comment="Clients with what proves them, secrets as hashes only; seat is party and role where only one may have it",
)
