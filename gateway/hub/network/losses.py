"""The losses of a grid area or a line, step by step, from the series of its border points and its own (EE-4.2).

In is into the grid that runs a point. At a border point run by the neighbour, what flows into the neighbour's grid
has left this one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.expected import in_force
from gateway.hub.database import transaction_at
from gateway.hub.network.flows import FlowQuery, Flows, read_flows
from gateway.hub.office import Office
from gateway.hub.own_areas import runs_area
from gateway.hub.ports import Principal
from gateway.hub.ports_network import Losses, LossQuery
from gateway.markets.networks import OwnPoints
from gateway.messages.agreements import Agreements
from gateway.messages.codes import AgreementKind, ConnectionState, MeteringPointType
from gateway.messages.masterdata import KINDS, STATES, MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.times import STEP_SECONDS, Instants
from gateway.settlement.network_loss import Exchanged, network_loss

_EXCHANGE, _AGGREGATION = (KINDS.index(kind) for kind in (MeteringPointType.EXCHANGE, MeteringPointType.AGGREGATION))
_CONNECTED = STATES.index(ConnectionState.CONNECTED)


class _Members(NamedTuple):
    """The metering points of a network by master data row: whether a border point, and run by the neighbour."""

    rows: Rows
    is_border: Mask
    is_mirrored: Mask


def losses(office: Office, connection: Connection, reader: Principal, query: LossQuery) -> Losses | None:
    """The losses of a network that the reader runs; None for one that is unknown or not its own.

    Demand response is no flow of the grid and counts nowhere.
    """
    master = office.refresh(connection)
    if not runs_area(master, reader, query.grid_area, office.clock.now()):
        return None
    profile, interval = office.profile, query.interval
    step = STEP_SECONDS[profile.settlement_resolution(profile.zone.day(interval.start))]
    master = in_force(master, interval)
    members = _members(master, query.grid_area)
    as_of = None if query.as_of is None else transaction_at(connection, query.as_of * MICROSECONDS)
    points = master.points.point[members.rows]
    distinct, place = np.unique(points, return_inverse=True)
    flows = read_flows(office, connection, FlowQuery(distinct, interval, step, as_of))
    start = np.arange(interval.start, interval.end, step, dtype=np.int64)
    holds = _holds(master, members.rows, start)
    if profile.networks.own_points is OwnPoints.AGREED:
        holds &= members.is_border[:, None] | _agreed(office.agreements(connection), points, start)
    border, own = _sums(flows, place, members, holds)
    lacking: Rows = (holds & ~flows.known[place]).sum(axis=0)
    return Losses(query.grid_area, step, start, network_loss(border, own), border, own, len(distinct), lacking)


def _members(master: MasterData, area: str) -> _Members:
    columns, code = master.points, master.areas.find(area)
    is_border = columns.kind == _EXCHANGE
    touches = (columns.grid_area == code) | (columns.from_grid_area == code) | (columns.to_grid_area == code)
    counts = (columns.connection_state == _CONNECTED) & (columns.kind != _AGGREGATION)
    rows = np.flatnonzero(counts & np.where(is_border, touches, columns.grid_area == code))
    return _Members(rows, is_border[rows], columns.grid_area[rows] != code)


def _holds(master: MasterData, rows: Rows, start: Instants) -> Mask:
    """In which steps each version is in force."""
    columns = master.points
    holds: Mask = (columns.valid_from[rows][:, None] <= start) & (start < columns.valid_to[rows][:, None])
    return holds


def _agreed(agreements: Agreements, points: Rows, start: Instants) -> Mask:
    """In which steps an agreement on grid service holds at each point."""
    agreed: Mask = np.zeros((len(points), len(start)), dtype=np.bool_)
    for row, point in enumerate(points.tolist()):
        for span in agreements.of_point(point, (AgreementKind.GRID,)):
            agreed[row] |= (span.start <= start) & (start < span.end)
    return agreed


def _sums(flows: Flows, place: Rows, members: _Members, holds: Mask) -> tuple[Exchanged, Exchanged]:
    """What the borders and the network's own points exchanged, viewed from the network."""
    mirrored = members.is_mirrored[:, None]
    into = np.where(mirrored, flows.out[place], flows.into[place]) * holds
    out = np.where(mirrored, flows.into[place], flows.out[place]) * holds
    border, own = members.is_border, ~members.is_border
    return (
        Exchanged(into[border].sum(axis=0), out[border].sum(axis=0)),
        Exchanged(into[own].sum(axis=0), out[own].sum(axis=0)),
    )
