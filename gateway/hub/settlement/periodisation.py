"""Periodised consumption of a point: its readings spread over their periods by the curve as fixed (D1 §1.32)."""

from __future__ import annotations

from datetime import date

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.ports_readings import StandingReading
from gateway.hub.ports_settlement import PeriodisedReading
from gateway.hub.readings.looking import of_point
from gateway.hub.settlement.fixed_curves import FixedCurve, FixedCurves
from gateway.messages.findings import Finding, Severity
from gateway.messages.masterdata import MasterData
from gateway.messages.times import Interval
from gateway.settlement.profiles import periodised


def periodised_readings(
    office: Office, connection: Connection, reader: Principal, point: str, span: Interval
) -> tuple[PeriodisedReading, ...] | None:
    """The readings of a point that overlap a span, whole, as far as the reader may see their periods.

    None when the point is unknown or the reader may never see it. A reading waits until every day of its period is
    fixed. Findings of a reading: `curve-not-positive`; `no-grid-area` where master data were changed beneath it.
    """
    found = of_point(office, connection, reader, point, None)
    if found is None:
        return None
    master, curves = office.refresh(connection), FixedCurves(office.profile.zone, connection)
    wanted = (one for one in found.periods if Interval(one.start, one.end).overlaps(span))
    return tuple(_periodised(master, curves, one) for one in wanted)


def _periodised(master: MasterData, curves: FixedCurves, reading: StandingReading) -> PeriodisedReading:
    period = Interval(reading.start, reading.end)
    fixed = curve_over(curves, areas_over(master, reading.metering_point, period))
    waits_for, finding = None, None
    starts = quantity = np.empty(0, dtype=np.int64)
    if isinstance(fixed, date):
        waits_for = fixed
    elif not len(fixed.starts):
        text = f"by what master data say now, point {reading.metering_point} lies in no grid area over the period"
        finding = Finding("no-grid-area", text, rule="no-grid-area", clause="D1 §1.32", severity=Severity.WARNING)
    else:
        starts = fixed.starts
        quantity, finding = periodised(reading.consumption, fixed.curve.cut_by_total())
    return PeriodisedReading(
        version=reading.version,
        start=reading.start,
        end=reading.end,
        consumption=reading.consumption,
        quality=reading.quality,
        starts=starts,
        quantity=quantity,
        waits_for=waits_for,
        finding=finding,
    )


def areas_over(master: MasterData, point: str, period: Interval) -> list[tuple[str, Interval]]:
    """The grid areas a point lies in over a period, by what master data say now; one but for a merger of areas."""
    spans = ((v.grid_area, period.common(Interval(v.valid_from, v.valid_to))) for v in master.versions(point, period))
    return [(area, span) for area, span in spans if span is not None]


def curve_over(curves: FixedCurves, areas: list[tuple[str, Interval]]) -> FixedCurve | date:
    """The curve along a period through some areas, or the first day of it that is not fixed."""
    parts: list[FixedCurve] = []
    for area, span in areas:
        part = curves.over(area, span)
        if isinstance(part, date):
            return part
        parts.append(part)
    return FixedCurve.joined(parts)
