"""Distribution curves as fixed, by grid area and day: what readings are spread by (D1 §1.15, §1.32)."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.settlement.basis import load_share_total
from gateway.hub.settlement.snapshots import newest_by_day
from gateway.messages.codes import SettlementStage
from gateway.messages.times import Instants, Interval, MarketZone, day_number, numbered_day
from gateway.settlement.results import ResultKind, SettlementResults
from gateway.settlement.spreading import CurveColumns


class FixedCurve(NamedTuple):
    """A curve over a stretch of time.

    Attributes:
        starts: int64[n], the start of each step.
        curve: its columns.
    """

    starts: Instants
    curve: CurveColumns

    @classmethod
    def joined(cls, parts: list[FixedCurve]) -> FixedCurve:
        """Stretches behind each other."""
        columns = [(part.starts, *part.curve) for part in parts] or [(np.empty(0, dtype=np.int64),) * 3]
        starts, residual, total = map(np.concatenate, zip(*columns, strict=True))
        return cls(starts, CurveColumns(residual, total))


class _AreaCurve(NamedTuple):
    """The curve of an area over some days, with the bounds of the days among them that are not fixed."""

    days: Interval
    fixed: FixedCurve
    unfixed_start: Instants
    unfixed_end: Instants


class FixedCurves:
    """The curves of a hub's grid areas; what was read once is kept."""

    def __init__(self, zone: MarketZone, connection: Connection) -> None:
        self._zone, self._connection = zone, connection
        self._areas: dict[str, _AreaCurve] = {}

    def over(self, area: str, span: Interval) -> FixedCurve | date:
        """The curve of an area over a span, or the first day of it that is not fixed yet.

        A day without load shares has no curve (DK-1.15), and takes no part of a reading [DEF].
        """
        known = self.prepare(area, span)
        place = int(np.searchsorted(known.unfixed_end, span.start, side="right"))
        if place < len(known.unfixed_start) and known.unfixed_start[place] < span.end:
            return self._zone.day(int(known.unfixed_start[place]))
        low, high = np.searchsorted(known.fixed.starts, (span.start, span.end)).tolist()
        residual, total = known.fixed.curve
        return FixedCurve(known.fixed.starts[low:high], CurveColumns(residual[low:high], total[low:high]))

    def prepare(self, area: str, span: Interval) -> _AreaCurve:
        """Read the curve of an area over a span, once for all that lies within."""
        known = self._areas.get(area)
        if known is not None and known.days.start <= span.start and span.end <= known.days.end:
            return known
        if known is not None:
            span = Interval(min(span.start, known.days.start), max(span.end, known.days.end))
        self._areas[area] = self._read(area, self._zone.day(span.start), self._zone.day(span.end - 1))
        return self._areas[area]

    def _read(self, area: str, first: date, last: date) -> _AreaCurve:
        snapshots = newest_by_day(self._connection, area, (first, last), SettlementStage.FIXATION)
        fixed: dict[date, FixedCurve] = {one.run.day: _curve_of(one.results) for one in snapshots}
        days = [numbered_day(number) for number in range(day_number(first), day_number(last) + 1)]
        unfixed = [self._zone.day_interval(day) for day in days if day not in fixed]
        return _AreaCurve(
            Interval(self._zone.midnight(first), self._zone.day_interval(last).end),
            FixedCurve.joined([fixed[day] for day in days if day in fixed]),
            np.array([day.start for day in unfixed], dtype=np.int64),
            np.array([day.end for day in unfixed], dtype=np.int64),
        )


def _curve_of(results: SettlementResults) -> FixedCurve:
    total, residual = load_share_total(results.tables), results.tables[ResultKind.GRID_LOSS]
    steps = results.steps
    if total and len(residual.keys):
        columns = CurveColumns(residual.quantity[0], np.full(steps, total))
    else:
        columns = CurveColumns(np.zeros(steps, dtype=np.int64), np.ones(steps, dtype=np.int64))
    return FixedCurve(results.starts, columns)
