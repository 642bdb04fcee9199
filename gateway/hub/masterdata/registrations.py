"""Registrations: rows that are only ever added, the newest registration of a key stating the key's whole timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from gateway.hub import tables_agreements as agreements
from gateway.hub import tables_masterdata as tables
from gateway.hub import tables_points as points
from gateway.hub import tables_settlement_masterdata as settlement
from gateway.hub.tables import transaction
from gateway.messages.masterdata import NONE

KEYS: Mapping[sa.Table, tuple[str, ...]] = {
    tables.metering_point: ("metering_point",),
    tables.party_role: ("party",),
    tables.grid_area: ("code",),
    tables.delegation: ("process", "grid_area", "from_party", "from_role"),
    settlement.load_share: ("metering_point",),
    settlement.point_tariff: ("metering_point",),
    settlement.formula_term: ("metering_point",),
    settlement.grid_loss_point: ("grid_area",),
    settlement.point_permission: ("metering_point",),
    agreements.agreement: ("agreement",),
    agreements.permission: ("permission",),
    points.point_detail: ("metering_point",),
    points.reactive_order: ("metering_point", "party"),
    points.community_member: ("community",),
}
"""What one registration states as a whole: all rows of a table under these columns."""

_BATCH = 50_000

CodeOf = Callable[[str | None], int]
"""The small code that stands for a text in a column."""


def last_import(connection: Connection, as_of_transaction: int | None) -> int:
    """The transaction of the last import not after the given one, of all imports without one; 0 where there is none."""
    imports = tables.master_data_import.c.transaction
    seen = sa.select(sa.func.max(imports))
    if as_of_transaction is not None:
        seen = seen.where(imports <= as_of_transaction)
    return int(connection.execute(seen).scalar() or 0)


def first_import_at(connection: Connection) -> int | None:
    """When master data were first imported (microseconds); None where that is still to come."""
    at = sa.select(sa.func.min(transaction.c.committed_at)).join(tables.master_data_import)
    found: int | None = connection.execute(at).scalar()
    return found


def newest(table: sa.Table, known: int) -> sa.Select[Any]:
    """Rows of the newest registration of each key that is not after transaction `known`, in the table's order."""
    return sa.select(table).where(is_newest(table, known)).order_by(*table.primary_key)


def is_newest(table: sa.FromClause, known: int) -> sa.ColumnElement[bool]:
    """Whether a row of a table, or of an alias of it, belongs to its key's newest registration not after `known`."""
    declared = table.element if isinstance(table, sa.Alias) else table
    assert isinstance(declared, sa.Table)
    later = declared.alias("later")
    same_key = sa.and_(*(later.c[name] == table.c[name] for name in KEYS[declared]))
    superseded = sa.exists().where(same_key, later.c.transaction > table.c.transaction, later.c.transaction <= known)
    return sa.and_(table.c.transaction <= known, ~superseded.correlate(table))


def insert_rows(connection: Connection, table: sa.Table, rows: Iterable[tuple[object, ...]]) -> None:
    """Rows in the order of the table's columns, in bulk: PostgreSQL takes them as columns, SQLite one by one."""
    statement = str(sa.insert(table).compile(dialect=connection.dialect))
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        if connection.dialect.name == "postgresql":
            columns = zip(table.c, zip(*batch, strict=True), strict=True)
            arrays = (sa.literal(list(values), ARRAY(column.type)) for column, values in columns)
            given = sa.func.unnest(*arrays).table_valued(*table.c.keys()).render_derived()
            connection.execute(sa.insert(table).from_select(table.c.keys(), sa.select(given)))
        else:
            connection.exec_driver_sql(statement, batch)


def load_columns(connection: Connection, statement: sa.Select[Any], codes: Mapping[str, CodeOf]) -> dict[str, Any]:
    """All rows of a statement as columns, in its order, batch by batch so that texts never pile up.

    A column with a code is int32, any other int64 with NONE for what is not stated. The transaction is left out.
    """
    names = statement.selected_columns.keys()
    batches: dict[str, list[np.ndarray[Any, Any]]] = {name: [_column((), codes.get(name))] for name in names}
    rows = connection.execute(statement, execution_options={"yield_per": _BATCH})
    for batch in rows.partitions():
        for name, values in zip(names, zip(*batch, strict=True), strict=True):
            batches[name].append(_column(values, codes.get(name)))
    return {name: np.concatenate(parts) for name, parts in batches.items() if name != "transaction"}


def _column(values: Sequence[Any], code: CodeOf | None) -> np.ndarray[Any, Any]:
    if code is not None:
        known = {value: code(value) for value in dict.fromkeys(values)}
        return np.fromiter(map(known.__getitem__, values), dtype=np.int32, count=len(values))
    if None in values:
        values = [NONE if value is None else value for value in values]
    return np.array(values, dtype=np.int64)
