"""What the hub offers about meter readings to whoever stands in front of it; see `gateway.hub.ports`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from gateway.hub.ports import Page, Principal, Refused
from gateway.messages.codes import Quality
from gateway.messages.findings import Finding
from gateway.messages.readings import Occasion


class ReadingOutcome(StrEnum):
    """What became of one row that was sent."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    UNCHANGED = "unchanged"
    """It states what stands already; nothing was kept."""
    REPEATED = "repeated"
    """It was taken before under the same transaction id."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """What became of one row: its findings say why it was rejected, or remark on it."""

    transaction_id: str
    metering_point: str
    outcome: ReadingOutcome
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingsTaken:
    """What became of the rows of one message, in their order; the message's number in the hub."""

    transaction: int
    results: tuple[ReadingResult, ...]


@dataclass(frozen=True, slots=True)
class StandingReading:
    """A reading period as a version left it; a cancellation repeats what it cancels.

    Attributes:
        version: the version's number; greater is later, for every point.
        event: reading, correction or cancellation.
        metering_point: GSRN.
        start, end: the period.
        consumption: thousandths of a kWh.
        quality: as the sender stated it.
        counter: what the meter showed at the end, thousandths; None where it was not stated.
        occasion, nominal: why, and for which nominal date the meter was read.
        sender, transaction_id: who said it.
        registered_at: when the hub learnt it.
    """

    version: int
    event: str
    metering_point: str
    start: int
    end: int
    consumption: int
    quality: Quality
    counter: int | None
    occasion: Occasion
    nominal: date
    sender: str
    transaction_id: str
    registered_at: int


@dataclass(frozen=True, slots=True)
class PointReadings:
    """The readings of a point as known at an instant: what stands, and every version that led there."""

    periods: tuple[StandingReading, ...]
    versions: tuple[StandingReading, ...]


@dataclass(frozen=True, slots=True)
class AwaitedReading:
    """A reading whose nominal date has come.

    Attributes:
        metering_point, grid_area, grid_operator: of which point, and who owes it.
        start: where the period begins that it will close.
        nominal: its nominal date.
        reminded_after, due: the days behind which a reminder goes out and it is overdue.
        state: expected, reminded or overdue.
    """

    metering_point: str
    grid_area: str
    grid_operator: str | None
    start: int
    nominal: date
    reminded_after: date
    due: date
    state: str


@dataclass(frozen=True, slots=True)
class AwaitedPage:
    """One window of awaited readings, by metering point; `after` is empty at the end."""

    readings: tuple[AwaitedReading, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class ReadingFeed:
    """What came behind a cursor, oldest first; `after` is the cursor to ask with next time."""

    readings: tuple[StandingReading, ...]
    after: str


class ProductionState(StrEnum):
    """Whether a month's production came in time (D1 §5.2)."""

    IN_TIME = "in-time"
    LATE = "late"
    MISSING = "missing"
    AWAITED = "awaited"
    """It is not there, and its limit has not passed."""


@dataclass(frozen=True, slots=True)
class MonthlyProduction:
    """One monthly production series.

    Attributes:
        metering_point, grid_area, grid_operator: of which point, and who owes it.
        due: until when it is sent; the instant belongs to it.
        received_at: when the hub first had a value of the month; None where it has none.
        state: what that means.
    """

    metering_point: str
    grid_area: str
    grid_operator: str | None
    due: int
    received_at: int | None
    state: ProductionState


class ReadingExchange(Protocol):
    """Meter readings as seen from outside. What a reader may not see does not exist for it."""

    async def take(self, sender: Principal, name: str, body: bytes) -> ReadingsTaken | Refused:
        """Take one file of readings or cancellations (`readings.csv`, `cancellations.json`).

        Refused where it cannot be read, and nothing is taken; otherwise each row stands for itself.
        """
        ...

    async def of_point(self, reader: Principal, point: str, as_of: int | None) -> PointReadings | None:
        """The readings of a point as known at an instant (None: now); None when the reader may not see the point."""
        ...

    async def awaited(self, reader: Principal, page: Page) -> AwaitedPage:
        """Readings whose nominal date has come, of the points of a grid operator or supplier; the hub sees all."""
        ...

    async def feed(self, reader: Principal, page: Page) -> ReadingFeed | Refused:
        """Readings, correction notices and cancellations handed to the reader, in the order they came."""
        ...

    async def production(self, reader: Principal, month: date) -> tuple[MonthlyProduction, ...]:
        """Monthly production series of a day's month and whether they came in time, by who may see them."""
        ...
