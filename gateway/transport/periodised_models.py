"""Bodies of the neutral API about periodised readings. Quantities are decimal text in kWh, months local."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from gateway.hub.ports_settlement import PeriodisedKind, PeriodisedReading, PeriodisedRow, PeriodisedSums
from gateway.messages.quantities import format_quantity
from gateway.messages.series import Quantities
from gateway.messages.times import Instants, format_second, to_datetime
from gateway.transport.hub_models import Body
from gateway.transport.problems import FindingBody


class PeriodisedReadingBody(Body):
    """A reading spread over the steps of its period; one that waits for a day to be fixed has none."""

    version: str
    start: datetime
    end: datetime
    consumption: str
    status: str
    waits_for: date | None
    findings: list[FindingBody]
    starts: list[datetime]
    quantities: list[str]

    @classmethod
    def of(cls, reading: PeriodisedReading) -> PeriodisedReadingBody:
        """The body of a periodised reading."""
        return cls(
            version=str(reading.version),
            start=to_datetime(reading.start),
            end=to_datetime(reading.end),
            consumption=format_quantity(reading.consumption),
            status=reading.quality.name.lower(),
            waits_for=reading.waits_for,
            findings=[] if reading.finding is None else [FindingBody.of(reading.finding)],
            starts=_moments(reading.starts),
            quantities=_kwh(reading.quantity),
        )


class PeriodisedBody(Body):
    """The readings of a point spread over their periods, oldest first."""

    metering_point: str
    periods: list[PeriodisedReadingBody]

    @classmethod
    def of(cls, point: str, found: tuple[PeriodisedReading, ...]) -> PeriodisedBody:
        """The body of a point's periodised readings."""
        return cls(metering_point=point, periods=[PeriodisedReadingBody.of(one) for one in found])


class PeriodisedRowBody(Body):
    """One row of sums; `lacking` counts the supplier's points of which something of the month is not known yet."""

    kind: PeriodisedKind
    supplier: str
    tariff: str
    lacking: int
    quantities: list[str]

    @classmethod
    def of(cls, row: PeriodisedRow) -> PeriodisedRowBody:
        """The body of a row."""
        return cls(
            kind=row.kind,
            supplier=row.supplier,
            tariff=row.tariff,
            lacking=row.lacking,
            quantities=_kwh(row.quantity),
        )


class PeriodisedSumsBody(Body):
    """Sums of periodised readings of a month; an empty tariff is all points of the supplier."""

    month: str
    grid_area: str
    waits_for: date | None
    starts: list[datetime]
    rows: list[PeriodisedRowBody]

    @classmethod
    def of(cls, found: PeriodisedSums) -> PeriodisedSumsBody:
        """The body of sums."""
        return cls(
            month=f"{found.month:%Y-%m}",
            grid_area=found.grid_area,
            waits_for=found.waits_for,
            starts=_moments(found.starts),
            rows=[PeriodisedRowBody.of(row) for row in found.rows],
        )


READING_COLUMNS = "metering_point,version,period_start,period_end,status,waits_for,finding,start,quantity\r\n"
SUM_COLUMNS = "kind,grid_area,supplier,tariff,lacking,start,quantity\r\n"


def csv_readings(point: str, found: tuple[PeriodisedReading, ...]) -> bytes:
    """Periodised readings, one line for each step; a reading that waits has one line without a step."""
    lines = [READING_COLUMNS]
    for one in found:
        waits_for = "" if one.waits_for is None else one.waits_for.isoformat()
        finding = "" if one.finding is None else one.finding.rule
        period = (str(one.version), format_second(one.start), format_second(one.end), one.quality.name.lower())
        head = ",".join((point, *period, waits_for, finding))
        lines += (f"{head},{step}\r\n" for step in (_steps(one.starts, one.quantity) if len(one.starts) else (",",)))
    return "".join(lines).encode()


def csv_sums(found: PeriodisedSums) -> bytes:
    """Sums of periodised readings, one line for each step."""
    lines = [SUM_COLUMNS]
    for row in found.rows:
        head = ",".join((row.kind, found.grid_area, row.supplier, row.tariff, str(row.lacking)))
        lines += (f"{head},{step}\r\n" for step in _steps(found.starts, row.quantity))
    return "".join(lines).encode()


def _steps(starts: Instants, quantity: Quantities) -> Iterator[str]:
    for start, kwh in zip(starts.tolist(), _kwh(quantity), strict=True):
        yield f"{format_second(start)},{kwh}"


def _moments(starts: Instants) -> list[datetime]:
    return [to_datetime(start) for start in starts.tolist()]


def _kwh(quantity: Quantities) -> list[str]:
    return [format_quantity(wh) for wh in quantity.tolist()]
