"""A town that can be settled by hand: one grid area, two suppliers, a handful of points with the same value all day.

Every hour the town makes 10 kWh and takes 50 kWh in over the border, so it uses 60. Of these 12 and 8 are flex settled,
20 hourly settled; what is left, 20 kWh, is the residual of two profile-settled customers with load shares 3 : 1.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from gateway.codecs.table import encode
from gateway.config import Settings
from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.clock import MovedClock
from gateway.hub.database import transaction_at
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, filled_csv_files
from gateway.hub.ports import Accepted, Principal, Refused, Submission
from gateway.hub.settlement.days import UNTOUCHED, standings
from gateway.hub.settlement.evening import Settlement
from gateway.hub.settlement.snapshots import Snapshot, load
from gateway.hub.tables_settlement import settlement_evening, settlement_run, snapshot
from gateway.messages.codes import (
    Dialect,
    DocumentKind,
    MeteringPointType,
    ProcessType,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    SettlementStage,
)
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.masterdata import GridArea, MeteringPointVersion, PartyRole
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.settlement_masterdata import LoadShare, PointTariff, SettlementFacts
from gateway.messages.times import MarketZone, day_number, to_datetime
from gateway.settlement.quality_sets import CORRECTED
from gateway.settlement.results import ResultKind, SettlementResults
from gateway.wiring import open_hub

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2016, 3, 8)
"""A Tuesday: its fifth working day is Tuesday 15 March, its first refixation Thursday 7 April."""

FIXED_ON = date(2016, 3, 15)
HUB = "5790001330552"
AREA, BEYOND = "801", "802"
GRID, BEYOND_GRID = sample_gln(201), sample_gln(202)
SUPPLIER_A, SUPPLIER_B = sample_gln(211), sample_gln(212)
RESPONSIBLE_A, RESPONSIBLE_B = sample_gln(221), sample_gln(222)
AGENCY = sample_gln(231)
OPERATOR = Principal(HUB, Role.HUB, "operator")

_CONSUMPTION, _FLEX = MeteringPointType.CONSUMPTION, SettlementMethod.FLEX
_A, _B = (SUPPLIER_A, RESPONSIBLE_A), (SUPPLIER_B, RESPONSIBLE_B)

USES: dict[str, tuple[MeteringPointType, SettlementMethod | None, tuple[str, str] | None, int]] = {
    "production": (MeteringPointType.PRODUCTION, None, _A, 10_000),
    "flex-a": (_CONSUMPTION, _FLEX, _A, 12_000),
    "flex-b": (_CONSUMPTION, _FLEX, _B, 8_000),
    "hourly-b": (_CONSUMPTION, SettlementMethod.HOURLY, _B, 20_000),
    "profiled-a": (_CONSUMPTION, SettlementMethod.PROFILED, _A, 0),
    "profiled-b": (_CONSUMPTION, SettlementMethod.PROFILED, _B, 0),
    "exchange": (MeteringPointType.EXCHANGE, None, None, 50_000),
}
"""Points by name: type, method, supplier and balance responsible, Wh of every hour."""

METERED = tuple(name for name, use in USES.items() if use[3])
LOAD_SHARES = {"profiled-a": 3000, "profiled-b": 1000}
POINTS = {name: sample_gsrn(90_000 + number) for number, name in enumerate(USES)}


@dataclass
class Town:
    """A running hub with the town, and short words for what happens in it."""

    hub: Hub
    clock: MovedClock
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def at(self, day: date, hour: int, minute: int = 0, second: int = 0) -> None:
        """Move the clock to a local time."""
        self.clock.move_to(ZONE.at(day, hour, minute) + second)

    def send(
        self, day: date, values: Mapping[str, int | list[int] | None], quality: Quality = Quality.MEASURED
    ) -> Accepted | Refused:
        """The grid operator sends a day of some points: Wh of every hour, or of each; None is missing."""
        number = next(self.numbers)
        span = ZONE.day_interval(day)
        count = (span.end - span.start) // 3600
        series: list[Series] = []
        for name, value in values.items():
            wh = np.full(count, NO_QUANTITY) if value is None else np.broadcast_to(np.array(value), (count,)).copy()
            status = Quality.MISSING if value is None else quality
            position = np.arange(1, count + 1, dtype=np.int32)
            period = Period("PT1H", span.start, span.end, position, wh, np.full(count, status, dtype=np.uint8))
            transaction = f"t{number}-{len(series)}"
            series.append(Series(transaction, POINTS[name], USES[name][0], "kwh", period, self.clock.now()))
        header = Header(
            message_id=f"m{number}",
            sender=PartyRef(id=GRID, role=Role.METERED_DATA_RESPONSIBLE),
            receiver=PartyRef(id=HUB, role=Role.HUB),
            created_at=to_datetime(self.clock.now()),
            type_code="E66",
            process_type=ProcessType.PERIODIC_METERING,
            business_sector="23",
        )
        body = encode(MeasureData(header=header, series=SeriesTable.of(series)), Dialect.CIM_XML)
        sender = Principal(GRID, Role.METERED_DATA_RESPONSIBLE, "grid")
        return asyncio.run(self.hub.submit(sender, Submission(DocumentKind.MEASURE_DATA, Dialect.CIM_XML, body)))

    def send_all(self, day: date, **changed: int | list[int] | None) -> None:
        """A whole day as it should be, with some values changed, at six the next morning or later."""
        self.at(day + timedelta(days=1), 6)
        assert isinstance(self.send(day, {name: USES[name][3] for name in METERED} | changed), Accepted)

    def evening(self, day: date) -> int:
        """Let it be a second past nine on a day; how many evenings were settled here.

        Where the hub is served, its own clock may have begun with them.
        """
        self.at(day, 21, second=1)
        settlement, settled = Settlement(self.hub.office), 0
        patient_until = time.monotonic() + 60
        while (evening := settlement.next_evening()) is not None and evening < self.clock.now():
            settled += settlement.catch_up()
            assert time.monotonic() < patient_until
            time.sleep(0.01)
        return settled

    def pass_over(self, last: date) -> None:
        """Let the evenings up to a day count as settled: months go by in which nothing happens."""
        evening = self.hub.office.profile.timetable.evening(last)
        self.clock.move_to(evening + 1)
        with self.hub.office.database.write() as connection:
            connection.execute(sa.insert(settlement_evening).values(evening=evening, finished_at=0))

    def newest_version(self) -> int:
        """The version of everything as known now."""
        with self.hub.office.database.read() as connection:
            return transaction_at(connection, self.clock.micros())

    def results(self, day: date, stage: SettlementStage, area: str = AREA) -> SettlementResults:
        """What was filed of a day at a stage, the newest."""
        return self.snapshots(day, area)[stage].results

    def snapshots(self, day: date, area: str = AREA) -> dict[SettlementStage, Snapshot]:
        """What was filed of a day, the newest of each stage."""
        wanted = sa.select(snapshot.c.id).join(settlement_run).where(settlement_run.c.day == day_number(day))
        with self.hub.office.database.read() as connection:
            numbers = connection.execute(wanted.where(snapshot.c.grid_area == area).order_by(snapshot.c.id)).scalars()
            found = [load(connection, number) for number in numbers.all()]
        return {one.run.stage: one for one in found}

    def stages(self, day: date, area: str = AREA) -> list[SettlementStage]:
        """The stages of everything filed of a day, in order of filing."""
        return list(self.snapshots(day, area))

    def state(self, day: date, area: str = AREA) -> str:
        """Where a day stands."""
        with self.hub.office.database.read() as connection:
            return standings(connection, day, day).get((day, area), UNTOUCHED).state.value

    @staticmethod
    def row(results: SettlementResults, kind: ResultKind, **whose: str) -> int:
        """The row of a table that is of a supplier, balance responsible party or tariff, or of the whole area."""
        keys = results.tables[kind].keys
        return next(i for i, key in enumerate(keys) if all(getattr(key, part) == one for part, one in whose.items()))

    def kwh(self, results: SettlementResults, kind: ResultKind, **whose: str) -> list[float]:
        """A sum in kWh."""
        return [wh / 1000 for wh in results.tables[kind].quantity[self.row(results, kind, **whose)].tolist()]

    def status(self, results: SettlementResults, kind: ResultKind, **whose: str) -> list[Quality]:
        """The one status of a sum by Regulation D1."""
        return [Quality(one) for one in results.tables[kind].status[self.row(results, kind, **whose)].tolist()]

    def corrected(self, results: SettlementResults, kind: ResultKind, **whose: str) -> list[bool]:
        """Where a sum is marked corrected."""
        sets = results.tables[kind].qualities[self.row(results, kind, **whose)]
        return [bool(one & CORRECTED) for one in sets.tolist()]


def dataset(**facts: Any) -> MasterDataSet:
    """The town's master data; facts given change every point."""
    start = ZONE.midnight(date(2015, 1, 1))
    points = []
    for name, (kind, method, parties, _) in USES.items():
        supplier, responsible = parties or (None, None)
        version = MeteringPointVersion(
            metering_point=POINTS[name],
            kind=kind,
            grid_area=AREA,
            valid_from=start,
            settlement_method=method,
            resolution=Resolution.HOUR,
            energy_supplier=supplier,
            balance_responsible=responsible,
            from_grid_area=BEYOND if kind is MeteringPointType.EXCHANGE else None,
            to_grid_area=AREA if kind is MeteringPointType.EXCHANGE else None,
        )
        points.append(version._replace(**facts))
    areas = [GridArea(AREA, GRID, "Town", start), GridArea(BEYOND, BEYOND_GRID, "Beyond", start)]
    held = [
        (GRID, Role.GRID_OPERATOR),
        (GRID, Role.METERED_DATA_RESPONSIBLE),
        (BEYOND_GRID, Role.GRID_OPERATOR),
        (SUPPLIER_A, Role.ENERGY_SUPPLIER),
        (SUPPLIER_B, Role.ENERGY_SUPPLIER),
        (RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE),
        (RESPONSIBLE_B, Role.BALANCE_RESPONSIBLE),
        (AGENCY, Role.ENERGY_AGENCY),
    ]
    roles = [PartyRole(party, role, f"Party {party}", start) for party, role in held]
    return MasterDataSet(points, areas, roles, [], settlement_facts(start))


