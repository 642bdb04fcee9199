"""Tables of agreements and of what customers permit: append-only, registered as `gateway.hub.tables_masterdata` says.

The newest registration of an id states all its versions.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table

from gateway.hub.tables import metadata
from gateway.hub.tables_masterdata import key_column, registration, valid_from, valid_to

agreement = Table(
    "agreement",
    metadata,
    key_column("agreement", 64),
    valid_from(),
    registration(),
    valid_to(),
    Column("kind", String(24), nullable=False),
    Column("party", String(16), nullable=False),
    Column("counterparty", String(16), nullable=True),
    Column("metering_point", BigInteger, nullable=True),
    Column("customers", String(2000), nullable=False),
    Column("customer_type", String(8), nullable=True),
    Column("commodity", String(16), nullable=False),
    Column("standing", String(12), nullable=False),
    sqlite_with_rowid=False,
    comment="Agreements of parties, at metering points or between each other; customers by id; never updated",
)
Index("ix_agreement_metering_point", agreement.c.metering_point)

permission = Table(
    "permission",
    metadata,
    key_column("permission", 64),
    valid_from(),
    registration(),
    valid_to(),
    Column("metering_point", BigInteger, nullable=False),
    Column("holder", String(16), nullable=False),
    Column("role", String(40), nullable=False),
    Column("data_from", BigInteger, nullable=False),
    Column("data_to", BigInteger, nullable=False),
    Column("owner", String(35), nullable=True),
    Column("owner_type", String(8), nullable=True),
    Column("holder_type", String(8), nullable=True),
    Column("purpose", String(64), nullable=False),
    Column("standing", String(12), nullable=False),
    sqlite_with_rowid=False,
    comment="What customers permit single parties to read: which period of data, and when; never updated",
)
Index("ix_permission_metering_point", permission.c.metering_point)
