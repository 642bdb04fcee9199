"""Agreements and permissions in the hub: registered by the imports of master data, seen as of any transaction."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_agreements as tables
from gateway.hub import tables_masterdata as masterdata
from gateway.hub.masterdata.registrations import insert_rows, last_import, load_columns, newest
from gateway.messages.agreements import (
    AGREEMENT_KINDS,
    COMMODITIES,
    CUSTOMER_TYPES,
    ROLES,
    AccessPermission,
    Agreement,
    AgreementColumns,
    AgreementFacts,
    Agreements,
    PermissionColumns,
)
from gateway.messages.codes import AgreementKind, Commodity, CustomerType, Role, Standing
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import Names

_FEW = 10_000
"""Points up to which a statement names them; beyond, the whole table is read."""


def import_agreements(connection: Connection, transaction: int, facts: AgreementFacts) -> None:
    """Register checked agreements and permissions under a transaction, as part of an import."""
    insert_rows(connection, tables.agreement, (_agreement_row(row, transaction) for row in facts.agreements))
    insert_rows(connection, tables.permission, (_permission_row(row, transaction) for row in facts.permissions))


def _agreement_row(row: Agreement, transaction: int) -> tuple[object, ...]:
    return (
        row.agreement,
        row.valid_from,
        transaction,
        row.valid_to,
        row.kind.value,
        row.party,
        row.counterparty,
        row.metering_point and point_key(row.metering_point),
        " ".join(row.customers),
        row.customer_type and row.customer_type.value,
        row.commodity.value,
        row.standing.value,
    )


def _permission_row(row: AccessPermission, transaction: int) -> tuple[object, ...]:
    return (
        row.permission,
        row.valid_from,
        transaction,
        row.valid_to,
        point_key(row.metering_point),
        row.holder,
        row.role.value,
        row.data_from,
        row.data_to,
        row.owner,
        row.owner_type and row.owner_type.value,
        row.holder_type and row.holder_type.value,
        row.purpose,
        row.standing.value,
    )


def view(connection: Connection, as_of_transaction: int | None = None) -> Agreements:
    """Agreements and permissions in force as known at a transaction, by default the newest; loads in bulk."""
    known = last_import(connection, as_of_transaction)
    parties, customers = Names(), Names()
    agreements = _load_agreements(connection, known, parties, customers)
    return Agreements(agreements, _load_permissions(connection, known, parties), parties, customers, known)


def view_now(connection: Connection, at_hand: Agreements) -> Agreements:
    """The newest view: the one at hand unless imports since then brought agreements or permissions."""
    imports = masterdata.master_data_import.c
    touching = sa.func.coalesce(sa.func.sum(imports.agreements + imports.permissions), 0)
    since = sa.select(sa.func.max(imports.transaction), touching).where(imports.transaction > at_hand.transaction)
    newest_import, touched = connection.execute(since).one()
    if newest_import is None:
        return at_hand
    return view(connection) if touched else replace(at_hand, transaction=newest_import)


def _load_agreements(connection: Connection, known: int, parties: Names, customers: Names) -> AgreementColumns:
    statement = newest(tables.agreement, known).where(tables.agreement.c.standing == Standing.IN_FORCE.value)
    wanted = statement.with_only_columns(
        *(tables.agreement.c[name] for name in ("metering_point", *_AGREEMENT_FIELDS)), maintain_column_froms=True
    )
    codes = {
        "kind": Names(AGREEMENT_KINDS).code,
        "party": parties.code,
        "counterparty": parties.code,
        "customers": lambda ids: customers.code(ids or None),
        "customer_type": Names(CUSTOMER_TYPES).code,
        "commodity": Names(COMMODITIES).code,
    }
    columns = load_columns(connection, wanted, codes)
    point = columns.pop("metering_point")
    order = np.lexsort((columns["valid_from"], point))
    return AgreementColumns(point=point[order], **{name: column[order] for name, column in columns.items()})


_AGREEMENT_FIELDS = (
    "valid_from",
    "valid_to",
    "kind",
    "party",
    "counterparty",
    "customers",
    "customer_type",
    "commodity",
)
_PERMISSION_FIELDS = ("valid_from", "valid_to", "data_from", "data_to", "holder", "role")


def _load_permissions(connection: Connection, known: int, parties: Names) -> PermissionColumns:
    statement = newest(tables.permission, known).where(tables.permission.c.standing == Standing.IN_FORCE.value)
    wanted = statement.with_only_columns(
        *(tables.permission.c[name] for name in ("metering_point", *_PERMISSION_FIELDS)), maintain_column_froms=True
    )
    columns = load_columns(connection, wanted, {"holder": parties.code, "role": Names(ROLES).code})
    point = columns.pop("metering_point")
    order = np.lexsort((columns["valid_from"], point))
    return PermissionColumns(point=point[order], **{name: column[order] for name, column in columns.items()})


def agreements_about(connection: Connection, points: Set[str], as_of_transaction: int) -> AgreementFacts:
    """What is registered about some points, and every portfolio, for an import to be checked against."""

    def about(table: sa.Table) -> sa.ColumnElement[bool]:
        if len(points) > _FEW:
            return table.c.metering_point.is_not(None)
        return table.c.metering_point.in_(sorted(map(point_key, points)))

    agreement, permission = tables.agreement, tables.permission
    is_wanted = about(agreement) | (agreement.c.kind == AgreementKind.PORTFOLIO.value)
    agreed = connection.execute(newest(agreement, as_of_transaction).where(is_wanted))
    permitted = connection.execute(newest(permission, as_of_transaction).where(about(permission)))
    return AgreementFacts(list(map(agreement_of, agreed)), list(map(access_permission_of, permitted)))


def agreement_of(row: sa.Row[Any]) -> Agreement:
    """The version a row of `agreement` holds."""
    return Agreement(
        agreement=row.agreement,
        kind=AgreementKind(row.kind),
        party=row.party,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        counterparty=row.counterparty,
        metering_point=None if row.metering_point is None else point_id(row.metering_point),
        customers=tuple(row.customers.split()),
        customer_type=None if row.customer_type is None else CustomerType(row.customer_type),
        commodity=Commodity(row.commodity),
        standing=Standing(row.standing),
    )


def access_permission_of(row: sa.Row[Any]) -> AccessPermission:
    """The version a row of `permission` holds."""
    return AccessPermission(
        permission=row.permission,
        metering_point=point_id(row.metering_point),
        holder=row.holder,
        role=Role(row.role),
        valid_from=row.valid_from,
        data_from=row.data_from,
        data_to=row.data_to,
        valid_to=row.valid_to,
        owner=row.owner,
        owner_type=None if row.owner_type is None else CustomerType(row.owner_type),
        holder_type=None if row.holder_type is None else CustomerType(row.holder_type),
        purpose=row.purpose,
        standing=Standing(row.standing),
    )
