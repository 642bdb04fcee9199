"""Correction reports: what was corrected between two instants, as far as a party may see it (Regulation D1 §4.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS, visible_points
from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.values import CorrectionQuery, Corrections, FirstRun, SettlementRun
from gateway.hub.database import transaction_at
from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.ports import Page, Principal
from gateway.hub.series.corrected_rows import CorrectedRows, corrected_rows, first_segment_after
from gateway.hub.series.merge import Run
from gateway.hub.series.reading import registered_at
from gateway.hub.series.segments import Segment
from gateway.markets.calendar import MarketTimetable
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution, SettlementStage
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.masterdata import UNITS, Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Qualities, Quantities
from gateway.messages.times import Instants

RUNS = {
    SettlementStage.FIXATION: "fixation",
    SettlementStage.FIRST_REFIXATION: "first refixation",
    SettlementStage.SECOND_REFIXATION: "second refixation",
    SettlementStage.FINAL_REFIXATION: "final refixation",
    SettlementStage.CORRECTION: "correction settlement",
}
"""The runs a correction can enter, in the order of time."""

NO_RUN = "none"
"""What is said of a correction behind the last of them."""

MOST_SEGMENTS = 4096
"""Segments looked through for one window of a report: more than a nation's deliveries of a day."""
_ROWS = 256
_PLACE = re.compile(r"(\d{1,15})\.(\d{1,9})\.(\d{1,9})", re.ASCII)


class _Place(NamedTuple):
    """Where a report goes on: the next step of a row of a segment."""

    segment: int
    row: int
    step: int

    def __str__(self) -> str:
        return f"{self.segment}.{self.row}.{self.step}"


class _Changes(NamedTuple):
    """The changed values of one segment that the reader may see, in order of row and step; columns of one length."""

    row: Rows
    step: Rows
    point: Rows
    start: Instants
    old_quantity: Quantities
    new_quantity: Quantities
    old_quality: Qualities
    new_quality: Qualities

    @classmethod
    def joined(cls, parts: Sequence[_Changes]) -> _Changes:
        """Changes behind each other."""
        columns: Sequence[Any] = [[part[number] for part in parts] for number in range(len(cls._fields))]
        return cls(*(np.concatenate(column) for column in columns))

    def where(self, wanted: Rows | slice) -> _Changes:
        """Some of the changes."""
        columns: Sequence[Any] = self
        return _Changes(*(column[wanted] for column in columns))


_EMPTY, _NO_QUALITY = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)
_NOTHING = _Changes(_EMPTY, _EMPTY, _EMPTY, _EMPTY, _EMPTY, _EMPTY, _NO_QUALITY, _NO_QUALITY)


def run_by_timetable(timetable: MarketTimetable) -> FirstRun:
    """The first run by the market's calendar: the one whose cut-off comes first at or behind the receipt (D1 §4.4).

    A value that comes behind the last correction settlement enters none. Postponements move only fixations, and are
    not looked at.
    """

    def first_run(day: date, received_at: int) -> SettlementRun:
        runs = ((name, timetable.settled(stage, day)) for stage, name in RUNS.items())
        return next((SettlementRun(name, at) for name, at in runs if received_at <= at), SettlementRun(NO_RUN))

    return first_run


def is_report_place(after: str) -> bool:
    """Whether a text is the `after` of a correction report."""
    return not after or _place(after) is not None


def correction_report(  # noqa: PLR0913 - who asks for what, which window, by which calendar
    office: Office,
    connection: Connection,
    reader: Principal,
    query: CorrectionQuery,
    page: Page,
    *,
    first_run: FirstRun,
) -> Corrections | None:
    """A window of the corrections received in an interval, in the order the hub took them.

    A correction is a value that took the place of an accepted one with another value or status. One that was corrected
    twice stands here twice. The reader gets the values whose steps lie in a part of time in which it may see the point.
    At most MOST_SEGMENTS are looked through at once, so that a window may be empty and yet go on. None when the query
    names a point of which the reader may see nothing ever.
    """
    known = transaction_at(connection, query.start * MICROSECONDS - 1)
    through = transaction_at(connection, query.end * MICROSECONDS - 1)
    points = _points_of(office, connection, reader, query)
    if points is None:
        return None
    earliest = _Place(first_segment_after(connection, known), 0, 0)
    begin = max(_place(page.after) or earliest, earliest)
    found: list[tuple[Segment, _Changes]] = []
    room = page.limit
    numbers = range(begin.segment, begin.segment + MOST_SEGMENTS)
    for corrected in corrected_rows(connection, numbers, through):
        for part in _parts(corrected, begin):
            changes = _changes(office, connection, reader, part, points)
            if part.segment.id == begin.segment and begin.step:
                changes = changes.where(np.flatnonzero((changes.row > begin.row) | (changes.step >= begin.step)))
            found.append((part.segment, changes.where(slice(0, room))))
            if len(changes.row) > room:
                after = _Place(part.segment.id, int(changes.row[room]), int(changes.step[room]))
                return _report(office, connection, found, (first_run, str(after)))
            room -= len(changes.row)
    is_end = numbers.stop >= first_segment_after(connection, through)
    return _report(office, connection, found, (first_run, "" if is_end else str(_Place(numbers.stop, 0, 0))))


def _parts(corrected: CorrectedRows, begin: _Place) -> Iterator[CorrectedRows]:
    """The rows of a segment by some at a time, without those before the place to begin at."""
    first = int(np.searchsorted(corrected.row, begin.row)) if corrected.segment.id == begin.segment else 0
    for low in range(first, len(corrected.row), _ROWS):
        yield corrected.where(slice(low, low + _ROWS))


