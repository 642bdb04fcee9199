"""The readings of a hub as seen from outside: implements `gateway.hub.ports_readings.ReadingExchange`."""

from __future__ import annotations

import asyncio
from datetime import date

from gateway.hub.masterdata.cells import Manner
from gateway.hub.office import Office
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_readings import AwaitedPage, MonthlyProduction, PointReadings, ReadingFeed, ReadingsTaken
from gateway.hub.readings import looking, production
from gateway.hub.readings.taking import ReadingMail, take


class ReadingDesk:
    """Takes readings and shows them."""

    def __init__(self, office: Office, manner: Manner) -> None:
        self._office, self._manner = office, manner

    async def take(self, sender: Principal, name: str, body: bytes) -> ReadingsTaken | Refused:
        """Take one file of readings or cancellations (`readings.csv`, `cancellations.json`)."""
        mail = ReadingMail(sender, name, body, self._office.clock.micros())
        return await asyncio.to_thread(take, self._office, mail, self._manner)

    async def of_point(self, reader: Principal, point: str, as_of: int | None) -> PointReadings | None:
        """The readings of a point as known at an instant (None: now); None when the reader may not see the point."""
        return await self._office.reading(looking.of_point, reader, point, as_of)

    async def awaited(self, reader: Principal, page: Page) -> AwaitedPage:
        """Readings whose nominal date has come, of the points of a grid operator or supplier; the hub sees all."""
        return await self._office.reading(looking.outstanding, reader, page)

    async def feed(self, reader: Principal, page: Page) -> ReadingFeed | Refused:
        """Readings, correction notices and cancellations handed to the reader, in the order they came."""
        return await self._office.reading(looking.feed, reader, page)

    async def production(self, reader: Principal, month: date) -> tuple[MonthlyProduction, ...]:
        """Monthly production series of a day's month and whether they came in time, by who may see them."""
        return await self._office.reading(production.monthly_production, reader, month)
