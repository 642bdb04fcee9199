"""Series as columns: all time series of one message in one table, their points flat behind each other.

No object is built per value. A rule looks at a whole column at once; the store takes the columns as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import Quality
from gateway.messages.identifiers import Scheme
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT, Instants

Quantities = npt.NDArray[np.int64]
Integers = npt.NDArray[np.integer]
"""Quantities of any width: as stored, and as the settlement sums them."""
Qualities = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

_MISSING = int(Quality.MISSING)  # numpy compares with a plain integer several times faster


class AreaId(NamedTuple):
    """A grid area or bidding zone as named in a series, with the scheme that issued the code."""

    code: str
    scheme: str = Scheme.GRID_AREA


@dataclass(frozen=True, slots=True)
class Period:
    """The values of one series over [start, end) in equal steps.

    Attributes:
        resolution: step as ISO 8601 duration; one of `Resolution`, or the text as received.
        start: first instant, NO_INSTANT when absent or unreadable.
        end: instant after the last step, NO_INSTANT likewise.
        position: int32[n], the points' numbers as received; 1..n in a correct message.
        quantity: int64[n] thousandths of the unit; NO_QUANTITY where the point has none.
        quality: uint8[n] of `Quality`.
        decimals: greatest count of decimals as written.
        as_written: text of the quantities that the column cannot hold, by index (too many decimals or digits).
    """

    resolution: str
    start: int
    end: int
    position: Positions
    quantity: Quantities
    quality: Qualities
    decimals: int = 3
    as_written: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Series:
    """One metering point's values of one product: a row of a `SeriesTable`, for those who look at one at a time."""

    transaction: str
    point: str
    point_type: str
    unit: str
    period: Period
    registered_at: int = NO_INSTANT
    point_scheme: str = Scheme.GS1
    product: str | None = None
    original_transaction: str | None = None
    in_area: AreaId | None = None
    out_area: AreaId | None = None
    settlement_method: str | None = None
    replaces: bool = False
    flow: str | None = None
    read_at: Instants | None = None


