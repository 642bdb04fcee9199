"""A small hub without its intake: a market of a few points, documents settled by the hub's own cases."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date

import numpy as np
from sqlalchemy.engine import Connection

from gateway.demo.market import (
    ENERGY_AGENCY,
    GRID_AREA,
    GRID_OPERATOR,
    NEIGHBOUR,
    NEIGHBOUR_AREA,
    SUPPLIER_A,
    SUPPLIER_B,
    sample_gsrn,
)
from gateway.hub import journal, queues
from gateway.hub.clock import MovedClock
from gateway.hub.database import Database, allocate
from gateway.hub.journal import Entry
from gateway.hub.measure_data_case import MeasureDataCase
from gateway.hub.measure_data_run import CheckedSeries
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Accepted, Principal, Refused, Submission
from gateway.hub.queues import Bundle, Queue
from gateway.hub.refused_case import RefusedCase
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import profile
from gateway.messages.codes import (
    Dialect,
    DocumentKind,
    MeteringPointType,
    ProcessType,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Unit,
)
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.findings import Finding
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import to_datetime
from gateway.processes.events import BundleLimits
from gateway.schemas.registry import Registry

DK = profile("dk")
ZONE = DK.zone
MICROSECONDS = 1_000_000

DAY = ZONE.day_interval(date(2025, 3, 31))
NOW = ZONE.at(date(2025, 4, 1), 10)
BEGINNING = ZONE.midnight(date(2023, 1, 1))
CHANGE = ZONE.midnight(date(2025, 3, 15))

FLEX, PRODUCTION, CHANGING, MONTHLY, REACTIVE, REUNITED, POWER = map(sample_gsrn, range(101, 108))
UNKNOWN = sample_gsrn(999)

SENDER = Principal(GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, "grid")
GRID = Principal(GRID_OPERATOR, Role.GRID_OPERATOR, "grid-too")
STRANGER = Principal(NEIGHBOUR, Role.GRID_OPERATOR, "neighbour")
READER_A = Principal(SUPPLIER_A, Role.ENERGY_SUPPLIER, "a")
READER_B = Principal(SUPPLIER_B, Role.ENERGY_SUPPLIER, "b")
AGENCY = Principal(ENERGY_AGENCY, Role.ENERGY_AGENCY, "agency")
OPERATOR = Principal(DK.hub, Role.HUB, "operator")


def _versions() -> list[MeteringPointVersion]:
    flex = MeteringPointVersion(
        FLEX,
        MeteringPointType.CONSUMPTION,
        GRID_AREA,
        BEGINNING,
        settlement_method=SettlementMethod.FLEX,
        energy_supplier=SUPPLIER_A,
    )
    changing = flex._replace(metering_point=CHANGING)
    child = MeteringPointType.EXCHANGE_REACTIVE_ENERGY
    production = flex._replace(kind=MeteringPointType.PRODUCTION, settlement_method=None)
    reunited = flex._replace(metering_point=REUNITED)
    return [
        flex,
        production._replace(metering_point=PRODUCTION),
        changing._replace(valid_to=CHANGE),
        changing._replace(valid_from=CHANGE, energy_supplier=SUPPLIER_B),
        production._replace(metering_point=MONTHLY, kind=MeteringPointType.VE_PRODUCTION, resolution=Resolution.MONTH),
        flex._replace(metering_point=REACTIVE, kind=child, parent=FLEX, energy_supplier=None, unit=Unit.KVARH),
        reunited._replace(valid_to=CHANGE),
        reunited._replace(valid_from=CHANGE, unit=Unit.MWH),
        production._replace(metering_point=POWER, unit=Unit.KW),
    ]


MASTER = MasterData.build(
    _versions(),
    [GridArea(GRID_AREA, GRID_OPERATOR), GridArea(NEIGHBOUR_AREA, NEIGHBOUR)],
    [
        PartyRole(GRID_OPERATOR, Role.GRID_OPERATOR),
        PartyRole(GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE),
        PartyRole(SUPPLIER_A, Role.ENERGY_SUPPLIER),
        PartyRole(SUPPLIER_B, Role.ENERGY_SUPPLIER),
        PartyRole(ENERGY_AGENCY, Role.ENERGY_AGENCY),
    ],
)


def day_of(
    point: str,
    transaction: str,
    *,
    values: Sequence[int] = (250,) * 96,
    kind: str = MeteringPointType.CONSUMPTION,
    start: int = DAY.start,
) -> Series:
    """A day's quarters of a point; a value below 0 breaks D1 §4.1.5."""
    count = len(values)
    quality = np.full(count, Quality.MEASURED, dtype=np.uint8)
    period = Period(
        Resolution.QUARTER,
        start,
        start + 900 * count,
        np.arange(1, count + 1, dtype=np.int32),
        np.array(values, dtype=np.int64),
        quality,
    )
    return Series(transaction, point, kind, Unit.KWH, period, NOW)


