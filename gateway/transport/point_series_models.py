"""Bodies of the calls about series of single points. Energy is decimal text in kWh, money in EUR, prices in EUR/MWh."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from gateway.hub.ports import SeriesStatus
from gateway.hub.ports_point_series import BalanceWindow, Deviation, ReactiveState, RunSummary, SpotPrice
from gateway.markets.closing import WindowState
from gateway.messages.codes import DeviationCause, DeviationType, Resolution
from gateway.messages.quantities import digits_of, format_quantity, format_scaled
from gateway.messages.times import STEP_SECONDS, to_datetime, to_instant
from gateway.transport.hub_models import Body, SeriesBody, SeriesStatusBody

_STEPS = {seconds: Resolution(name) for name, seconds in STEP_SECONDS.items()}


class TakenBody(Body):
    """A message of measure data was taken; where each of its series stands."""

    message_id: str
    series: list[SeriesStatusBody]

    @classmethod
    def of(cls, message_id: str, series: tuple[SeriesStatus, ...]) -> TakenBody:
        """The body of a message and its series."""
        return cls(message_id=message_id, series=[SeriesStatusBody.of(one) for one in series])


class AllSeriesBody(SeriesBody):
    """Values of all metering points the caller may see, one window; `after` continues and is empty at the end."""

    after: str = ""


class ReopeningBody(Body):
    """When the balance of a day was reopened, by which client of the operator's, and why."""

    at: datetime
    client: str
    reason: str


class ReopeningWish(Body):
    """The balance of a closing day is to be reopened."""

    day: date
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class WindowBody(Body):
    """The balance window of a day of delivery."""

    day: date
    preliminary: datetime
    final: datetime
    closed: datetime
    state: WindowState
    reopened: ReopeningBody | None = None

    @classmethod
    def of(cls, one: BalanceWindow) -> WindowBody:
        """The body of a window."""
        window, reopening = one
        return cls(
            day=window.day,
            preliminary=to_datetime(window.preliminary),
            final=to_datetime(window.final),
            closed=to_datetime(window.closed),
            state=window.state,
            reopened=None
            if reopening is None
            else ReopeningBody(at=to_datetime(reopening.at), client=reopening.client, reason=reopening.reason),
        )


class WindowsBody(Body):
    """Balance windows of days."""

    windows: list[WindowBody]


class PriceBody(Body):
    """A spot price in EUR/MWh with at most 3 decimals."""

    start: datetime
    step: Resolution
    price: Annotated[str, Field(pattern=r"^-?[0-9]{1,6}([.][0-9]{1,3})?$")]

    def as_price(self) -> SpotPrice | None:
        """The price as the hub keeps it; None for a start without an offset or a step without a length."""
        digits = digits_of(self.price)
        if self.start.tzinfo is None or self.step not in STEP_SECONDS or digits is None:
            return None
        return SpotPrice(to_instant(self.start), STEP_SECONDS[self.step], digits.scaled(3))

    @classmethod
    def of(cls, price: SpotPrice) -> PriceBody:
        """The body of a price."""
        text = format_scaled(price.price, 3, 2)
        return cls(start=to_datetime(price.start), step=_STEPS[price.length], price=text)


class PricesBody(Body):
    """Spot prices in order of time."""

    prices: Annotated[list[PriceBody], Field(max_length=40_000)]


class KeptBody(Body):
    """How many were kept."""

    kept: int


class RunBody(Body):
    """A run that looked for balance deviations."""

    run: int


class DeviationBody(Body):
    """A step that changed after its balance window."""

    run: int
    found_at: datetime
    metering_point: str
    start: datetime
    step: Resolution
    taken_to_balance: str
    measured: str
    deviation: str
    price: str
    supplier: str
    grid_area: str
    production: bool
    cause: DeviationCause

    @classmethod
    def of(cls, one: Deviation) -> DeviationBody:
        """The body of a deviation."""
        return cls(
            run=one.run,
            found_at=to_datetime(one.found_at),
            metering_point=one.metering_point,
            start=to_datetime(one.start),
            step=_STEPS[one.length],
            taken_to_balance=format_quantity(one.old),
            measured=format_quantity(one.new),
            deviation=format_quantity(one.new - one.old),
            price=format_scaled(one.price, 3, 2),
            supplier=one.supplier,
            grid_area=one.grid_area,
            production=one.is_production,
            cause=one.cause,
        )


class DeviationsBody(Body):
    """One window of balance deviations; pass `after` to continue, it is empty at the end."""

    deviations: list[DeviationBody]
    after: str = ""


class SummaryBody(Body):
    """What a run comes to for a supplier in a grid area: kWh, and EUR that it pays."""

    run: int
    found_at: datetime
    grid_area: str
    supplier: str
    type: DeviationType
    energy: str
    amount: str

    @classmethod
    def of(cls, one: RunSummary) -> SummaryBody:
        """The body of a summary."""
        return cls(
            run=one.run,
            found_at=to_datetime(one.found_at),
            grid_area=one.grid_area,
            supplier=one.supplier,
            type=one.type,
            energy=format_quantity(one.energy),
            amount=format_scaled(one.amount, 2, 2),
        )


class SummariesBody(Body):
    """Sums of balance deviations by run."""

    summaries: list[SummaryBody]


class ReactiveBody(Body):
    """Whether reactive energy of an accounting point came within the last month."""

    metering_point: str
    reactive_available: bool
    received_at: datetime | None

    @classmethod
    def of(cls, state: ReactiveState) -> ReactiveBody:
        """The body of a state."""
        at = None if state.received_at is None else to_datetime(state.received_at)
        return cls(metering_point=state.metering_point, reactive_available=state.available, received_at=at)


class ReactiveStatesBody(Body):
    """States of reactive energy."""

    points: list[ReactiveBody]
