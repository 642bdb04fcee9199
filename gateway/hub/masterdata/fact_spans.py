"""Facts about metering points as they will be after an import, and over which times they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Generic, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.hub.masterdata.layouts import Row
from gateway.hub.masterdata.table_rows import Place, TableRows
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import Rows
from gateway.messages.times import Instants

Mask = npt.NDArray[np.bool_]


class Facts(Generic[Row]):
    """One family after the import: the rows of its file, then the registered ones that no file replaces."""

    def __init__(self, table: TableRows[Row], registered: Iterable[Row]) -> None:
        key = attrgetter(table.layout.key[0])
        stated = set(map(key, table.rows))
        self.table: TableRows[Row] = table
        self.rows: list[Row] = list(table.rows)
        self.rows.extend(row for row in registered if key(row) not in stated)

    def place(self, number: int) -> Place | None:
        """Where a row stands; None for one that was registered before."""
        return self.table.place(number) if number < len(self.table.rows) else None

    def spans(self, column: str = "metering_point") -> Spans:
        """When something is said of the points in a column."""
        return spans_of(self.rows, column)


class Spans(NamedTuple):
    """Points over [start, end)."""

    point: Rows
    start: Instants
    end: Instants


def spans_of(rows: Sequence[Row], column: str = "metering_point") -> Spans:
    """When each row says something of the point in a column."""
    points, starts, ends = (map(attrgetter(name), rows) for name in (column, "valid_from", "valid_to"))
    return Spans(*(np.fromiter(values, np.int64, len(rows)) for values in (map(point_key, points), starts, ends)))


def covered(wanted: Spans, given: Spans) -> Mask:
    """Which wanted spans the given ones of the same point, none of which overlap, fill without a gap."""
    order = np.argsort(given.point, kind="stable")
    in_order = given.point[order]
    first = np.searchsorted(in_order, wanted.point, side="left")
    number = np.searchsorted(in_order, wanted.point, side="right") - first
    owner = np.repeat(np.arange(len(number)), number)
    row = order[np.arange(len(owner)) + np.repeat(first - np.cumsum(number) + number, number)]
    shared = np.minimum(given.end[row], wanted.end[owner]) - np.maximum(given.start[row], wanted.start[owner])
    filled = np.zeros(len(number), dtype=np.int64)
    np.add.at(filled, owner, np.maximum(shared, 0))
    whole: Mask = filled >= wanted.end - wanted.start
    return whole
