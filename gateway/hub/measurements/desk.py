"""The measurements of a hub as seen from outside: implements `gateway.hub.ports_measurements.MeasurementExchange`."""

from __future__ import annotations

import asyncio

from gateway.hub.measurements import looking
from gateway.hub.measurements.taking import BatchMail, take
from gateway.hub.office import Office
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_measurements import (
    BatchTaken,
    EventPage,
    MeasurementBatch,
    MeasurementPage,
    MeasurementQuery,
    MeterPage,
)


class MeasurementDesk:
    """Takes batches of collectors and shows a party what its own sent."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def take(self, sender: Principal, batch: MeasurementBatch, sha256: bytes) -> BatchTaken | Refused:
        """Take a batch; when this returns, it is durable."""
        return await asyncio.to_thread(
            take, self._office, BatchMail(sender, batch, sha256, self._office.clock.micros())
        )

    async def values(self, reader: Principal, query: MeasurementQuery, page: Page) -> MeasurementPage | Refused | None:
        """Values of a meter of the reader's party; None where it has no such meter."""
        return await self._office.database.reading(looking.values, reader, query, page)

    async def events(self, reader: Principal, query: MeasurementQuery, page: Page) -> EventPage | Refused | None:
        """Events of a meter of the reader's party."""
        return await self._office.database.reading(looking.events, reader, query, page)

    async def meters(self, reader: Principal, page: Page) -> MeterPage:
        """The meters of the reader's party."""
        return await self._office.database.reading(looking.meters, reader, page)
