"""Master data in the hub: registered by imports, never forgotten, seen as of any transaction.

A fact has two times: when it is true (`valid_from`, `valid_to` of a version) and when it was known (the transaction
that registered it). The newest registration of a key states the key's whole timeline, so a view as of a transaction
is, for each key, the newest registration not after it; the older ones stay and show in `gateway.hub.masterdata.pages`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_masterdata as tables
from gateway.hub.database import run
from gateway.hub.masterdata.agreement_registry import import_agreements
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.masterdata.point_registry import import_point_facts
from gateway.hub.masterdata.registrations import CodeOf, insert_rows, last_import, load_columns, newest
from gateway.hub.masterdata.settlement_registry import import_facts
from gateway.messages.codes import (
    ConnectionState,
    MeteringPointType,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import (
    KINDS,
    METHODS,
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
            load_shares=len(dataset.settlement.load_shares),
            tariffs=len(dataset.settlement.tariffs),
            formulas=len(dataset.settlement.formulas),
            grid_loss=len(dataset.settlement.grid_loss),
            point_permissions=len(dataset.settlement.permissions),
            agreements=len(dataset.agreements.agreements),
            permissions=len(dataset.agreements.permissions),
            point_details=len(dataset.point_facts.details),
            reactive_orders=len(dataset.point_facts.orders),
            communities=len(dataset.point_facts.members),
        )
    )
    insert_rows(connection, tables.metering_point, (_point_row(v, transaction) for v in dataset.points))
    insert_rows(
        connection,
        tables.party_role,
        ((r.party, str(r.role), r.valid_from, transaction, r.valid_to, r.name) for r in dataset.roles),
    )
    insert_rows(
        connection,
        tables.grid_area,
        ((a.code, a.valid_from, transaction, a.valid_to, a.grid_operator, a.name) for a in dataset.grid_areas),
    )
    insert_rows(connection, tables.delegation, (_delegation_row(d, transaction) for d in dataset.delegations))
    import_facts(connection, transaction, dataset.settlement)
    import_agreements(connection, transaction, dataset.agreements)
    import_point_facts(connection, transaction, dataset.point_facts)


def latest_transaction(connection: Connection) -> int:
    """The transaction of the newest import, 0 before the first: a view of another transaction is out of date."""
    found = run(connection, 'select max("transaction") from master_data_import').fetchall()
    return int(found[0][0] or 0)


def view_now(connection: Connection, at_hand: MasterData) -> MasterData:
    """The newest view: the one at hand unless imports since then touched what it holds.

    An import of facts that only settlement needs moves its transaction and nothing else.
    """
    imports = tables.master_data_import.c
    rows = imports.metering_points + imports.parties + imports.grid_areas + imports.delegations
    touching = sa.func.coalesce(sa.func.sum(rows), 0)
    since = sa.select(sa.func.max(imports.transaction), touching).where(imports.transaction > at_hand.transaction)
    newest_import, touched = connection.execute(since).one()
    if newest_import is None:
        return at_hand
    return view(connection) if touched else replace(at_hand, transaction=newest_import)


def view(connection: Connection, as_of_transaction: int | None = None) -> MasterData:
    """Master data as known at a transaction, by default the newest; its `transaction` is that of the last import seen.

    Loads in bulk, batch by batch: a nation's points in seconds, and never all their texts at once.
    """
    known = last_import(connection, as_of_transaction)
    areas = tuple(map(grid_area_of, connection.execute(newest(tables.grid_area, known))))
    roles = tuple(map(role_of, connection.execute(newest(tables.party_role, known))))
    delegations = tuple(map(delegation_of, connection.execute(newest(tables.delegation, known))))
    area_names, party_names = Names(area.code for area in areas), Names(role.party for role in roles)
    points = _load_points(connection, known, area_names, party_names)
    return MasterData(points, area_names, party_names, areas, roles, delegations, known)


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
        metering_point=point_id(row.metering_point),
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
        parent=None if row.parent is None else point_id(row.parent),
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


def _load_points(connection: Connection, known: int, areas: Names, parties: Names) -> PointColumns:
    codes: dict[str, CodeOf] = {
        "kind": Names(KINDS).code,
        "subtype": Names(SUBTYPES).code,
        "settlement_method": Names(METHODS).code,
        "connection_state": Names(STATES).code,
        "resolution": Names(RESOLUTIONS).code,
        "unit": Names(UNITS).code,
        "grid_area": areas.code,
        "energy_supplier": parties.code,
        "balance_responsible": parties.code,
        "from_grid_area": areas.code,
        "to_grid_area": areas.code,
    }
    columns = load_columns(connection, newest(tables.metering_point, known), codes)
    return PointColumns(point=columns.pop("metering_point"), **columns)
