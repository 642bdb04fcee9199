"""Whether reactive energy of accounting points is available: kept by a nightly run (FI-5.2)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.series.segment_codec import unpack_points
from gateway.hub.tables import segment, transaction
from gateway.hub.tables_point_series import reactive_flag
from gateway.messages.codes import Flow, MeteringPointType, Unit
from gateway.messages.times import DAY

KINDS = tuple(series_kind(Unit.KVARH, flow) for flow in (Flow.IN, Flow.OUT))
_POINTS = (MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION)


def note_availability(office: Office) -> int:
    """State anew of which points reactive energy came within the last month; how many those are."""
    now = office.clock.now()
    since = now - office.profile.number("reactive-days", office.profile.zone.day(now)) * DAY
    with office.database.write() as connection:
        master = office.refresh(connection)
        wanted = (
            sa.select(segment.c.points, transaction.c.committed_at)
            .join(transaction, transaction.c.id == segment.c.transaction)
            .where(segment.c.kind.in_(KINDS), transaction.c.committed_at >= since * MICROSECONDS)
            .order_by(transaction.c.id)
        )
        newest: dict[int, int] = {}
        for row in connection.execute(wanted):
            newest |= dict.fromkeys(unpack_points(row.points).tolist(), row.committed_at)
        rows = [
            {"point": point, "received_at": at, "noted_at": now * MICROSECONDS}
            for point, at in newest.items()
            if any(version.kind in _POINTS for version in master.versions(point))
        ]
        connection.execute(reactive_flag.delete())
        if rows:
            connection.execute(reactive_flag.insert(), rows)
    return len(rows)


def received_at(connection: Connection, points: list[int]) -> dict[int, int]:
    """When reactive energy of points came last, in seconds, as of the last run; those without are not there."""
    wanted = sa.select(reactive_flag).where(reactive_flag.c.point.in_(points))
    return {row.point: row.received_at // MICROSECONDS for row in connection.execute(wanted)}
