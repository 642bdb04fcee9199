"""What the hub offers of series of single points: balance windows, spot prices, deviations, reactive energy.

As in `gateway.hub.ports`: instants are epoch seconds UTC, energy is Wh, what a reader may not see does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, Protocol

from gateway.hub.ports import Page, PointSeries, Principal, Refused, SeriesQuery
from gateway.markets.closing import Window
from gateway.messages.codes import DeviationCause, DeviationType
from gateway.messages.times import Interval


class Reopening(NamedTuple):
    """When a day's balance was reopened, by which client of the operator's, and why."""

    at: int
    client: str
    reason: str


class BalanceWindow(NamedTuple):
    """The balance window of a day, and its reopening where there was one."""

    window: Window
    reopening: Reopening | None = None


class SpotPrice(NamedTuple):
    """The price of the energy of [start, start + length) in thousandths of EUR/MWh."""

    start: int
    length: int
    price: int


class Deviation(NamedTuple):
    """A step of an accounting point that changed after its balance window, as a run found it (FI-4.3).

    Attributes:
        run: number of the run, the transaction it wrote.
        old, new: Wh taken to the balance or booked before, and as measured.
        price: thousandths of EUR/MWh.
    """

    run: int
    found_at: int
    metering_point: str
    start: int
    length: int
    old: int
    new: int
    price: int
    supplier: str
    grid_area: str
    is_production: bool
    cause: DeviationCause


class DeviationPage(NamedTuple):
    """One window of deviations by run, point and time; `after` continues and is empty at the end."""

    deviations: tuple[Deviation, ...]
    after: str = ""


class RunSummary(NamedTuple):
    """What a run comes to for a supplier in a grid area: Wh, and cents it pays (FI-4.3)."""

    run: int
    found_at: int
    grid_area: str
    supplier: str
    type: DeviationType
    energy: int
    amount: int


class ReactiveState(NamedTuple):
    """Whether reactive energy of an accounting point is available, as of the last nightly run (FI-5.2)."""

    metering_point: str
    available: bool
    received_at: int | None


class AllSeries(NamedTuple):
    """One window of the series of all points of a reader, by point; `after` continues and is empty at the end."""

    series: tuple[PointSeries, ...]
    after: str = ""


class PointSeriesDesk(Protocol):
    """Series of single points as the Finnish datahub keeps them."""

    async def all_series(self, reader: Principal, query: SeriesQuery, page: Page) -> AllSeries | Refused:
        """The series of every point the reader may see, a window of points; `query` names none.

        Findings: `query-too-long` where the market's longest period of such a query is exceeded (DH-220), and those of
        reading series.
        """
        ...

    async def windows(self, days: Sequence[date]) -> tuple[BalanceWindow, ...]:
        """The balance windows of days, where each stands now, and which were reopened."""
        ...

    async def reopen(self, operator: Principal, day: date, reason: str) -> BalanceWindow | Refused:
        """Reopen the balance of a day that is closing: what is corrected until it is closed enters it.

        Deviations booked of the day are taken back. Finding: `window-not-closing`.
        """
        ...

    async def take_prices(self, prices: Sequence[SpotPrice]) -> Refused | None:
        """Keep spot prices; those of the same step are superseded. Findings: `price-step`, `price-order`."""
        ...

    async def prices(self, interval: Interval) -> tuple[SpotPrice, ...]:
        """Spot prices whose step begins in an interval."""
        ...

    async def run_deviations(self) -> int:
        """Look for balance deviations now, as the nightly run does; the number of the run."""
        ...

    async def deviations(self, reader: Principal, interval: Interval, page: Page) -> DeviationPage:
        """The deviations that runs found in an interval, of the reader's points."""
        ...

    async def summaries(self, reader: Principal, interval: Interval) -> tuple[RunSummary, ...]:
        """What the runs in an interval come to for the reader."""
        ...

    async def reactive(self, reader: Principal, points: Sequence[str]) -> tuple[ReactiveState, ...] | None:
        """Whether reactive energy of points is available; None when one is not the reader's to see."""
        ...
