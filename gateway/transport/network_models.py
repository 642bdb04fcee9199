"""Bodies of the reports of networks: lateness, losses, load-duration curves, balance areas.

Instants are ISO 8601 in UTC, quantities decimal text in kWh or kW. A CSV line has the same fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from gateway.hub.ports_network import Balance, Lateness, LoadCurve, Losses
from gateway.markets.deliveries import DeliveryStage
from gateway.messages.codes import Commodity
from gateway.messages.quantities import format_quantity
from gateway.messages.times import to_datetime
from gateway.transport.hub_models import Body


class LatenessBody(Body):
    """How a grid area's values of a day met their deadline: steps owed, there in time, come late, missing now."""

    day: date
    stage: DeliveryStage
    grid_area: str
    grid_operator: str
    commodity: Commodity
    deadline: datetime
    is_over: bool
    points: int
    values: int
    in_time: int
    late: int
    missing: int
    late_points: int

    @classmethod
    def of(cls, row: Lateness) -> LatenessBody:
        """The body of a row of the report."""
        return cls(**(row._asdict() | {"deadline": to_datetime(row.deadline)}))


class LatenessReportBody(Body):
    """The report by day, commodity and grid area."""

    lateness: list[LatenessBody]


class LossBody(Body):
    """The loss of a network in one step, beside what it is computed from; `lacking` points have no value in it."""

    start: datetime
    loss: str
    border_in: str
    border_out: str
    own_in: str
    own_out: str
    lacking: int

    @classmethod
    def of(cls, found: Losses) -> Iterator[LossBody]:
        """The bodies of the steps."""
        columns = (found.loss, *found.border, *found.own)
        for start, lacking, *values in zip(
            found.start.tolist(), found.lacking.tolist(), *(column.tolist() for column in columns), strict=True
        ):
            loss, border_in, border_out, own_in, own_out = map(format_quantity, values)
            yield cls(
                start=to_datetime(start),
                loss=loss,
                border_in=border_in,
                border_out=border_out,
                own_in=own_in,
                own_out=own_out,
                lacking=lacking,
            )


class LossesBody(Body):
    """The losses of a network step by step."""

    grid_area: str
    step_seconds: int
    points: int
    losses: list[LossBody]


class LoadBody(Body):
    """A load, and for how many seconds it was at least so high."""

    load_kw: str
    seconds: int


class LoadCurveBody(Body):
    """A load-duration curve, the greatest load first; time without a value is not in it."""

    step_seconds: int
    points: int
    unknown_seconds: int
    curve: list[LoadBody]

    @classmethod
    def of(cls, found: LoadCurve) -> LoadCurveBody:
        """The body of a curve."""
        loads = zip(found.curve.load.tolist(), found.curve.seconds.tolist(), strict=True)
        return cls(
            step_seconds=found.step,
            points=found.points,
            unknown_seconds=found.unknown_seconds,
            curve=[LoadBody(load_kw=format_quantity(load), seconds=seconds) for load, seconds in loads],
        )


class BalanceStepBody(Body):
    """A balance area in one step; `lacking` of its points have no value in it."""

    start: datetime
    production: str
    consumption: str
    saldo: str
    lacking: int

    @classmethod
    def of(cls, found: Balance) -> Iterator[BalanceStepBody]:
        """The bodies of the steps."""
        columns = (found.start, found.sums.production, found.sums.consumption, found.sums.saldo, found.lacking)
        for start, production, consumption, saldo, lacking in zip(*(one.tolist() for one in columns), strict=True):
            yield cls(
                start=to_datetime(start),
                production=format_quantity(production),
                consumption=format_quantity(consumption),
                saldo=format_quantity(saldo),
                lacking=lacking,
            )


class BalanceBody(Body):
    """The balance area of a balance responsible party step by step."""

    party: str
    step_seconds: int
    points: int
    balance: list[BalanceStepBody]
