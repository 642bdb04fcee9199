"""Metering data of markets that number no positions: accounting intervals, each with its flows (Elering 12).

An accounting interval is a start and what flowed from there on: into the grid, out of it, and the net of both. A
message says them in blocks, one metering point and one resolution each; the intervals of all blocks stand flat behind
each other, and every flow in every unit is a set of columns beside them. Nothing is sorted, merged or dropped: a start
that comes twice or lies off its step is there for the rules to see. `series_of` makes of it what the store takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import Commodity, FeedForm, Flow, Product, Resolution, Unit
from gateway.messages.findings import Finding
from gateway.messages.identifiers import Scheme
from gateway.messages.masterdata import RESOLUTIONS
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask, Qualities, Quantities, SeriesTable
from gateway.messages.times import DAY, NO_INSTANT, STEP_SECONDS, Instants, MarketZone

Indices = npt.NDArray[np.int64]
ResolutionCodes = npt.NDArray[np.uint8]

NOT_STATED = 255
"""Resolution code of intervals whose form names no resolution (V2)."""


class CallerContext(NamedTuple):
    """Who sends in which role for which commodity, as the texts of the message or its headers say."""

    party: str
    role: str
    commodity: str


class Measure(NamedTuple):
    """What a column measures: a flow in a unit. Gas has each flow in kWh and in cubic metres."""

    flow: Flow
    unit: Unit


class Member(StrEnum):
    """What of an interval a place means."""

    INTERVAL = "interval"
    """The whole of it."""
    POINT = "point"
    """The metering point of its block."""
    START = "start"
    RESOLUTION = "resolution"
    QUANTITY = "quantity"
    QUALITY = "quality"
    READ_AT = "read-at"


class Place(NamedTuple):
    """Where something stands in the document as received.

    Attributes:
        path: in the words of its form: `[0].periods[17].inQty.kwh`, `meterData[0].periods[0].aI[3].pS`,
            `meter-data!D18`.
        line: row of a sheet counted from 1; 0 where the form has no rows.
    """

    path: str
    line: int = 0


class Places(Protocol):
    """Finds intervals again in the document they were read from."""

    def place(self, interval: int, member: Member, measure: Measure | None) -> Place:
        """The place of a member of the n-th interval; `measure` says of which flow, where members differ by flow."""


@dataclass(frozen=True, slots=True)
class MeasureColumns:
    """One flow in one unit beside the intervals of a message; n is the number of intervals.

    Attributes:
        measure: the flow and the unit.
        quantity: int64[n] thousandths; NO_QUANTITY where the interval does not state this measure.
        quality: uint8[n] of `Quality`: measured or estimated; ABSENT where not stated. Net quantities have none.
        read_at: int64[n], when the value was read; NO_INSTANT where not stated.
        decimals: uint8[n], decimals as written.
        as_written: texts of quantities that the column cannot hold (too many decimals or digits), by interval.
    """

    measure: Measure
    quantity: Quantities
    quality: Qualities
    read_at: Instants
    decimals: Qualities
    as_written: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_stated(self) -> Mask:
        """Where the message states a quantity of this measure."""
        stated: Mask = self.quantity != NO_QUANTITY
        return stated

    def take(self, intervals: Indices) -> MeasureColumns:
        """The columns beside the given intervals alone, in the given order."""
        written = self.as_written
        return MeasureColumns(
            self.measure,
            self.quantity[intervals],
            self.quality[intervals],
            self.read_at[intervals],
            self.decimals[intervals],
            {k: written[i] for k, i in enumerate(intervals.tolist()) if i in written} if written else {},
        )


@dataclass(frozen=True)
class MeteringData:
    """The metering data of one message, workbook or answer.

    Block i's intervals are `offsets[i]:offsets[i + 1]` of the interval columns. Blocks of one metering point that
    belong together in the document follow each other.

    Attributes:
        commodity: what the message says it measures.
        form: how it was written.
        caller: the context in the body; None where the headers carry it.
        point: metering point of each block, as written.
        resolution: `Resolution` each block states; empty where the form states none (V2).
        offsets: int64[b + 1] into the interval columns.
        start: int64[n], the instant each interval begins at, fraction of a second dropped.
        measures: the columns of each measure that any interval states.
        fractional: intervals whose start is written with a fraction of a second other than zero.
        places: finds them in the document; None where the data was not read from one.
        unread: what of the document could not be read where the rest could: rows of a workbook, whose every fault is
            told at once. Data that has any is not to be stored.
    """

    commodity: Commodity
    form: FeedForm
    caller: CallerContext | None
    point: list[str]
    resolution: list[str]
    offsets: Indices
    start: Instants
    measures: Mapping[Measure, MeasureColumns]
    fractional: Indices = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    places: Places | None = None
    unread: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        """How many accounting intervals there are; limits of a message count these."""
        return len(self.start)

    @cached_property
    def block(self) -> Indices:
        """The block of each interval, int64[n]."""
        return np.repeat(np.arange(len(self.point)), np.diff(self.offsets))

    @cached_property
    def stated_resolution(self) -> ResolutionCodes:
        """What each interval's block states, as place in `RESOLUTIONS`; NOT_STATED where it states nothing."""
        codes = [RESOLUTION_PLACES.get(text, NOT_STATED) for text in self.resolution]
        return np.array(codes, dtype=np.uint8)[self.block]

    def stated(self, flow: Flow, unit: Unit = Unit.KWH) -> Mask:
        """Which intervals state a flow in a unit, bool[n]."""
        columns = self.measures.get(Measure(flow, unit))
        return np.zeros(len(self), dtype=np.bool_) if columns is None else columns.is_stated

    def quantity(self, flow: Flow, unit: Unit = Unit.KWH) -> Quantities:
        """The quantities of a flow in a unit, int64[n], NO_QUANTITY where there is none."""
        columns = self.measures.get(Measure(flow, unit))
        return np.full(len(self), NO_QUANTITY, dtype=np.int64) if columns is None else columns.quantity

    def place(self, interval: int, member: Member = Member.INTERVAL, measure: Measure | None = None) -> Place:
        """Where an interval, or one of its members, stands in the document; nowhere where there was none."""
        return Place("") if self.places is None else self.places.place(interval, member, measure)


