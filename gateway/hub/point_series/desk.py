"""Series of single points as seen from outside: implements `gateway.hub.ports_point_series.PointSeriesDesk`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS, rights
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.point_series import reactive
from gateway.hub.point_series.all_points import all_series
from gateway.hub.point_series.deviations import run_deviations
from gateway.hub.point_series.prices import keep_prices, price_findings, prices_of
from gateway.hub.point_series.windows import reopen, windows
from gateway.hub.ports import Page, Principal, Refused, SeriesQuery
from gateway.hub.ports_point_series import (
    AllSeries,
    BalanceWindow,
    Deviation,
    DeviationPage,
    ReactiveState,
    RunSummary,
    SpotPrice,
)
from gateway.hub.tables_point_series import deviation, deviation_run, deviation_summary
from gateway.markets.closing import ClosingTerms
from gateway.messages.codes import DeviationCause, DeviationType, Role
from gateway.messages.identifiers import is_point_id, point_id, point_key
from gateway.messages.times import Interval
from gateway.rules.parties import OPERATING_ROLES

_PLACE = re.compile(r"(\d{1,18})/(-?\d{1,18})/(\d{1,18})/([0-9A-Z-]{13,16})", re.ASCII)


class PointDesk:
    """Windows, prices, deviations and flags over the hub's office, in a market that has them."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def all_series(self, reader: Principal, query: SeriesQuery, page: Page) -> AllSeries | Refused:
        """The series of every point the reader may see, a window of points; see `PointSeriesDesk`."""
        return await self._office.reading(all_series, reader, query, page)

    async def windows(self, days: Sequence[date]) -> tuple[BalanceWindow, ...]:
        """The balance windows of days, where each stands now, and which were reopened."""
        return await self._office.reading(windows, self._terms, days)

    async def reopen(self, operator: Principal, day: date, reason: str) -> BalanceWindow | Refused:
        """Reopen the balance of a day that is closing; see `PointSeriesDesk`."""
        wish, terms = (day, reason), self._terms
        return await self._office.database.writing(
            lambda connection: reopen(self._office, connection, terms, operator, wish)
        )

    async def take_prices(self, prices: Sequence[SpotPrice]) -> Refused | None:
        """Keep spot prices; those of the same step are superseded. Findings: `price-step`, `price-order`."""
        if findings := price_findings(prices):
            return Refused(findings)

        def keep() -> None:
            with self._office.database.write() as connection:
                keep_prices(connection, allocate(connection, self._office.clock.micros()), prices)

        await asyncio.to_thread(keep)
        return None

    async def prices(self, interval: Interval) -> tuple[SpotPrice, ...]:
        """Spot prices whose step begins in an interval."""
        return await self._office.database.reading(prices_of, interval)

    async def run_deviations(self) -> int:
        """Look for balance deviations now, as the nightly run does; the number of the run."""
        return await asyncio.to_thread(run_deviations, self._office, self._terms)

    async def deviations(self, reader: Principal, interval: Interval, page: Page) -> DeviationPage:
        """The deviations that runs found in an interval, of the reader's points."""
        return await self._office.database.reading(self._deviations, reader, interval, page)

    async def summaries(self, reader: Principal, interval: Interval) -> tuple[RunSummary, ...]:
        """What the runs in an interval come to for the reader."""
        return await self._office.database.reading(self._summaries, reader, interval)

    async def reactive(self, reader: Principal, points: Sequence[str]) -> tuple[ReactiveState, ...] | None:
        """Whether reactive energy of points is available; None when one is not the reader's to see."""
        return await self._office.database.reading(self._reactive, reader, points)

    @property
    def _terms(self) -> ClosingTerms:
        terms = self._office.profile.closing
        if terms is None:
            raise LookupError(f"market {self._office.profile.name} has no balance windows")
        return terms

    def _own(self, connection: Connection, reader: Principal, table: sa.Table) -> sa.ColumnElement[bool]:
        """Rows of the reader: a supplier's own, those of a grid operator's areas, all of the hub's operator's."""
        if reader.role is Role.HUB:
            return sa.true()
        if reader.role is Role.ENERGY_SUPPLIER:
            return table.c.supplier == reader.party
        if reader.role not in OPERATING_ROLES:
            return sa.false()
        master, now = self._office.refresh(connection), self._office.clock.now()
        areas = {area.code for area in master.grid_areas if master.grid_operator(area.code, now) == reader.party}
        return table.c.grid_area.in_(sorted(areas))

    def _deviations(self, connection: Connection, reader: Principal, interval: Interval, page: Page) -> DeviationPage:
        key = (deviation.c.transaction, deviation.c.point, deviation.c.start, deviation.c.supplier)
        wanted = (
            sa.select(deviation, deviation_run.c.at)
            .join(deviation_run)
            .where(*_in(interval), self._own(connection, reader, deviation))
            .order_by(*key)
            .limit(page.limit + 1)
        )
        if page.after:
            match = _PLACE.fullmatch(page.after)
            if match is None:
                return DeviationPage(())
            *numbers, supplier = match.groups()
            place = (*(sa.literal(int(number)) for number in numbers), sa.literal(supplier))
            wanted = wanted.where(sa.tuple_(*key) > sa.tuple_(*place))
        rows = connection.execute(wanted).all()
        shown = rows[: page.limit]
        last = shown[-1] if len(rows) > len(shown) else None
        after = "" if last is None else f"{last.transaction}/{last.point}/{last.start}/{last.supplier}"
        return DeviationPage(tuple(map(_deviation_of, shown)), after)

    def _summaries(self, connection: Connection, reader: Principal, interval: Interval) -> tuple[RunSummary, ...]:
        table = deviation_summary
        wanted = (
            sa.select(table, deviation_run.c.at)
            .join(deviation_run)
            .where(*_in(interval), self._own(connection, reader, table))
            .order_by(table.c.transaction, table.c.grid_area, table.c.type, table.c.supplier)
        )
        return tuple(
            RunSummary(
                row.transaction,
                row.at // MICROSECONDS,
                row.grid_area,
                row.supplier,
                DeviationType(row.type),
                row.energy,
                row.amount,
            )
            for row in connection.execute(wanted)
        )

    def _reactive(
        self, connection: Connection, reader: Principal, points: Sequence[str]
    ) -> tuple[ReactiveState, ...] | None:
        office, master = self._office, self._office.refresh(connection)
        wanted = (ALWAYS, office.clock.now())
        for point in points:
            if not is_point_id(point) or not rights(office.profile, master, reader, point_key(point), wanted):
                return None
        known = reactive.received_at(connection, [point_key(point) for point in points])
        states = ((point, known.get(point_key(point))) for point in points)
        return tuple(ReactiveState(point, at is not None, at) for point, at in states)


def _in(interval: Interval) -> tuple[sa.ColumnElement[bool], ...]:
    at = deviation_run.c.at
    return at >= interval.start * MICROSECONDS, at < interval.end * MICROSECONDS


def _deviation_of(row: sa.Row[tuple[object, ...]]) -> Deviation:
    values = row._mapping
    return Deviation(
        run=values["transaction"],
        found_at=values["at"] // MICROSECONDS,
        metering_point=point_id(values["point"]),
        start=values["start"],
        length=values["length"],
        old=values["old"],
        new=values["new"],
        price=values["price"],
        supplier=values["supplier"],
        grid_area=values["grid_area"],
        is_production=values["is_production"],
        cause=DeviationCause(values["cause"]),
    )
