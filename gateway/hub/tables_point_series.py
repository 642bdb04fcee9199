"""Tables of what the hub calculates from series of points: how far it has looked, prices, deviations, flags."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from gateway.hub.tables import ROWID, metadata


def _number(name: str, *, primary: bool = False) -> Column[int]:
    return Column(name, BigInteger, primary_key=primary, autoincrement=False, nullable=False)


follower = Table(
    "follower",
    metadata,
    Column("name", String(24), primary_key=True),
    _number("reached"),
    comment="Up to which segment of the series store, or which import, each calculation has looked",
)

calculation = Table(
    "calculation",
    metadata,
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("process", String(24), nullable=False),
    comment="Which process of the hub made a transaction's values: their editor",
)

relation_due = Table(
    "relation_due",
    metadata,
    _number("point", primary=True),
    _number("start", primary=True),
    _number("finish"),
    Column("was_shared", Boolean(create_constraint=False), nullable=False),
    sqlite_with_rowid=False,
    comment="Points whose site or community changed after their data, to be calculated anew over [start, finish)",
)
Index("ix_relation_due_start", relation_due.c.start)

spot_price = Table(
    "spot_price",
    metadata,
    _number("start", primary=True),
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("length", Integer, nullable=False),
    _number("price"),
    sqlite_with_rowid=False,
    comment="Spot prices in thousandths of EUR/MWh; the newest transaction of a step counts",
)

window_reopening = Table(
    "window_reopening",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("transaction", ROWID, ForeignKey("transaction.id"), nullable=False),
    Column("client", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    comment="Days whose balance the operator reopened while it closed: which client of its, and why; never updated",
)

deviation_run = Table(
    "deviation_run",
    metadata,
    Column("transaction", ROWID, ForeignKey("transaction.id"), primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    comment="Runs that looked for balance deviations",
)

deviation = Table(
    "deviation",
    metadata,
    Column("transaction", ROWID, ForeignKey("deviation_run.transaction"), primary_key=True, autoincrement=False),
    _number("point", primary=True),
    _number("start", primary=True),
    Column("supplier", String(16), primary_key=True),
    Column("length", Integer, nullable=False),
    _number("old"),
    _number("new"),
    _number("price"),
    Column("grid_area", String(35), nullable=False),
    Column("is_production", Boolean(create_constraint=False), nullable=False),
    Column("cause", String(32), nullable=False),
    sqlite_with_rowid=False,
    comment="Steps of accounting points whose energy or supplier changed after their balance window; never updated",
)
Index("ix_deviation_point_start", deviation.c.point, deviation.c.start)

deviation_waiting = Table(
    "deviation_waiting",
    metadata,
    _number("point", primary=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
    comment="Days of points that changed after their window and wait for prices",
)

deviation_summary = Table(
    "deviation_summary",
    metadata,
    Column("transaction", ROWID, ForeignKey("deviation_run.transaction"), primary_key=True, autoincrement=False),
    Column("grid_area", String(35), primary_key=True),
    Column("supplier", String(16), primary_key=True),
    Column("type", String(24), primary_key=True),
    _number("energy"),
    _number("amount"),
    sqlite_with_rowid=False,
    comment="What a run comes to by supplier and grid area: Wh and cents; never updated",
)

reactive_flag = Table(
    "reactive_flag",
    metadata,
    _number("point", primary=True),
    Column("received_at", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False),
    comment="Accounting points whose reactive energy came within the last month, as of the nightly run",
)
