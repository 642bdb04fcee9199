"""The daily sums of Regulation D1 (§4.1.5): by supplier, by balance responsible party, by grid area, and the residual.

Each aggregate is summed exactly and rounded once. In whole hours nothing is left to round; in quarters an hourly value
leaves a fraction of a watt-hour, so that rounded sums by supplier can differ by that from the rounded sum of the area.
"""

from __future__ import annotations

from gateway.messages.codes import Resolution
from gateway.settlement.energy import EnergyPlan, Measured
from gateway.settlement.kernel import Partial
from gateway.settlement.results import KeyedSums, Method, ResultKind, SettlementResults, area_of, by_party
from gateway.settlement.rounding import rounded


def sums(energy: EnergyPlan, partial: Partial, resolution: Resolution) -> SettlementResults:
    """The seven sums of every settled area (DK-4.1.5.g), in hours until 2023 and in quarters since.

    Total consumption T = P + X and residual R = T - F - H (DK-1.35) exist where any of their parts does; a part that
    does not exist is 0. R may be negative and is never clamped. Every table knows the set of contributing qualities
    and the one status of D1 (`KeyedSums.status`).
    """
    totals = partial.totals(resolution)
    production, flex, hourly = (
        energy.level_1(totals, measured) for measured in (Measured.PRODUCTION, Measured.FLEX, Measured.HOURLY)
    )
    per_neighbour = energy.exchange(totals)
    exchange = per_neighbour.by(area_of)
    total = KeyedSums.joined((production, exchange)).by(area_of)
    residual = KeyedSums.joined((total, flex.negated, hourly.negated)).by(area_of)
    exact = {
        ResultKind.NET_EXCHANGE_PER_NEIGHBOUR: per_neighbour,
        ResultKind.NET_EXCHANGE: exchange,
        ResultKind.PRODUCTION_BEFORE_LOSS: production.by(area_of),
        ResultKind.FLEX_BEFORE_LOSS: flex.by(area_of),
        ResultKind.GRID_LOSS: residual,
        **by_party(production, flex, hourly),
        ResultKind.TOTAL_CONSUMPTION: total,
    }
    tables = {kind: table.with_quantity(rounded(table.quantity)) for kind, table in exact.items()}
    return SettlementResults(Method.D1, resolution, totals.starts, tables)
