"""Further facts about metering points in the hub: registered by the imports of master data, seen as known now."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_points as tables
from gateway.hub.masterdata.registrations import insert_rows, last_import, load_columns, newest
from gateway.messages.codes import AllowedFlow, MeteringMethod, PointClass, PointUse
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import Names
from gateway.messages.point_details import (
    ALLOWED_FLOWS,
    CLASSES,
    METERINGS,
    USES,
    CommunityMember,
    PointDetail,
    PointDetails,
    PointFacts,
    PointView,
    ReactiveOrder,
)


def import_point_facts(connection: Connection, transaction: int, facts: PointFacts) -> None:
    """Register checked facts under a transaction, as part of an import."""
    insert_rows(connection, tables.point_detail, (_detail_row(row, transaction) for row in facts.details))
    insert_rows(
        connection,
        tables.reactive_order,
        ((point_key(row.metering_point), row.party, row.valid_from, transaction, row.valid_to) for row in facts.orders),
    )
    insert_rows(connection, tables.community_member, (_member_row(row, transaction) for row in facts.members))


def _detail_row(row: PointDetail, transaction: int) -> tuple[object, ...]:
    return (
        point_key(row.metering_point),
        row.valid_from,
        transaction,
        row.valid_to,
        row.point_class.value,
        row.use.value,
        row.method.value,
        row.fuse,
        row.directions.value,
        row.related_point and point_key(row.related_point),
        row.annual_estimate,
    )


def _member_row(row: CommunityMember, transaction: int) -> tuple[object, ...]:
    return (
        row.community,
        point_key(row.metering_point),
        row.valid_from,
        transaction,
        row.valid_to,
        point_key(row.production_point),
        row.share,
        row.surplus_point and point_key(row.surplus_point),
    )


def view(connection: Connection, as_of_transaction: int | None = None) -> PointView:
    """What is registered as known at a transaction, by default the newest; details load in bulk."""
    known = last_import(connection, as_of_transaction)
    orders = map(order_of, connection.execute(newest(tables.reactive_order, known)))
    members = map(member_of, connection.execute(newest(tables.community_member, known)))
    found = PointView.build(PointFacts(orders=list(orders), members=list(members)), known)
    return PointView(_details(connection, known), found.orders, found.members, known)


def _details(connection: Connection, known: int) -> PointDetails:
    codes = {
        "point_class": Names(CLASSES).code,
        "use": Names(USES).code,
        "method": Names(METERINGS).code,
        "directions": Names(ALLOWED_FLOWS).code,
    }
    columns = load_columns(connection, newest(tables.point_detail, known), codes)
    return PointDetails(
        point=columns.pop("metering_point"),
        related=columns.pop("related_point"),
        estimate=columns.pop("annual_estimate"),
        **columns,
    )


def detail_of(row: sa.Row[Any]) -> PointDetail:
    """The detail a row of `point_detail` holds."""
    return PointDetail(
        metering_point=point_id(row.metering_point),
        point_class=PointClass(row.point_class),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        use=PointUse(row.use),
        method=MeteringMethod(row.method),
        fuse=row.fuse,
        directions=AllowedFlow(row.directions),
        related_point=None if row.related_point is None else point_id(row.related_point),
        annual_estimate=row.annual_estimate,
    )


def order_of(row: sa.Row[Any]) -> ReactiveOrder:
    """The order a row of `reactive_order` holds."""
    return ReactiveOrder(point_id(row.metering_point), row.party, row.valid_from, row.valid_to)


def member_of(row: sa.Row[Any]) -> CommunityMember:
    """The member a row of `community_member` holds."""
    return CommunityMember(
        community=row.community,
        production_point=point_id(row.production_point),
        metering_point=point_id(row.metering_point),
        share=row.share,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        surplus_point=None if row.surplus_point is None else point_id(row.surplus_point),
    )
