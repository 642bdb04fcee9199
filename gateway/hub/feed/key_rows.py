"""Master data as the feed keeps and shows them: by key, as one import registered them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.masterdata.agreement_registry import access_permission_of, agreement_of
from gateway.hub.masterdata.registry import point_version_of
from gateway.hub.ports_feed import FeedContent, FeedResource
from gateway.hub.tables_agreements import agreement, permission
from gateway.hub.tables_masterdata import metering_point
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.masterdata import MeteringPointVersion

Item = Agreement | AccessPermission | MeteringPointVersion


class KeyedTable(NamedTuple):
    """A table of master data that the feed tells of: its key column, and the version a row holds."""

    table: sa.Table
    key: str
    version: Callable[[sa.Row[Any]], Item]


KEYED: Mapping[FeedResource, KeyedTable] = {
    FeedResource.METERING_POINT: KeyedTable(metering_point, "metering_point", point_version_of),
    FeedResource.AGREEMENT: KeyedTable(agreement, "agreement", agreement_of),
    FeedResource.PERMISSION: KeyedTable(permission, "permission", access_permission_of),
}

_AT_ONCE = 400


def rows_of_keys(
    connection: Connection, resource: FeedResource, wanted: Sequence[tuple[str, int]]
) -> list[FeedContent | None]:
    """All versions of keys as an import registered them, by (key, transaction); None where there are none."""
    if resource not in KEYED:
        return [None] * len(wanted)
    source = KEYED[resource]
    columns = source.table.c[source.key], source.table.c.transaction
    found: dict[tuple[str, int], list[Any]] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        is_number = isinstance(columns[0].type, sa.Integer)
        keys = {int(key) if is_number else key for key, _ in some}
        statement = sa.select(source.table).where(
            columns[0].in_(keys), columns[1].in_({transaction for _, transaction in some})
        )
        for row in connection.execute(statement.order_by(source.table.c.valid_from)):
            key = str(row._mapping[source.key]), row.transaction
            found.setdefault(key, []).append(source.version(row))
    return [tuple(found[one]) if one in found else None for one in wanted]
