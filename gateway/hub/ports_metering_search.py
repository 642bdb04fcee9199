"""What the hub offers to who may read metering data: the `MeteringDataSearch`, and the values that pass through it.

Who may see what follows from who manages a metering point, from dated agreements, from permissions of customers and
from consent; every read is put on record before it is answered. Instants are epoch seconds UTC unless said otherwise,
intervals half-open.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_metering_data import NumberedPage
from gateway.markets.agreements import AccessGround
from gateway.messages.codes import Commodity, Resolution, Role
from gateway.messages.findings import Finding
from gateway.messages.metering_data import MeteringData
from gateway.messages.times import Interval


class ObservationType(StrEnum):
    """Which of a value's two times an instant of observation means."""

    READING_TIME = "reading-time"
    """The values as read by then."""
    SNAPSHOT_TIME = "snapshot-time"
    """The values as the hub had stored them by then."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The data as they stood at an instant, in epoch microseconds."""

    type: ObservationType
    at: int


@dataclass(frozen=True, slots=True)
class MeteringDataQuery:
    """Which metering data: of these points, intervals that begin in [start, end).

    Attributes:
        points: as written by the caller.
        commodity: what the caller says they measure.
        start, end: `end` None is everything from the start on.
        step: a longer step to sum the values into; None is as stored.
        observation: as known when; None is the latest.
        purpose: what for, in the market's word; None where the caller says none.
        customer: only while this customer has the point.
        legal_consent: the caller's word that the customer, a legal person, consents.
    """

    points: tuple[str, ...]
    commodity: Commodity
    start: int
    end: int | None = None
    step: Resolution | None = None
    observation: Observation | None = None
    purpose: str | None = None
    customer: str | None = None
    legal_consent: bool = False


@dataclass(frozen=True, slots=True)
class PointData:
    """One page of a metering point's intervals, in order of time, one block for each run of one resolution.

    `total` counts the intervals of all pages. A value without a reading instant of its own has none here either.
    """

    metering_point: str
    data: MeteringData
    total: int


@dataclass(frozen=True, slots=True)
class PointRefused:
    """A metering point of which the reader gets nothing, and why."""

    metering_point: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class MeteringDataAnswer:
    """What was found, and what was refused, each in the order asked; every point once."""

    found: tuple[PointData, ...]
    refused: tuple[PointRefused, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """One read of a metering point's data: who, when (epoch seconds), which period, on which ground, what for."""

    at: int
    metering_point: str
    data: Interval
    party: str
    role: Role
    client: str
    ground: AccessGround
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class ReadRecordPage:
    """One window of reads, newest first; `after` continues behind it and is empty at the end."""

    records: tuple[ReadRecord, ...]
    after: str = ""


class MeteringDataSearch(Protocol):
    """Metering data found. Every call may raise StoreUnavailable; none for bad input."""

    async def search(
        self, reader: Principal, query: MeteringDataQuery, page: NumberedPage | None = None
    ) -> MeteringDataAnswer | Refused:
        """Metering data the reader may see; refused as a whole where the query itself is at fault.

        A page counts the intervals of each point; None is all of them.
        """
        ...

    async def reads(self, reader: Principal, metering_point: str, page: Page) -> ReadRecordPage | None:
        """Who read a point's data, for its customer and for the hub's operator; None for anybody else."""
        ...