def document(message_id: str, *series: Series, sender: str = GRID_OPERATOR) -> MeasureData:
    """Measure data of a grid operator."""
    header = Header(
        message_id=message_id,
        sender=PartyRef(id=sender, role=Role.METERED_DATA_RESPONSIBLE),
        receiver=PartyRef(id=DK.hub, role=Role.HUB),
        created_at=to_datetime(NOW),
        process_type=ProcessType.PERIODIC_METERING,
    )
    return MeasureData(header=header, series=SeriesTable.of(series))


class SmallHub:
    """An office over a database, and the moves a test makes with it."""

    def __init__(self, database: Database) -> None:
        numbers = itertools.count(1)
        self.clock = MovedClock(NOW)
        self.office = Office(
            database, DK, SeriesStore(ZONE), Registry(), self.clock, lambda: f"{next(numbers):032x}", MASTER
        )
        self.database = database

    def append(
        self,
        point: str,
        values: Sequence[int],
        *,
        start: int = DAY.start,
        step: str = Resolution.QUARTER,
        unit: str = Unit.KWH,
        quality: int | Sequence[int] = Quality.MEASURED,
        at: int = NOW,
    ) -> int:
        """Store values of a point as a transaction of its own, committed at an instant."""
        quantity = np.array([values], dtype=np.int64)
        qualities = np.broadcast_to(np.array(quality, dtype=np.uint8), quantity.shape).copy()
        keys = np.array([point_key(point)], dtype=np.int64)
        with self.database.write() as connection:
            number = allocate(connection, at * MICROSECONDS)
            one = SegmentInput(series_kind(unit), step, start, keys, quantity, qualities)
            self.office.store.append(connection, number, [one])
        return number

    def enter(self, principal: Principal, connection: Connection, at: int) -> int:
        """Journal a message."""
        submission = Submission(DocumentKind.MEASURE_DATA, Dialect.CIM_XML, b"as it came")
        return journal.enter(connection, Entry.incoming(principal, submission, at * MICROSECONDS))

    def send(self, *documents: MeasureData, at: int = NOW, sender: Principal = SENDER) -> list[Accepted | Refused]:
        """Settle messages in one transaction, as a group commit does."""
        with self.database.write() as connection:
            messages = [self.enter(sender, connection, at) for _ in documents]
        with self.database.write() as connection:
            transaction = allocate(connection, at * MICROSECONDS)
            batch = DK.batch(SeriesTable.concat([one.series for one in documents]), MASTER, sender, at)
            checked = CheckedSeries(self.office, sender, batch, DK.check(batch))
            case = MeasureDataCase(messages, documents, checked)
            return case.settle(connection, transaction, at * MICROSECONDS)

    def refuse(self, message_id: str | None, finding: Finding, *, at: int = NOW, sender: Principal = SENDER) -> None:
        """Settle a message that its form or envelope refuses; without an id it could not even be read."""
        header = None if message_id is None else document(message_id).header
        with self.database.write() as connection:
            message = self.enter(sender, connection, at)
        with self.database.write() as connection:
            transaction = allocate(connection, at * MICROSECONDS)
            RefusedCase(message, sender, (finding,), header, 1).settle(connection, transaction, at * MICROSECONDS)

    def close_bundle(self, reader: Principal, *, at: int = NOW + 7200) -> Bundle:
        """Close the oldest bundle of a reader's queue."""
        queue = Queue(reader.party, DK.queue_role(reader.role))
        limits = BundleLimits(DK.bundling.transactions, DK.bundling.points, DK.bundling.age_seconds)
        with self.database.write() as connection:
            found = queues.close_next(connection, queue, None, (limits, at * MICROSECONDS, self.office.new_id))
        assert found is not None
        return found

    def peek(self, bundle: Bundle, *, at: int = NOW + 7300) -> None:
        """Let the owner see a bundle."""
        with self.database.write() as connection:
            assert queues.peeked(connection, bundle, bundle.queue.owner, at * MICROSECONDS, rendered=False)

    def dequeue(self, bundle: Bundle, *, at: int = NOW + 7400) -> None:
        """Let the owner take a bundle off its queue."""
        with self.database.write() as connection:
            assert queues.dequeued(connection, bundle.message_id, bundle.queue.owner, at * MICROSECONDS)
