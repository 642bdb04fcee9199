"""Estonia: what of the market is behaviour and no number."""

from __future__ import annotations

from gateway.markets.distribution import Behaviour, PointFacts, Receiver
from gateway.messages.codes import Role


def receivers_of(point: PointFacts) -> tuple[Receiver, ...]:
    """Nobody has a queue: changes are fetched from the feed by agreement (Elering 12, 30)."""
    return ()


def readers_of(point: PointFacts) -> tuple[Receiver, ...]:
    """The grid operator of the point; everybody else reads by agreement or permission (Elering 12)."""
    return () if point.grid_operator is None else (Receiver(point.grid_operator, Role.GRID_OPERATOR),)


BEHAVIOUR = Behaviour(receivers_of, readers_of)
"""What the profile of Estonia cannot say in numbers."""
