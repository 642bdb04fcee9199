"""Who may see what: the one question every read asks before it reads.

A right is a list of intervals, for it follows the dated master data; the market's profile works it out. The hub's own
operator sees every point. What a party may not see does not exist for it.
"""

from __future__ import annotations

import numpy as np
import sqlalchemy as sa

from gateway.hub import tables_agreements as agreements
from gateway.hub import tables_masterdata as tables
from gateway.hub.masterdata import pages
from gateway.hub.masterdata.registrations import is_newest
from gateway.hub.own_areas import own_areas
from gateway.hub.ports import MasterDataTable, Principal
from gateway.markets.distribution import Receiver, Visible
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import AREA_RUNNERS, Role
from gateway.messages.masterdata import FOREVER, MasterData, Rows
from gateway.messages.times import Interval

_PUBLIC = frozenset({MasterDataTable.PARTIES, MasterDataTable.GRID_AREAS})
"""The participant register is open to every participant (D1 §3.4)."""

_RUNS_AREAS = frozenset({*AREA_RUNNERS, Role.METERED_DATA_RESPONSIBLE})

ALWAYS = Interval(-FOREVER, FOREVER)


def rights(
    profile: MarketProfile, master: MasterData, reader: Principal, point: int, wanted: tuple[Interval, int]
) -> tuple[Interval, ...]:
    """The parts of an interval in which a reader may see a point's values, in order; empty where it sees nothing.

    `wanted` is the interval and the present instant: who runs a grid area and which delegations hold is asked of now,
    who supplies is asked of the time of the values (D1 §3.2.1, §3.4, §6.1.1).
    """
    interval, now = wanted
    if reader.role is Role.HUB:
        return (interval,) if master.versions(point) else ()
    return profile.distribution.visible_parts(master, Receiver(reader.party, reader.role), point, interval, now)


def visible_rows(
    master: MasterData, reader: Principal, table: MasterDataTable, now: int
) -> sa.ColumnElement[bool] | None:
    """Which rows of master data a reader may see, as a condition; None where it may see all.

    A metering point shows to its supplier, its balance responsible party and the operator of its grid area, each in
    the versions that name them; a delegation to both its parties. What settlement needs of a point shows to its
    supplier and the operator of its grid area, as far as they are that while it holds, by what is known now. An
    agreement shows to both its parties and the operator of its point's area, a permission to its holder.
    """
    if reader.role is Role.HUB or table in _PUBLIC:
        return None
    if table is MasterDataTable.DELEGATIONS:
        columns = tables.delegation.c
        return (columns.from_party == reader.party) | (columns.to_party == reader.party)
    if table is MasterDataTable.METERING_POINTS:
        return _visible_points(master, reader, tables.metering_point, now)
    if table in (MasterDataTable.AGREEMENTS, MasterDataTable.PERMISSIONS):
        return _visible_agreements(master, reader, table, now)
    if reader.role is Role.BALANCE_RESPONSIBLE:
        return sa.false()
    facts, point = pages.SOURCES[table].table.c, tables.metering_point.alias("point")
    return sa.exists().where(
        point.c.metering_point == facts.metering_point,
        point.c.valid_from < facts.valid_to,
        point.c.valid_to > facts.valid_from,
        _visible_points(master, reader, point, now),
        is_newest(point, master.transaction),
    )


def _visible_agreements(
    master: MasterData, reader: Principal, table: MasterDataTable, now: int
) -> sa.ColumnElement[bool]:
    if table is MasterDataTable.PERMISSIONS:
        return (agreements.permission.c.holder == reader.party) & (agreements.permission.c.role == reader.role.value)
    columns, point = agreements.agreement.c, tables.metering_point.alias("point")
    in_own_area = sa.exists().where(
        point.c.metering_point == columns.metering_point,
        point.c.grid_area.in_(sorted(own_areas(master, reader, now))),
        is_newest(point, master.transaction),
    )
    return (columns.party == reader.party) | (columns.counterparty == reader.party) | in_own_area


def _visible_points(master: MasterData, reader: Principal, points: sa.FromClause, now: int) -> sa.ColumnElement[bool]:
    match reader.role:
        case Role.ENERGY_SUPPLIER:
            return points.c.energy_supplier == reader.party
        case Role.BALANCE_RESPONSIBLE:
            return points.c.balance_responsible == reader.party
        case role if role in _RUNS_AREAS:
            return points.c.grid_area.in_(sorted(own_areas(master, reader, now)))
        case _:
            return sa.false()


def visible_points(
    profile: MarketProfile, master: MasterData, reader: Principal, points: Rows, wanted: tuple[Interval, int]
) -> Visible:
    """The same as `rights` for many points at once, as columns; a point the reader may not see has no part."""
    interval, now = wanted
    if reader.role is not Role.HUB:
        return profile.distribution.visible(master, Receiver(reader.party, reader.role), points, interval, now)
    located = master.locate(points, np.full(len(points), interval.start), np.full(len(points), interval.end))
    place = np.flatnonzero(located.number)
    return Visible(place, np.full(len(place), interval.start), np.full(len(place), interval.end))
