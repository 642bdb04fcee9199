"""Accounting intervals summed into longer steps on request, the commodity's own days among them."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from gateway.hub.series.step_sums import Values, step_bounds, summed
from gateway.markets.calendar import month_after
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Quality, Resolution
from gateway.messages.metering_data import MeasureColumns, MeteringData, interval_ends
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT, STEP_SECONDS, Instants, Interval

_COARSENESS = {resolution: place for place, resolution in enumerate(Resolution)}


def longest_step(data: MeteringData) -> Resolution:
    """The longest resolution the data have: no step asked for may be finer."""
    return max(map(Resolution, data.resolution), key=_COARSENESS.__getitem__)


def is_finer(step: Resolution, stored: Resolution) -> bool:
    """Whether a step would cut stored values up."""
    return _COARSENESS[step] < _COARSENESS[stored]


def in_steps(data: MeteringData, step: Resolution, profile: MarketProfile) -> MeteringData:
    """The intervals of one metering point, none longer than the step, summed into steps in which anything is known.

    A sum is measured where every value is and they fill the step, else estimated; it was read when the last of its
    values was.
    """
    if not len(data):
        return data
    ends = interval_ends(data.start, data.stated_resolution, profile.zone)
    bounds = _bounds(data, step, profile, Interval(int(data.start.min()), int(ends.max())))
    step_of = np.searchsorted(bounds, data.start, side="right") - 1
    known = np.unique(step_of)
    measures = {
        measure: _summed(columns, (data.start, ends), bounds, known) for measure, columns in data.measures.items()
    }
    return MeteringData(
        commodity=data.commodity,
        form=data.form,
        caller=None,
        point=data.point[:1],
        resolution=[step],
        offsets=np.array([0, len(known)], dtype=np.int64),
        start=bounds[known],
        measures=measures,
    )


def _summed(
    columns: MeasureColumns, span: tuple[Instants, Instants], bounds: Instants, known: Instants
) -> MeasureColumns:
    """One measure summed: columns beside the steps in which anything at all is known."""
    count = len(known)
    quantity = np.full(count, NO_QUANTITY, dtype=np.int64)
    quality = np.zeros(count, dtype=np.uint8)
    read_at = np.full(count, NO_INSTANT, dtype=np.int64)
    stated = np.flatnonzero(columns.is_stated)
    if len(stated):
        order = stated[np.argsort(span[0][stated], kind="stable")]
        starts, ends = span[0][order], span[1][order]
        plain = np.where(columns.quality[order] == Quality.ABSENT, Quality.MEASURED, columns.quality[order])
        nothing = np.zeros(len(order), dtype=np.int64)
        sums = summed(Values(starts, ends, columns.quantity[order], plain.astype(np.uint8), nothing), bounds)
        step_of = np.searchsorted(bounds, starts, side="right") - 1
        at = np.searchsorted(known, np.unique(step_of))
        quantity[at] = sums.quantities
        is_whole = sums.qualities == Quality.MEASURED
        quality[at] = np.where(is_whole, np.uint8(Quality.MEASURED), np.uint8(Quality.ESTIMATED))
        first = np.flatnonzero(np.diff(step_of, prepend=-1))
        read_at[at] = np.maximum.reduceat(columns.read_at[order], first)
        if (columns.quality[order] == Quality.ABSENT).all():
            quality[:] = Quality.ABSENT
    return MeasureColumns(columns.measure, quantity, quality, read_at, np.full(count, 3, dtype=np.uint8))


def _bounds(data: MeteringData, step: Resolution, profile: MarketProfile, span: Interval) -> Instants:
    """Where the steps that touch a span begin, and where the last ends; days begin when the commodity's do."""
    if step in STEP_SECONDS:
        return step_bounds(profile.zone, step, span)

    def begin(day: date) -> int:
        return profile.deliveries.day_of(data.commodity, day).start

    day = profile.zone.day(span.start)
    if begin(day) > span.start:
        day -= timedelta(days=1)
    if step is not Resolution.DAY:
        day = day.replace(day=1, month=1 if step is Resolution.YEAR else day.month)
    bounds = [begin(day)]
    while bounds[-1] < span.end:
        day = _next(day, step)
        bounds.append(begin(day))
    return np.array(bounds, dtype=np.int64)


def _next(day: date, step: Resolution) -> date:
    if step is Resolution.DAY:
        return day + timedelta(days=1)
    return month_after(day, 12 if step is Resolution.YEAR else 1)