def settlement_facts(start: int) -> SettlementFacts:
    """Load shares of the profile-settled, one tariff for everybody and another for the customers of A alone."""
    consuming = [name for name, use in USES.items() if use[0] is _CONSUMPTION]
    tariffs = [PointTariff(POINTS[name], "GRID", GRID, start) for name in consuming]
    tariffs += [PointTariff(POINTS[name], "EXTRA", GRID, start) for name in ("flex-a", "profiled-a")]
    return SettlementFacts(
        load_shares=[LoadShare(POINTS[name], share * 1000, start) for name, share in LOAD_SHARES.items()],
        tariffs=tariffs,
    )


def start_town(data_dir: Path, database_url: str | None = None, begins: date = DAY, **profile: object) -> Town:
    """A started hub with the town, its clock at five in the morning of a day."""
    town = open_town(data_dir, database_url, begins, **profile)
    town.hub.start()
    return town


def register(town: Town, stated: MasterDataSet) -> None:
    """Register master data on top of the town's."""
    report = asyncio.run(town.hub.import_master_data(OPERATOR, filled_csv_files(stated)))
    assert any(report.rows.values()), report.findings


def open_town(data_dir: Path, database_url: str | None = None, begins: date = DAY, **profile: object) -> Town:
    """A hub with the town that takes no messages yet."""
    clock = MovedClock(ZONE.at(begins, 5))
    changes = {"bundling": {"age_seconds": 0}, **profile}
    hub = open_hub(Settings(data_dir=data_dir, database=database_url, profile=changes), clock)
    town = Town(hub, clock)
    register(town, dataset())
    return town
