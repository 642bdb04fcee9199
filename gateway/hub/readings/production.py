"""Monthly read production: which series of a month came in time, which late, which not at all (Regulation D1 §5.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.access import rights
from gateway.hub.clock import MICROSECONDS
from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.hub.ports import Principal
from gateway.hub.ports_readings import MonthlyProduction, ProductionState
from gateway.markets.calendar import last_of_month
from gateway.messages.codes import MeteringPointType, Quality, Resolution
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import KINDS, RESOLUTIONS, UNITS, MasterData
from gateway.messages.times import Interval

_PRODUCTION = (MeteringPointType.PRODUCTION, MeteringPointType.VE_PRODUCTION)


def monthly_production(
    office: Office, connection: Connection, reader: Principal, month: date
) -> tuple[MonthlyProduction, ...]:
    """The monthly series of production in the month of a day, of points the reader may see, by metering point.

    A point counts that is read by the month on the month's last day. Read production is due on the third working day,
    the renewable share of multi-fuel units, which is what monthly renewable production states, on the fifth [DEF]. A
    month stated as missing has not come.
    """
    zone, now = office.profile.zone, office.clock.now()
    last = last_of_month(month)
    span = Interval(zone.midnight(last.replace(day=1)), zone.day_interval(last).end)
    master = office.refresh(connection)
    found = []
    for row in _monthly_rows(master, span.end - 1):
        key = int(master.points.point[row])
        if rights(office.profile, master, reader, key, (Interval(span.end - 1, span.end), now)):
            found.append(_production(office, connection, master, (row, span)))
    return tuple(found)


def _monthly_rows(master: MasterData, at: int) -> Iterator[int]:
    """Rows of the points that are production read by the month at an instant."""
    columns = master.points
    is_production = np.isin(columns.kind, [KINDS.index(kind) for kind in _PRODUCTION])
    is_monthly = columns.resolution == RESOLUTIONS.index(Resolution.MONTH)
    yield from np.flatnonzero(
        is_production & is_monthly & (columns.valid_from <= at) & (columns.valid_to > at)
    ).tolist()


def _production(
    office: Office, connection: Connection, master: MasterData, wanted: tuple[int, Interval]
) -> MonthlyProduction:
    """One series and when its first value of the month came."""
    (row, span), columns, now = wanted, master.points, office.clock.now()
    timetable, day = office.profile.timetable, office.profile.zone.day(span.start)
    is_share = KINDS[columns.kind[row]] is MeteringPointType.VE_PRODUCTION
    due = timetable.production_multi_fuel(day) if is_share else timetable.production_series(day)
    kind = series_kind(UNITS[columns.unit[row]])
    said = office.store.versions(connection, int(columns.point[row]), Interval(span.start, span.start + 1), kind=kind)
    came = [v.received_at // MICROSECONDS for v in said if int(v.run.quality[0]) & STATUS_BITS != Quality.MISSING]
    received_at = min(came, default=None)
    if received_at is None:
        state = ProductionState.MISSING if now > due else ProductionState.AWAITED
    else:
        state = ProductionState.IN_TIME if received_at <= due else ProductionState.LATE
    area = master.areas.names[columns.grid_area[row]]
    operator = master.grid_operator(area, now)
    return MonthlyProduction(point_id(int(columns.point[row])), area, operator, due, received_at, state)
