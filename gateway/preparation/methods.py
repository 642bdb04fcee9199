"""Methods 1, 3, 4 and 5: check meter, rescaled similar point, spread reading, specific knowledge; and their order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Quantities
from gateway.messages.times import DAY, Instants, Interval
from gateway.preparation.apportionment import apportioned, product, rounded_together
from gateway.preparation.comparable_days import from_comparable_day
from gateway.preparation.draft import Method, WhyNot
from gateway.preparation.estimation import Case, Filling, Gaps, MethodOfEstimation
from gateway.preparation.point_values import NOWHERE, PointValues, midnights

_FINENESS = 1000
"""A point's mean is held in thousandths of a thousandth: fine enough for a share."""


def from_check_meter(gaps: Gaps, case: Case) -> Filling:
    """Method 1: what the check meter of the point measured in the step; it goes before everything else."""
    meter = case.evidence.check_meter
    return _looked_up(gaps, meter.taken(meter.is_measured), has_any=meter)


def from_knowledge(gaps: Gaps, case: Case) -> Filling:
    """Method 5: what the operator states, with a reason; the source is the line it stands on."""
    return _looked_up(gaps, case.evidence.knowledge, has_any=case.evidence.knowledge)


def _looked_up(gaps: Gaps, values: PointValues, has_any: PointValues) -> Filling:
    filling = Filling(len(gaps), WhyNot.NOTHING_GIVEN)
    filling.why_not[has_any.index.knows(gaps.point)] = WhyNot.NO_VALUE
    place = values.index.find(gaps.point, gaps.start)
    found = place != NOWHERE
    filling.put(found, values.quantity[place[found]], values.line[place[found]])
    return filling


# --- 3: similar point -------------------------------------------------------------------------------------------------


def from_similar_point(gaps: Gaps, case: Case) -> Filling:
    """Method 3: the similar point's curve, scaled by the ratio of both points over the days they have in common.

    Common are the days of the window before the gap on which both were measured in full. The estimates of a series
    are rounded together. The source is the similar point.
    """
    filling = Filling(len(gaps), WhyNot.NOTHING_GIVEN)
    pairs = case.evidence.similar
    if not len(pairs.point):
        return filling
    place = np.minimum(np.searchsorted(pairs.point, gaps.point), len(pairs.point) - 1)
    has_one = pairs.point[place] == gaps.point
    similar = np.where(has_one, pairs.similar[place], NOWHERE)
    found = case.past.index.find(similar, gaps.start)
    filling.why_not[has_one] = WhyNot.NO_VALUE
    for members in _series(gaps, np.flatnonzero(has_one & (found != NOWHERE))):
        first = members[0]
        own, other = _common_energy(case, gaps, int(first), int(similar[first]))
        if other == 0:
            filling.why_not[members] = WhyNot.NO_COMMON_DAYS
            continue
        curve = product(case.past.quantity[found[members]], own)
        filling.put(members, rounded_together(curve, other), similar[members])
    return filling


def _series(gaps: Gaps, members: Rows) -> Iterator[Rows]:
    """The given gaps, series by series."""
    if len(members):
        yield from np.split(members, np.flatnonzero(np.diff(gaps.row[members])) + 1)


def _common_energy(case: Case, gaps: Gaps, gap: int, similar: int) -> tuple[int, int]:
    """Energy of a gap's point and of another over the days both were measured in full; zeros where these are few."""
    window = case.settings.window_days
    days = gaps.day[gap] - np.arange(1, window + 1)
    step = np.full(window, gaps.step[gap])
    own = case.days.complete(np.full(window, gaps.point[gap]), days, step)
    other = case.days.complete(np.full(window, similar), days, step)
    common = (own != NOWHERE) & (other != NOWHERE)
    if np.count_nonzero(common) < case.settings.reference_days:
        return 0, 0
    return int(case.days.energy[own[common]].sum()), int(case.days.energy[other[common]].sum())


# --- 4: daily reading -------------------------------------------------------------------------------------------------


