"""A hub whose points have no series of their own to tell of: everybody's answers are empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from gateway.hub.ports import Page, Principal, Refused, SeriesQuery
from gateway.hub.ports_point_series import (
    AllSeries,
    BalanceWindow,
    DeviationPage,
    ReactiveState,
    RunSummary,
    SpotPrice,
)
from gateway.markets.registry import profile
from gateway.messages.times import Interval


class NobodysSeries:
    """Implements `gateway.hub.ports_point_series.PointSeriesDesk`; `answer` fails where the hub is to fail."""

    def __init__(self, answer: Callable[[], None]) -> None:
        self._answer = answer

    async def all_series(self, reader: Principal, query: SeriesQuery, page: Page) -> AllSeries | Refused:
        self._answer()
        return AllSeries(())

    async def windows(self, days: Sequence[date]) -> tuple[BalanceWindow, ...]:
        self._answer()
        terms = profile("fi").closing
        assert terms is not None
        return tuple(BalanceWindow(terms.window(day, 0)) for day in days)

    async def reopen(self, operator: Principal, day: date, reason: str) -> BalanceWindow | Refused:
        self._answer()
        (window,) = await self.windows((day,))
        return window

    async def take_prices(self, prices: Sequence[SpotPrice]) -> Refused | None:
        self._answer()
        return None

    async def prices(self, interval: Interval) -> tuple[SpotPrice, ...]:
        self._answer()
        return ()

    async def run_deviations(self) -> int:
        self._answer()
        return 1

    async def deviations(self, reader: Principal, interval: Interval, page: Page) -> DeviationPage:
        self._answer()
        return DeviationPage(())

    async def summaries(self, reader: Principal, interval: Interval) -> tuple[RunSummary, ...]:
        self._answer()
        return ()

    async def reactive(self, reader: Principal, points: Sequence[str]) -> tuple[ReactiveState, ...] | None:
        self._answer()
        return None
