"""Master data in the hub: registered by imports, never forgotten, seen as of any transaction.

A fact has two times: when it is true (`valid_from`, `valid_to` of a version) and when it was known (the transaction
that registered it). The newest registration of a key states the key's whole timeline, so a view as of a transaction
is, for each key, the newest registration not after it; the older ones stay and show in `gateway.hub.masterdata.pages`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection

from gateway.hub import tables_masterdata as tables
from gateway.hub.database import run
from gateway.hub.masterdata.files import MasterDataSet
from gateway.messages.codes import (
    ConnectionState,
    MeteringPointType,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.identifiers import gsrn_of, point_key
from gateway.messages.masterdata import (
    KINDS,
    METHODS,
    NONE,
    RESOLUTIONS,
    STATES,
    SUBTYPES,
    UNITS,
    Delegation,
    GridArea,
    MasterData,
    MeteringPointVersion,
    Names,
    PartyRole,
    PointColumns,
)

KEYS: dict[sa.Table, tuple[str, ...]] = {
    tables.metering_point: ("metering_point",),
    tables.party_role: ("party",),
    tables.grid_area: ("code",),
    tables.delegation: ("process", "grid_area", "from_party", "from_role"),
}
"""What one registration states as a whole: all rows of a table under these columns."""

_BATCH = 50_000


def import_set(connection: Connection, transaction: int, dataset: MasterDataSet) -> None:
    """Register a checked set under a transaction; each key in it supersedes its older registration.

    The caller's transaction makes it all or nothing. The set must have passed `gateway.hub.masterdata.files.read_files`
    with the view this transaction sees (`view(connection)`) as what is known.
    """
    connection.execute(
        sa.insert(tables.master_data_import).values(
            transaction=transaction,
            metering_points=len(dataset.points),
            parties=len(dataset.roles),
            grid_areas=len(dataset.grid_areas),
            delegations=len(dataset.delegations),
        )
    )
    _insert(connection, tables.metering_point, (_point_row(v, transaction) for v in dataset.points))
    _insert(
        connection,
        tables.party_role,
        ((r.party, str(r.role), r.valid_from, transaction, r.valid_to, r.name) for r in dataset.roles),
    )
    _insert(
        connection,
        tables.grid_area,
        ((a.code, a.valid_from, transaction, a.valid_to, a.grid_operator, a.name) for a in dataset.grid_areas),
    )
    _insert(connection, tables.delegation, (_delegation_row(d, transaction) for d in dataset.delegations))


def latest_transaction(connection: Connection) -> int:
    """The transaction of the newest import, 0 before the first: a view of another transaction is out of date."""
    newest = run(connection, 'select max("transaction") from master_data_import').fetchall()
    return int(newest[0][0] or 0)


def view(connection: Connection, as_of_transaction: int | None = None) -> MasterData:
    """Master data as known at a transaction, by default the newest; its `transaction` is that of the last import seen.

    Loads in bulk, batch by batch: a nation's points in seconds, and never all their texts at once.
    """
    imports = tables.master_data_import.c.transaction
    seen = sa.select(sa.func.max(imports))
    if as_of_transaction is not None:
        seen = seen.where(imports <= as_of_transaction)
    known = int(connection.execute(seen).scalar() or 0)
    areas = tuple(map(grid_area_of, connection.execute(_current(tables.grid_area, known))))
    roles = tuple(map(role_of, connection.execute(_current(tables.party_role, known))))
    delegations = tuple(map(delegation_of, connection.execute(_current(tables.delegation, known))))
    area_names, party_names = Names(area.code for area in areas), Names(role.party for role in roles)
    points = _Loader(area_names, party_names).load(connection, _current(tables.metering_point, known))
    return MasterData(points, area_names, party_names, areas, roles, delegations, known)


def _current(table: sa.Table, known: int) -> sa.Select[Any]:
    """Rows of the newest registration of each key that is not after `known`, in the table's order."""
    later = table.alias("later")
    same_key = sa.and_(*(later.c[name] == table.c[name] for name in KEYS[table]))
    superseded = sa.exists().where(same_key, later.c.transaction > table.c.transaction, later.c.transaction <= known)
    return sa.select(table).where(table.c.transaction <= known, ~superseded).order_by(*table.primary_key)


