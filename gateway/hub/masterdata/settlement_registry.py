"""Master data that settlement needs, in the hub: registered by the same imports, loaded only by who settles.

A settlement run names the master data transaction it read (`SettlementMasterData.transaction`) and reads the same
view again, years later.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_settlement_masterdata as tables
from gateway.hub.masterdata.registrations import insert_rows, last_import, load_columns, newest
from gateway.messages.codes import GridLossRole, Permission
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import Names, Rows
from gateway.messages.settlement_masterdata import (
    PERMISSIONS,
    FormulaTerm,
    FormulaTerms,
    GridLossPoint,
    LoadShare,
    LoadShares,
    Permissions,
    PointPermission,
    PointTariff,
    SettlementFacts,
    SettlementMasterData,
    Tariffs,
)
from gateway.messages.times import Interval

_FEW = 10_000
"""Points up to which a statement names them; beyond, the whole table is read."""


def import_facts(connection: Connection, transaction: int, facts: SettlementFacts) -> None:
    """Register checked facts under a transaction, as part of an import."""
    insert_rows(
        connection,
        tables.load_share,
        (
            (point_key(row.metering_point), row.valid_from, transaction, row.valid_to, row.quantity)
            for row in facts.load_shares
        ),
    )
    insert_rows(
        connection,
        tables.point_tariff,
        (
            (point_key(row.metering_point), row.tariff, row.owner, row.valid_from, transaction, row.valid_to)
            for row in facts.tariffs
        ),
    )
    insert_rows(connection, tables.formula_term, (_term_row(row, transaction) for row in facts.formulas))
    insert_rows(connection, tables.grid_loss_point, (_grid_loss_row(row, transaction) for row in facts.grid_loss))
    insert_rows(
        connection,
        tables.point_permission,
        (
            (point_key(row.metering_point), row.permission.value, row.valid_from, transaction, row.valid_to)
            for row in facts.permissions
        ),
    )


def settlement_view(connection: Connection, as_of_transaction: int | None = None) -> SettlementMasterData:
    """What settlement needs as known at a transaction, by default the newest; loads in bulk, batch by batch.

    Its `transaction` is that of the last import seen, the same as that of `gateway.hub.masterdata.registry.view`.
    """
    known = last_import(connection, as_of_transaction)
    ids, owners = Names(), Names()
    shares = load_columns(connection, newest(tables.load_share, known), {})
    codes = {"tariff": ids.code, "owner": owners.code}
    tariffs = load_columns(connection, newest(tables.point_tariff, known), codes)
    terms = load_columns(connection, newest(tables.formula_term, known), {})
    held = load_columns(connection, newest(tables.point_permission, known), {"permission": Names(PERMISSIONS).code})
    return SettlementMasterData(
        LoadShares(point=shares.pop("metering_point"), **shares),
        Tariffs(point=tariffs.pop("metering_point"), **tariffs),
        FormulaTerms(point=terms.pop("metering_point"), term=terms.pop("term_point"), **terms),
        Permissions(point=held.pop("metering_point"), **held),
        tuple(map(grid_loss_of, connection.execute(newest(tables.grid_loss_point, known)))),
        ids,
        owners,
        known,
    )


def permissions_view(connection: Connection) -> Permissions:
    """The permissions of points alone, as known now."""
    known = last_import(connection, None)
    held = load_columns(connection, newest(tables.point_permission, known), {"permission": Names(PERMISSIONS).code})
    return Permissions(point=held.pop("metering_point"), **held)


def facts_about(connection: Connection, points: Set[str], as_of_transaction: int) -> SettlementFacts:
    """What is registered about some points, for an import to be checked against.

    Formulas and grid loss come as a whole: they are few, and a ring of formulas may lead through any of them.
    """
    if not points:
        return SettlementFacts()

    def about(table: sa.Table) -> sa.CursorResult[Any]:
        statement = newest(table, as_of_transaction)
        if len(points) <= _FEW:
            statement = statement.where(table.c.metering_point.in_(sorted(map(point_key, points))))
        return connection.execute(statement)

    def whole(table: sa.Table) -> sa.CursorResult[Any]:
        return connection.execute(newest(table, as_of_transaction))

    return SettlementFacts(
        list(map(load_share_of, about(tables.load_share))),
        list(map(tariff_of, about(tables.point_tariff))),
        list(map(formula_term_of, whole(tables.formula_term))),
        list(map(grid_loss_of, whole(tables.grid_loss_point))),
        list(map(permission_of, about(tables.point_permission))),
    )


def permission_spans(
    connection: Connection, points: Set[str], permission: Permission, as_of_transaction: int
) -> dict[str, tuple[Interval, ...]]:
    """When some points have a permission, as known at a transaction; nothing else of a nation is loaded."""
    table = tables.point_permission
    statement = newest(table, as_of_transaction).where(table.c.permission == permission.value)
    if len(points) <= _FEW:
        statement = statement.where(table.c.metering_point.in_(sorted(map(point_key, points))))
    found: dict[str, tuple[Interval, ...]] = {}
    for row in map(permission_of, connection.execute(statement)):
        span = Interval(row.valid_from, row.valid_to)
        found[row.metering_point] = (*found.get(row.metering_point, ()), span)
    return found


def _term_row(row: FormulaTerm, transaction: int) -> tuple[object, ...]:
    point, term = point_key(row.metering_point), point_key(row.term_point)
    return (point, term, row.valid_from, transaction, row.valid_to, row.factor)


def _grid_loss_row(row: GridLossPoint, transaction: int) -> tuple[object, ...]:
    point = point_key(row.metering_point)
    return (row.grid_area, row.role.value, row.valid_from, transaction, row.valid_to, point)


def load_share_of(row: sa.Row[Any]) -> LoadShare:
    """The load share a row of `load_share` holds."""
    return LoadShare(point_id(row.metering_point), row.quantity, row.valid_from, row.valid_to)


def tariff_of(row: sa.Row[Any]) -> PointTariff:
    """The tariff a row of `point_tariff` holds."""
    return PointTariff(point_id(row.metering_point), row.tariff, row.owner, row.valid_from, row.valid_to)


def formula_term_of(row: sa.Row[Any]) -> FormulaTerm:
    """The term a row of `formula_term` holds."""
    point, term = point_id(row.metering_point), point_id(row.term_point)
    return FormulaTerm(point, term, row.factor, row.valid_from, row.valid_to)


def loss_points(connection: Connection) -> Rows:
    """The points on which the loss of a grid area is booked at any time, as known now: int64, ascending."""
    found = connection.execute(newest(tables.grid_loss_point, last_import(connection, None)))
    return np.unique(np.array([row.metering_point for row in found], dtype=np.int64))


def grid_loss_of(row: sa.Row[Any]) -> GridLossPoint:
    """The point a row of `grid_loss_point` holds."""
    point, role = point_id(row.metering_point), GridLossRole(row.role)
    return GridLossPoint(row.grid_area, point, role, row.valid_from, row.valid_to)


def permission_of(row: sa.Row[Any]) -> PointPermission:
    """The permission a row of `point_permission` holds."""
    return PointPermission(point_id(row.metering_point), Permission(row.permission), row.valid_from, row.valid_to)
