"""What a sender looks at in its own values before anyone else does: sign, limits, zeros, age of estimates (D1 §4.1.3).

A value that cannot be right is set aside and estimated like a missing one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gateway.messages.codes import Quality, Resolution
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask
from gateway.messages.times import Instants
from gateway.preparation.draft import Cause, Draft, Method
from gateway.preparation.point_values import NOWHERE, PointDays, PointValues
from gateway.preparation.settings import PreparationSettings

_LATEST = 2**62


def set_aside_wrong(draft: Draft) -> None:
    """Take out values below zero and above the limit of their kind of point (D1 §4.1.5 table 4, §6.2.2)."""
    is_there = draft.quantity != NO_QUANTITY
    draft.set_aside(np.flatnonzero((draft.quantity < 0) & is_there), Cause.VALUE_NEGATIVE)
    draft.set_aside(np.flatnonzero(draft.quantity > draft.due.limit[draft.due.row]), Cause.VALUE_ABOVE_LIMIT)


def yield_to_check_meter(draft: Draft, meter: PointValues) -> None:
    """Take out estimates that were delivered where the check meter of the point measured: it goes before all others."""
    due, measured = draft.due, meter.taken(meter.is_measured)
    steps = np.flatnonzero(draft.method == Method.AS_DELIVERED)
    place = measured.index.find(due.point[due.row[steps]], due.step_start[steps])
    steps, place = steps[place != NOWHERE], place[place != NOWHERE]
    draft.set_aside(steps[measured.quantity[place] <= due.limit[due.row[steps]]], Cause.NONE)


def set_aside_zeros(
    draft: Draft, history: PointValues, settings: PreparationSettings, witnesses: Sequence[PointValues]
) -> None:
    """Take out measured zeros that go on for implausibly long.

    A run is implausible when it lasts as long as the setting, the point's history holds enough complete measured days,
    and none of them, nor all together, as long a run. A zero that a witness (check meter, the operator's own
    knowledge) also states is believed.
    """
    due = draft.due
    point, step = due.point[due.row], due.step[due.row]
    runs = _Runs((draft.quantity == 0) & (draft.quality == Quality.MEASURED), point, due.step_start, step)
    long = np.flatnonzero(runs.seconds >= settings.zero_run_seconds)
    if not len(long):
        return
    suspects, step_of = np.unique(point[runs.first[long]], return_index=True)
    seen = history.taken(np.isin(history.point, suspects))
    usual = _usual_zeros(seen, suspects, step[runs.first[long]][step_of], PointDays.of(seen, due.zone), settings)
    is_odd = runs.seconds[long] > usual[np.searchsorted(suspects, point[runs.first[long]])]
    steps = runs.members(long[is_odd])
    believed = np.zeros(len(steps), dtype=np.bool_)
    for witness in witnesses:
        place = witness.index.find(point[steps], due.step_start[steps])
        if len(witness):
            believed |= (place != NOWHERE) & (witness.quantity[place] == 0)
    draft.set_aside(steps[~believed], Cause.ZERO_RUN)


def mark_too_long(draft: Draft, history: PointValues, settings: PreparationSettings) -> None:
    """Mark the steps of points without a measured value for longer than a point may be estimated (D1 §4.1.3).

    The time runs from the first estimate after the last measured value, in the history or in the draft itself, by
    local calendar months; profile settled points have a longer limit. Estimates that were delivered count as well.
    """
    due = draft.due
    waiting = np.flatnonzero(draft.quality != Quality.MEASURED)
    if not len(waiting):
        return
    since = _unmeasured_since(draft, history)[waiting]
    months = np.where(due.is_profiled[due.row[waiting]], settings.months_profiled, settings.months)
    pairs, back = np.unique(np.stack([since, months]), axis=1, return_inverse=True)
    until = np.array([due.zone.end(Resolution.MONTH, start, count) for start, count in pairs.T.tolist()])
    too_long = waiting[due.step_start[waiting] >= until[back.reshape(-1)]]
    draft.set_aside(too_long[draft.quality[too_long] == Quality.ESTIMATED], Cause.VALUE_MISSING)
    draft.too_long[too_long] = True


def _unmeasured_since(draft: Draft, history: PointValues) -> Instants:
    """For each step, when the time without a measured value began that it belongs to or follows."""
    due, steps = draft.due, np.arange(len(draft.quality))
    point = due.point[due.row]
    begins = np.append(True, point[1:] != point[:-1])
    first = np.maximum.accumulate(np.where(begins, steps, 0))
    last_measured = np.maximum.accumulate(np.where(draft.quality == Quality.MEASURED, steps, NOWHERE))
    blocks = np.flatnonzero(begins)
    opening = _estimated_since(history, point[blocks], due.step_start[blocks])
    since: Instants = np.where(
        last_measured >= first,
        due.step_start[np.minimum(last_measured + 1, len(steps) - 1)],
        opening[np.cumsum(begins) - 1],
    )
    return since


def _estimated_since(history: PointValues, point: Rows, start: Instants) -> Instants:
    """The first estimate after each point's last measured value before a start; the start where there is none."""
    since = start.copy()
    if not len(history):
        return since
    row = np.searchsorted(point, history.point)
    row[row == len(point)] = 0
    is_before = (point[row] == history.point) & (history.start < start[row])
    measured = np.flatnonzero(is_before & history.is_measured)
    latest = np.full(len(point), -_LATEST, dtype=np.int64)
    np.maximum.at(latest, row[measured], history.start[measured])
    is_estimate = is_before & (history.quality == Quality.ESTIMATED) & (history.start > latest[row])
    np.minimum.at(since, row[is_estimate], history.start[is_estimate])
    return since


def _usual_zeros(seen: PointValues, points: Rows, step: Rows, days: PointDays, settings: PreparationSettings) -> Rows:
    """The longest run of zeros, in seconds, that the history of each point calls usual; any, where it is too short."""
    usual = np.zeros(len(points), dtype=np.int64)
    known = np.zeros(len(points), dtype=np.int64)
    if len(seen):
        of_day, of_value = np.searchsorted(points, days.point), np.searchsorted(points, seen.point)
        complete = days.complete(days.point, days.day, step[of_day]) != NOWHERE
        np.add.at(known, of_day[complete], 1)
        runs = _Runs((seen.quantity == 0) & seen.is_measured, seen.point, seen.start, step[of_value])
        np.maximum.at(usual, of_value[runs.first], runs.seconds)
    usual[known < settings.zero_run_history] = _LATEST
    return usual


class _Runs:
    """Unbroken runs of steps of one point for which a mask holds.

    Attributes:
        first, last: int64[k], places of the first and the last step of each run.
        seconds: int64[k], how long it lasts.
    """

    def __init__(self, mask: Mask, point: Rows, start: Instants, step: Rows) -> None:
        places = np.flatnonzero(mask)
        goes_on = np.zeros(len(places), dtype=np.bool_)
        before, after = places[:-1], places[1:]
        goes_on[1:] = (point[before] == point[after]) & (start[before] + step[before] == start[after])
        self.first = places[~goes_on]
        self.last = places[np.append(~goes_on[1:], True)] if len(places) else places
        self.seconds = start[self.last] + step[self.last] - start[self.first]

    def members(self, runs: Rows) -> Rows:
        """The steps of some of the runs."""
        parts = [np.arange(self.first[run], self.last[run] + 1) for run in runs.tolist()]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
