"""Denmark: what of the market is behaviour and no number."""

from __future__ import annotations

from gateway.markets.distribution import Behaviour, PointFacts, Receiver
from gateway.messages.codes import MeteringPointType, Role

GRID_OPERATOR_CHILDREN = frozenset(
    {
        MeteringPointType.ELECTRICAL_HEATING,
        MeteringPointType.NET_CONSUMPTION,
        MeteringPointType.CAPACITY_SETTLEMENT,
    }
)
"""Child types (D14, D15, D19) whose values also go to the grid operator itself."""


def receivers_of(point: PointFacts) -> tuple[Receiver, ...]:
    """Who gets the values of a metering point, by its type (dk-messages §7; D1 §3.2.2, §3.4, §6.1.1).

    Consumption: supplier. Production: supplier and energy agency. Exchange: the grid operators next door. Renewable
    production: system operator, energy agency, supplier. Of the children three types go to the grid operator, and all
    of them to the supplier of their parent. Balance responsible parties get no values of single points.
    """
    supplier = _named(Role.ENERGY_SUPPLIER, point.supplier)
    match point.kind:
        case MeteringPointType.CONSUMPTION:
            return supplier
        case MeteringPointType.PRODUCTION:
            return supplier + _authority(point, Role.ENERGY_AGENCY)
        case MeteringPointType.EXCHANGE:
            return _named(Role.GRID_OPERATOR, *point.neighbours)
        case MeteringPointType.VE_PRODUCTION:
            return _authority(point, Role.SYSTEM_OPERATOR) + _authority(point, Role.ENERGY_AGENCY) + supplier
        case kind:
            own = _named(Role.GRID_OPERATOR, point.grid_operator) if kind in GRID_OPERATOR_CHILDREN else ()
            return own + (supplier if point.has_parent else ())


def readers_of(point: PointFacts) -> tuple[Receiver, ...]:
    """Who may see the values of a metering point: its receivers and its grid operator (D1 §3.2.1, §3.4)."""
    return receivers_of(point) + _named(Role.GRID_OPERATOR, point.grid_operator)


BEHAVIOUR = Behaviour(receivers_of, readers_of)
"""What the profile of Denmark cannot say in numbers."""


def _authority(point: PointFacts, role: Role) -> tuple[Receiver, ...]:
    return _named(role, *point.authorities.get(role, ()))


def _named(role: Role, *parties: str | None) -> tuple[Receiver, ...]:
    return tuple(Receiver(party, role) for party in parties if party is not None)
