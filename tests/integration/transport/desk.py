"""A small exchange behind the transport, and a real server in front of it.

The exchange keeps to the port's promises and no more: it takes what is not empty, queues by (party, role), owns points
by party. It stands in for the hub so that the transport's own duties are seen alone; `test_with_hub.py` runs the same
endpoints over the real one.
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn
from starlette.types import ASGIApp

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
from gateway.hub.ports_reminders import Reminder, ReminderPage, ReminderQuery
from gateway.hub.ports_settlement import DayFilter, DayStanding, Postponement, SnapshotSummary
from gateway.markets.registry import profile
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
from gateway.messages.readings import Occasion
from gateway.messages.times import MarketZone
from gateway.processes.reminder import ReminderState
from gateway.transport.application import make_application
from gateway.transport.client_secrets import hash_secret
from gateway.transport.server import ServerSettings, server_config
from gateway.transport.services import assemble
from gateway.transport.settings import TransportSettings

from .point_series import NobodysSeries
from .small_metering import NobodysNetworks, SmallFeed, SmallMetering, SmallSearch

ESTONIA = profile("ee")
"""The market whose words the endpoints of metering data speak; the Danish ones take theirs from what they are told."""

NOON = 1_736_942_400  # 2025-01-15T12:00Z
SECRET = "a secret of the tests"
SECRET_HASH = hash_secret(SECRET)

SUPPLIER = "5790001330583"
OTHER_SUPPLIER = "5790001330590"
GRID_OPERATOR = "5790001330606"
HUB_OPERATOR = "5790001330552"
POINT = "571313180000000005"
AREA = "543"
JANUARY_14 = date(2025, 1, 14)

CONTENT = {
    Dialect.CIM_XML: b'<?xml version="1.0"?><a xmlns="urn:a"/>',
    Dialect.CIM_JSON: b'{"a": 1}',
    Dialect.EBIX_XML: b'<?xml version="1.0"?><e:DK_MeteredDataTimeSeries xmlns:e="un:e"/>',
}


class SmallReadings:
    """Owns the same points as the exchange it stands in, each with one reading; keeps what it takes in memory."""

    def __init__(self, exchange: SmallExchange) -> None:
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


class RunningServer:
    """An application served by uvicorn on a loopback socket, in a thread."""

    def __init__(self, application: ASGIApp) -> None:
        self._server = uvicorn.Server(server_config(application, ServerSettings(port=0)))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = ("127.0.0.1", int(self._socket.getsockname()[1]))
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def stop(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(120)  # a duty under way is finished first, and a test may have moved the clock by months
        assert not self._thread.is_alive()
        self._socket.close()


class Desk(RunningServer):
    """A running server over a small exchange, with clients of every role and tokens for them."""

    def __init__(self, data_dir: Path, settings: TransportSettings) -> None:
        self.exchange = SmallExchange()
        self.now = NOON
        for role in Role:
            self._register(f"own-{role}", _party(role), role)
            self._register(f"other-{role}", OTHER_SUPPLIER, role)
        ids = itertools.count(1)
        self.services = assemble(self.exchange, settings, data_dir, lambda: self.now, lambda: f"id-{next(ids)}")
        super().__init__(make_application(self.services))

    def _register(self, client_id: str, party: str, role: Role) -> None:
        self.exchange.clients[client_id] = Client(client_id, party, role, SECRET_HASH)

    def token(self, client_id: str) -> str:
        """A token of the built-in issuer, as the token endpoint gives."""
        return self.services.issuer.issue(self.exchange.clients[client_id], self.now, "token-1")

    def bearer(self, client_id: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(client_id)}"}

    def call(self, method: str, path: str, client_id: str, **rest: Any) -> httpx.Response:
        headers = {**self.bearer(client_id), **rest.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **rest)

    def raw(self, request: bytes) -> bytes:
        """Everything the server says to raw bytes until it closes or falls silent."""
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall(request)
            return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes or says nothing for a while."""
    connection.settimeout(1.0)
    pieces = []
    try:
        while piece := connection.recv(65_536):
            pieces.append(piece)
    except (TimeoutError, ConnectionResetError):
        pass
    return b"".join(pieces)


def _party(role: Role) -> str:
    if role is Role.HUB:
        return HUB_OPERATOR
    return GRID_OPERATOR if role in (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE) else SUPPLIER
