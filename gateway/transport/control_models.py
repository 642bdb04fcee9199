"""Bodies of control: key figures, missing values, corrections, rejections, sums of points.

Instants are ISO 8601 in UTC, quantities decimal text in the unit named beside them. A CSV line has the same fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from gateway.hub.control.values import (
    Corrections,
    HubSums,
    Kpi,
    KpiValue,
    MissingPoint,
    PointSums,
    RejectionCount,
    SumClass,
)
from gateway.hub.ports_reminders import Reminder
from gateway.messages.codes import ReminderGroup, Resolution, Unit
from gateway.messages.identifiers import point_id
from gateway.messages.quantities import NO_QUANTITY, format_quantity
from gateway.messages.times import to_datetime
from gateway.processes.reminder import ReminderState
from gateway.transport.hub_models import Body, quality_name


class KpiBody(Body):
    """One key figure of a grid area on a local day; `final` is false while the instant that counts is to come."""

    day: date
    grid_area: str
    grid_operator: str
    kpi: Kpi
    as_of: datetime
    final: bool
    count: int
    total: int | None
    percent: str | None
    limit: int | None
    breached: bool | None

    @classmethod
    def of(cls, value: KpiValue) -> KpiBody:
        """The body of a figure."""
        return cls(
            day=value.day,
            grid_area=value.grid_area,
            grid_operator=value.grid_operator,
            kpi=value.kpi,
            as_of=to_datetime(value.as_of),
            final=value.is_final,
            count=value.count,
            total=value.total or None,
            percent=value.percent or None,
            limit=value.limit,
            breached=value.is_breached,
        )


class KpisBody(Body):
    """Key figures by day, grid area and figure."""

    kpis: list[KpiBody]


class MissingBody(Body):
    """A metering point of which values of a local day are missing after their limit, from the first to the last."""

    day: date
    metering_point: str
    grid_area: str
    grid_operator: str
    group: str
    step: Resolution
    first: datetime
    last: datetime
    missing: int
    expected: int

    @classmethod
    def of(cls, point: MissingPoint) -> MissingBody:
        """The body of a point."""
        bounds = {"first": to_datetime(point.first), "last": to_datetime(point.last)}
        return cls(**(point._asdict() | bounds))


class MissingValuesBody(Body):
    """One window of missing values; pass `after` to continue, it is empty at the end. A window may be empty before."""

    points: list[MissingBody]
    after: str = ""


class ReminderBody(Body):
    """A metering point whose grid operator was reminded of a day, how often, and when that came to an end."""

    day: date
    metering_point: str
    grid_area: str
    grid_operator: str
    group: ReminderGroup
    state: ReminderState
    reminders: int
    first: datetime
    last: datetime
    ended: datetime | None

    @classmethod
    def of(cls, reminder: Reminder) -> ReminderBody:
        """The body of a point's reminders of a day."""
        ended = None if reminder.ended is None else to_datetime(reminder.ended)
        moments = {"first": to_datetime(reminder.first), "last": to_datetime(reminder.last), "ended": ended}
        return cls(**(reminder._asdict() | moments))


class RemindersBody(Body):
    """One window of reminders; pass `after` to continue, it is empty at the end. A window may be empty before."""

    reminders: list[ReminderBody]
    after: str = ""


class CorrectionBody(Body):
    """One corrected value; an old one that was missing, or accepted in another resolution, has no quantity."""

    metering_point: str
    start: datetime
    step: Resolution
    unit: Unit
    old_quantity: str | None
    old_quality: str | None
    new_quantity: str | None
    new_quality: str
    received_at: datetime
    first_run: str
    first_run_at: datetime | None

    @classmethod
    def of(cls, report: Corrections) -> Iterator[CorrectionBody]:
        """The bodies of a report's values, in order."""
        columns = (
            report.point,
            report.start,
            report.old_quantity,
            report.old_quality,
            report.new_quantity,
            report.new_quality,
            report.received_at,
        )
        words = (report.step, report.unit, report.run)
        for point, start, old, old_quality, new, new_quality, at, step, unit, run in zip(
            *(column.tolist() for column in columns), *words, strict=True
        ):
            yield cls(
                metering_point=point_id(point),
                start=to_datetime(start),
                step=step,
                unit=unit,
                old_quantity=_quantity(old),
                old_quality=quality_name(old_quality, old != NO_QUANTITY) if old_quality else None,
                new_quantity=_quantity(new),
                new_quality=quality_name(new_quality, new != NO_QUANTITY),
                received_at=to_datetime(at),
                first_run=run.name,
                first_run_at=None if run.at is None else to_datetime(run.at),
            )