def joined(parts: Sequence[MeteringData]) -> MeteringData:
    """The data of several messages or answers of one commodity behind each other; where they stood is not kept."""
    first = parts[0]
    begins = accumulate(map(len, parts), initial=0)
    offsets = [part.offsets[1:] + begin for part, begin in zip(parts, begins, strict=False)]
    return MeteringData(
        first.commodity,
        first.form,
        None,
        [point for part in parts for point in part.point],
        [resolution for part in parts for resolution in part.resolution],
        np.concatenate([np.zeros(1, dtype=np.int64), *offsets]),
        np.concatenate([part.start for part in parts]),
        {
            measure: _joined_columns(parts, measure)
            for measure in dict.fromkeys(m for part in parts for m in part.measures)
        },
    )


def _joined_columns(parts: Sequence[MeteringData], measure: Measure) -> MeasureColumns:
    """A measure over all parts, empty where a part has none of it."""
    found = [part.measures.get(measure) or _no_columns(measure, len(part)) for part in parts]
    begins = accumulate((len(part) for part in parts), initial=0)
    written = zip(begins, found, strict=False)
    return MeasureColumns(
        measure,
        np.concatenate([one.quantity for one in found]),
        np.concatenate([one.quality for one in found]),
        np.concatenate([one.read_at for one in found]),
        np.concatenate([one.decimals for one in found]),
        {begin + interval: text for begin, one in written for interval, text in one.as_written.items()},
    )


def _no_columns(measure: Measure, count: int) -> MeasureColumns:
    nothing = np.zeros(count, dtype=np.uint8)
    return MeasureColumns(
        measure,
        np.full(count, NO_QUANTITY, dtype=np.int64),
        nothing,
        np.full(count, NO_INSTANT, dtype=np.int64),
        nothing,
    )


RESOLUTION_PLACES: dict[str, int] = {resolution: place for place, resolution in enumerate(RESOLUTIONS)}
_DAY_CODE = RESOLUTION_PLACES[Resolution.DAY]
_STEPS = np.array([STEP_SECONDS.get(resolution, 0) for resolution in RESOLUTIONS], dtype=np.int64)


def interval_ends(start: Instants, resolution: ResolutionCodes, zone: MarketZone) -> Instants:
    """The instant each interval ends at, given the place of its resolution in `RESOLUTIONS`: quarters, hours, days.

    A day ends at the same time on the next day's clock, so that gas days of 23 and 25 hours come out right.
    """
    ends: Instants = start + _STEPS[resolution]
    days = np.flatnonzero(resolution == _DAY_CODE)
    if len(days):
        begin, end = start[days], start[days] + DAY
        ends[days] = end - (zone.wall_seconds(end) - zone.wall_seconds(begin) - DAY)
    return ends


@dataclass(frozen=True, slots=True)
class MeteringSeries:
    """Metering data as series.

    Attributes:
        table: one row for each (metering point, measure, run of intervals that follow each other without a gap in one
            resolution); positions run from 1 in every row, and every row has a flow. A start that comes twice begins
            another row.
        interval: int64[k], the interval that each value of the point columns comes from.
    """

    table: SeriesTable
    interval: Indices


