"""Sites and communities that are registered, changed or taken back after their data: what of them is calculated anew.

A change noted here is worked off in parts (`netting`); a part that is calculated twice stores nothing the second time.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub import tables_points as points
from gateway.hub.database import run_many
from gateway.hub.masterdata.point_registry import detail_of, member_of
from gateway.hub.masterdata.registrations import newest
from gateway.hub.office import Office
from gateway.hub.point_series.followed import looked_through, note_looked
from gateway.hub.point_series.sites import Sites, sites_of
from gateway.hub.tables import segment
from gateway.hub.tables_masterdata import master_data_import
from gateway.hub.tables_point_series import relation_due
from gateway.messages.codes import Resolution
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import FOREVER
from gateway.messages.point_details import PointFacts, PointView
from gateway.messages.times import Interval, MarketZone

IMPORTS = "relations"
_DAYS = 31
"""How much of a point is calculated anew in one commit."""

_OWE = (
    "insert into relation_due (point, start, finish, was_shared) values (?, ?, ?, ?)"
    " on conflict (point, start) do update set"
    " finish = case when excluded.finish > relation_due.finish then excluded.finish else relation_due.finish end,"
    " was_shared = excluded.was_shared or relation_due.was_shared"
)


class ChangedRelation(NamedTuple):
    """A point whose site or community is another over [start, end) than was known before.

    Attributes:
        was_shared: whether it was in a community.
    """

    point: int
    start: int
    end: int
    was_shared: bool


class _Relation(NamedTuple):
    """What a point is calculated with, over [start, end)."""

    content: Hashable
    start: int
    end: int
    is_community: bool


def note_changed_relations(office: Office, connection: Connection) -> None:
    """Note the days of points that imports since the last look relate to others, as far back as may be corrected.

    Data stored after an import are calculated with what it says (`Calculation`), so that only earlier ones count here.
    """
    before, after = looked_through(connection, IMPORTS), _newest_import(connection)
    if after <= before:
        return
    oldest_data = connection.execute(sa.select(segment.c.transaction).order_by(segment.c.id).limit(1)).scalar()
    if oldest_data is not None and oldest_data < after:
        zone, now = office.profile.zone, office.clock.now()
        today = zone.day(now)
        oldest = zone.midnight(office.profile.oldest_corrected(today))
        window = Interval(oldest, zone.end(office.profile.settlement_resolution(today), now, 1))
        owe(
            connection,
            (
                one._replace(start=part.start, end=part.end)
                for one in changed_relations(_sites_as_of(connection, before), _sites_as_of(connection, after))
                if (part := Interval(one.start, one.end).common(window)) is not None
            ),
        )
    note_looked(connection, IMPORTS, after)


def has_news(connection: Connection) -> bool:
    """Whether an import since the last look says something of sites or communities, or days wait to be calculated."""
    if _newest_import(connection) > looked_through(connection, IMPORTS):
        return True
    return connection.execute(sa.select(relation_due.c.point).limit(1)).scalar() is not None


def owe(connection: Connection, relations: Iterable[ChangedRelation]) -> None:
    """Note what is to be calculated anew; of one point and start the longer counts."""
    rows = [(one.point, one.start, one.end, one.was_shared) for one in relations]
    if rows:
        run_many(connection, _OWE, rows)


def take_due(connection: Connection, zone: MarketZone) -> list[ChangedRelation]:
    """The oldest part of what is to be calculated anew, taken off; empty when there is nothing."""
    first = connection.execute(sa.select(sa.func.min(relation_due.c.start))).scalar()
    if first is None:
        return []
    end = zone.end(Resolution.DAY, zone.midnight(zone.day(first)), _DAYS)
    rows = connection.execute(sa.select(relation_due).where(relation_due.c.start < end)).all()
    due = [ChangedRelation(row.point, row.start, row.finish, row.was_shared) for row in rows]
    connection.execute(relation_due.delete().where(relation_due.c.start < end))
    owe(connection, (one._replace(start=end) for one in due if one.end > end))
    return [one._replace(end=min(one.end, end)) for one in due]


def changed_relations(before: Sites, after: Sites) -> Iterator[ChangedRelation]:
    """The points that were related otherwise, in order, and when."""
    for point in sorted(_points(before) | _points(after)):
        old, new = list(_relations(before, point)), list(_relations(after, point))
        cuts = sorted({bound for one in (*old, *new) for bound in (one.start, one.end)})
        for start, end in pairwise(cuts):
            then, now = _at(old, start), _at(new, start)
            if {one.content for one in then} != {one.content for one in now}:
                yield ChangedRelation(point, start, end, any(one.is_community for one in then))


def _points(sites: Sites) -> set[int]:
    """Every point that is calculated with others, or for them."""
    surplus = {one.surplus_point for members in sites.members.values() for one in members}
    return {*sites.points.tolist(), *(point_key(point) for point in surplus if point is not None)}


def _relations(sites: Sites, point: int) -> Iterator[_Relation]:
    for pair in sites.pairs.get(point, ()):
        yield _Relation((pair.consumption, pair.production), pair.valid_from, pair.valid_to, is_community=False)
    named = point_id(point)
    for community, members in sites.members.items():
        is_surplus = any(one.surplus_point == named for one in members)
        for member in members if is_surplus or community in sites.communities.get(point, ()) else ():
            content = member._replace(valid_from=0, valid_to=FOREVER)
            yield _Relation(content, member.valid_from, member.valid_to, is_community=True)


def _at(relations: list[_Relation], instant: int) -> list[_Relation]:
    return [one for one in relations if one.start <= instant < one.end]


def _newest_import(connection: Connection) -> int:
    """The newest import that says something of sites or communities; 0 where there is none."""
    imports = master_data_import.c
    wanted = sa.select(sa.func.max(imports.transaction)).where(imports.point_details + imports.communities > 0)
    return int(connection.execute(wanted).scalar() or 0)


def _sites_as_of(connection: Connection, known: int) -> Sites:
    related = newest(points.point_detail, known).where(points.point_detail.c.related_point.is_not(None))
    details = map(detail_of, connection.execute(related))
    members = map(member_of, connection.execute(newest(points.community_member, known)))
    return sites_of(PointView.build(PointFacts(list(details), members=list(members)), known))