def _insert(connection: Connection, table: sa.Table, rows: Iterator[tuple[object, ...]]) -> None:
    """Rows in the order of the table's columns, in bulk: PostgreSQL takes them as columns, SQLite one by one."""
    statement = str(sa.insert(table).compile(dialect=connection.dialect))
    while batch := list(islice(rows, _BATCH)):
        if connection.dialect.name == "postgresql":
            columns = zip(table.c, zip(*batch, strict=True), strict=True)
            arrays = (sa.literal(list(values), ARRAY(column.type)) for column, values in columns)
            given = sa.func.unnest(*arrays).table_valued(*table.c.keys()).render_derived()
            connection.execute(sa.insert(table).from_select(table.c.keys(), sa.select(given)))
        else:
            connection.exec_driver_sql(statement, batch)


def _point_row(version: MeteringPointVersion, transaction: int) -> tuple[object, ...]:
    return (
        point_key(version.metering_point),
        version.valid_from,
        transaction,
        version.valid_to,
        version.kind.value,
        version.subtype.value,
        version.settlement_method and version.settlement_method.value,
        version.connection_state.value,
        version.resolution.value,
        version.unit.value,
        version.grid_area,
        version.energy_supplier,
        version.balance_responsible,
        version.from_grid_area,
        version.to_grid_area,
        version.parent and point_key(version.parent),
    )


def _delegation_row(item: Delegation, transaction: int) -> tuple[object, ...]:
    return (
        str(item.process),
        item.grid_area,
        item.from_party,
        item.from_role.value,
        item.valid_from,
        item.sequence,
        transaction,
        item.valid_to,
        item.to_party,
        item.to_role.value,
    )


def point_version_of(row: sa.Row[Any]) -> MeteringPointVersion:
    """The version a row of `metering_point` holds."""
    return MeteringPointVersion(
        metering_point=gsrn_of(row.metering_point),
        kind=MeteringPointType(row.kind),
        grid_area=row.grid_area,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        subtype=Subtype(row.subtype),
        settlement_method=None if row.settlement_method is None else SettlementMethod(row.settlement_method),
        connection_state=ConnectionState(row.connection_state),
        resolution=Resolution(row.resolution),
        unit=Unit(row.unit),
        energy_supplier=row.energy_supplier,
        balance_responsible=row.balance_responsible,
        parent=None if row.parent is None else gsrn_of(row.parent),
        from_grid_area=row.from_grid_area,
        to_grid_area=row.to_grid_area,
    )


def role_of(row: sa.Row[Any]) -> PartyRole:
    """The role a row of `party_role` holds."""
    return PartyRole(row.party, Role(row.role), row.name, row.valid_from, row.valid_to)


def grid_area_of(row: sa.Row[Any]) -> GridArea:
    """The grid area a row of `grid_area` holds."""
    return GridArea(row.code, row.grid_operator, row.name, row.valid_from, row.valid_to)


def delegation_of(row: sa.Row[Any]) -> Delegation:
    """The delegation a row of `delegation` holds."""
    return Delegation(
        process=row.process,
        grid_area=row.grid_area,
        from_party=row.from_party,
        from_role=Role(row.from_role),
        to_party=row.to_party,
        to_role=Role(row.to_role),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        sequence=row.sequence,
    )


class _Loader:
    """Turns rows of metering points into the columns of a view, batch by batch so that texts never pile up."""

    def __init__(self, areas: Names, parties: Names) -> None:
        area, party = areas.code, parties.code
        self._codes = {
            "kind": Names(KINDS).code,
            "subtype": Names(SUBTYPES).code,
            "settlement_method": Names(METHODS).code,
            "connection_state": Names(STATES).code,
            "resolution": Names(RESOLUTIONS).code,
            "unit": Names(UNITS).code,
            "grid_area": area,
            "energy_supplier": party,
            "balance_responsible": party,
            "from_grid_area": area,
            "to_grid_area": area,
        }

    def load(self, connection: Connection, statement: sa.Select[Any]) -> PointColumns:
        """All rows of the statement as columns, in its order."""
        names = list(tables.metering_point.c.keys())
        batches: dict[str, list[np.ndarray[Any, Any]]] = {name: [] for name in names}
        rows = connection.execute(statement, execution_options={"yield_per": _BATCH})
        for batch in rows.partitions():
            for name, texts in zip(names, zip(*batch, strict=True), strict=True):
                batches[name].append(self._column(name, texts))
        columns = {name: np.concatenate(parts) if parts else self._column(name, ()) for name, parts in batches.items()}
        del columns["transaction"]
        return PointColumns(point=columns.pop("metering_point"), **columns)

    def _column(self, name: str, values: Sequence[Any]) -> np.ndarray[Any, Any]:
        if code := self._codes.get(name):
            known = {value: code(value) for value in set(values)}
            return np.fromiter(map(known.__getitem__, values), dtype=np.int32, count=len(values))
        if name == "parent":
            values = [NONE if value is None else value for value in values]
        return np.array(values, dtype=np.int64)
