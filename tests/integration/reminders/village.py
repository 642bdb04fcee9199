"""A village of a few metering points that owe one day's data, and short words for what happens to their reminders."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from gateway.codecs.table import Decoded, decode
from gateway.config import Settings
from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.clock import MovedClock
from gateway.hub.database import allocate
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Page, Principal
from gateway.hub.ports_reminders import Reminder, ReminderPage, ReminderQuery
from gateway.hub.reminders.run import Reminders
from gateway.hub.series.segments import SegmentInput
from gateway.hub.tables_exchange import outgoing
from gateway.messages.codes import (
    Category,
    Dialect,
    MeteringPointType,
    Permission,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Unit,
)
from gateway.messages.documents import MissingDataReminder
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import GridArea, MeteringPointVersion, PartyRole
from gateway.messages.settlement_masterdata import PointPermission, SettlementFacts
from gateway.messages.times import MarketZone
from gateway.wiring import open_hub

ZONE = MarketZone("Europe/Copenhagen")
HUB = "5790001330552"
AREA, BEYOND = "811", "812"
GRID, NEXT_DOOR, SUPPLIER, RESPONSIBLE = (sample_gln(number) for number in (301, 302, 311, 321))
OPERATOR = Principal(HUB, Role.HUB, "operator")
OWNER = Principal(GRID, Role.METERED_DATA_RESPONSIBLE, "grid")
NEIGHBOUR = Principal(NEXT_DOOR, Role.GRID_OPERATOR, "next-door")

TUESDAY = date(2016, 3, 22)
"""Before Easter: its third working day is Wednesday 30 March, its fifth Friday 1 April (dk-settlement §3)."""


def gsrn(number: int) -> str:
    """A metering point of the village."""
    return sample_gsrn(80_000 + number)


def flex(number: int, day: date | None = TUESDAY, **changes: Any) -> MeteringPointVersion:
    """Flex settled consumption in hours that owes the values of one day alone; None: of every day."""
    version = MeteringPointVersion(
        gsrn(number),
        MeteringPointType.CONSUMPTION,
        AREA,
        valid_from=ZONE.midnight(date(2015, 1, 1) if day is None else day),
        settlement_method=SettlementMethod.FLEX,
        resolution=Resolution.HOUR,
        energy_supplier=SUPPLIER,
        balance_responsible=RESPONSIBLE,
    )
    if day is not None:
        version = version._replace(valid_to=ZONE.day_interval(day).end)
    return version._replace(**changes)


def hourly(number: int, day: date | None = TUESDAY, **changes: Any) -> MeteringPointVersion:
    """Hourly settled consumption."""
    return flex(number, day, **({"settlement_method": SettlementMethod.HOURLY} | changes))


def production(number: int, day: date | None = TUESDAY, **changes: Any) -> MeteringPointVersion:
    """Production."""
    facts: dict[str, Any] = {"kind": MeteringPointType.PRODUCTION, "settlement_method": None}
    return flex(number, day, **(facts | changes))


def exchange(number: int, day: date | None = TUESDAY) -> MeteringPointVersion:
    """A point on the border of the village."""
    facts: dict[str, Any] = {"kind": MeteringPointType.EXCHANGE, "energy_supplier": None, "balance_responsible": None}
    return production(number, day, from_grid_area=BEYOND, to_grid_area=AREA, **facts)


@dataclass
class Village:
    """A running hub, its clock, and who reminds."""

    hub: Hub
    clock: MovedClock
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    reminders: Reminders = field(init=False)

    def __post_init__(self) -> None:
        self.reminders = Reminders(self.hub.office)

    def at(self, day: date, hour: int, second: int = 0) -> int:
        """Let it be a local time and send what is due; how many series that is."""
        self.clock.move_to(ZONE.at(day, hour) + second)
        return self.reminders.catch_up()

    def through(self, first: date, last: date, hours: Sequence[int] = (10, 21)) -> dict[date, int]:
        """Live through days, asking just after some hours; how many series went out on each day that brought any."""
        sent: Counter[date] = Counter()
        for day in (first + timedelta(days=number) for number in range((last - first).days + 1)):
            for hour in hours:
                sent[day] += self.at(day, hour, 1)
        return dict(+sent)

    def register(self, *versions: MeteringPointVersion, permissions: Iterable[PointPermission] = ()) -> None:
        """Register metering points and permissions."""
        facts = SettlementFacts(permissions=list(permissions))
        files = csv_files(MasterDataSet(points=list(versions), settlement=facts))
        self.take({name: content for name, content in files.items() if content.count(b"\n") > 1})

    def take(self, files: dict[str, bytes]) -> None:
        """Import files."""
        report = asyncio.run(self.hub.import_master_data(OPERATOR, files))
        assert any(report.rows.values()), report.findings

    def fill(
        self,
        point: str,
        day: date,
        *,
        hours: int = 24,
        step: Resolution = Resolution.HOUR,
        quality: Quality = Quality.MEASURED,
    ) -> None:
        """Store the first hours of a day, or a month, as received now."""
        values = np.full((1, hours), 1000)
        qualities = np.full((1, hours), quality, dtype=np.uint8)
        key = np.array([point_key(point)], dtype=np.int64)
        one = SegmentInput(series_kind(Unit.KWH), step, ZONE.midnight(day), key, values, qualities)
        with self.hub.office.database.write() as connection:
            self.hub.office.store.append(connection, allocate(connection, self.clock.micros()), [one])

    def fetched(self, who: Principal = OWNER, dialect: Dialect = Dialect.CIM_XML) -> list[MissingDataReminder]:
        """Everything in a party's queue, read as its client would."""
        documents: list[MissingDataReminder] = []
        while (found := asyncio.run(self.hub.peek(who, Category.MEASURE_DATA, dialect))) is not None:
            read = decode(found.content, dialect, found.kind)
            assert isinstance(read, Decoded), read
            assert isinstance(read.document, MissingDataReminder)
            documents.append(read.document)
            assert asyncio.run(self.hub.dequeue(who, found.message_id))
        return documents

    def told(self, who: Principal = OWNER) -> list[tuple[str, date]]:
        """The points and days a party was reminded of since it last looked, in order."""
        return [(one.points[0].id, ZONE.day(one.day or 0)) for document in self.fetched(who) for one in document.series]

    def listed(self, who: Principal = OPERATOR, **query: Any) -> dict[str, Reminder]:
        """What the list says, by point."""
        return {one.metering_point: one for one in self.page(who, **query).reminders}

    def page(self, who: Principal = OPERATOR, page: Page | None = None, **query: Any) -> ReminderPage:
        """A window of the list."""
        found = asyncio.run(self.hub.reminders(who, ReminderQuery(**query), page or Page()))
        assert isinstance(found, ReminderPage)
        return found

    def waiting(self) -> int:
        """How many rows stand in the queues."""
        with self.hub.office.database.read() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(outgoing)).scalar() or 0)


