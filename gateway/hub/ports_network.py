"""What the hub offers those who run networks or answer for their balance: lateness, losses, curves, balance areas.

As in `gateway.hub.ports`: what a caller may not see does not exist for it (None).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

from gateway.hub.ports import Principal
from gateway.markets.deliveries import DeliveryStage
from gateway.messages.codes import Commodity, Flow
from gateway.messages.masterdata import Rows
from gateway.messages.series import Quantities
from gateway.messages.times import Instants, Interval
from gateway.settlement.balance_area import BalanceSums
from gateway.settlement.duration_curve import DurationCurve
from gateway.settlement.network_loss import Exchanged


class LatenessQuery(NamedTuple):
    """Which days, by which deadline, of which grid area; none named is every one of the reader's."""

    start: date
    end: date
    stage: DeliveryStage = DeliveryStage.INITIAL
    grid_area: str = ""


class Lateness(NamedTuple):
    """How a grid area's values of one commodity and day met their deadline; numbers of steps, and of metering points.

    Attributes:
        deadline: the values are late from this instant on.
        is_over: whether it has passed; until then nothing is late.
        points: metering points that owe values.
        values: steps they owe.
        in_time: steps known at the deadline, or now while that is to come.
        late: steps that came after it.
        missing: steps not known now.
        late_points: points with a step that was not there in time.
    """

    day: date
    stage: DeliveryStage
    grid_area: str
    grid_operator: str
    commodity: Commodity
    deadline: int
    is_over: bool
    points: int
    values: int
    in_time: int
    late: int
    missing: int
    late_points: int


class LossQuery(NamedTuple):
    """Which grid area or line, over which whole days of the market, as known when (instant; None: now)."""

    grid_area: str
    interval: Interval
    as_of: int | None = None


@dataclass(frozen=True, slots=True)
class Losses:
    """The losses of a network: columns of one length, one entry for each step of the settlement.

    Attributes:
        grid_area: its code.
        step: seconds of a step.
        start: int64 instants.
        loss: int64 Wh; negative where more was metered out than in.
        border: what its borders brought in and took out.
        own: what its own points put in and took out.
        points: metering points of the network.
        lacking: int64, how many of them have no value in the step; each counts as nothing.
    """

    grid_area: str
    step: int
    start: Instants
    loss: Quantities
    border: Exchanged
    own: Exchanged
    points: int
    lacking: Rows


class CurveQuery(NamedTuple):
    """Which flow of a metering point, or of all points of a grid area, over whole days of the market."""

    interval: Interval
    metering_point: str = ""
    grid_area: str = ""
    flow: Flow = Flow.OUT


@dataclass(frozen=True, slots=True)
class LoadCurve:
    """A load-duration curve, and how much of the time it knows: seconds without a value are not in it."""

    curve: DurationCurve
    step: int
    points: int
    unknown_seconds: int


class BalanceQuery(NamedTuple):
    """Whose balance area, over whole days of the market; the operator of the hub names the party."""

    interval: Interval
    party: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """A balance area: columns of one length, one entry for each step of the settlement.

    Attributes:
        party: the balance responsible party.
        step: seconds of a step.
        start: int64 instants.
        sums: its production and consumption.
        points: metering points that count in any step.
        lacking: int64, how many of those that count in a step have no value in it.
    """

    party: str
    step: int
    start: Instants
    sums: BalanceSums
    points: int
    lacking: Instants


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
