"""The measurements of a hub as seen from outside: implements `gateway.hub.ports_measurements.MeasurementExchange`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.engine import Connection

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

T = TypeVar("T")
P = ParamSpec("P")


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
        return await self._read(looking.values, reader, query, page)

    async def events(self, reader: Principal, query: MeasurementQuery, page: Page) -> EventPage | Refused | None:
        """Events of a meter of the reader's party."""
        return await self._read(looking.events, reader, query, page)

    async def meters(self, reader: Principal, page: Page) -> MeterPage:
        """The meters of the reader's party."""
        return await self._read(looking.meters, reader, page)

    async def _read(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def work() -> T:
            with self._office.database.read() as connection:
                return call(connection, *args, **kwargs)

        return await asyncio.to_thread(work)