@dataclass(slots=True)
class SeriesTable:
    """All series of one message. Row i's points are `offsets[i]:offsets[i + 1]` of the three point columns.

    Attributes:
        transaction: the sender's id of each series (RSM-012 `Series/mRID`).
        point: metering point as written.
        point_type: `MeteringPointType`, or the wire's text.
        unit: `Unit`, or the wire's text.
        resolution: `Resolution`, or the wire's text.
        start, end: int64[n] instants of the period [start, end); NO_INSTANT when absent or unreadable.
        registered_at: int64[n] instants; NO_INSTANT where the dialect has none.
        decimals: uint8[n], greatest count of decimals as written in the row.
        offsets: int64[n + 1] into the point columns.
        position, quantity, quality: the point columns, see `Period`.
        as_written: text of quantities that the column cannot hold, by index into the point columns.
        flow: `Flow` of each series; empty where no series of the message names one.
        read_at: int64, a point column: when each value was read, NO_INSTANT where that is not stated; None where the
            dialect has none.
        point_decimals: uint8, a point column: decimals of each quantity as written; None where only those of the row
            are known.
    """

    transaction: list[str]
    point: list[str]
    point_type: list[str]
    unit: list[str]
    resolution: list[str]
    start: Instants
    end: Instants
    registered_at: Instants
    decimals: Qualities
    offsets: npt.NDArray[np.int64]
    position: Positions
    quantity: Quantities
    quality: Qualities
    point_scheme: list[str]
    product: list[str | None]
    original_transaction: list[str | None]
    in_area: list[AreaId | None]
    out_area: list[AreaId | None]
    settlement_method: list[str | None]
    replaces: list[bool]
    as_written: dict[int, str] = field(default_factory=dict)
    flow: list[str | None] = field(default_factory=list)
    read_at: Instants | None = None
    point_decimals: Qualities | None = None

    def __len__(self) -> int:
        return len(self.transaction)

    def __iter__(self) -> Iterator[Series]:
        return (self.row(i) for i in range(len(self)))

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """How many points each row has, int64[n]."""
        return self.offsets[1:] - self.offsets[:-1]

    @property
    def is_missing(self) -> Mask:
        """Where a value is missing: no quantity, or stated as not available, whatever else the point says."""
        missing: Mask = (self.quantity == NO_QUANTITY) | (self.quality == _MISSING)
        return missing

    def rows_of(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The rows that own the given indices into the point columns."""
        return np.searchsorted(self.offsets, indices, side="right") - 1

    def row(self, i: int) -> Series:
        """One series with views on its points."""
        first, last = int(self.offsets[i]), int(self.offsets[i + 1])
        period = Period(
            self.resolution[i],
            int(self.start[i]),
            int(self.end[i]),
            self.position[first:last],
            self.quantity[first:last],
            self.quality[first:last],
            int(self.decimals[i]),
            {k - first: text for k, text in self.as_written.items() if first <= k < last},
        )
        return Series(
            self.transaction[i],
            self.point[i],
            self.point_type[i],
            self.unit[i],
            period,
            int(self.registered_at[i]),
            self.point_scheme[i],
            self.product[i],
            self.original_transaction[i],
            self.in_area[i],
            self.out_area[i],
            self.settlement_method[i],
            self.replaces[i],
            self.flow[i] if self.flow else None,
            None if self.read_at is None else self.read_at[first:last],
        )

    def take(self, rows: Sequence[int]) -> SeriesTable:
        """A table of the given rows, in the given order."""
        return SeriesTable.of(self.row(i) for i in rows)

    @classmethod
    def of(cls, series: Iterable[Series]) -> SeriesTable:
        """A table from single series."""
        rows = list(series)
        periods = [row.period for row in rows]
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(period.position) for period in periods], out=offsets[1:])
        return cls(
            transaction=[row.transaction for row in rows],
            point=[row.point for row in rows],
            point_type=[row.point_type for row in rows],
            unit=[row.unit for row in rows],
            resolution=[period.resolution for period in periods],
            start=np.array([period.start for period in periods], dtype=np.int64),
            end=np.array([period.end for period in periods], dtype=np.int64),
            registered_at=np.array([row.registered_at for row in rows], dtype=np.int64),
            decimals=np.array([period.decimals for period in periods], dtype=np.uint8),
            offsets=offsets,
            position=_joined([period.position for period in periods], np.int32),
            quantity=_joined([period.quantity for period in periods], np.int64),
            quality=_joined([period.quality for period in periods], np.uint8),
            point_scheme=[row.point_scheme for row in rows],
            product=[row.product for row in rows],
            original_transaction=[row.original_transaction for row in rows],
            in_area=[row.in_area for row in rows],
            out_area=[row.out_area for row in rows],
            settlement_method=[row.settlement_method for row in rows],
            replaces=[row.replaces for row in rows],
            as_written={
                int(offsets[i]) + k: text for i, period in enumerate(periods) for k, text in period.as_written.items()
            },
            flow=[row.flow for row in rows] if any(row.flow for row in rows) else [],
            read_at=_joined_stated([row.read_at for row in rows], lambda i: _unread(len(periods[i].position))),
        )

    @classmethod
    def concat(cls, tables: Sequence[SeriesTable]) -> SeriesTable:
        """One table from several, rows in order; what a stream reads series by series becomes one message."""
        starts = np.cumsum([0, *(len(table.position) for table in tables)])
        columns: dict[str, Any] = {}
        for column in fields(cls):
            parts = [getattr(table, column.name) for table in tables]
            if column.name == "offsets":
                ends = [table.offsets[1:] + start for table, start in zip(tables, starts, strict=False)]
                columns["offsets"] = np.concatenate([np.zeros(1, dtype=np.int64), *ends])
            elif column.name == "as_written":
                columns["as_written"] = {
                    int(start) + k: text for part, start in zip(parts, starts, strict=False) for k, text in part.items()
                }
            elif column.name == "flow":
                columns["flow"] = _flows(tables)
            elif column.name == "read_at":
                columns["read_at"] = _joined_stated(parts, lambda i: _unread(len(tables[i].position)))
            elif column.name == "point_decimals":
                # those of the row stand for a table that has no others
                columns["point_decimals"] = _joined_stated(
                    parts, lambda i: np.repeat(tables[i].decimals, tables[i].counts)
                )
            elif parts and isinstance(parts[0], np.ndarray):
                columns[column.name] = np.concatenate(parts)
            else:
                columns[column.name] = [value for part in parts for value in part]
        return cls(**columns) if tables else cls.of(())


def _flows(tables: Sequence[SeriesTable]) -> list[str | None]:
    """The flows of all rows of several tables; empty where no table names one."""
    if not any(table.flow for table in tables):
        return []
    return [flow for table in tables for flow in (table.flow or [None] * len(table))]


def _joined_stated(
    parts: Sequence[npt.NDArray[Any] | None], instead: Callable[[int], npt.NDArray[Any]]
) -> npt.NDArray[Any] | None:
    """A point column of several parts, `instead` where a part has none; None where no part has it."""
    if all(part is None for part in parts):
        return None
    return np.concatenate([instead(i) if part is None else part for i, part in enumerate(parts)])


def _unread(count: int) -> Instants:
    return np.full(count, NO_INSTANT, dtype=np.int64)


def _joined(parts: list[npt.NDArray[Any]], dtype: type[np.generic]) -> npt.NDArray[Any]:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.empty(0, dtype=dtype)