def from_reading(gaps: Gaps, case: Case) -> Filling:
    """Method 4: the energy of a reading that the known values leave over, spread over the gaps by experience.

    Experience is the point's mean at the same local time over the window before the first day with a gap; a time of
    which there is none counts with the mean of all. With the shares the values of the reading's period add up to the
    reading exactly: they are rounded down, and the rest goes to the largest remainders. The source is the instant at
    which the period begins.
    """
    filling = Filling(len(gaps), WhyNot.NOTHING_GIVEN)
    readings, due = case.evidence.readings, case.draft.due
    for number in np.flatnonzero(np.isin(readings.point, gaps.point)).tolist():
        point, period = int(readings.point[number]), Interval(int(readings.start[number]), int(readings.end[number]))
        low, high = np.searchsorted(gaps.point, [point, point + 1]).tolist()
        inside = low + _within(gaps.start[low:high], period)
        if not len(inside):
            continue
        steps = _steps_of(case, point, period)
        values = case.draft.quantity[steps]
        is_known = values != NO_QUANTITY
        covered = int(due.step_start[steps[0]]), int(due.step[due.row[steps]].sum())
        if covered != (period.start, period.end - period.start) or np.count_nonzero(~is_known) != len(inside):
            filling.why_not[inside] = WhyNot.READING_UNFIT
            continue
        rest = int(readings.quantity[number]) - int(values[is_known].sum())
        weights = _experience(case, gaps, inside)
        if rest < 0:
            filling.why_not[inside] = WhyNot.READING_BELOW_VALUES
        elif rest and not weights.any():
            filling.why_not[inside] = WhyNot.NO_EXPERIENCE
        else:
            shares = apportioned(rest, weights)
            if (shares > gaps.limit[inside]).any():
                filling.why_not[inside] = WhyNot.ABOVE_LIMIT
            else:
                filling.put(inside, shares, period.start)
    return filling


def _steps_of(case: Case, point: int, period: Interval) -> Rows:
    """Steps of the draft that a point has in a period."""
    due = case.draft.due
    low, high = np.searchsorted(due.point, [point, point + 1])
    first, last = int(due.offsets[low]), int(due.offsets[high])
    return first + _within(due.step_start[first:last], period)


def _within(instants: Instants, period: Interval) -> Rows:
    return np.flatnonzero((instants >= period.start) & (instants < period.end))


def _experience(case: Case, gaps: Gaps, members: Rows) -> Quantities:
    """What a point usually has at the local time of each of its gaps, in thousandths of a thousandth of the unit."""
    past, zone, step = case.past, case.zone, int(gaps.step[members[0]])
    point, until = int(gaps.point[members[0]]), int(midnights(zone, gaps.day[members[:1]])[0])
    low, high = np.searchsorted(past.point, [point, point + 1])
    starts = past.start[low:high]
    in_window = (starts < until) & (starts >= until - case.settings.window_days * DAY)
    starts, quantity = starts[in_window], past.quantity[low:high][in_window]
    place = case.days.index.find(np.full(len(starts), point), zone.day_numbers(starts))
    fits = case.days.step[place] == step if len(starts) else np.zeros(0, dtype=np.bool_)
    starts, quantity = starts[fits], quantity[fits]
    if not len(starts):
        return np.zeros(len(members), dtype=np.int64)
    slots = DAY // step
    slot = zone.wall_seconds(starts) % DAY // step
    counts, energy = np.bincount(slot, minlength=slots), np.zeros(slots, dtype=np.int64)
    np.add.at(energy, slot, quantity)
    whole = int(quantity.sum()) * _FINENESS // len(quantity)
    means = np.where(counts > 0, energy * _FINENESS // np.maximum(counts, 1), whole)
    weights: Quantities = means[zone.wall_seconds(gaps.start[members]) % DAY // step]
    return weights


METHODS: tuple[tuple[Method, MethodOfEstimation], ...] = (
    (Method.CHECK_METER, from_check_meter),
    (Method.COMPARABLE_DAY, from_comparable_day),
    (Method.SIMILAR_POINT, from_similar_point),
    (Method.DAILY_READING, from_reading),
    (Method.SPECIFIC_KNOWLEDGE, from_knowledge),
)
"""The order of the regulation (D1 §4.1.3)."""
