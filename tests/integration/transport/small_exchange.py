"""A small exchange behind the transport.

It keeps to the port's promises and no more: it takes what is not empty, queues by (party, role), owns points by party.
It stands in for the hub so that the transport's own duties are seen alone; `test_with_hub.py` runs the same endpoints
over the real one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from gateway.hub.control.values import (
    ControlSums,
    CorrectionQuery,
    Corrections,
    DayQuery,
    HubSums,
    Kpi,
    KpiValue,
    MissingPage,
    MissingPoint,
    PointSums,
    RejectionCount,
    SettlementRun,
    SumClass,
)
from gateway.hub.ports import (
    Accepted,
    Client,
    Direction,
    HistoryEntry,
    ImportReport,
    MasterDataPage,
    MasterDataTable,
    MessageFilter,
    MessagePage,
    MessageStatus,
    MessageSummary,
    Page,
    PeekedDocument,
    PointSeries,
    Principal,
    QueueLength,
    Readiness,
    Refused,
    SeriesQuery,
    StoreUnavailable,
    Submission,
    ValueVersion,
)
from gateway.hub.ports_reminders import Reminder, ReminderPage, ReminderQuery
from gateway.messages.codes import (
    CORRECTED_FLAG,
    Category,
    Dialect,
    DocumentKind,
    Flow,
    Quality,
    ReminderGroup,
    Resolution,
    Role,
    Service,
    Unit,
)
from gateway.messages.findings import Finding
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import MarketZone
from gateway.processes.reminder import ReminderState

from .point_series import NobodysSeries
from .small_desks import NobodysPoints, NobodysQueries, NothingMeasured, NothingSettled, SmallReadings
from .small_metering import NobodysNetworks, SmallFeed, SmallMetering, SmallSearch
from .small_places import AREA, CONTENT, ESTONIA, GRID_OPERATOR, HUB_OPERATOR, JANUARY_14, NOON, POINT, SUPPLIER


@dataclass
class SmallExchange:
    """Keeps what it takes in memory. `refuse_with` and `is_down` make it answer otherwise."""

    clients: dict[str, Client] = field(default_factory=dict)
    taken: list[tuple[Principal, Submission]] = field(default_factory=list)
    queues: dict[tuple[str, Role], list[str]] = field(default_factory=dict)
    peeked: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=lambda: {POINT: SUPPLIER})
    imported: dict[str, bytes] = field(default_factory=dict)
    refuse_with: tuple[Finding, ...] = ()
    is_down: bool = False
    readings: SmallReadings = field(init=False)
    metering_data: SmallMetering = field(init=False)
    metering_search: SmallSearch = field(init=False)
    feed: SmallFeed = field(init=False)
    network: NobodysNetworks = field(init=False)
    point_series: NobodysSeries = field(init=False)

    def __post_init__(self) -> None:
        self._furnish()

    def _furnish(self) -> None:
        self.readings = SmallReadings(self)
        self.metering_data = SmallMetering(self)
        self.metering_search = SmallSearch(self)
        self.feed = SmallFeed(self)
        self.network = NobodysNetworks(self.answer)
        self.point_series = NobodysSeries(self.answer)

    services = frozenset(Service)
    profile = ESTONIA
    zone = MarketZone("Europe/Copenhagen")
    customers = NobodysPoints()
    queries = NobodysQueries()
    settlement = NothingSettled()
    measurements = NothingMeasured()

    def forget(self) -> None:
        """Be as new, with the clients of the roles only."""
        fresh = SmallExchange({k: v for k, v in self.clients.items() if k.startswith(("own-", "other-"))})
        vars(self).update(vars(fresh))
        self._furnish()

    def answer(self) -> None:
        if self.is_down:
            raise StoreUnavailable("pulled the plug")

    async def submit(self, sender: Principal, submission: Submission) -> Accepted | Refused:
        self.answer()
        self.taken.append((sender, submission))
        if self.refuse_with:
            return Refused(self.refuse_with)
        if not submission.body:
            return Refused((Finding("00302", "The document is empty"),))
        return Accepted("message-1")

    async def peek(self, reader: Principal, category: Category | None, dialect: Dialect) -> PeekedDocument | None:
        self.answer()
        waiting = self.queues.get((reader.party, reader.role), [])
        if not waiting or category is Category.AGGREGATIONS:
            return None
        self.peeked.add(waiting[0])
        return PeekedDocument(waiting[0], DocumentKind.MEASURE_DATA, dialect, CONTENT[dialect])

    async def dequeue(self, reader: Principal, message_id: str) -> bool:
        self.answer()
        waiting = self.queues.get((reader.party, reader.role), [])
        if message_id not in waiting or message_id not in self.peeked:
            return False
        waiting.remove(message_id)
        return True

    async def fetch(self, reader: Principal, message_id: str, dialect: Dialect) -> PeekedDocument | None:
        self.answer()
        if message_id not in self.peeked or message_id not in self.queues.get((reader.party, reader.role), []):
            return None
        return PeekedDocument(message_id, DocumentKind.MEASURE_DATA, dialect, CONTENT[dialect])

    async def queue_lengths(self, reader: Principal) -> tuple[QueueLength, ...]:
        self.answer()
        return tuple(
            QueueLength(party, role, Category.MEASURE_DATA, len(waiting), len(waiting), NOON if waiting else None)
            for (party, role), waiting in self.queues.items()
            if reader.role is Role.HUB or (party, role) == (reader.party, reader.role)
        )

    def _summaries(self, reader: Principal) -> list[MessageSummary]:
        return [
            MessageSummary(
                f"message-{number}",
                Direction.IN,
                submission.kind,
                submission.dialect,
                sender.party,
                HUB_OPERATOR,
                "accepted",
                NOON,
                1,
            )
            for number, (sender, submission) in enumerate(self.taken, 1)
            if reader.role is Role.HUB or reader.party == sender.party
        ]

    async def message_status(self, reader: Principal, message_id: str) -> MessageStatus | None:
        self.answer()
        found = [summary for summary in self._summaries(reader) if summary.message_id == message_id]
        return MessageStatus(found[0], (HistoryEntry(NOON, "received", "accepted"),)) if found else None

    async def messages(self, reader: Principal, wanted: MessageFilter, page: Page) -> MessagePage:
        self.answer()
        return MessagePage(tuple(self._summaries(reader)[: page.limit]))

    def may_see(self, reader: Principal, point: str) -> bool:
        return point in self.owners and (reader.role is Role.HUB or self.owners[point] == reader.party)

    async def read_series(self, reader: Principal, query: SeriesQuery) -> tuple[PointSeries, ...] | Refused | None:
        self.answer()
        if not all(self.may_see(reader, point) for point in query.points):
            return None
        if query.unit is Unit.AMPERE:
            return Refused((Finding("unit", "Energy is not measured in ampere"),))
        starts = np.arange(query.start, query.end, 3600, dtype=np.int64)
        quantities = np.arange(len(starts), dtype=np.int64) * 250
        quantities[1:2] = NO_QUANTITY
        qualities = np.full(len(starts), Quality.ABSENT, dtype=np.uint8)
        qualities[2:3] = Quality.ESTIMATED | CORRECTED_FLAG
        registered = np.full(len(starts), NOON, dtype=np.int64)
        return tuple(
            PointSeries(point, query.unit or Unit.KWH, Resolution.HOUR, starts, quantities, qualities, registered)
            for point in query.points
        )

    async def value_versions(
        self, reader: Principal, point: str, at: int, sort: tuple[Unit | None, Flow | None] = (None, None)
    ) -> tuple[ValueVersion, ...] | None:
        self.answer()
        if not self.may_see(reader, point):
            return None
        return (ValueVersion(7, NOON, 1250, Quality.MEASURED, "message-1", GRID_OPERATOR),)

    async def kpis(self, reader: Principal, query: DayQuery) -> tuple[KpiValue, ...] | None:
        self.answer()
        if query.grid_area not in ("", AREA):
            return None
        day = query.start or JANUARY_14
        own = reader.role is Role.HUB or reader.party == GRID_OPERATOR
        share = KpiValue(day, AREA, GRID_OPERATOR, Kpi.ESTIMATED_FLEX, NOON, True, 51, 1000, 5)
        alone = KpiValue(day, AREA, GRID_OPERATOR, Kpi.REJECTED_SERIES, NOON, False, 3, 0)
        return (share, alone) if own else ()

    async def missing_values(self, reader: Principal, query: DayQuery, page: Page) -> MissingPage | Refused | None:
        self.answer()
        if page.after not in ("", "more"):
            return Refused((Finding("BadRequest", "no such place", target="after"),))
        if query.grid_area not in ("", AREA):
            return None
        if reader.role is not Role.HUB and reader.party != GRID_OPERATOR:
            return MissingPage(())
        day = query.start or JANUARY_14
        point = MissingPoint(day, POINT, AREA, GRID_OPERATOR, "flex", Resolution.QUARTER, NOON, NOON + 900, 1, 96)
        return MissingPage((point,), "" if page.after else "more")

    async def reminders(self, reader: Principal, query: ReminderQuery, page: Page) -> ReminderPage | Refused | None:
        self.answer()
        if page.after not in ("", "more"):
            return Refused((Finding("BadRequest", "no such place", target="after"),))
        if query.grid_area not in ("", AREA):
            return None
        if reader.role is not Role.HUB and reader.party != GRID_OPERATOR:
            return ReminderPage(())
        state, where = query.state or ReminderState.FILLED, (POINT, AREA, GRID_OPERATOR)
        ended = None if state is ReminderState.REMINDED else NOON + 60
        told = Reminder(query.start or JANUARY_14, *where, ReminderGroup.FLEX, state, 3, NOON - 60, NOON, ended)
        return ReminderPage((told,), "" if page.after else "more")

    async def corrections(self, reader: Principal, query: CorrectionQuery, page: Page) -> Corrections | Refused | None:
        self.answer()
        if page.after not in ("", "more"):
            return Refused((Finding("BadRequest", "no such place", target="after"),))
        if not all(self.may_see(reader, point) for point in query.points):
            return None
        count = 2 if self.may_see(reader, POINT) else 0
        return Corrections(
            point=np.full(count, int(POINT)),
            start=np.arange(NOON, NOON + 900 * count, 900),
            step=(Resolution.QUARTER,) * count,
            unit=(Unit.KWH,) * count,
            old_quantity=np.array([250, NO_QUANTITY])[:count],
            new_quantity=np.array([NO_QUANTITY, 500])[:count],
            old_quality=np.array([Quality.MEASURED, Quality.ABSENT], dtype=np.uint8)[:count],
            new_quality=np.array([Quality.MISSING, Quality.ESTIMATED], dtype=np.uint8)[:count],
            received_at=np.full(count, NOON),
            run=(SettlementRun("fixation", NOON + 1), SettlementRun("none"))[:count],
            after="" if page.after else "more",
        )

    async def rejections(self, reader: Principal, query: DayQuery) -> tuple[RejectionCount, ...]:
        self.answer()
        day = query.start or JANUARY_14
        counts = (RejectionCount(day, SUPPLIER, "E86", 2, 0), RejectionCount(day, GRID_OPERATOR, "00302", 0, 1))
        return tuple(count for count in counts if reader.role is Role.HUB or count.party == reader.party)

    async def control_sums(self, reader: Principal, day: date, as_of: int | None) -> ControlSums:
        self.answer()
        count = 1 if self.may_see(reader, POINT) else 0
        numbers = np.array([[1250], [4], [0], [1]], dtype=np.int64)[:, :count]
        starts = np.full(count, NOON)
        words = ((AREA,) * count, (SumClass.PRODUCTION,) * count, (SUPPLIER,) * count)
        quality = np.full(count, Quality.ESTIMATED, dtype=np.uint8)
        version, cut_off = np.full(count, 7), np.full(count, NOON - 1)
        hub = HubSums(*words, ("",) * count, starts, numbers[0] + 1, quality, numbers[0], version, cut_off)
        return ControlSums(PointSums(*words, starts, *numbers), hub)

    async def master_data(
        self, reader: Principal, table: MasterDataTable, key: str, page: Page
    ) -> MasterDataPage | None:
        self.answer()
        if table is not MasterDataTable.METERING_POINTS:
            return MasterDataPage(())
        rows = tuple(
            {"metering_point": point} for point in self.owners if key in ("", point) and self.may_see(reader, point)
        )
        return None if key and not rows else MasterDataPage(rows)

    async def import_master_data(self, operator: Principal, files: Mapping[str, bytes]) -> ImportReport:
        self.answer()
        bad = [name for name, content in files.items() if not content]
        if bad:
            return ImportReport({}, tuple(Finding("master-data", f"{name} is empty", name) for name in bad))
        self.imported.update(files)
        return ImportReport({name.partition(".")[0]: content.count(b"\n") for name, content in files.items()})

    async def find_client(self, client_id: str) -> Client | None:
        self.answer()
        return self.clients.get(client_id)

    async def find_client_by_thumbprint(self, thumbprint: str) -> Client | None:
        self.answer()
        return next((c for c in self.clients.values() if c.thumbprint and c.thumbprint == thumbprint), None)

    async def register_client(self, client: Client) -> Refused | None:
        self.answer()
        for other in self.clients.values():
            if (other.party, other.role) == (client.party, client.role) and other.client_id != client.client_id:
                return Refused((Finding("client", "Another client speaks for this party and role"),))
        self.clients[client.client_id] = client
        return None

    async def readiness(self) -> Readiness:
        return Readiness(not self.is_down, {"store": "down" if self.is_down else "ok"})
