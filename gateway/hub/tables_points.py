"""Tables of what else master data say of metering points: append-only, as `gateway.hub.tables_masterdata` says.

The newest registration of a metering point, or of a community, states its whole timeline.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table

from gateway.hub.tables import metadata
from gateway.hub.tables_masterdata import key_column, point_column, registration, valid_from, valid_to

point_detail = Table(
    "point_detail",
    metadata,
    point_column("metering_point"),
    valid_from(),
    registration(),
    valid_to(),
    Column("point_class", String(16), nullable=False),
    Column("use", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("fuse", Integer, nullable=False),
    Column("directions", String(8), nullable=False),
    Column("related_point", BigInteger, nullable=True),
    Column("annual_estimate", BigInteger, nullable=True),
    sqlite_with_rowid=False,
    comment="Class, use, metering method, fuse, directions and related point of metering points; never updated",
)

reactive_order = Table(
    "reactive_order",
    metadata,
    point_column("metering_point"),
    key_column("party", 16),
    valid_from(),
    registration(),
    valid_to(),
    sqlite_with_rowid=False,
    comment="Who ordered the reactive energy of a metering point; never updated",
)

community_member = Table(
    "community_member",
    metadata,
    key_column("community", 64),
    point_column("metering_point"),
    valid_from(),
    registration(),
    valid_to(),
    Column("production_point", BigInteger, nullable=False),
    Column("share", Integer, nullable=False),
    Column("surplus_point", BigInteger, nullable=True),
    sqlite_with_rowid=False,
    comment="Members of energy communities and their shares in millionths; never updated",
)
