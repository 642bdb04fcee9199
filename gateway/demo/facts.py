"""What settlement needs to know of the sample market: load shares, tariffs, a formula, grid loss, permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.messages.codes import GridLossRole, MeteringPointType, Permission, SettlementMethod
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.settlement_masterdata import (
    FACTOR_ONE,
    FormulaTerm,
    GridLossPoint,
    LoadShare,
    PointPermission,
    PointTariff,
    SettlementFacts,
)


def settlement_facts(
    points: Sequence[MeteringPointVersion], named: Mapping[str, str], owners: Mapping[str, str]
) -> SettlementFacts:
    """Facts about the points of a market in force since one moment.

    Args:
        points: every version of every point.
        named: points by what is special about them: `calculated`, `positive-loss`, `negative-loss`, `disconnected`.
        owners: the owner of each tariff that all consumption pays.
    """
    first: dict[str, MeteringPointVersion] = {}
    for version in points:
        first.setdefault(version.metering_point, version)
    profiled = [version for version in points if version.settlement_method is SettlementMethod.PROFILED]
    loss = {GridLossRole.POSITIVE: first[named["positive-loss"]], GridLossRole.NEGATIVE: first[named["negative-loss"]]}
    quiet, large = first[named["disconnected"]], loss[GridLossRole.POSITIVE]
    return SettlementFacts(
        load_shares=[
            LoadShare(version.metering_point, 2_000_000 + 500_250 * number, version.valid_from, version.valid_to)
            for number, version in enumerate(profiled)
        ],
        tariffs=[
            PointTariff(point, tariff, owner, version.valid_from)
            for point, version in first.items()
            if version.kind is MeteringPointType.CONSUMPTION
            for tariff, owner in owners.items()
        ],
        formulas=_total_consumption(first[named["calculated"]], points),
        grid_loss=[
            GridLossPoint(version.grid_area, version.metering_point, role, version.valid_from)
            for role, version in loss.items()
        ],
        permissions=[
            PointPermission(large.metering_point, Permission.ABOVE_MANDATORY_LIMIT, large.valid_from),
            PointPermission(quiet.metering_point, Permission.NO_REMINDERS, quiet.valid_from),
        ],
    )


def _total_consumption(calculated: MeteringPointVersion, points: Sequence[MeteringPointVersion]) -> list[FormulaTerm]:
    """What is consumed is what is taken from the grid and what is produced, less what is supplied to the grid."""
    signs = {
        MeteringPointType.CONSUMPTION_FROM_GRID: FACTOR_ONE,
        MeteringPointType.OWN_PRODUCTION: FACTOR_ONE,
        MeteringPointType.SUPPLY_TO_GRID: -FACTOR_ONE,
    }
    return [
        FormulaTerm(
            calculated.metering_point,
            next(version.metering_point for version in points if version.kind is kind),
            factor,
            calculated.valid_from,
        )
        for kind, factor in signs.items()
    ]
