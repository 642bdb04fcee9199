"""The period of a series and its steps: bounds, age, resolution, positions.

A period that cannot be read stops every other check of the period.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import numpy as np

from gateway.messages.codes import Resolution
from gateway.messages.masterdata import NONE, Rows
from gateway.messages.series import Mask
from gateway.messages.times import Interval, MarketZone
from gateway.rules.batch import RESOLUTION_CODES, Batch, minute_text
from gateway.rules.hits import NOTHING, Hits, Words, hits_where

_MONTH = RESOLUTION_CODES[Resolution.MONTH]


def period_readable(batch: Batch) -> Hits:
    """Start and end of the period are there and can be read."""
    return NOTHING if batch.readable.all() else hits_where(~batch.readable, "Period")


def period_forward(batch: Batch) -> Hits:
    """The period starts before it ends."""
    return NOTHING if batch.forward.all() else _period_hits(batch, batch.readable & ~batch.forward)


def period_long_enough(batch: Batch) -> Hits:
    """A period of quarters or hours is not shorter than the market's shortest; exactly that long is enough."""
    shortest = batch.facts.numbers.shortest_seconds
    short = (batch.series.end - batch.series.start < shortest) & batch.forward & (batch.step_seconds > 0)
    return _period_hits(batch, short, {"hours": shortest // 3600})


def period_not_too_old(batch: Batch) -> Hits:
    """The period starts on the local day that lies the given years back, or later (D1 §5.1.4)."""
    years = batch.facts.numbers.oldest_years
    oldest = _midnight_before(batch.facts.zone, batch.today, years)
    old = (batch.series.start < oldest) & batch.readable
    if not old.any():
        return NOTHING
    return _period_hits(batch, old, {"years": years, "oldest": years_before(batch.today, years).isoformat()})


def period_not_far_ahead(batch: Batch) -> Hits:
    """The period ends within the given years from today; beyond, a date is a mistake and no calendar holds it."""
    years = batch.facts.numbers.furthest_years
    latest = _midnight_before(batch.facts.zone, batch.today, -years)
    ahead = (np.maximum(batch.series.start, batch.series.end) > latest) & batch.readable
    return _period_hits(batch, ahead, {"years": years})


def period_over(batch: Batch) -> Hits:
    """The period has ended: nobody knows energy of the future (DH-200)."""
    return _period_hits(batch, (batch.series.end > batch.now) & batch.forward)


def period_on_step(batch: Batch) -> Hits:
    """Both bounds lie on a quarter, a full hour, or local midnight of the first of a month, by resolution."""
    start, end = batch.series.start, batch.series.end
    step = np.maximum(batch.step_seconds, 1)
    off = ((start % step != 0) | (end % step != 0)) & batch.readable
    is_month = (batch.resolution_codes == _MONTH) & batch.readable
    if is_month.any():
        zone = batch.facts.zone
        off |= is_month & ~batch.datable
        for row in np.flatnonzero(is_month & batch.datable).tolist():
            off[row] = not (zone.is_month_start(int(start[row])) and zone.is_month_start(int(end[row])))
    if not off.any():
        return NOTHING
    return hits_where(off, "Period", lambda row: _bounds(batch, row) | {"resolution": batch.series.resolution[row]})


def count_fits_period(batch: Batch) -> Hits:
    """There are as many points as the period has steps, on days of 23, 24 and 25 hours alike (D1 §1.48)."""
    if (batch.counts * batch.step_seconds == batch.series.end - batch.series.start).all():  # as nearly always
        return NOTHING
    expected = _expected_counts(batch)
    wrong = (expected != NONE) & (expected != batch.counts)
    return hits_where(wrong, "Period", lambda row: {"count": int(batch.counts[row]), "expected": int(expected[row])})


def positions_unique(batch: Batch) -> Hits:
    """No position occurs twice in a series."""
    points = batch.misplaced_points
    if not len(points):
        return NOTHING
    rows, position = batch.series.rows_of(points), batch.series.position[points]
    order = np.lexsort((position, rows))
    again = np.flatnonzero((np.diff(rows[order]) == 0) & (np.diff(position[order]) == 0)) + 1
    return _misplaced_rows(batch, rows[order][again])


def positions_consecutive(batch: Batch) -> Hits:
    """Positions run 1, 2, 3 … in the order of the points, so that a value's place says its time."""
    points = batch.misplaced_points
    return _misplaced_rows(batch, batch.series.rows_of(points)) if len(points) else NOTHING


def years_before(day: date, years: int) -> date:
    """The same day of the calendar so many years before; 28 February where that year has no 29th."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


@lru_cache(maxsize=64)
def _midnight_before(zone: MarketZone, day: date, years: int) -> int:
    return zone.midnight(years_before(day, years))


def _expected_counts(batch: Batch) -> Rows:
    """Steps of each period, the started one included; NONE where period or resolution say nothing."""
    seconds = np.where(batch.forward, batch.step_seconds, 0)
    span = np.where(batch.forward, batch.series.end, 0) - np.where(batch.forward, batch.series.start, 0)
    expected = np.where(seconds > 0, -(-span // np.maximum(seconds, 1)), NONE)
    is_month = (batch.resolution_codes == _MONTH) & batch.forward & batch.datable
    if is_month.any():
        for row in np.flatnonzero(is_month).tolist():
            interval = Interval(int(batch.series.start[row]), int(batch.series.end[row]))
            steps = batch.facts.zone.steps(Resolution.MONTH, interval)
            expected[row] = NONE if steps is None else steps
    return expected


def _misplaced_rows(batch: Batch, rows: Rows) -> Hits:
    named = np.unique(rows)
    return Hits(named, "Period", lambda i: {"count": int(batch.counts[named[i]])}) if len(named) else NOTHING


def _period_hits(batch: Batch, mask: Mask, words: Words | None = None) -> Hits:
    return hits_where(mask, "Period", lambda row: {**_bounds(batch, row), **(words or {})})


def _bounds(batch: Batch, row: int) -> dict[str, object]:
    return {
        "start": minute_text(int(batch.series.start[row])),
        "end": minute_text(int(batch.series.end[row])),
    }
