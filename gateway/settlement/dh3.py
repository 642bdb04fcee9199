"""Settlement as today's Danish hub computes it: the grid loss booked on points (dk-settlement-dh3).

Level-1 sums are rounded with the remainder carried within the hour; everything after that adds rounded numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Resolution
from gateway.messages.times import Instants
from gateway.settlement.energy import EnergyPlan, Measured
from gateway.settlement.kernel import Partial
from gateway.settlement.quality_sets import CALCULATED
from gateway.settlement.results import (
    KeyedSums,
    Method,
    ResultKey,
    ResultKind,
    SettlementResults,
    area_of,
    by_party,
    supplier_of,
)
from gateway.settlement.rounding import carried, rounded


class LossSign(StrEnum):
    """Which part of a grid loss a point takes."""

    POSITIVE = "positive"
    """What was lost: booked on a flex consumption point."""
    NEGATIVE = "negative"
    """What appeared: booked on a production point."""


class LossPoint(NamedTuple):
    """A point that the grid loss of its area is booked on over [valid_from, valid_to), and whose it then is."""

    point: int
    grid_area: str
    sign: LossSign
    supplier: str | None
    brp: str | None
    valid_from: int
    valid_to: int


def settle_dh3(
    energy: EnergyPlan, partial: Partial, resolution: Resolution, loss_points: Sequence[LossPoint]
) -> SettlementResults:
    """Every table of dk-settlement-dh3, for a plan without its grid-loss points.

    For hourly results the plan joins the qualities of an hour (`Plan.joint_hours`).
    """
    totals = partial.totals(resolution)
    settle = carried if resolution == Resolution.QUARTER else rounded

    def level_1(exact: KeyedSums) -> KeyedSums:
        return exact.with_quantity(settle(exact.quantity))

    production, flex, hourly = (
        level_1(energy.level_1(totals, measured)) for measured in (Measured.PRODUCTION, Measured.FLEX, Measured.HOURLY)
    )
    per_neighbour = level_1(energy.exchange(totals))
    exchange = per_neighbour.by(area_of)
    loss = KeyedSums.joined((exchange, production, hourly.negated, flex.negated)).by(area_of)
    loss = KeyedSums.of(loss.keys, loss.quantity, np.full_like(loss.qualities, CALCULATED), loss.exists)
    booked = {sign: _booked(loss, totals.starts, sign, loss_points) for sign in LossSign}
    produced = KeyedSums.joined((production, booked[LossSign.NEGATIVE])).by(supplier_of)
    consumed = KeyedSums.joined((flex, booked[LossSign.POSITIVE])).by(supplier_of)
    tables = {
        ResultKind.NET_EXCHANGE_PER_NEIGHBOUR: per_neighbour,
        ResultKind.NET_EXCHANGE: exchange,
        ResultKind.PRODUCTION_BEFORE_LOSS: production.by(area_of),
        ResultKind.FLEX_BEFORE_LOSS: flex.by(area_of),
        ResultKind.GRID_LOSS: loss,
        ResultKind.POSITIVE_GRID_LOSS: booked[LossSign.POSITIVE],
        ResultKind.NEGATIVE_GRID_LOSS: booked[LossSign.NEGATIVE],
        **by_party(produced, consumed, hourly),
        ResultKind.TOTAL_CONSUMPTION: _total(produced.by(area_of), exchange),
    }
    return SettlementResults(Method.DH3, resolution, totals.starts, tables)


def _booked(loss: KeyedSums, starts: Instants, sign: LossSign, points: Sequence[LossPoint]) -> KeyedSums:
    """The loss of one sign on the points that take it: a row wherever there is a loss, also one of 0 (rule 8)."""
    area = {key.grid_area: row for row, key in enumerate(loss.keys)}
    chosen = [point for point in points if point.sign is sign and point.grid_area in area]
    rows = np.array([area[point.grid_area] for point in chosen], dtype=np.int64)
    valid = np.array([(starts >= point.valid_from) & (starts < point.valid_to) for point in chosen], dtype=bool)
    exists = loss.exists[rows] & valid.reshape(len(chosen), len(starts))
    quantity = np.maximum(loss.quantity[rows] if sign is LossSign.POSITIVE else -loss.quantity[rows], 0)
    keys = [ResultKey(point.grid_area, point.supplier, point.brp, point=point.point) for point in chosen]
    booked = KeyedSums.of(keys, quantity, loss.qualities[rows], exists)
    return booked.by(lambda key: key)


def _total(production: KeyedSums, exchange: KeyedSums) -> KeyedSums:
    """Production after loss and net exchange, only where both exist (rule 11)."""
    total = KeyedSums.joined((production, exchange)).by(area_of)
    both = np.zeros(total.exists.shape, dtype=np.uint8)
    for part in (production, exchange):
        rows = [total.keys.index(key) for key in part.keys]
        both[rows] += part.exists
    return total.where(both == 2)