def quiet(point: str, since: date, until: date) -> PointPermission:
    """Leave not to be reminded of a point's data of some days."""
    return PointPermission(point, Permission.NO_REMINDERS, ZONE.midnight(since), ZONE.midnight(until))


def start_village(
    data_dir: Path,
    database_url: str | None,
    *versions: MeteringPointVersion,
    begins: date = TUESDAY,
    packs: Sequence[Path] = (),
    **profile: object,
) -> Village:
    """A started hub with the village, its clock at five in the morning of a day."""
    clock = MovedClock(ZONE.at(begins, 5))
    changes = {"bundling": {"age_seconds": 0}, **profile}
    settings = Settings(data_dir=data_dir, database=database_url, profile=changes, schema_packs=list(packs))
    hub = open_hub(settings, clock)
    hub.start()
    village, start = Village(hub, clock), ZONE.midnight(date(2015, 1, 1))
    held = [
        (GRID, Role.GRID_OPERATOR),
        (GRID, Role.METERED_DATA_RESPONSIBLE),
        (NEXT_DOOR, Role.GRID_OPERATOR),
        (SUPPLIER, Role.ENERGY_SUPPLIER),
        (RESPONSIBLE, Role.BALANCE_RESPONSIBLE),
    ]
    roles = [PartyRole(party, role, f"Party {party}", start) for party, role in held]
    areas = [GridArea(AREA, GRID, "Village", start), GridArea(BEYOND, NEXT_DOOR, "Beyond", start)]
    files = csv_files(MasterDataSet(list(versions), areas, roles))
    village.take({name: content for name, content in files.items() if content.count(b"\n") > 1})
    return village
