"""The plan of the balance settlement: production, flex and hourly consumption by supplier, exchange by pair of areas.

Child points do not enter (Regulation D1 §4.1, §6.1.1), nor profile-settled consumption: it is part of the residual.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from gateway.messages.codes import ConnectionState, MeteringPointType, SettlementMethod, Unit
from gateway.messages.masterdata import KINDS, METHODS, NONE, STATES, UNITS, Codes, MasterData, Rows
from gateway.messages.times import Interval
from gateway.settlement.kernel import Totals
from gateway.settlement.plan import Groups, Plan, PlanRows
from gateway.settlement.results import KeyedSums, ResultKey

NO_POINTS: Rows = np.empty(0, dtype=np.int64)


class Measured(IntEnum):
    """What a group of the balance settlement sums up."""

    PRODUCTION = 0
    FLEX = 1
    HOURLY = 2
    EXCHANGE = 3
    """From `area` to `neighbour`."""


_NOT_SUMMED = -1


@dataclass(frozen=True)
class EnergyPlan:
    """The level-1 plan of some grid areas and what its groups mean: columns of one length, codes of the names.

    Attributes:
        plan: which points' values go to which group.
        measured, area, supplier, brp, neighbour: int32[groups]; NONE where one does not apply.
        master: the names behind the codes.
        areas: the areas that are settled.
    """

    plan: Plan
    measured: Codes
    area: Codes
    supplier: Codes
    brp: Codes
    neighbour: Codes
    master: MasterData
    areas: frozenset[str]

    def level_1(self, totals: Totals, measured: Measured) -> KeyedSums:
        """Exact sums of one measure by (grid area, balance responsible, supplier), in quarter watt-hours."""
        groups = np.flatnonzero(self.measured == measured)
        areas, parties = self.master.areas, self.master.parties
        keys = [
            ResultKey(areas.names[area], parties.name(supplier), parties.name(brp))
            for area, supplier, brp in zip(
                self.area[groups].tolist(), self.supplier[groups].tolist(), self.brp[groups].tolist(), strict=True
            )
        ]
        return KeyedSums.of(keys, totals.parts[groups], totals.qualities[groups], totals.exists[groups])

    def exchange(self, totals: Totals) -> KeyedSums:
        """Exact net exchange by (settled area, neighbour): into the area positive (Regulation D1 §6.2.2).

        What flows from an area to itself is a row of its own and nets to 0.
        """
        groups = np.flatnonzero(self.measured == Measured.EXCHANGE)
        names = self.master.areas.names
        ends = [(names[a], names[b]) for a, b in zip(self.area[groups], self.neighbour[groups], strict=True)]
        into = [ResultKey(to, neighbour=origin) for origin, to in ends]
        out_of = [ResultKey(origin, neighbour=to) for origin, to in ends]
        flows = KeyedSums.of(into, totals.parts[groups], totals.qualities[groups], totals.exists[groups])
        both = KeyedSums.joined((flows, KeyedSums(tuple(out_of), -flows.quantity, flows.qualities, flows.exists)))
        settled = [row for row, key in enumerate(both.keys) if key.grid_area in self.areas]
        return both.take(np.array(settled, dtype=np.int64)).by(lambda key: key)


def energy_plan(
    master: MasterData,
    interval: Interval,
    areas: Collection[str],
    without: Rows = NO_POINTS,
    joint_hours: bool = False,
) -> EnergyPlan:
    """The plan of some grid areas over an interval of whole hours.

    Args:
        master: metering points with the parties registered for each span of time.
        interval: what is settled.
        areas: grid areas to settle; exchange counts for each of them it touches, wherever it is registered.
        without: points left out, int64: those that grid loss is booked on.
        joint_hours: one quality for each point and hour (`Plan`).
    """
    points = master.points
    measured = np.where(np.isin(points.point, without), _NOT_SUMMED, _measured(master))
    is_exchange = measured == Measured.EXCHANGE
    area = np.where(is_exchange, points.from_grid_area, points.grid_area)
    neighbour = np.where(is_exchange, points.to_grid_area, NONE)
    settled = np.array([code for name in areas if (code := master.areas.find(name)) != NONE], dtype=np.int32)
    rows = np.flatnonzero(
        (measured != _NOT_SUMMED)
        & (np.isin(area, settled) | (is_exchange & np.isin(neighbour, settled)))
        & (points.valid_from < interval.end)
        & (points.valid_to > interval.start)
    )
    supplier = np.where(is_exchange, NONE, points.energy_supplier)
    brp = np.where(is_exchange, NONE, points.balance_responsible)
    groups = Groups.of(*(column[rows] for column in (measured, area, supplier, brp, neighbour)))
    taken = PlanRows(points.point[rows], groups.group, points.valid_from[rows], points.valid_to[rows])
    plan = Plan.of(interval, taken, groups.number, joint_hours)
    measured, area, supplier, brp, neighbour = groups.columns
    return EnergyPlan(plan, measured, area, supplier, brp, neighbour, master, frozenset(areas))


def _measured(master: MasterData) -> Codes:
    """What each version of a point is summed as; _NOT_SUMMED for children, other units, points not in the grid."""
    points = master.points
    flex, hourly = (METHODS.index(method) for method in (SettlementMethod.FLEX, SettlementMethod.HOURLY))
    is_consumption = points.kind == KINDS.index(MeteringPointType.CONSUMPTION)
    measured = np.select(
        [
            points.kind == KINDS.index(MeteringPointType.PRODUCTION),
            is_consumption & (points.settlement_method == flex),
            is_consumption & (points.settlement_method == hourly),
            points.kind == KINDS.index(MeteringPointType.EXCHANGE),
        ],
        [Measured.PRODUCTION, Measured.FLEX, Measured.HOURLY, Measured.EXCHANGE],
        default=_NOT_SUMMED,
    )
    in_grid = np.isin(points.connection_state, [STATES.index(state) for state in _IN_GRID])
    counts = in_grid & (points.parent == NONE) & (points.unit == UNITS.index(Unit.KWH))
    return np.where(counts, measured, _NOT_SUMMED).astype(np.int32)


_IN_GRID = (ConnectionState.CONNECTED, ConnectionState.DISCONNECTED)
