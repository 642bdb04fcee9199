"""Finland: what of the market is behaviour and no number."""

from __future__ import annotations

from gateway.markets.distribution import Behaviour, PointFacts, Receiver
from gateway.messages.codes import MeteringPointType, Role


def receivers_of(point: PointFacts) -> tuple[Receiver, ...]:
    """Accounting points: the supplier; exchange points: the grid operators next door (DH-200)."""
    if point.kind is MeteringPointType.EXCHANGE:
        return tuple(Receiver(party, Role.GRID_OPERATOR) for party in point.neighbours)
    return () if point.supplier is None else (Receiver(point.supplier, Role.ENERGY_SUPPLIER),)


def readers_of(point: PointFacts) -> tuple[Receiver, ...]:
    """Its receivers and its grid operator (DH-200)."""
    own = () if point.grid_operator is None else (Receiver(point.grid_operator, Role.GRID_OPERATOR),)
    return receivers_of(point) + own


BEHAVIOUR = Behaviour(receivers_of, readers_of)
"""What the profile of Finland cannot say in numbers."""
