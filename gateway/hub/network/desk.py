"""The reports of networks as seen from outside: implements `gateway.hub.ports_network.NetworkExchange`."""

from __future__ import annotations

from gateway.hub.control.lateness import lateness
from gateway.hub.network.balance import balance
from gateway.hub.network.curves import load_curve
from gateway.hub.network.losses import losses
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.ports_network import (
    Balance,
    BalanceQuery,
    CurveQuery,
    Lateness,
    LatenessQuery,
    LoadCurve,
    Losses,
    LossQuery,
)


class NetworkDesk:
    """Computes the reports of networks, each as of one moment."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def lateness(self, reader: Principal, query: LatenessQuery) -> tuple[Lateness, ...] | None:
        """Who is late with the values of days, by the deadline of a stage; None for an area that is not its own."""
        return await self._office.reading(lateness, reader, query)

    async def losses(self, reader: Principal, query: LossQuery) -> Losses | None:
        """The losses of a network the reader runs; None for another."""
        return await self._office.reading(losses, reader, query)

    async def load_curve(self, reader: Principal, query: CurveQuery) -> LoadCurve | None:
        """The load-duration curve of points in networks the reader runs; None for others."""
        return await self._office.reading(load_curve, reader, query)

    async def balance(self, reader: Principal, query: BalanceQuery) -> Balance | None:
        """Production and consumption of a balance responsible party's area; None for that of another."""
        return await self._office.reading(balance, reader, query)