def series_of(
    data: MeteringData, resolution: ResolutionCodes, zone: MarketZone, kept: Mask | None = None
) -> MeteringSeries:
    """The series of metering data, as the store takes them.

    Args:
        data: the message.
        resolution: uint8[n], place in `RESOLUTIONS` of each interval's resolution: what the message states, or where
            it states none what the market says; quarters, hours or days.
        zone: local time of the market, by which days are counted.
        kept: bool[n], the intervals to take; all when None.

    Returns:
        Series by measure, then by metering point in order of first appearance, then by time.
    """
    numbers = {point: number for number, point in enumerate(dict.fromkeys(data.point))}
    by_block = np.array([numbers[point] for point in data.point], dtype=np.int64)
    whole = _Intervals(by_block[data.block], data.start, interval_ends(data.start, resolution, zone), resolution)
    found = [_Runs.of(columns, whole, kept) for columns in data.measures.values()]
    tables = [runs.table(list(numbers)) for runs in found]
    return MeteringSeries(
        SeriesTable.concat(tables), np.concatenate([np.empty(0, dtype=np.int64), *(runs.interval for runs in found)])
    )


class _Intervals(NamedTuple):
    """All intervals of a message: number of their metering point, bounds, resolution."""

    point: Indices
    start: Instants
    end: Instants
    resolution: ResolutionCodes

    @property
    def is_sorted(self) -> bool:
        """Whether points stand together in order of first appearance, and their starts in order of time."""
        same = self.point[1:] == self.point[:-1]
        later = self.start[1:] >= self.start[:-1]
        return bool(np.where(same, later, self.point[1:] > self.point[:-1]).all())

    def take(self, chosen: Indices) -> _Intervals:
        return _Intervals(self.point[chosen], self.start[chosen], self.end[chosen], self.resolution[chosen])


@dataclass(frozen=True, slots=True)
class _Runs:
    """The values of one measure in order of point and time, and where among them each run begins and the last ends."""

    columns: MeasureColumns
    interval: Indices
    sorted: _Intervals
    offsets: Indices

    @classmethod
    def of(cls, columns: MeasureColumns, whole: _Intervals, kept: Mask | None) -> _Runs:
        chosen = np.flatnonzero(columns.is_stated if kept is None else columns.is_stated & kept)
        line = whole if len(chosen) == len(whole.start) else whole.take(chosen)
        if not line.is_sorted:
            order = np.lexsort((line.start, line.point))  # stable: repeated starts keep their order
            chosen, line = chosen[order], line.take(order)
        follows = (line.point[1:] == line.point[:-1]) & (line.start[1:] == line.end[:-1])
        follows &= line.resolution[1:] == line.resolution[:-1]
        breaks = np.flatnonzero(~follows) + 1
        edges = [np.zeros(1, dtype=np.int64), breaks, np.array([len(chosen)], dtype=np.int64)]
        return cls(columns, chosen, line, np.concatenate(edges) if len(chosen) else edges[0])

    def table(self, points: Sequence[str]) -> SeriesTable:
        first, count = self.offsets[:-1], len(self.offsets) - 1
        flow, unit = self.columns.measure
        decimals = self.columns.decimals[self.interval]
        written = self.columns.as_written
        return SeriesTable(
            transaction=[""] * count,
            point=[points[number] for number in self.sorted.point[first].tolist()],
            point_type=[""] * count,
            unit=[unit] * count,
            resolution=[RESOLUTIONS[code] for code in self.sorted.resolution[first].tolist()],
            start=self.sorted.start[first],
            end=self.sorted.end[self.offsets[1:] - 1],
            registered_at=np.full(count, NO_INSTANT, dtype=np.int64),
            decimals=np.maximum.reduceat(decimals, first) if count else decimals,
            offsets=self.offsets,
            position=(np.arange(len(self.interval)) - np.repeat(first, np.diff(self.offsets)) + 1).astype(np.int32),
            quantity=self.columns.quantity[self.interval],
            quality=self.columns.quality[self.interval],
            point_scheme=[Scheme.EIC] * count,
            product=[_PRODUCTS.get(unit)] * count,
            original_transaction=[None] * count,
            in_area=[None] * count,
            out_area=[None] * count,
            settlement_method=[None] * count,
            replaces=[False] * count,
            as_written={k: written[i] for k, i in enumerate(self.interval.tolist()) if i in written} if written else {},
            flow=[flow] * count,
            read_at=self.columns.read_at[self.interval],
        )


_PRODUCTS: dict[str, str] = {Unit.KWH: Product.ACTIVE_ENERGY}
