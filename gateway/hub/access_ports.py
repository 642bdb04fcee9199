"""What the hub offers customers, third parties and askers beside the market's messages, and the values that pass.

As in `gateway.hub.ports`: instants are epoch seconds UTC, intervals half-open, and what a caller may not see does not
exist for it. A refused wish comes back as `Refused`; its finding's `rule` names why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.hub.ports import Exchange, ImportReport, Page, PointSeries, Principal, Refused, SeriesQuery
from gateway.hub.ports_feed import ChangeFeed
from gateway.hub.ports_metering_data import MeteringDataDesk
from gateway.hub.ports_metering_search import MeteringDataSearch
from gateway.hub.ports_network import NetworkExchange
from gateway.hub.ports_point_series import PointSeriesDesk
from gateway.hub.ports_settlement import SettlementDesk
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import MeteringPointType, Resolution, Service, Unit
from gateway.messages.times import Interval, MarketZone


@dataclass(frozen=True, slots=True)
class CustomerPoint:
    """A metering point over a time in which it is the customer's and its facts are one; `parent` where it is a child.

    The end of `span` is `gateway.messages.masterdata.FOREVER` where there is none.
    """

    metering_point: str
    kind: MeteringPointType
    unit: Unit
    resolution: Resolution
    grid_area: str
    parent: str | None
    span: Interval


@dataclass(frozen=True, slots=True)
class CustomerPointPage:
    """One window of a customer's points in order; `after` continues behind it and is empty at the end."""

    points: tuple[CustomerPoint, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class GrantWish:
    """What a customer wants to let a third party see.

    Attributes:
        third_party: GLN or EIC of who may see.
        points: the metering points; empty for all that are the customer's in the period now.
        data: the period of data; None for the historical year of a quotation phase (D1 §3.5).
        valid_until: until when it may be read; None for the market's default.
    """

    third_party: str
    points: tuple[str, ...] = ()
    data: Interval | None = None
    valid_until: int | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a customer lets a third party see; `revoked_at` None while it has not been taken back."""

    id: str
    customer: str
    third_party: str
    points: tuple[str, ...]
    data: Interval
    granted_at: int
    valid_until: int
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class GrantPage:
    """One window of a customer's grants, newest first."""

    grants: tuple[Grant, ...]
    after: str = ""


class AccessEvent(StrEnum):
    """What is on record about a grant."""

    GRANTED = "granted"
    REVOKED = "revoked"
    POINTS_READ = "points-read"
    SERIES_READ = "series-read"


@dataclass(frozen=True, slots=True)
class AccessRecord:
    """Who did what under a grant, and when; point and period where values were read."""

    at: int
    event: AccessEvent
    grant_id: str
    party: str
    client: str
    metering_point: str | None = None
    data: Interval | None = None


@dataclass(frozen=True, slots=True)
class AccessRecordPage:
    """One window of the records about a customer's grants, newest first."""

    records: tuple[AccessRecord, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class GrantedPoint:
    """A metering point over a time whose values a third party may read now, by which grant and until when."""

    grant_id: str
    customer: str
    metering_point: str
    span: Interval
    valid_until: int


@dataclass(frozen=True, slots=True)
class GrantedPointPage:
    """One window of what a third party may read, in order of points."""

    points: tuple[GrantedPoint, ...]
    after: str = ""


class CustomerAccess(Protocol):
    """Customers and third parties (D1 §3.5). Every call may raise StoreUnavailable; none raises for bad input."""

    async def import_links(self, registrar: Principal, file: str, content: bytes) -> ImportReport:
        """Take `customers.csv` or `.json` as a whole or not at all: by the hub's operator, or by a supplier.

        A supplier states the customers of the points it supplies, in the time it supplies them.
        """
        ...

    async def points(self, customer: Principal, page: Page) -> CustomerPointPage:
        """The customer's own metering points, each with the times it is the customer's."""
        ...

    async def series(self, customer: Principal, query: SeriesQuery) -> tuple[PointSeries, ...] | Refused | None:
        """Values of the customer's points in its own times; None where a point is not the customer's."""
        ...

    async def grant(self, customer: Principal, wish: GrantWish) -> Grant | Refused:
        """Let a third party see values."""
        ...

    async def grants(self, customer: Principal, page: Page) -> GrantPage:
        """What the customer has granted, also what has ended or was taken back."""
        ...

    async def revoke(self, customer: Principal, grant_id: str) -> Grant | None:
        """Take a grant back, at once and for good; None when the customer gave none such."""
        ...

    async def accesses(self, customer: Principal, page: Page) -> AccessRecordPage:
        """Every grant, every revocation and every read under a grant of the customer."""
        ...

    async def granted_points(self, third_party: Principal, page: Page) -> GrantedPointPage:
        """What the third party may read now; the read is put on record."""
        ...

    async def granted_series(
        self, third_party: Principal, query: SeriesQuery
    ) -> tuple[PointSeries, ...] | Refused | None:
        """Values under the grants in force now, put on record before they are given; None where none covers a point."""
        ...


class QueryKind(StrEnum):
    """What an anonymous query wants."""

    QUESTION = "question"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class NewQuery:
    """What a party asks about a metering point and a period; `reference` is its own id, good for sending it again."""

    reference: str
    kind: QueryKind
    metering_point: str
    period: Interval
    text: str = ""


@dataclass(frozen=True, slots=True)
class AskedQuery:
    """A query as who asked it sees it."""

    id: str
    query: NewQuery
    grid_operator: str
    state: str
    asked_at: int
    handed_on_at: int | None
    answer: str | None = None
    answered_at: int | None = None


@dataclass(frozen=True, slots=True)
class ReceivedQuery:
    """A query as the grid operator sees it: nothing in it comes from who asked but point, period, kind and text.

    `id` is known to this side only; `at` is the end of the window it was asked in.
    """

    id: str
    kind: QueryKind
    metering_point: str
    period: Interval
    text: str
    at: int
    state: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class AskedPage:
    """One window of a party's own queries, newest first."""

    queries: tuple[AskedQuery, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class ReceivedPage:
    """One window of the queries a grid operator has received, in order of their random ids."""

    queries: tuple[ReceivedQuery, ...]
    after: str = ""


class AnonymousQueries(Protocol):
    """Queries to grid operators without saying who asks (D1 §4.1.4)."""

    async def ask(self, asker: Principal, query: NewQuery) -> AskedQuery | Refused:
        """Ask the grid operator of a point; the same reference with the same content is the same query."""
        ...

    async def asked(self, asker: Principal, page: Page) -> AskedPage:
        """What the party has asked in its role, with the answers."""
        ...

    async def received(self, addressee: Principal, page: Page) -> ReceivedPage:
        """What has been handed on to the grid operator."""
        ...

    async def answer(self, addressee: Principal, query_id: str, text: str) -> ReceivedQuery | Refused | None:
        """Answer a query; the same answer again is the same. None when no such query was handed on to the party."""
        ...

    async def withdraw(self, asker: Principal, query_id: str) -> AskedQuery | None:
        """Take a query back, or lay an answered one aside; None when the party asked none such."""
        ...


class ServedExchange(Exchange, Protocol):
    """The exchange with its desks, as the transport serves it."""

    @property
    def services(self) -> frozenset[Service]:
        """What the market's hub offers."""
        ...

    @property
    def zone(self) -> MarketZone:
        """The market's local time."""
        ...

    @property
    def profile(self) -> MarketProfile:
        """The market's rules and words."""
        ...

    @property
    def metering_data(self) -> MeteringDataDesk:
        """Metering data taken, processed and followed."""
        ...

    @property
    def metering_search(self) -> MeteringDataSearch:
        """Metering data found."""
        ...

    @property
    def feed(self) -> ChangeFeed:
        """Changes made available."""
        ...

    @property
    def customers(self) -> CustomerAccess:
        """What customers and third parties can do."""
        ...

    @property
    def settlement(self) -> SettlementDesk:
        """The settlement of the market."""
        ...

    @property
    def network(self) -> NetworkExchange:
        """Reports of networks."""
        ...

    @property
    def point_series(self) -> PointSeriesDesk:
        """Series of single points: windows, prices, deviations."""
        ...

    @property
    def queries(self) -> AnonymousQueries:
        """Queries to grid operators without saying who asks."""
        ...
