"""Tables of the master data that settlement needs: append-only, registered as `gateway.hub.tables_masterdata` says.

The newest registration of a key (a metering point; of grid loss, a grid area) states that key's whole timeline.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table

from gateway.hub.tables import metadata
from gateway.hub.tables_masterdata import key_column, point_column, registration, valid_from, valid_to

load_share = Table(
    "load_share",
    metadata,
    point_column("metering_point"),
    valid_from(),
    registration(),
    valid_to(),
    Column("quantity", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="Annual consumption of profile-settled points in thousandths of a kWh; never updated",
)

point_tariff = Table(
    "point_tariff",
    metadata,
    point_column("metering_point"),
    key_column("tariff", 10),
    key_column("owner", 16),
    valid_from(),
    registration(),
    valid_to(),
    sqlite_with_rowid=False,
    comment="Tariffs of metering points and whose they are; never updated",
)

formula_term = Table(
    "formula_term",
    metadata,
    point_column("metering_point"),
    point_column("term_point"),
    valid_from(),
    registration(),
    valid_to(),
    Column("factor", Integer, nullable=False),
    sqlite_with_rowid=False,
    comment="Terms of the formulas of calculated points, factors in millionths; never updated",
)

grid_loss_point = Table(
    "grid_loss_point",
    metadata,
    key_column("grid_area", 35),
    key_column("role", 16),
    valid_from(),
    registration(),
    valid_to(),
    Column("metering_point", BigInteger, nullable=False),
    sqlite_with_rowid=False,
    comment="On which points the loss of a grid area is booked; never updated",
)

point_permission = Table(
    "point_permission",
    metadata,
    point_column("metering_point"),
    key_column("permission", 40),
    valid_from(),
    registration(),
    valid_to(),
    sqlite_with_rowid=False,
    comment="What is allowed to single metering points; never updated",
)
