"""Tables of access for customers and third parties: whose a metering point is, what was granted, who read what.

All of them are append-only. The newest registration of a metering point states its whole line of customers; a grant
stays as it was given, its revocation is a row of its own.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from gateway.hub.tables import ROWID, metadata

customer_link = Table(
    "customer_link",
    metadata,
    Column("metering_point", BigInteger, primary_key=True, autoincrement=False),
    Column("valid_from", BigInteger, primary_key=True, autoincrement=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("customer", String(16), nullable=True),
    sqlite_with_rowid=False,
    comment="Customers of metering points over time; null where a point has none; never updated",
)
Index("ix_customer_link_customer", customer_link.c.customer)

access_grant = Table(
    "access_grant",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("customer", String(16), nullable=False),
    Column("third_party", String(16), nullable=False),
    Column("data_from", BigInteger, nullable=False),
    Column("data_to", BigInteger, nullable=False),
    Column("valid_until", BigInteger, nullable=False),
    comment="What customers let third parties see: a period of data, until when; never updated",
)
Index("ix_access_grant_customer", access_grant.c.customer)
Index("ix_access_grant_third_party", access_grant.c.third_party)

granted_point = Table(
    "granted_point",
    metadata,
    Column("grant_id", String(36), ForeignKey("access_grant.id"), primary_key=True),
    Column("metering_point", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="The metering points of a grant",
)
Index("ix_granted_point_metering_point", granted_point.c.metering_point)

grant_revocation = Table(
    "grant_revocation",
    metadata,
    Column("grant_id", String(36), ForeignKey("access_grant.id"), primary_key=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    sqlite_with_rowid=False,
    comment="Grants that were taken back, from their transaction on",
)

access_record = Table(
    "access_record",
    metadata,
    Column("id", ROWID, primary_key=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("customer", String(16), nullable=False),
    Column("grant_id", String(36), ForeignKey("access_grant.id"), nullable=False),
    Column("event", String(16), nullable=False),
    Column("party", String(16), nullable=False),
    Column("client", String(200), nullable=False),
    Column("metering_point", BigInteger, nullable=True),
    Column("data_from", BigInteger, nullable=True),
    Column("data_to", BigInteger, nullable=True),
    comment="Every grant, revocation and read under a grant: who, what, when; never updated",
)
Index("ix_access_record_customer", access_record.c.customer, access_record.c.id)
