"""Load-duration curves of a metering point or a whole network, from the series the hub holds (EE-4.3)."""

from __future__ import annotations

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.control.expected import in_force
from gateway.hub.network.flows import FlowQuery, read_flows
from gateway.hub.office import Office
from gateway.hub.own_areas import own_areas
from gateway.hub.ports import Principal
from gateway.hub.ports_network import CurveQuery, LoadCurve
from gateway.messages.codes import Flow, MeteringPointType
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.masterdata import KINDS, MasterData, Rows
from gateway.messages.times import STEP_SECONDS
from gateway.settlement.duration_curve import duration_curve

_LEFT_OUT = tuple(KINDS.index(kind) for kind in (MeteringPointType.EXCHANGE, MeteringPointType.AGGREGATION))


def load_curve(office: Office, connection: Connection, reader: Principal, query: CurveQuery) -> LoadCurve | None:
    """The curve of points in networks that the reader runs; None where one of them is unknown or not its own.

    A step of a network is known when every point that has any value in the interval has one in the step.
    """
    master, profile = in_force(office.refresh(connection), query.interval), office.profile
    points = _points(master, query, own_areas(master, reader, office.clock.now()))
    if points is None:
        return None
    step = STEP_SECONDS[profile.settlement_resolution(profile.zone.day(query.interval.start))]
    flows = read_flows(office, connection, FlowQuery(points, query.interval, step))
    delivers = flows.known.any(axis=1)
    known = flows.known[delivers].all(axis=0) & delivers.any()
    energy = (flows.into if query.flow is Flow.IN else flows.out).sum(axis=0)[known]
    unknown = int((~known).sum()) * step
    return LoadCurve(duration_curve(energy, step), step, len(points), unknown)


def _points(master: MasterData, query: CurveQuery, areas: frozenset[str]) -> Rows | None:
    columns = master.points
    own = np.isin(columns.grid_area, [master.areas.find(area) for area in sorted(areas)])
    if query.metering_point:
        if not is_point_id(query.metering_point):
            return None
        named = own & (columns.point == point_key(query.metering_point))
    elif query.grid_area in areas:
        named = (columns.grid_area == master.areas.find(query.grid_area)) & ~np.isin(columns.kind, _LEFT_OUT)
    else:
        return None
    points: Rows = np.unique(columns.point[named])
    return points if len(points) else None
