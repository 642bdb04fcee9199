"""What depends on the timetable of a day of operation (Regulation D1 §4.1)."""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import MeteringPointType, Resolution, SettlementMethod
from gateway.messages.masterdata import METHODS, NONE, MasterData, Rows
from gateway.messages.times import Instants, numbered_day
from gateway.rules.batch import (
    KIND_CODES,
    LAST_PARENT_KIND,
    RESOLUTION_CODES,
    Batch,
    DeadlineGroup,
    minute_text,
)
from gateway.rules.hits import NOTHING, Hits, hits_where

_CONSUMPTION = KIND_CODES[MeteringPointType.CONSUMPTION]
_HOURLY = METHODS.index(SettlementMethod.HOURLY)
_MONTH = RESOLUTION_CODES[Resolution.MONTH]


def missing_in_time(batch: Batch) -> Hits:
    """A value is stated as missing only up to the limit of its day of operation, the limit included (D1 §4.1.5).

    Each value has the limit of its own local day and of the point's version on it; a child follows its parent.
    """
    points = batch.missing_points
    if not len(points):
        return NOTHING
    rows = batch.series.rows_of(points)
    comparable = (batch.known & batch.datable & batch.forward & (batch.resolution_codes != NONE))[rows]
    points, rows = points[comparable], rows[comparable]
    limits = missing_limits(batch, rows, batch.step_starts(rows, points))
    late = np.flatnonzero(limits < batch.now)
    said = dict(zip(points[late].tolist(), limits[late].tolist(), strict=True))
    return batch.point_hits(points[late], "quality", lambda point: {"limit": minute_text(said[point])})


def missing_limits(batch: Batch, rows: Rows, starts: Instants) -> Instants:
    """The last instant at which steps may be missing: int64[k] for steps of the given series rows and starts.

    For a day that has not ended it is the instant of receipt. The rows' points must be known, their periods readable.
    """
    monthly = batch.resolution_codes[rows] == _MONTH
    days = batch.facts.zone.day_numbers(np.where(monthly, batch.series.end[rows] - 1, starts))
    _, first, back = np.unique(rows * (2**32) + days, return_index=True, return_inverse=True)
    limits: Instants = _limits(batch, days[first], _groups(batch, rows[first], starts[first]))[back]
    return limits


def resend_in_window(batch: Batch) -> Hits:
    """A series that repeats what is already accepted comes between the opening of the window and fixation (D1 §4.1.4).

    Asked once the store has said which series are unchanged; a period of many days may use the window of each.
    """
    if batch.unchanged is None or not batch.unchanged.any():
        return NOTHING
    outside = np.zeros(len(batch.keys), dtype=np.bool_)
    for row in np.flatnonzero(batch.unchanged & batch.datable & batch.forward).tolist():
        first = batch.facts.zone.day(int(batch.series.start[row]))
        last = batch.facts.zone.day(int(batch.series.end[row]) - 1)
        opens = batch.facts.timetable.resend_window(first).opens
        outside[row] = not opens <= batch.now <= batch.facts.timetable.resend_window(last).closes
    return hits_where(outside, "", batch.named)


def _groups(batch: Batch, rows: Rows, instants: Instants) -> Rows:
    """The deadline group of each series row at an instant of its period, as numbers."""
    groups = deadline_groups(batch.master, batch.version_at(rows, instants), instants)
    found_groups: Rows = np.where(batch.resolution_codes[rows] == _MONTH, DeadlineGroup.MONTHLY, groups)
    return found_groups


def deadline_groups(master: MasterData, versions: Rows, instants: Instants) -> Rows:
    """The deadline group of values of 15 and 60 minutes: of each master data row at an instant of its validity.

    A child follows the parent it has at that instant (D1 §4.1, §5.1.1).
    """
    columns = master.points
    kind, method = columns.kind[versions], columns.settlement_method[versions]
    child = np.flatnonzero((kind > LAST_PARENT_KIND) & (columns.parent[versions] != NONE))
    if len(child):
        parent = master.locate(columns.parent[versions[child]], instants[child], instants[child] + 1)
        found = parent.number > 0
        child, parents = child[found], parent.first[found]
        kind[child], method[child] = columns.kind[parents], columns.settlement_method[parents]
    is_hourly = (kind <= LAST_PARENT_KIND) & ((kind != _CONSUMPTION) | (method == _HOURLY))
    groups: Rows = np.where(is_hourly, DeadlineGroup.HOURLY, DeadlineGroup.FLEX)
    return groups


def _limits(batch: Batch, days: Rows, groups: Rows) -> Instants:
    """The limit of each (day, group); a day that has not ended has none yet."""
    limits = np.full(len(days), batch.now, dtype=np.int64)
    today = int(batch.facts.zone.day_numbers(np.array([batch.now]))[0])
    known: dict[tuple[int, int], int] = {}
    for i in np.flatnonzero(days < today).tolist():
        pair = int(days[i]), int(groups[i])
        if pair not in known:
            known[pair] = batch.facts.timetable.missing_limit(numbered_day(pair[0]), DeadlineGroup(pair[1]))
        limits[i] = known[pair]
    return limits
