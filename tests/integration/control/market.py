"""A hub over a market made for each test, and what a grid operator sends it, through the production code."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from gateway.hub import journal
from gateway.hub.clock import MovedClock
from gateway.hub.control.values import DayQuery, Kpi, KpiValue
from gateway.hub.database import Database, allocate
from gateway.hub.exchange import Hub
from gateway.hub.journal import Entry
from gateway.hub.measure_data_case import MeasureDataCase
from gateway.hub.measure_data_run import CheckedSeries
from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Principal, Submission
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.markets.profile import MarketProfile
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
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import STEP_SECONDS, to_datetime
from gateway.schemas.registry import Registry
from tests.gs1_codes import gln, gsrn

DK = profile("dk")
ZONE = DK.zone
MICROSECONDS = 1_000_000

AREA, NEXT_AREA = "543", "544"


GRID, NEIGHBOUR, SUPPLIER_A, SUPPLIER_B, BALANCE = map(gln, range(1, 6))

OPERATOR = Principal(DK.hub, Role.HUB, "operator")
OWNER = Principal(GRID, Role.GRID_OPERATOR, "grid")
NEXT_DOOR = Principal(NEIGHBOUR, Role.GRID_OPERATOR, "neighbour")
READER_A = Principal(SUPPLIER_A, Role.ENERGY_SUPPLIER, "a")
READER_B = Principal(SUPPLIER_B, Role.ENERGY_SUPPLIER, "b")
BALANCING = Principal(BALANCE, Role.BALANCE_RESPONSIBLE, "balance")


def flex(number: int, **changes: Any) -> MeteringPointVersion:
    """Flex settled consumption in quarters of supplier A, since ever."""
    version = MeteringPointVersion(
        gsrn(number),
        MeteringPointType.CONSUMPTION,
        AREA,
        valid_from=0,
        settlement_method=SettlementMethod.FLEX,
        resolution=Resolution.QUARTER,
        energy_supplier=SUPPLIER_A,
    )
    return version._replace(**changes)


def hourly(number: int, **changes: Any) -> MeteringPointVersion:
    """Hourly settled consumption in hours."""
    facts: dict[str, Any] = {"settlement_method": SettlementMethod.HOURLY, "resolution": Resolution.HOUR}
    return flex(number, **(facts | changes))


def production(number: int, **changes: Any) -> MeteringPointVersion:
    """Production in quarters."""
    facts: dict[str, Any] = {"kind": MeteringPointType.PRODUCTION, "settlement_method": None}
    return flex(number, **(facts | changes))


def exchange(number: int, source: str, target: str, **changes: Any) -> MeteringPointVersion:
    """A point on a border."""
    facts: dict[str, Any] = {
        "kind": MeteringPointType.EXCHANGE,
        "settlement_method": None,
        "energy_supplier": None,
        "from_grid_area": source,
        "to_grid_area": target,
    }
    return flex(number, **(facts | changes))


class ControlHub(Hub):
    """A hub whose clock is moved by what is sent to it."""

    def __init__(self, database: Database, *versions: MeteringPointVersion, market: MarketProfile = DK) -> None:
        numbers = itertools.count(1)
        master = MasterData.build(
            versions,
            [GridArea(AREA, GRID), GridArea(NEXT_AREA, NEIGHBOUR)],
            [
                PartyRole(GRID, Role.GRID_OPERATOR),
                PartyRole(GRID, Role.METERED_DATA_RESPONSIBLE),
                PartyRole(NEIGHBOUR, Role.GRID_OPERATOR),
                PartyRole(SUPPLIER_A, Role.ENERGY_SUPPLIER),
                PartyRole(SUPPLIER_B, Role.ENERGY_SUPPLIER),
                PartyRole(BALANCE, Role.BALANCE_RESPONSIBLE),
            ],
        )
        clock = MovedClock(0)
        new_id = (f"{number:032x}" for number in numbers).__next__
        super().__init__(Office(database, market, SeriesStore(ZONE), Registry(), clock, new_id, master))
        self.clock, self.database = clock, database
        self._numbers = itertools.count(1)

    def move_to(self, instant: int) -> None:
        """Let time pass."""
        self.clock.move_to(instant)

    def append(
        self,
        points: Sequence[str],
        quantity: Sequence[Sequence[int]],
        *,
        start: int,
        at: int,
        quality: int | Sequence[Sequence[int]] = Quality.MEASURED,
        step: Resolution = Resolution.QUARTER,
        unit: Unit = Unit.KWH,
    ) -> int:
        """Store values as they are, past every rule, as a transaction committed at an instant."""
        values = np.array(quantity, dtype=np.int64)
        qualities = np.broadcast_to(np.array(quality, dtype=np.uint8), values.shape).copy()
        keys = np.array([point_key(point) for point in points], dtype=np.int64)
        with self.database.write() as connection:
            number = allocate(connection, at * MICROSECONDS)
            one = SegmentInput(series_kind(unit), step, start, keys, values, qualities)
            self.office.store.append(connection, number, [one])
        return number

    def send(
        self,
        point: str,
        values: Sequence[int | None],
        *,
        start: int,
        at: int,
        estimated: Sequence[int] = (),
        step: Resolution = Resolution.QUARTER,
    ) -> None:
        """A grid operator's message with one series, by every rule; None is a missing value.

        `estimated` names the places of the values that are estimates.
        """
        self.move_to(at)
        quality = np.array([Quality.MISSING if value is None else Quality.MEASURED for value in values], np.uint8)
        quality[list(estimated)] = Quality.ESTIMATED
        known = self.office.master.versions(point)[0]
        number = next(self._numbers)
        period = Period(
            step,
            start,
            start + STEP_SECONDS[step] * len(values),
            np.arange(1, len(values) + 1, dtype=np.int32),
            np.array([NO_QUANTITY if value is None else value for value in values], dtype=np.int64),
            quality,
        )
        series = Series(f"t-{number}", point, known.kind, Unit.KWH, period, at)
        header = Header(
            message_id=f"m-{number}",
            sender=PartyRef(id=GRID, role=Role.METERED_DATA_RESPONSIBLE),
            receiver=PartyRef(id=DK.hub, role=Role.HUB),
            created_at=to_datetime(at),
            process_type=ProcessType.PERIODIC_METERING,
        )
        sender = Principal(GRID, Role.METERED_DATA_RESPONSIBLE, "grid")
        content = MeasureData(header=header, series=SeriesTable.of([series]))
        submission = Submission(DocumentKind.MEASURE_DATA, Dialect.CIM_XML, b"as it came")
        with self.database.write() as connection:
            message = journal.enter(connection, Entry.incoming(sender, submission, at * MICROSECONDS))
        with self.database.write() as connection:
            transaction = allocate(connection, at * MICROSECONDS)
            market = self.office.profile
            batch = market.batch(content.series, self.office.master, sender, at)
            checked = CheckedSeries(self.office, sender, batch, market.check(batch))
            MeasureDataCase([message], [content], checked).settle(connection, transaction, at * MICROSECONDS)


def day_query(day: date, **rest: Any) -> DayQuery:
    """One day."""
    return DayQuery(day, date.fromordinal(day.toordinal() + 1), **rest)


def figure(values: Sequence[KpiValue] | None, kpi: Kpi, area: str = AREA) -> KpiValue:
    """The one figure of an area."""
    (found,) = [value for value in values or () if (value.kpi, value.grid_area) == (kpi, area)]
    return found
