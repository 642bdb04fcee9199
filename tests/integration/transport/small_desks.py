"""Small desks behind the transport: they keep to the ports' promises and no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from gateway.hub.access_ports import (
    AccessRecordPage,
    AskedPage,
    CustomerPointPage,
    GrantedPointPage,
    GrantPage,
    GrantWish,
    NewQuery,
    ReceivedPage,
)
from gateway.hub.ports import ImportReport, Page, Principal, Refused, SeriesQuery
from gateway.hub.ports_measurements import MeasurementBatch, MeasurementQuery, MeterPage
from gateway.hub.ports_readings import (
    AwaitedPage,
    AwaitedReading,
    MonthlyProduction,
    PointReadings,
    ProductionState,
    ReadingFeed,
    ReadingOutcome,
    ReadingResult,
    ReadingsTaken,
    StandingReading,
)
from gateway.hub.ports_settlement import DayFilter, DayStanding, Postponement, SnapshotSummary
from gateway.messages.codes import Quality
from gateway.messages.findings import Finding
from gateway.messages.readings import Occasion

from .small_places import GRID_OPERATOR, NOON, POINT, Owners


class SmallReadings:
    """Owns the same points as the exchange it stands in, each with one reading; keeps what it takes in memory."""

    def __init__(self, exchange: Owners) -> None:
        self._exchange = exchange
        self.taken: list[tuple[Principal, str, bytes]] = []

    def _reading(self, point: str) -> StandingReading:
        return StandingReading(
            version=7,
            event="reading",
            metering_point=point,
            start=NOON - 86_400,
            end=NOON,
            consumption=1000,
            quality=Quality.MEASURED,
            counter=None,
            occasion=Occasion.ORDINARY,
            nominal=date(2025, 1, 15),
            sender=GRID_OPERATOR,
            transaction_id="r-1",
            registered_at=NOON,
        )

    async def take(self, sender: Principal, name: str, body: bytes) -> ReadingsTaken | Refused:
        self._exchange.answer()
        if not body:
            return Refused((Finding("no-readings", "there is no row in it", name),))
        self.taken.append((sender, name, body))
        return ReadingsTaken(7, (ReadingResult("r-1", POINT, ReadingOutcome.ACCEPTED),))

    async def of_point(self, reader: Principal, point: str, as_of: int | None) -> PointReadings | None:
        self._exchange.answer()
        if not self._exchange.may_see(reader, point):
            return None
        return PointReadings((self._reading(point),), (self._reading(point),))

    def _own(self, reader: Principal) -> tuple[str, ...]:
        return tuple(point for point in self._exchange.owners if self._exchange.may_see(reader, point))

    async def awaited(self, reader: Principal, page: Page) -> AwaitedPage:
        self._exchange.answer()
        days = (date(2025, 1, 1), date(2025, 1, 22), date(2025, 2, 5))
        return AwaitedPage(
            tuple(AwaitedReading(p, "990", GRID_OPERATOR, NOON, *days, "expected") for p in self._own(reader))
        )

    async def feed(self, reader: Principal, page: Page) -> ReadingFeed | Refused:
        self._exchange.answer()
        return ReadingFeed(tuple(map(self._reading, self._own(reader))), "7")

    async def production(self, reader: Principal, month: date) -> tuple[MonthlyProduction, ...]:
        self._exchange.answer()
        late = (NOON, NOON + 1, ProductionState.LATE)
        return tuple(MonthlyProduction(point, "990", GRID_OPERATOR, *late) for point in self._own(reader))


class NobodysPoints:
    """Customers without points and third parties without grants; what the desk serves is tested over the real hub."""

    async def import_links(self, registrar: Principal, file: str, content: bytes) -> ImportReport:
        return ImportReport({}, (Finding("unknown-point", "There are no points", file),))

    async def points(self, customer: Principal, page: Page) -> CustomerPointPage:
        return CustomerPointPage(())

    async def series(self, customer: Principal, query: SeriesQuery) -> None:
        return None

    async def grant(self, customer: Principal, wish: GrantWish) -> Refused:
        return Refused((Finding("no-points", "There are no points"),))

    async def grants(self, customer: Principal, page: Page) -> GrantPage:
        return GrantPage(())

    async def revoke(self, customer: Principal, grant_id: str) -> None:
        return None

    async def accesses(self, customer: Principal, page: Page) -> AccessRecordPage:
        return AccessRecordPage(())

    async def granted_points(self, third_party: Principal, page: Page) -> GrantedPointPage:
        return GrantedPointPage(())

    async def granted_series(self, third_party: Principal, query: SeriesQuery) -> None:
        return None


class NothingMeasured:
    """No collector has sent anything; what the desk takes is tested over the real hub."""

    async def take(self, sender: Principal, batch: MeasurementBatch, sha256: bytes) -> Refused:
        return Refused((Finding("BadRequest", "there is no row in it", rule="no-measurements"),))

    async def values(self, reader: Principal, query: MeasurementQuery, page: Page) -> None:
        return None

    async def events(self, reader: Principal, query: MeasurementQuery, page: Page) -> None:
        return None

    async def meters(self, reader: Principal, page: Page) -> MeterPage:
        return MeterPage(())


class NothingSettled:
    """Nothing was ever settled here; what the desk shows is tested over the real hub."""

    async def days(self, reader: Principal, wanted: DayFilter) -> tuple[DayStanding, ...]:
        return ()

    async def snapshots(self, reader: Principal, wanted: DayFilter) -> tuple[SnapshotSummary, ...]:
        return ()

    async def snapshot(self, reader: Principal, number: int) -> None:
        return None

    async def postponements(self, wanted: DayFilter) -> tuple[Postponement, ...]:
        return ()

    async def postpone(self, operator: Principal, day: date, areas: Sequence[str], until: date, reason: str) -> Refused:
        return Refused((Finding("unknown-grid-area", "There are no grid areas"),))

    async def accept_residual(self, operator: Principal, day: date, areas: Sequence[str], reason: str) -> Refused:
        return Refused((Finding("unknown-grid-area", "There are no grid areas"),))

    async def periodised(self, reader: Principal, point: str, wanted: DayFilter) -> None:
        return None

    async def periodised_sums(self, reader: Principal, month: date, grid_area: str) -> None:
        return None


class NobodysQueries:
    """Nobody has asked anything, and nobody may."""

    async def ask(self, asker: Principal, query: NewQuery) -> Refused:
        return Refused((Finding("unknown-point", "There are no points"),))

    async def asked(self, asker: Principal, page: Page) -> AskedPage:
        return AskedPage(())

    async def received(self, addressee: Principal, page: Page) -> ReceivedPage:
        return ReceivedPage(())

    async def answer(self, addressee: Principal, query_id: str, text: str) -> None:
        return None

    async def withdraw(self, asker: Principal, query_id: str) -> None:
        return None
