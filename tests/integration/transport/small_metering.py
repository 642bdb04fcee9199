"""Small desks of metering data and of networks behind the transport: they keep to the ports' promises and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.ports_feed import FeedItem, FeedPage, FeedQuery, FeedReason, FeedResource
from gateway.hub.ports_metering_data import (
    Busy,
    MeteringDataSubmission,
    NumberedPage,
    Progress,
    StatusPage,
    StatusQuery,
    Submitted,
)
from gateway.hub.ports_metering_search import (
    MeteringDataAnswer,
    MeteringDataQuery,
    PointData,
    PointRefused,
)
from gateway.hub.ports_network import BalanceQuery, CurveQuery, Lateness, LatenessQuery, LossQuery
from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Unit
from gateway.messages.findings import Finding
from gateway.messages.metering_data import Measure, MeasureColumns, MeteringData
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState, ReportedError
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT

from .small_places import Owners

MICROS = 1_000_000
METER = "38ZEE-1000007L-E"
APRIL = 1_743_454_800  # 2025-04-01T00:00 in Tallinn


def quarters(point: str, count: int) -> MeteringData:
    """So many quarters of a point, both flows and their nets; the second has no flow out, none has a reading time."""
    start = APRIL + 900 * np.arange(count, dtype=np.int64)

    def columns(flow: Flow, quantity: list[int], quality: Quality) -> tuple[Measure, MeasureColumns]:
        measure = Measure(flow, Unit.KWH)
        held = np.array(quantity, dtype=np.int64)[:count]
        qualities = np.where(held == NO_QUANTITY, Quality.ABSENT, quality).astype(np.uint8)
        read_at = np.full(count, NO_INSTANT, dtype=np.int64)
        return measure, MeasureColumns(measure, held, qualities, read_at, np.full(count, 3, dtype=np.uint8))

    numbers = list(range(count))
    return MeteringData(
        commodity=Commodity.ELECTRICITY,
        form=FeedForm.ESTFEED_V1,
        caller=None,
        point=[point],
        resolution=["PT15M"],
        offsets=np.array([0, count]),
        start=start,
        measures=dict(
            [
                columns(Flow.IN, [1000 * n for n in numbers], Quality.MEASURED),
                columns(Flow.OUT, [NO_QUANTITY if n == 1 else 250 for n in numbers], Quality.ESTIMATED),
                columns(Flow.NET_IN, [750 for _ in numbers], Quality.ABSENT),
                columns(Flow.NET_OUT, [0 for _ in numbers], Quality.ABSENT),
            ]
        ),
    )


@dataclass
class SmallMetering:
    """Keeps what it takes in memory. `refuse_with`, `waits` and `errors` make it answer otherwise."""

    owners: Owners
    taken: list[tuple[Principal, MeteringDataSubmission]] = field(default_factory=list)
    asked: list[StatusQuery] = field(default_factory=list)
    refuse_with: tuple[Finding, ...] = ()
    waits: int = 0
    errors: tuple[ReportedError, ...] = ()
    reading: Progress | None = None

    async def submit(self, sender: Principal, submission: MeteringDataSubmission) -> Submitted | Refused | Busy:
        self.owners.answer()
        if self.waits:
            return Busy(self.waits)
        if self.refuse_with:
            return Refused(self.refuse_with)
        self.taken.append((sender, submission))
        return Submitted(submission.document_id, APRIL * MICROS)

    async def take(self, sender: Principal, submission: MeteringDataSubmission) -> Submitted | Refused | Busy:
        return await self.submit(sender, submission)

    def progress(self, sender: Principal, document_id: str) -> Progress | None:
        return self.reading

    async def carry_out(
        self, sender: Principal, submission: MeteringDataSubmission
    ) -> MeteringDataStatus | Refused | Busy:
        taken = await self.submit(sender, submission)
        if isinstance(taken, Busy | Refused):
            return taken
        return self._status(sender, submission)

    async def statuses(self, reader: Principal, query: StatusQuery, page: NumberedPage) -> StatusPage | Refused:
        self.owners.answer()
        if self.refuse_with:
            return Refused(self.refuse_with)
        self.asked.append(query)
        found = [self._status(*one) for one in self.taken if one[0].party == reader.party]
        found = [one for one in found if query.document_id in (None, one.document_id)]
        first = page.page * page.size
        return StatusPage(tuple(found[first : first + page.size]), len(found))

    def _status(self, sender: Principal, sent: MeteringDataSubmission) -> MeteringDataStatus:
        state = ProcessingState.ERROR if self.errors else ProcessingState.SUCCESSFUL
        at = APRIL * MICROS
        named = (sent.document_id, sender.party, sender.role, sent.commodity, sent.form)
        return MeteringDataStatus(
            *named, created_at=at + 1500, finished_at=at + MICROS, state=state, errors=self.errors
        )


@dataclass
class SmallSearch:
    """Finds four quarters at each point of the reader's."""

    owners: Owners
    asked: list[tuple[MeteringDataQuery, NumberedPage | None]] = field(default_factory=list)
    total: int = 4

    async def search(
        self, reader: Principal, query: MeteringDataQuery, page: NumberedPage | None = None
    ) -> MeteringDataAnswer | Refused:
        self.owners.answer()
        self.asked.append((query, page))
        mine = [point for point in query.points if self.owners.may_see(reader, point)]
        count = self.total if page is None else max(0, min(page.size, self.total - page.page * page.size))
        hidden = Finding("opp.error.business.meter-data-cannot-be-retrieved", "No right", rule="point-hidden")
        return MeteringDataAnswer(
            tuple(PointData(point, quarters(point, count), self.total) for point in mine),
            tuple(PointRefused(point, (hidden,)) for point in query.points if point not in mine),
        )

    async def reads(self, reader: Principal, metering_point: str, page: Page) -> None:
        self.owners.answer()


@dataclass
class SmallFeed:
    """Two items for the owner of the point: metering data, and one whose content is gone."""

    owners: Owners
    asked: list[FeedQuery] = field(default_factory=list)

    async def changes(self, reader: Principal, query: FeedQuery, page: NumberedPage) -> FeedPage | Refused:
        self.owners.answer()
        self.asked.append(query)
        if not self.owners.may_see(reader, METER) or query.resource is not FeedResource.METERING_DATA:
            return FeedPage((), 0)
        at = APRIL * MICROS + 123
        items = (
            FeedItem(7, _uuid(7), at, query.resource, FeedReason.CREATE, quarters(METER, 2)),
            FeedItem(8, _uuid(8), at + 1, query.resource, FeedReason.UPDATE, None, "The content is gone"),
        )
        first = page.page * page.size
        return FeedPage(items[first : first + page.size], len(items))


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@dataclass
class NobodysNetworks:
    """Networks of nobody; what the desk serves is tested over the real hub."""

    answer: Callable[[], None]

    async def lateness(self, reader: Principal, query: LatenessQuery) -> tuple[Lateness, ...] | None:
        self.answer()
        return ()

    async def losses(self, reader: Principal, query: LossQuery) -> None:
        self.answer()

    async def load_curve(self, reader: Principal, query: CurveQuery) -> None:
        self.answer()

    async def balance(self, reader: Principal, query: BalanceQuery) -> None:
        self.answer()