def _points_of(office: Office, connection: Connection, reader: Principal, query: CorrectionQuery) -> Rows | None:
    """The points asked for, ascending, or none for all; None when the reader sees nothing of one of them."""
    if not all(map(is_point_id, query.points)):
        return None
    keys = np.array(sorted({point_key(point) for point in query.points}), dtype=np.int64)
    master = office.refresh(connection)
    seen = visible_points(office.profile, master, reader, keys, (ALWAYS, office.clock.now()))
    return keys if len(np.unique(seen.place)) == len(keys) else None


def _place(after: str) -> _Place | None:
    match = _PLACE.fullmatch(after)
    return _Place(*map(int, match.groups())) if match else None


def _changes(
    office: Office, connection: Connection, reader: Principal, corrected: CorrectedRows, points: Rows
) -> _Changes:
    """What the corrected rows of a segment changed, compared with what was known before it."""
    segment, zone = corrected.segment, office.profile.zone
    master, now = office.refresh(connection), office.clock.now()
    named = np.isin(corrected.point, points) if len(points) else np.ones(len(corrected.point), dtype=np.bool_)
    order = np.flatnonzero(named)
    seen = visible_points(office.profile, master, reader, corrected.point[order], (ALWAYS, now))
    rows = order[np.unique(seen.place)]
    starts = zone.step_starts(segment.resolution, segment.start, segment.count)
    ends = np.append(starts[1:], segment.finish)
    quality = corrected.quality[rows]
    visible = np.zeros(quality.shape, dtype=np.bool_)
    at = np.searchsorted(rows, order[seen.place])
    for row, start, end in zip(at.tolist(), seen.start.tolist(), seen.end.tolist(), strict=True):
        visible[row] |= (starts >= start) & (ends <= end)
    before = office.store.before(connection, segment, corrected.point[rows]).runs if len(rows) else ()
    old_quantity, old_quality = _laid_over(before, (segment.resolution, starts), office)
    new_quality = (quality & STATUS_BITS).astype(np.uint8, copy=False)
    new_quantity = corrected.quantity[rows]
    changed = (quality & CORRECTED_FLAG != 0) & ((old_quantity != new_quantity) | (old_quality != new_quality))
    row, step = np.nonzero(changed & visible)
    picked = (row, step)
    return _Changes(
        corrected.row[rows][row],
        step,
        corrected.point[rows][row],
        starts[step],
        np.where(old_quality[picked] <= Quality.MISSING, NO_QUANTITY, old_quantity[picked]),
        np.where(new_quality[picked] == Quality.MISSING, NO_QUANTITY, new_quantity[picked]),
        old_quality[picked],
        new_quality[picked],
    )


def _laid_over(
    before: Sequence[tuple[Run, ...]], steps: tuple[str, Instants], office: Office
) -> tuple[Quantities, Qualities]:
    """The values of runs at the given steps: n x count; 0 where none of the same step was known."""
    resolution, starts = steps
    quantity = np.zeros((len(before), len(starts)), dtype=np.int64)
    quality = np.zeros(quantity.shape, dtype=np.uint8)
    for row, runs in enumerate(before):
        for run in runs:
            if run.resolution == resolution:
                own = run.starts(office.profile.zone)
                at = np.minimum(np.searchsorted(starts, own), len(starts) - 1)
                same = starts[at] == own
                quantity[row, at[same]] = run.quantity[same]
                quality[row, at[same]] = run.quality[same] & STATUS_BITS
    return quantity, quality


def _report(
    office: Office,
    connection: Connection,
    found: Sequence[tuple[Segment, _Changes]],
    words: tuple[FirstRun, str],
) -> Corrections:
    """The changes of several segments behind each other, with when they were received and what they affect."""
    first_run, after = words
    parts = [(segment, changes) for segment, changes in found if len(changes.row)]
    numbers = np.unique(np.array([segment.transaction for segment, _ in parts], dtype=np.int64))
    moments = dict(zip(numbers.tolist(), registered_at(connection, numbers).tolist(), strict=True))
    counts = [len(changes.row) for _, changes in parts]
    received = np.repeat(np.array([moments[one.transaction] for one, _ in parts], dtype=np.int64), counts)
    joined = _Changes.joined([_NOTHING, *(changes for _, changes in parts)])
    return Corrections(
        point=joined.point,
        start=joined.start,
        step=tuple(Resolution(one.resolution) for one, changes in parts for _ in changes.row),
        unit=tuple(UNITS[one.kind] for one, changes in parts for _ in changes.row),
        old_quantity=joined.old_quantity,
        new_quantity=joined.new_quantity,
        old_quality=joined.old_quality,
        new_quality=joined.new_quality,
        received_at=received,
        run=tuple(_runs(office, joined.start, received, first_run)),
        after=after,
    )


def _runs(office: Office, starts: Instants, received: Instants, first_run: FirstRun) -> Iterator[SettlementRun]:
    """The first run of each value; those of one day received at once share it."""
    zone = office.profile.zone
    known: dict[tuple[int, int], SettlementRun] = {}
    for number, start, at in zip(zone.day_numbers(starts).tolist(), starts.tolist(), received.tolist(), strict=True):
        if (number, at) not in known:
            known[number, at] = first_run(zone.day(start), at)
        yield known[number, at]