class CorrectionsBody(Body):
    """One window of corrections as received; pass `after` to continue, it is empty at the end."""

    corrections: list[CorrectionBody]
    after: str = ""


class RejectionBody(Body):
    """How often one reason met one sender on one local day."""

    day: date
    party: str
    code: str
    series: int
    messages: int
    readings: int

    @classmethod
    def of(cls, count: RejectionCount) -> RejectionBody:
        """The body of a count."""
        return cls(
            day=count.day,
            party=count.party,
            code=count.code,
            series=count.series,
            messages=count.messages,
            readings=count.readings,
        )


class RejectionsBody(Body):
    """Rejections by day, sender and reason."""

    rejections: list[RejectionBody]


class PointSumBody(Body):
    """What points add up to in one hour, with how many of them should have a value, lack one, or have an estimate."""

    grid_area: str
    sum_class: SumClass
    energy_supplier: str
    start: datetime
    quantity: str
    unit: Unit
    quality: str
    points: int
    missing: int
    estimated: int

    @classmethod
    def of(cls, sums: PointSums) -> Iterator[PointSumBody]:
        """The bodies of sums, in order."""
        columns = (sums.start, sums.quantity, sums.points, sums.missing, sums.estimated)
        words = (sums.grid_area, sums.sum_class, sums.energy_supplier, sums.quality)
        for start, quantity, points, missing, estimated, area, sum_class, supplier, quality in zip(
            *(column.tolist() for column in columns), *words, strict=True
        ):
            yield cls(
                grid_area=area,
                sum_class=sum_class,
                energy_supplier=supplier,
                start=to_datetime(start),
                quantity=format_quantity(quantity),
                unit=Unit.KWH,
                quality=quality_name(quality, has_quantity=True),
                points=points,
                missing=missing,
                estimated=estimated,
            )


class HubSumBody(Body):
    """A sum of the hub in one hour: of a supplier, a balance responsible party, or the grid area.

    `against` is what the points of the caller, or the suppliers of a balance responsible party, add up to; `cut_off`
    is up to when values received are in the hub's sum.
    """

    grid_area: str
    sum_class: SumClass
    energy_supplier: str
    balance_responsible: str
    start: datetime
    quantity: str | None
    unit: Unit
    quality: str
    against: str | None
    difference: str | None
    version: int
    cut_off: datetime

    @classmethod
    def of(cls, sums: HubSums) -> Iterator[HubSumBody]:
        """The bodies of sums, in order."""
        numbers = (sums.start, sums.quantity, sums.quality, sums.against, sums.difference, sums.version, sums.cut_off)
        words = (sums.grid_area, sums.sum_class, sums.energy_supplier, sums.balance_responsible)
        for start, quantity, quality, against, difference, version, cut_off, area, sum_class, supplier, brp in zip(
            *(column.tolist() for column in numbers), *words, strict=True
        ):
            yield cls(
                grid_area=area,
                sum_class=sum_class,
                energy_supplier=supplier,
                balance_responsible=brp,
                start=to_datetime(start),
                quantity=_quantity(quantity),
                unit=Unit.KWH,
                quality=quality_name(quality, has_quantity=quantity != NO_QUANTITY),
                against=_quantity(against),
                difference=_quantity(difference),
                version=version,
                cut_off=to_datetime(cut_off),
            )


class ControlBody(Body):
    """Hourly sums of the points the caller may see, and the hub's own that it is entitled to beside them."""

    sums: list[PointSumBody]
    hub: list[HubSumBody]


def _quantity(thousandths: int) -> str | None:
    return None if thousandths == NO_QUANTITY else format_quantity(thousandths)
