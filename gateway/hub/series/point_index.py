"""Where a metering point's values stand: local day, kind, point -> segment and row. Derived from the segments.

The index on disk is built in sorted bulk: keeping it per message costs a random page per series. Up to the segment
noted in `index_progress` it is complete; what came later is few, and stands in memory (`RecentSegments`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.database import listed, on_driver, run
from gateway.hub.series.recent_segments import Places, RecentSegments
from gateway.hub.series.segment_codec import Points
from gateway.hub.series.segment_reading import load_points
from gateway.hub.series.segments import Segment
from gateway.messages.times import MarketZone

BUILD_LOCK = 0x67726966
"""Advisory lock: one builder at a time."""
BUILD_SEGMENTS = 512
"""How many new segments make a build worth while; readers scan at most about that many in memory."""

_PROGRESS = "select coalesce((select segment from index_progress), 0), coalesce((select max(id) from segment), 0)"
_SELECT_PLACES = (
    "select point, segment, row from point_index where day in (*) and kind = ? and point in (*) and segment <= ?"
)
_SELECT_SEGMENTS = "select segment from segment_day where day = ? and kind = ? and segment <= ? order by segment"
_NOTE_PROGRESS = (
    "insert into index_progress (one, segment) values (1, ?) on conflict (one) do update set segment = excluded.segment"
)
_INSERT_POINTS = "insert into point_index (day, kind, point, segment, row) values (?, ?, ?, ?, ?)"
_INSERT_DAYS = "insert into segment_day (day, kind, segment) values (?, ?, ?)"
_COPY_POINTS = "copy point_index (day, kind, point, segment, row) from stdin (format binary)"
_COPY_DAYS = "copy segment_day (day, kind, segment) from stdin (format binary)"
_Column = npt.NDArray[np.int64]
_SLICE = 100_000
_WIDE = 400  # days; a longer interval is cut to the days that hold anything


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the index reaches: segments up to `indexed` are on disk, those up to `newest` exist."""

    indexed: int
    newest: int

    @property
    def pending(self) -> int:
        """Segments not indexed yet."""
        return self.newest - self.indexed


def progress(connection: Connection) -> Progress:
    """How far the index reaches as this connection sees it."""
    return Progress(*run(connection, _PROGRESS).fetchall()[0])


class PointIndex:
    """The index on disk together with the segments it does not hold yet. Threads may share it."""

    def __init__(self, zone: MarketZone) -> None:
        self._zone = zone
        self._recent = RecentSegments(zone)

    def find(self, connection: Connection, kind: int, days: range, points: Points) -> Places:
        """Every row of the points on these local days, whatever its version; `points` sorted and distinct."""
        reach = progress(connection)
        if len(days) > _WIDE:
            days = self._known_days(connection, reach, days)
        recent = self._recent.find(connection, (reach.indexed, reach.newest), (kind, days), points)
        return Places.joined([*_find_on_disk(connection, reach.indexed, (kind, days), points), *recent])

    def segments_of(self, connection: Connection, kind: int, day: int) -> list[int]:
        """Segments that touch the local day, oldest first."""
        reach = progress(connection)
        indexed = [row[0] for row in run(connection, _SELECT_SEGMENTS, (day, kind, reach.indexed)).fetchall()]
        recent = self._recent.segments(connection, (reach.indexed, reach.newest))
        return indexed + [one.id for one in recent if one.kind == kind and day in one.days(self._zone)]

    def _known_days(self, connection: Connection, reach: Progress, days: range) -> range:
        first, last = run(connection, "select min(day), max(day) from segment_day").fetchall()[0]
        spans = [one.days(self._zone) for one in self._recent.segments(connection, (reach.indexed, reach.newest))]
        if first is not None:
            spans.append(range(first, last + 1))
        if not spans:
            return range(0)
        return range(
            max(days.start, min(span.start for span in spans)), min(days.stop, max(span.stop for span in spans))
        )

    def build(self, connection: Connection, limit: int = BUILD_SEGMENTS) -> int:
        """Index at most `limit` of the pending segments, oldest first; returns how many stay pending."""
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({BUILD_LOCK})")
        reach = progress(connection)
        through = min(reach.newest, reach.indexed + limit)
        loaded = load_points(connection, reach.indexed, through)
        if loaded:
            if connection.dialect.name == "postgresql":
                _copy(connection, _COPY_POINTS, _point_rows(self._zone, loaded))
                _copy(connection, _COPY_DAYS, _day_rows(self._zone, loaded))
            else:
                _insert(connection, _INSERT_POINTS, _point_rows(self._zone, loaded))
                _insert(connection, _INSERT_DAYS, _day_rows(self._zone, loaded))
            connection.exec_driver_sql(on_driver(connection, _NOTE_PROGRESS), (through,))
        return reach.newest - through

    def rebuild(self, connection: Connection) -> None:
        """Throw the index away and make it anew from the segments."""
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({BUILD_LOCK})")
        for statement in ("delete from point_index", "delete from segment_day", "delete from index_progress"):
            connection.exec_driver_sql(statement)
        while self.build(connection):
            pass


