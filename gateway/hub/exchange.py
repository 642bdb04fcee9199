"""The hub as seen from outside: the one object that the transport, the commands and the demo speak to."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from datetime import date, timedelta

from sqlalchemy.engine import Connection

from gateway.codecs.table import Undecodable, decode, encode
from gateway.hub import clients, inspection, journal, queues, rendering
from gateway.hub.access import visible_rows
from gateway.hub.control import correction_report, missing_values
from gateway.hub.control.control_sums import control_sums
from gateway.hub.control.day_places import is_place
from gateway.hub.control.kpis import kpis
from gateway.hub.control.values import (
    ControlSums,
    CorrectionQuery,
    Corrections,
    DayQuery,
    KpiValue,
    MissingPage,
    RejectionCount,
)
from gateway.hub.customers.desk import CustomerDesk
from gateway.hub.database import allocate
from gateway.hub.feed.desk import FeedDesk
from gateway.hub.feed.master_data import note_import
from gateway.hub.feed.writing import note_changes
from gateway.hub.intake import Intake
from gateway.hub.journal import Entry
from gateway.hub.masterdata import pages
from gateway.hub.masterdata.cells import manner_of
from gateway.hub.masterdata.imports import MasterDataImport
from gateway.hub.measurements.desk import MeasurementDesk
from gateway.hub.metering_data.desk import Desk as MeteringDataDesk
from gateway.hub.metering_data.search import SearchDesk
from gateway.hub.network.desk import NetworkDesk
from gateway.hub.office import Office
from gateway.hub.point_series.desk import PointDesk
from gateway.hub.ports import (
    Accepted,
    Client,
    ImportReport,
    MasterDataPage,
    MasterDataTable,
    MessageFilter,
    MessagePage,
    MessageStatus,
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
from gateway.hub.ports_reminders import ReminderPage, ReminderQuery
from gateway.hub.query_desk import QueryDesk
from gateway.hub.queues import Bundle, Queue
from gateway.hub.readings.desk import ReadingDesk
from gateway.hub.rejection_statistics import rejection_statistics
from gateway.hub.reminders.pages import reminder_page
from gateway.hub.runner import Answer, CannotBeCarriedOut, Job, Runner
from gateway.hub.series import reading
from gateway.hub.settlement.desk import Desk
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Category, Dialect, Flow, Role, Service, Unit
from gateway.messages.findings import Finding
from gateway.messages.times import Interval, MarketZone
from gateway.processes.events import BundleLimits


class Hub:
    """One hub: implements `gateway.hub.ports.Exchange`. Start it before use and stop it after."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.runner = Runner(office)
        self.readings = ReadingDesk(office, manner_of(office.profile))
        self.measurements = MeasurementDesk(office)
        self.customers = CustomerDesk(office, manner_of(office.profile))
        self.queries = QueryDesk(office)
        self.settlement = Desk(office)
        self.feed = FeedDesk(office)
        self.metering_search = SearchDesk(office)
        self.metering_data = MeteringDataDesk(office, note_changes)
        self.network = NetworkDesk(office)
        self.point_series = PointDesk(office)
        self._intake: Intake[Job, Answer] = Intake(self.runner.handle)
        self._clients: dict[str, tuple[Client | None, int]] = {}

    @property
    def services(self) -> frozenset[Service]:
        """What the market's hub offers."""
        return self.office.profile.services

    @property
    def zone(self) -> MarketZone:
        """The market's local time."""
        return self.office.profile.zone

    @property
    def profile(self) -> MarketProfile:
        """The market's rules and words."""
        return self.office.profile

    def start(self) -> None:
        """Begin to take messages."""
        self._intake.start()
        if Service.METERING_DATA in self.services:
            self.metering_data.start()

    def stop(self) -> None:
        """Finish what has been taken, then close the database."""
        self._intake.stop()
        if Service.METERING_DATA in self.services:
            self.metering_data.stop()
        self.office.database.close()

    def recover(self, before: int) -> int:
        """Take up what came before an instant (microseconds) and was not finished; how many messages that were.

        Raises:
            StoreUnavailable: the rest must wait until the database takes something again.
        """
        return self.runner.recover(before) + self.metering_data.recover(before)

    # --- messages in ----------------------------------------------------------------------------------------------

    async def submit(self, sender: Principal, submission: Submission) -> Accepted | Refused:
        """Take a document: journal, check, make durable. When this returns Accepted, nothing can lose it."""
        at = self.office.clock.micros()
        weight = len(submission.body)
        packed = None
        if weight >= _SMALL:
            packed = await asyncio.to_thread(Entry.incoming, sender, submission, at)
        return await asyncio.wrap_future(self._intake.submit(Job(sender, submission, at, packed), weight))

    # --- messages out ---------------------------------------------------------------------------------------------

    async def peek(self, reader: Principal, category: Category | None, dialect: Dialect) -> PeekedDocument | None:
        """The oldest waiting document of the reader's queue, the same until dequeued; None category: of both."""
        return await asyncio.to_thread(self._peek, reader, category, dialect)

    async def dequeue(self, reader: Principal, message_id: str) -> bool:
        """Take a peeked document off the reader's own queue; False when there is none such, or it was not peeked."""
        return await self.office.database.writing(
            queues.dequeued, message_id, self._queue(reader).owner, self.office.clock.micros()
        )

    async def fetch(self, reader: Principal, message_id: str, dialect: Dialect) -> PeekedDocument | None:
        """A document already peeked by the reader, dequeued or not, once more."""
        return await asyncio.to_thread(self._fetch, reader, message_id, dialect)

    async def queue_lengths(self, reader: Principal) -> tuple[QueueLength, ...]:
        """What waits for the reader; for the hub's operator, every queue."""
        return await self.office.reading(inspection.queue_lengths, reader)

    def _peek(self, reader: Principal, category: Category | None, dialect: Dialect) -> PeekedDocument | None:
        queue, at = self._queue(reader), self.office.clock.micros()
        with self.office.database.read() as connection:
            found = queues.oldest(connection, queue, category)
        if found is None:
            with self.office.database.write() as connection:
                queues.lock(connection, queue)
                found = queues.oldest(connection, queue, category)
                if found is None:
                    closing = (self._limits(), at, self.office.new_id)
                    found = queues.close_next(connection, queue, category, closing)
        if found is None:
            return None
        return self._show(reader, found, dialect) or self._peek(reader, category, dialect)

    def _fetch(self, reader: Principal, message_id: str, dialect: Dialect) -> PeekedDocument | None:
        with self.office.database.read() as connection:
            found = queues.find(connection, message_id)
        if found is None or found.queue != self._queue(reader) or not found.was_peeked:
            return None
        return self._show(reader, found, dialect)

    def _show(self, reader: Principal, found: Bundle, dialect: Dialect) -> PeekedDocument | None:
        """The document of a bundle in a dialect: rendered and journaled the first time, the same bytes ever after."""
        with self.office.database.read() as connection:
            known = queues.rendered_message(connection, found, dialect)
            body = self._render(connection, found, dialect) if known is None else journal.read(connection, known).body
        at = self.office.clock.micros()
        if isinstance(body, Finding):
            return self._give_up(found, body, at)
        entry = None if known is not None else Entry.outgoing(reader, (found.kind, dialect), body, at)
        with self.office.database.write() as connection:
            actor = self._queue(reader).owner
            queues.lock(connection, found.queue)
            if not found.is_dequeued and not queues.peeked(connection, found, actor, at, rendered=entry is None):
                return None
            raced = queues.rendered_message(connection, found, dialect) if entry is not None else None
            if raced is not None:
                body = journal.read(connection, raced).body
            elif entry is not None:
                queues.keep_rendering(connection, found, dialect, journal.enter(connection, entry))
        return PeekedDocument(found.message_id, found.kind, dialect, body)

    def _render(self, connection: Connection, found: Bundle, dialect: Dialect) -> bytes | Finding:
        """The bytes of a document, checked against its own schemas before it leaves."""
        document = rendering.document_of(self.office, connection, found, queues.content(connection, found))
        body = encode(rendering.spoken(self.office.profile, document, dialect), dialect, self.office.schemas)
        read = decode(body, dialect, found.kind, self.office.schemas)
        return read.findings[0] if isinstance(read, Undecodable) else body

    def _give_up(self, found: Bundle, reason: Finding, at: int) -> PeekedDocument | None:
        """A document that its own schema refuses never leaves; the queue goes on behind it."""
        with self.office.database.write() as connection:
            if not queues.failed(connection, found, reason, at):
                raise CannotBeCarriedOut(f"document {found.message_id} has no valid form in this dialect")
        return None

    def _queue(self, reader: Principal) -> Queue:
        return Queue(reader.party, self.office.profile.queue_role(reader.role))

    def _limits(self) -> BundleLimits:
        bundling = self.office.profile.bundling
        return BundleLimits(bundling.transactions, bundling.points, bundling.age_seconds)

    # --- looking at it --------------------------------------------------------------------------------------------

    async def message_status(self, reader: Principal, message_id: str) -> MessageStatus | None:
        """Where a message stands that the reader sent or received; the hub's operator sees all."""
        return await self.office.reading(inspection.message_status, reader, message_id)

    async def messages(self, reader: Principal, wanted: MessageFilter, page: Page) -> MessagePage:
        """The reader's own messages in and out, newest first."""
        return await self.office.reading(inspection.messages, reader, wanted, page)

    async def read_series(self, reader: Principal, query: SeriesQuery) -> tuple[PointSeries, ...] | Refused | None:
        """Values of points as of an instant; None when the reader may not see one of the points or it is unknown."""
        return await self.office.reading(reading.read_series, reader, query)

    async def value_versions(
        self, reader: Principal, point: str, at: int, sort: tuple[Unit | None, Flow | None] = (None, None)
    ) -> tuple[ValueVersion, ...] | None:
        """Every version of the value whose interval starts at `at`, oldest first."""
        return await self.office.reading(reading.value_versions, reader, point, at, sort=sort)

    # --- control --------------------------------------------------------------------------------------------------

    async def kpis(self, reader: Principal, query: DayQuery) -> tuple[KpiValue, ...] | None:
        """Key figures of the reader's grid areas; None for an area that is not its own."""
        return await self.office.reading(kpis, reader, query)

    async def missing_values(self, reader: Principal, query: DayQuery, page: Page) -> MissingPage | Refused | None:
        """What is missing in the reader's grid areas after its limit; None for an area that is not its own."""
        if not is_place(page.after):
            return _no_place()
        return await self.office.reading(missing_values.missing_page, reader, query, page)

    async def reminders(self, reader: Principal, query: ReminderQuery, page: Page) -> ReminderPage | Refused | None:
        """Who was reminded of what in the reader's grid areas; None for an area that is not its own."""
        if not is_place(page.after):
            return _no_place()
        return await self.office.reading(reminder_page, reader, query, page)

    async def corrections(self, reader: Principal, query: CorrectionQuery, page: Page) -> Corrections | Refused | None:
        """What was corrected of the points the reader may see; None where it names another."""
        if not correction_report.is_report_place(page.after):
            return _no_place()
        first_run = correction_report.run_by_timetable(self.office.profile.timetable)
        report = correction_report.correction_report
        return await self.office.reading(report, reader, query, page, first_run=first_run)

    async def rejections(self, reader: Principal, query: DayQuery) -> tuple[RejectionCount, ...]:
        """How much of what the reader sent was rejected, by day and reason; for the hub's operator, of everybody."""
        party, zone = None if reader.role is Role.HUB else reader.party, self.office.profile.zone
        start = query.start or zone.day(self.office.clock.now()) - timedelta(days=1)
        interval = Interval(zone.midnight(start), zone.midnight(query.end or start + timedelta(days=1)))
        return await self.office.reading(rejection_statistics, party, interval)

    async def control_sums(self, reader: Principal, day: date, as_of: int | None) -> ControlSums:
        """What the points the reader may see add up to on a local day, and the hub's own sums to hold it against."""
        return await self.office.reading(control_sums, reader, day, as_of)

    # --- master data ----------------------------------------------------------------------------------------------

    async def master_data(
        self, reader: Principal, table: MasterDataTable, key: str, page: Page
    ) -> MasterDataPage | None:
        """Rows of a table, every version of them; `key` empty is every row the reader may see."""
        return await self.office.database.reading(self._page, reader, table, key, page)

    def _page(
        self, connection: Connection, reader: Principal, table: MasterDataTable, key: str, page: Page
    ) -> MasterDataPage | None:
        master, now = self.office.refresh(connection), self.office.clock.now()
        found = pages.page(connection, table, key, page, visible_rows(master, reader, table, now))
        return None if key and not found.rows and not page.after else found

    async def import_master_data(self, operator: Principal, files: Mapping[str, bytes]) -> ImportReport:
        """Take files of master data all together or not at all."""
        at, manner = self.office.clock.micros(), manner_of(self.office.profile)
        take = MasterDataImport(self.office.database, manner, functools.partial(note_import, self.office)).take
        return await asyncio.to_thread(take, files, at, self.office.master)

    # --- clients and health ---------------------------------------------------------------------------------------

    async def find_client(self, client_id: str) -> Client | None:
        """The client registered under an id; what another process changed shows within seconds."""
        known, until = self._clients.get(client_id, (None, 0))
        if until < self.office.clock.now():
            known = await self.office.database.reading(clients.find, client_id)
            if len(self._clients) >= _MOST_CLIENTS:
                self._clients.clear()
            self._clients[client_id] = (known, self.office.clock.now() + _CLIENT_SECONDS)
        return known

    async def find_client_by_thumbprint(self, thumbprint: str) -> Client | None:
        """The client registered with a certificate, by its SHA-256 thumbprint in lower-case hex."""
        return await self.office.database.reading(clients.find_by_thumbprint, thumbprint)

    async def register_client(self, client: Client) -> Refused | None:
        """Add a client or replace the one of the same id; refused where the market's terms of clients forbid it."""
        refusal = await self.office.database.writing(clients.register, client, self.office.profile.clients)
        self._clients.clear()
        return None if refusal is None else Refused((refusal,))

    async def readiness(self) -> Readiness:
        """Whether the store answers and has room. Does not raise: an unreachable store is the answer."""
        try:
            await self.office.database.writing(lambda connection: allocate(connection, self.office.clock.micros()))
        except StoreUnavailable as error:
            return Readiness(False, {"database": str(error)})
        return Readiness(True, {"database": "ready"})


def _no_place() -> Refused:
    return Refused((Finding("BadRequest", "after is no place an answer before this one named", target="after"),))


_CLIENT_SECONDS = 2
_MOST_CLIENTS = 10_000

_SMALL = 64 * 1024
"""Bytes up to which packing a body costs less than handing it to another thread."""
