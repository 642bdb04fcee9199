"""Pages of registered master data: every version of every registration, also those superseded since.

A row has the columns of an import file, and `registered_at`, and `superseded_at` when a later registration of its key
took its place.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_agreements as agreements
from gateway.hub import tables_masterdata as tables
from gateway.hub import tables_points as points
from gateway.hub import tables_settlement_masterdata as settlement
from gateway.hub.clock import MICROSECONDS
from gateway.hub.masterdata import agreement_layouts, layouts, point_layouts
from gateway.hub.masterdata.agreement_registry import access_permission_of, agreement_of
from gateway.hub.masterdata.layouts import cells_of
from gateway.hub.masterdata.point_registry import detail_of, member_of, order_of
from gateway.hub.masterdata.registrations import KEYS
from gateway.hub.masterdata.registry import delegation_of, grid_area_of, point_version_of, role_of
from gateway.hub.masterdata.settlement_registry import (
    formula_term_of,
    grid_loss_of,
    load_share_of,
    permission_of,
    tariff_of,
)
from gateway.hub.ports import MasterDataPage, MasterDataRow, MasterDataTable, Page
from gateway.hub.tables import transaction
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.times import format_second


@dataclass(frozen=True)
class _Source:
    """Where a table of master data lives: its rows, in which order, and what a key asked for means."""

    table: sa.Table
    order: tuple[str, ...]
    keys: tuple[str, ...]
    cells: Callable[[sa.Row[Any]], MasterDataRow]


SOURCES: Mapping[MasterDataTable, _Source] = {
    MasterDataTable.METERING_POINTS: _Source(
        tables.metering_point,
        ("metering_point", "valid_from", "transaction"),
        ("metering_point",),
        lambda row: cells_of(layouts.METERING_POINTS, point_version_of(row)),
    ),
    MasterDataTable.PARTIES: _Source(
        tables.party_role,
        ("party", "role", "valid_from", "transaction"),
        ("party",),
        lambda row: cells_of(layouts.PARTIES, role_of(row)),
    ),
    MasterDataTable.GRID_AREAS: _Source(
        tables.grid_area,
        ("code", "valid_from", "transaction"),
        ("code",),
        lambda row: cells_of(layouts.GRID_AREAS, grid_area_of(row)),
    ),
    MasterDataTable.DELEGATIONS: _Source(
        tables.delegation,
        ("process", "grid_area", "from_party", "from_role", "valid_from", "sequence", "transaction"),
        ("from_party", "to_party"),
        lambda row: cells_of(layouts.DELEGATIONS, delegation_of(row)),
    ),
    MasterDataTable.LOAD_SHARES: _Source(
        settlement.load_share,
        ("metering_point", "valid_from", "transaction"),
        ("metering_point",),
        lambda row: cells_of(layouts.LOAD_SHARES, load_share_of(row)),
    ),
    MasterDataTable.TARIFFS: _Source(
        settlement.point_tariff,
        ("metering_point", "tariff", "owner", "valid_from", "transaction"),
        ("metering_point",),
        lambda row: cells_of(layouts.TARIFFS, tariff_of(row)),
    ),
    MasterDataTable.FORMULAS: _Source(
        settlement.formula_term,
        ("metering_point", "term_point", "valid_from", "transaction"),
        ("metering_point", "term_point"),
        lambda row: cells_of(layouts.FORMULAS, formula_term_of(row)),
    ),
    MasterDataTable.GRID_LOSS: _Source(
        settlement.grid_loss_point,
        ("grid_area", "role", "valid_from", "transaction"),
        ("grid_area",),
        lambda row: cells_of(layouts.GRID_LOSS, grid_loss_of(row)),
    ),
    MasterDataTable.POINT_PERMISSIONS: _Source(
        settlement.point_permission,
        ("metering_point", "permission", "valid_from", "transaction"),
        ("metering_point",),
        lambda row: cells_of(layouts.POINT_PERMISSIONS, permission_of(row)),
    ),
    MasterDataTable.AGREEMENTS: _Source(
        agreements.agreement,
        ("agreement", "valid_from", "transaction"),
        ("agreement", "party", "counterparty", "metering_point"),
        lambda row: cells_of(agreement_layouts.AGREEMENTS, agreement_of(row)),
    ),
    MasterDataTable.PERMISSIONS: _Source(
        agreements.permission,
        ("permission", "valid_from", "transaction"),
        ("permission", "holder", "owner", "metering_point"),
        lambda row: cells_of(agreement_layouts.PERMISSIONS, access_permission_of(row)),
    ),
    MasterDataTable.POINT_DETAILS: _Source(
        points.point_detail,
        ("metering_point", "valid_from", "transaction"),
        ("metering_point",),
        lambda row: cells_of(point_layouts.POINT_DETAILS, detail_of(row)),
    ),
    MasterDataTable.REACTIVE_ORDERS: _Source(
        points.reactive_order,
        ("metering_point", "party", "valid_from", "transaction"),
        ("metering_point", "party"),
        lambda row: cells_of(point_layouts.REACTIVE_ORDERS, order_of(row)),
    ),
    MasterDataTable.COMMUNITIES: _Source(
        points.community_member,
        ("community", "metering_point", "valid_from", "transaction"),
        ("community", "metering_point"),
        lambda row: cells_of(point_layouts.COMMUNITIES, member_of(row)),
    ),
}


def page(
    connection: Connection,
    table: MasterDataTable,
    key: str,
    window: Page,
    visible: sa.ColumnElement[bool] | None = None,
) -> MasterDataPage:
    """One window of a table's rows in order of key, validity and registration.

    Args:
        connection: a reading connection.
        table: which table.
        key: a metering point, of formulas also that of a term, a party, a grid area, either party of a delegation or
            an agreement, the id of an agreement or a permission; empty is every row.
        window: how many rows and behind which cursor; an unreadable cursor gives an empty page.
        visible: which rows the reader may see, a condition on the table as declared.
    """
    source = SOURCES[table]
    rows = source.table.c
    conditions = [] if visible is None else [visible]
    if key:
        named = [(rows[name], _named(key, rows[name])) for name in source.keys]
        conditions.append(sa.or_(sa.false(), *(column == value for column, value in named if value is not None)))
    if window.after:
        behind = _read_cursor(window.after, source)
        if behind is None:
            return MasterDataPage(())
        conditions.append(sa.tuple_(*(rows[name] for name in source.order)) > sa.tuple_(*behind))
    statement = _with_registration(source).where(*conditions).limit(window.limit + 1)
    found = connection.execute(statement).all()
    listed = found[: window.limit]
    after = _cursor(listed[-1], source) if len(found) > len(listed) and listed else ""
    return MasterDataPage(tuple(_cells(row, source) for row in listed), after)


def _with_registration(source: _Source) -> sa.Select[Any]:
    """The table's rows with the instants, in epoch microseconds, of their registration and of the one that followed."""
    table, later, successor = source.table, source.table.alias("later"), transaction.alias("successor")
    same_key = sa.and_(*(later.c[name] == table.c[name] for name in KEYS[table]))
    following = sa.select(sa.func.min(later.c.transaction)).where(same_key, later.c.transaction > table.c.transaction)
    number = following.correlate(table).scalar_subquery()
    superseded_at = sa.select(successor.c.committed_at).where(successor.c.id == number).correlate(table)
    return (
        sa.select(
            table,
            transaction.c.committed_at.label("registered_at"),
            superseded_at.scalar_subquery().label("superseded_at"),
        )
        .join(transaction, transaction.c.id == table.c.transaction)
        .order_by(*(table.c[name] for name in source.order))
    )