def _find_on_disk(connection: Connection, indexed: int, where: tuple[int, range], points: Points) -> Iterator[Places]:
    kind, days = where
    if not indexed or not len(days) or not len(points):
        return
    bound = (listed(connection, days), kind, listed(connection, points.tolist()), indexed)
    rows = run(connection, _SELECT_PLACES, bound).fetchall()
    if rows:
        found = np.array(rows, dtype=np.int64)
        yield Places(np.searchsorted(points, found[:, 0]), found[:, 1], found[:, 2])


def _point_rows(zone: MarketZone, loaded: Sequence[tuple[Segment, Points]]) -> dict[str, _Column]:
    """The rows of `point_index` as columns, in its order."""
    names = ("day", "kind", "point", "segment", "row")
    parts: list[tuple[_Column, ...]] = []
    for segment, points in loaded:
        rows = np.arange(len(points))
        for day in segment.days(zone):
            same = (np.full(len(points), value, dtype=np.int64) for value in (day, segment.kind, segment.id))
            of_day, kind, number = same
            parts.append((of_day, kind, points, number, rows))
    columns = [np.concatenate(part) for part in zip(*parts, strict=True)]
    order = np.lexsort(columns[::-1])
    return {name: column[order] for name, column in zip(names, columns, strict=True)}


def _day_rows(zone: MarketZone, loaded: Sequence[tuple[Segment, Points]]) -> dict[str, _Column]:
    """The rows of `segment_day` as columns, in its order."""
    rows = sorted((day, segment.kind, segment.id) for segment, _ in loaded for day in segment.days(zone))
    return dict(zip(("day", "kind", "segment"), np.array(rows, dtype=np.int64).T, strict=True))


def _insert(connection: Connection, statement: str, columns: dict[str, _Column]) -> None:
    for first in range(0, len(columns["day"]), _SLICE):
        part = [column[first : first + _SLICE].tolist() for column in columns.values()]
        connection.exec_driver_sql(statement, list(zip(*part, strict=True)))


_POSTGRESQL_WIDTHS = {"day": ">i4", "kind": ">i2", "point": ">i8", "segment": ">i8", "row": ">i4"}


def _copy(connection: Connection, statement: str, columns: dict[str, _Column]) -> None:
    """Binary COPY, its tuples laid out by numpy: a field count, then length and value of each field."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in columns:
        layout += [(f"{name} length", ">i4"), (name, _POSTGRESQL_WIDTHS[name])]
    tuples = np.empty(len(columns["day"]), dtype=layout)
    tuples["fields"] = len(columns)
    for name, column in columns.items():
        tuples[f"{name} length"] = np.dtype(_POSTGRESQL_WIDTHS[name]).itemsize
        tuples[name] = column
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(statement) as copy:
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for first in range(0, len(tuples), _SLICE):
            copy.write(tuples[first : first + _SLICE].tobytes())
        copy.write(b"\xff\xff")
