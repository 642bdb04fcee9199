"""What the hub offers those who run networks or answer for their balance: lateness, losses, curves, balance areas.

As in `gateway.hub.ports`: what a caller may not see does not exist for it (None).
"""

from __future__ import annotations

from typing import Protocol

from gateway.hub.control.lateness import Lateness, LatenessQuery
from gateway.hub.network.balance import Balance, BalanceQuery
from gateway.hub.network.curves import CurveQuery, LoadCurve
from gateway.hub.network.losses import Losses, LossQuery
from gateway.hub.ports import Principal


class NetworkExchange(Protocol):
    """Reports of networks. Every call may raise StoreUnavailable; none raises for bad input."""

    async def lateness(self, reader: Principal, query: LatenessQuery) -> tuple[Lateness, ...] | None:
        """Who is late with the values of days, by the deadline of a stage; None for an area that is not its own."""
        ...

    async def losses(self, reader: Principal, query: LossQuery) -> Losses | None:
        """The losses of a network the reader runs; None for another."""
        ...

    async def load_curve(self, reader: Principal, query: CurveQuery) -> LoadCurve | None:
        """The load-duration curve of points in networks the reader runs; None for others."""
        ...

    async def balance(self, reader: Principal, query: BalanceQuery) -> Balance | None:
        """Production and consumption of a balance responsible party's area; None for that of another."""
        ...
