"""The segments that the index on disk does not hold yet, kept findable in memory.

A new segment's points are sorted once and merged into runs of doubling length, so that a thousand points are looked up
in half a million within a millisecond. Segments never change, therefore what was read once stays true; only those of a
transaction still open are read afresh, because a rollback frees their numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.database import own_transaction
from gateway.hub.series.segment_codec import Points
from gateway.hub.series.segment_reading import load_points
from gateway.hub.series.segments import Segment
from gateway.messages.times import MarketZone

_Column = npt.NDArray[np.int64]

_LONG = 40
"""Days from which on a segment is held once and compared by its span, instead of once for each of its days."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where points were found: row `row` of `segment` holds values of the point at `position` among those asked for.

    Ordered by position, then segment and row, which is the order of versions; no place twice.
    """

    position: _Column
    segment: _Column
    row: _Column

    def __len__(self) -> int:
        return len(self.position)

    def rows(self) -> list[tuple[int, int]]:
        """Segment and row of each place."""
        return list(zip(self.segment.tolist(), self.row.tolist(), strict=True))

    @classmethod
    def joined(cls, parts: Iterable[Places]) -> Places:
        """All places of the parts, in order and each once."""
        found = [part for part in parts if len(part)]
        if not found:
            return NOWHERE
        columns = np.array(
            [
                np.concatenate([part.position for part in found]),
                np.concatenate([part.segment for part in found]),
                np.concatenate([part.row for part in found]),
            ]
        )
        ordered = columns[:, np.lexsort(columns[::-1])]
        first = np.ones(ordered.shape[1], dtype=bool)
        first[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
        return cls(*ordered[:, first])

    def where(self, mask: npt.NDArray[np.bool_]) -> Places:
        """The places the mask keeps."""
        return Places(self.position[mask], self.segment[mask], self.row[mask])


_NOTHING = np.empty(0, dtype=np.int64)
NOWHERE = Places(_NOTHING, _NOTHING, _NOTHING)


@dataclass(frozen=True, slots=True)
class _Run:
    """Points in order, each with its place."""

    points: Points
    segment: _Column
    row: _Column

    def merged(self, other: _Run) -> _Run:
        points = np.concatenate([self.points, other.points])
        order = np.argsort(points, kind="stable")
        segment = np.concatenate([self.segment, other.segment])[order]
        return _Run(points[order], segment, np.concatenate([self.row, other.row])[order])

    def find(self, points: Points) -> Places:
        left = np.searchsorted(self.points, points)
        hit = np.flatnonzero(self.points.take(left, mode="clip") == points)
        if not len(hit):  # most messages are the first of their points and days
            return NOWHERE
        left = left[hit]
        times = np.searchsorted(self.points, points[hit], side="right") - left
        position = np.repeat(hit, times)
        within = np.arange(len(position)) - np.repeat(np.cumsum(times) - times, times)
        at = np.repeat(left, times) + within
        return Places(position, self.segment[at], self.row[at])


class _Runs:
    """Runs of which each is at least twice as long as the next."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def add(self, segment: int, points: Points) -> None:
        order = np.argsort(points, kind="stable")
        run = _Run(points[order], np.full(len(points), segment, dtype=np.int64), order)
        while self._runs and len(self._runs[-1].points) < 2 * len(run.points):
            run = self._runs.pop().merged(run)
        self._runs.append(run)

    def find(self, points: Points) -> list[Places]:
        return [run.find(points) for run in self._runs]


class RecentSegments:
    """Segments after the indexed ones, by kind and local day. Threads may share it."""

    def __init__(self, zone: MarketZone) -> None:
        self._zone = zone
        self._lock = threading.Lock()
        self._forget(0)

    def find(
        self, connection: Connection, span: tuple[int, int], where: tuple[int, range], points: Points
    ) -> list[Places]:
        """Places of the sorted points in segments with indexed < id <= newest, where span = (indexed, newest).

        `where` is the kind and the local days.
        """
        indexed, newest = span
        kind, days = where
        with self._lock:
            own = self._follow(connection, indexed, newest)
            runs = [runs for day in days if (runs := self._runs.get((kind, day)))]
            places = [found for run in runs for found in run.find(points)]
            if (long := self._long.get(kind)) is not None:
                places += [self._touching(found, days) for found in long.find(points)]
        for segment, its_points in own:
            if segment.kind == kind and _overlap(days, segment.days(self._zone)):
                runs_of_own = _Runs()
                runs_of_own.add(segment.id, its_points)
                places += runs_of_own.find(points)
        return [found.where((found.segment > indexed) & (found.segment <= newest)) for found in places if len(found)]

    def segments(self, connection: Connection, span: tuple[int, int]) -> list[Segment]:
        """Segments with indexed < id <= newest, oldest first."""
        indexed, newest = span
        with self._lock:
            own = self._follow(connection, indexed, newest)
            held = [segment for segment, _ in self._held if indexed < segment.id <= newest]
        return held + [segment for segment, _ in own]

    def _follow(self, connection: Connection, indexed: int, newest: int) -> Sequence[tuple[Segment, Points]]:
        """Hold what is committed up to `newest`, let go what is indexed; returns the connection's own segments."""
        if indexed < self._indexed:  # an older view than the last reader's
            self._forget(indexed)
        elif indexed > self._indexed:
            held = self._held
            self._forget(indexed)
            for segment, points in held:
                if segment.id > indexed:
                    self._hold(segment, points)
        if newest <= self._held_through:
            return ()
        loaded = load_points(connection, self._held_through, newest)
        own = own_transaction(connection)
        for segment, points in loaded:
            if own is None or segment.transaction < own:
                self._hold(segment, points)
        return [] if own is None else [pair for pair in loaded if pair[0].transaction >= own]

    def _forget(self, indexed: int) -> None:
        self._indexed = indexed
        self._held_through = indexed
        self._held: list[tuple[Segment, Points]] = []
        self._runs: dict[tuple[int, int], _Runs] = {}
        self._long: dict[int, _Runs] = {}
        self._spans: dict[int, range] = {}

    def _hold(self, segment: Segment, points: Points) -> None:
        self._held.append((segment, points))
        self._held_through = segment.id
        days = segment.days(self._zone)
        if len(days) >= _LONG:
            self._long.setdefault(segment.kind, _Runs()).add(segment.id, points)
            self._spans[segment.id] = days
            return
        for day in days:
            self._runs.setdefault((segment.kind, day), _Runs()).add(segment.id, points)

    def _touching(self, places: Places, days: range) -> Places:
        """Those places in long segments that touch any of the days."""
        numbers, which = np.unique(places.segment, return_inverse=True)
        touches = np.array([_overlap(days, self._spans[number]) for number in numbers.tolist()], dtype=np.bool_)
        return places.where(touches[which])


def _overlap(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
