"""Bodies of access: customers, grants and their record, anonymous queries. Instants are ISO 8601 in UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from gateway.hub.access_ports import (
    AccessEvent,
    AccessRecord,
    AskedQuery,
    CustomerPoint,
    Grant,
    GrantedPoint,
    GrantWish,
    NewQuery,
    QueryKind,
    ReceivedQuery,
)
from gateway.messages.codes import MeteringPointType, Resolution, Unit
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import Interval, to_datetime, to_instant
from gateway.transport.hub_models import Body
from gateway.transport.queries import GREATEST_INSTANT

PartyId = Annotated[str, Field(pattern=r"^[0-9A-Z-]{13,16}$")]
PointId = Annotated[str, Field(pattern=r"^[0-9]{18}$")]


def _on_the_calendar(moment: datetime) -> datetime:
    """An instant that can be written in UTC."""
    if not 0 <= to_instant(moment) <= GREATEST_INSTANT:
        raise ValueError("must lie in the years 1970 to 9999")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_on_the_calendar)]


def _moment(instant: int | None) -> datetime | None:
    """An instant as the API writes it; None for none and for ever."""
    return None if instant is None or instant >= FOREVER else to_datetime(instant)


class SpanBody(Body):
    """A span of time, its end not in it."""

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if to_instant(self.start) >= to_instant(self.end):
            raise ValueError("end must be after start")
        return self

    @property
    def interval(self) -> Interval:
        """The span as instants."""
        return Interval(to_instant(self.start), to_instant(self.end))

    @classmethod
    def of(cls, interval: Interval) -> SpanBody:
        """The body of an interval."""
        return cls(start=to_datetime(interval.start), end=to_datetime(interval.end))


class CustomerPointBody(Body):
    """A metering point over a time in which it is yours; `end` null where there is none."""

    metering_point: str
    kind: MeteringPointType
    unit: Unit
    resolution: Resolution
    grid_area: str
    parent: str | None
    start: datetime
    end: datetime | None

    @classmethod
    def of(cls, point: CustomerPoint) -> CustomerPointBody:
        """The body of a point."""
        return cls(
            metering_point=point.metering_point,
            kind=point.kind,
            unit=point.unit,
            resolution=point.resolution,
            grid_area=point.grid_area,
            parent=point.parent,
            start=to_datetime(point.span.start),
            end=_moment(point.span.end),
        )


class CustomerPointsBody(Body):
    """One window of your metering points; pass `after` to continue, it is empty at the end."""

    points: list[CustomerPointBody]
    after: str = ""


class NewGrantBody(Body):
    """What a third party shall see.

    Without `points` all that are yours in the period, without `data` the historical year of a quotation phase, without
    `valid_until` as long as the market says.
    """

    third_party: PartyId
    points: Annotated[tuple[PointId, ...], Field(max_length=10_000)] = ()
    data: SpanBody | None = None
    valid_until: Moment | None = None

    def wish(self) -> GrantWish:
        """The wish as the hub takes it."""
        return GrantWish(
            self.third_party,
            self.points,
            None if self.data is None else self.data.interval,
            None if self.valid_until is None else to_instant(self.valid_until),
        )


class GrantBody(Body):
    """What a third party may see; `revoked_at` null while it has not been taken back."""

    id: str
    third_party: str
    points: list[str]
    data: SpanBody
    granted_at: datetime
    valid_until: datetime
    revoked_at: datetime | None

    @classmethod
    def of(cls, grant: Grant) -> GrantBody:
        """The body of a grant."""
        return cls(
            id=grant.id,
            third_party=grant.third_party,
            points=list(grant.points),
            data=SpanBody.of(grant.data),
            granted_at=to_datetime(grant.granted_at),
            valid_until=to_datetime(grant.valid_until),
            revoked_at=_moment(grant.revoked_at),
        )


class GrantsBody(Body):
    """One window of your grants, newest first."""

    grants: list[GrantBody]
    after: str = ""


class AccessBody(Body):
    """Who did what under a grant of yours, and when; the point and the period where values were read."""

    at: datetime
    event: AccessEvent
    grant: str
    party: str
    client: str
    metering_point: str | None
    data: SpanBody | None

    @classmethod
    def of(cls, record: AccessRecord) -> AccessBody:
        """The body of a record."""
        return cls(
            at=to_datetime(record.at),
            event=record.event,
            grant=record.grant_id,
            party=record.party,
            client=record.client,
            metering_point=record.metering_point,
            data=None if record.data is None else SpanBody.of(record.data),
        )


class AccessesBody(Body):
    """One window of what is on record about your grants, newest first."""

    accesses: list[AccessBody]
    after: str = ""


class GrantedPointBody(Body):
    """A metering point over a time whose values you may read now, by which grant of whom and until when."""

    grant: str
    customer: str
    metering_point: str
    start: datetime
    end: datetime
    valid_until: datetime

    @classmethod
    def of(cls, point: GrantedPoint) -> GrantedPointBody:
        """The body of a granted point."""
        return cls(
            grant=point.grant_id,
            customer=point.customer,
            metering_point=point.metering_point,
            start=to_datetime(point.span.start),
            end=to_datetime(point.span.end),
            valid_until=to_datetime(point.valid_until),
        )


class GrantedPointsBody(Body):
    """One window of what you may read; pass `after` to continue, it is empty at the end."""

    points: list[GrantedPointBody]
    after: str = ""


class NewQueryBody(Body):
    """What to ask the grid operator of a metering point; `reference` is your own id, good for sending it again."""

    reference: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,36}$")]
    kind: QueryKind = QueryKind.QUESTION
    metering_point: PointId
    period: SpanBody
    text: str = ""

    def query(self) -> NewQuery:
        """The query as the hub takes it."""
        return NewQuery(self.reference, self.kind, self.metering_point, self.period.interval, self.text)


class AskedQueryBody(Body):
    """A query of yours; `handed_on_at` is all the grid operator knows of when it was asked."""

    id: str
    reference: str
    kind: QueryKind
    metering_point: str
    period: SpanBody
    text: str
    grid_operator: str
    state: str
    asked_at: datetime
    handed_on_at: datetime | None
    answer: str | None
    answered_at: datetime | None

    @classmethod
    def of(cls, asked: AskedQuery) -> AskedQueryBody:
        """The body of a query for who asked it."""
        return cls(
            id=asked.id,
            reference=asked.query.reference,
            kind=asked.query.kind,
            metering_point=asked.query.metering_point,
            period=SpanBody.of(asked.query.period),
            text=asked.query.text,
            grid_operator=asked.grid_operator,
            state=asked.state,
            asked_at=to_datetime(asked.asked_at),
            handed_on_at=_moment(asked.handed_on_at),
            answer=asked.answer,
            answered_at=_moment(asked.answered_at),
        )


class ReceivedQueryBody(Body):
    """A query to you as grid operator; who asked, and when to the minute, is not told."""

    id: str
    kind: QueryKind
    metering_point: str
    period: SpanBody
    text: str
    at: datetime
    state: str
    answer: str | None

    @classmethod
    def of(cls, received: ReceivedQuery) -> ReceivedQueryBody:
        """The body of a query for the grid operator."""
        return cls(
            id=received.id,
            kind=received.kind,
            metering_point=received.metering_point,
            period=SpanBody.of(received.period),
            text=received.text,
            at=to_datetime(received.at),
            state=received.state,
            answer=received.answer,
        )


class QueriesBody(Body):
    """One window of queries: those you asked, or those you received."""

    asked: tuple[AskedQueryBody, ...] = ()
    received: tuple[ReceivedQueryBody, ...] = ()
    after: str = ""


class AnswerBody(Body):
    """The answer to a query."""

    text: str