def _cells(row: sa.Row[Any], source: _Source) -> MasterDataRow:
    cells = dict(source.cells(row)) | {"registered_at": format_second(row.registered_at // MICROSECONDS)}
    if row.superseded_at is not None:
        cells["superseded_at"] = format_second(row.superseded_at // MICROSECONDS)
    return cells


def _cursor(row: sa.Row[Any], source: _Source) -> str:
    """The place of a row in the order: opaque to the reader, and good as part of an address."""
    text = "\n".join(str(row._mapping[name]) for name in source.order)
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str, source: _Source) -> list[sa.ColumnElement[Any]] | None:
    try:
        parts = base64.b64decode(cursor, altchars=b"-_", validate=True).decode().split("\n")
    except (binascii.Error, UnicodeError, ValueError):
        return None
    columns = [source.table.c[name] for name in source.order]
    values = [_value(part, column) for part, column in zip(parts, columns, strict=False)]
    return None if len(parts) != len(columns) or None in values else [sa.literal(value) for value in values]


def _named(key: str, column: sa.Column[Any]) -> int | str | None:
    """What a column holds for a key; None when it can hold no such key. The numbers among them are metering points."""
    if isinstance(column.type, sa.Integer):
        return point_key(key) if is_point_id(key) else None
    return _value(key, column)


def _value(text: str, column: sa.Column[Any]) -> int | str | None:
    """A stranger's text as a value of the column; None when the column can hold no such value."""
    if isinstance(column.type, sa.Integer):
        return int(text) if _WHOLE.fullmatch(text) else None
    return None if "\0" in text else text


_WHOLE = re.compile(r"-?[0-9]{1,18}")
