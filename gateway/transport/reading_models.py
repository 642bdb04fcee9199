"""Bodies of the neutral API about meter readings. Quantities are decimal text in kWh, instants ISO 8601 in UTC."""

from __future__ import annotations

from datetime import date, datetime

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
from gateway.messages.quantities import format_quantity
from gateway.messages.readings import Occasion
from gateway.messages.times import to_datetime
from gateway.transport.hub_models import Body
from gateway.transport.problems import FindingBody


class ReadingResultBody(Body):
    """What became of one row; its findings say why it was rejected, or remark on it."""

    transaction: str
    metering_point: str
    outcome: ReadingOutcome
    findings: list[FindingBody]

    @classmethod
    def of(cls, result: ReadingResult) -> ReadingResultBody:
        """The body of a result."""
        return cls(
            transaction=result.transaction_id,
            metering_point=result.metering_point,
            outcome=result.outcome,
            findings=[FindingBody.of(finding) for finding in result.findings],
        )


class ReadingsTakenBody(Body):
    """What became of the rows of a message, in their order; `rejected` counts those of which nothing was taken."""

    number: int
    rejected: int
    results: list[ReadingResultBody]

    @classmethod
    def of(cls, taken: ReadingsTaken) -> ReadingsTakenBody:
        """The body of what was taken."""
        rejected = sum(result.outcome is ReadingOutcome.REJECTED for result in taken.results)
        results = [ReadingResultBody.of(result) for result in taken.results]
        return cls(number=taken.transaction, rejected=rejected, results=results)


class ReadingBody(Body):
    """One version of a reading period; a cancellation repeats what it cancels, a correction is the notice of one."""

    version: str
    event: str
    metering_point: str
    start: datetime
    end: datetime
    consumption: str
    unit: str
    status: str
    counter: str | None
    occasion: Occasion
    nominal: date
    sender: str
    transaction: str
    registered_at: datetime

    @classmethod
    def of(cls, reading: StandingReading) -> ReadingBody:
        """The body of a version."""
        return cls(
            version=str(reading.version),
            event=reading.event,
            metering_point=reading.metering_point,
            start=to_datetime(reading.start),
            end=to_datetime(reading.end),
            consumption=format_quantity(reading.consumption),
            unit="kwh",
            status=reading.quality.name.lower(),
            counter=None if reading.counter is None else format_quantity(reading.counter),
            occasion=reading.occasion,
            nominal=reading.nominal,
            sender=reading.sender,
            transaction=reading.transaction_id,
            registered_at=to_datetime(reading.registered_at),
        )


class PointReadingsBody(Body):
    """The readings of a point as known at an instant: what stands, and every version that led there."""

    metering_point: str
    as_of: datetime
    periods: list[ReadingBody]
    versions: list[ReadingBody]

    @classmethod
    def of(cls, point: str, as_of: int, found: PointReadings) -> PointReadingsBody:
        """The body of a point's readings."""
        return cls(
            metering_point=point,
            as_of=to_datetime(as_of),
            periods=[ReadingBody.of(one) for one in found.periods],
            versions=[ReadingBody.of(one) for one in found.versions],
        )


class AwaitedBody(Body):
    """A reading whose nominal date has come; a reminder goes out behind `reminded_after`, behind `due` it is late."""

    metering_point: str
    grid_area: str
    grid_operator: str | None
    start: datetime
    nominal: date
    reminded_after: date
    due: date
    state: str

    @classmethod
    def of(cls, owed: AwaitedReading) -> AwaitedBody:
        """The body of an awaited reading."""
        return cls(
            metering_point=owed.metering_point,
            grid_area=owed.grid_area,
            grid_operator=owed.grid_operator,
            start=to_datetime(owed.start),
            nominal=owed.nominal,
            reminded_after=owed.reminded_after,
            due=owed.due,
            state=owed.state,
        )


class AwaitedPageBody(Body):
    """One window of awaited readings; pass `after` to continue, it is empty at the end."""

    readings: list[AwaitedBody]
    after: str = ""

    @classmethod
    def of(cls, page: AwaitedPage) -> AwaitedPageBody:
        """The body of a window."""
        return cls(readings=[AwaitedBody.of(one) for one in page.readings], after=page.after)


class ReadingFeedBody(Body):
    """What came behind a cursor, oldest first; pass `after` the next time, whether anything came or not."""

    readings: list[ReadingBody]
    after: str

    @classmethod
    def of(cls, feed: ReadingFeed) -> ReadingFeedBody:
        """The body of a stretch of the feed."""
        return cls(readings=[ReadingBody.of(one) for one in feed.readings], after=feed.after)


class ProductionBody(Body):
    """One monthly production series and whether it came in time."""

    metering_point: str
    grid_area: str
    grid_operator: str | None
    due: datetime
    received_at: datetime | None
    state: ProductionState

    @classmethod
    def of(cls, series: MonthlyProduction) -> ProductionBody:
        """The body of a series."""
        return cls(
            metering_point=series.metering_point,
            grid_area=series.grid_area,
            grid_operator=series.grid_operator,
            due=to_datetime(series.due),
            received_at=None if series.received_at is None else to_datetime(series.received_at),
            state=series.state,
        )


class ProductionsBody(Body):
    """The monthly production series of a month."""

    month: str
    series: list[ProductionBody]
