"""The fast path of metering data: accept fast, reject never.

Intervals are found by their first key, proven by layouts learned from the message itself (`layouts`), and so is what
stands between them (`gaps`). What is left, the document with its first interval alone, goes through parser, schema and
objects like any other. So every byte is looked at.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gateway.codecs.estfeed.gaps import LONGEST, Block, grammar_of, read_gaps
from gateway.codecs.estfeed.general import MEASURES, decode_general
from gateway.codecs.estfeed.layouts import Layout, Proven, learn
from gateway.codecs.estfeed.places import JsonPlaces
from gateway.codecs.estfeed.shapes import V1_SUBMISSION, V2_SUBMISSION, Shape
from gateway.codecs.estfeed.windows import Offsets, Source
from gateway.messages.codes import Commodity, Flow, Quality
from gateway.messages.metering_data import Indices, Measure, MeasureColumns, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT

SMALLEST = 4096
"""Bytes from which the fast path is the faster one."""
TOGETHER = 1 << 13
"""Intervals that are proven together; their bytes stay within the cache of a processor."""
MOST_LAYOUTS = 32
"""Layouts of one message that are learned before it is called unusual."""


def decode_fast(data: bytes, shape: Shape, commodity: Commodity) -> MeteringData | None:
    """The metering data, or None when the general path has to look at it."""
    columns = _columns(data, shape) if shape in (V1_SUBMISSION, V2_SUBMISSION) else None
    if columns is None:
        return None
    alone = decode_general(data[: int(columns.end[0])] + data[int(columns.end[-1]) :], shape, commodity)
    return None if isinstance(alone, tuple) or len(alone) != 1 else _whole(alone, columns, shape)


def _columns(data: bytes, shape: Shape) -> _Columns | None:
    """All intervals, where they and what stands around them is proven."""
    grammar = grammar_of(shape)
    first = grammar.first.search(data)
    layout = None if first is None else learn(data, first.start(), shape)
    if first is None or layout is None:
        return None
    source = Source(data)
    key, offset = layout.first_key
    begin = source.find(key) - offset
    columns = _Columns(len(begin))
    if begin[0] != first.start() or not _prove(source, begin, layout, shape, columns):
        return None
    columns.blocks = read_gaps(source, columns.end[:-1], begin[1:], grammar)
    is_opened = grammar.opening.search(data, max(0, first.start() - LONGEST), first.start())
    is_closed = grammar.closing.match(data, int(columns.end[-1]))
    return columns if columns.blocks is not None and is_opened and is_closed else None


def _prove(source: Source, begin: Offsets, layout: Layout | None, shape: Shape, columns: _Columns) -> bool:
    """Whether layouts, learned as they are met, prove all intervals."""
    waiting = np.arange(len(begin))
    for _ in range(MOST_LAYOUTS):
        if layout is None:
            return False
        left: list[Indices] = []
        for first in range(0, len(waiting), TOGETHER):
            piece = waiting[first : first + TOGETHER]
            proven = layout.read(source, begin[piece])
            columns.put(piece, proven, layout)
            left.append(piece[~proven.fits])
        waiting = np.concatenate(left)
        if not len(waiting):
            return True
        layout = learn(source.data, int(begin[waiting[0]]), shape)
    return False


def _narrow(places: Indices) -> slice | Indices:
    """Places as a slice where they follow each other, which copies faster."""
    follow = len(places) > 0 and places[-1] - places[0] == len(places) - 1
    return slice(int(places[0]), int(places[-1]) + 1) if follow else places


def _whole(alone: MeteringData, columns: _Columns, shape: Shape) -> MeteringData:
    """The document with all its intervals, given that with the first alone."""
    blocks = columns.blocks or []
    point, resolution, item, period = [alone.point[0]], [alone.resolution[0]], [0], [0]
    for block in blocks:
        point.append(block.point or point[-1])
        item.append(item[-1] + bool(block.point))
        period.append(0 if block.point else period[-1] + 1)
        resolution.append(block.resolution)
    offsets = np.array([0, *(block.first for block in blocks), len(columns.start)], dtype=np.int64)
    return replace(
        alone,
        point=point,
        resolution=resolution,
        offsets=offsets,
        start=columns.start,
        measures={measure: columns.measures[measure] for measure in MEASURES if measure in columns.measures},
        fractional=np.flatnonzero(columns.is_fractional),
        places=JsonPlaces(shape, offsets, np.array(item), np.array(period), columns.nets),
    )


class _Columns:
    """What is read of all intervals, filled layout by layout."""

    def __init__(self, count: int) -> None:
        self.end = np.zeros(count, dtype=np.int64)
        self.start = np.zeros(count, dtype=np.int64)
        self.is_fractional = np.zeros(count, dtype=np.bool_)
        self.measures: dict[Measure, MeasureColumns] = {}
        self.blocks: list[Block] | None = None
        self.nets: dict[Flow, str] = {Flow.NET_IN: "netQtyIn", Flow.NET_OUT: "netQtyOut"}

    def put(self, where: Indices, proven: Proven, layout: Layout) -> None:
        """Keep what a layout read of the intervals it proves; `where` are those it looked at."""
        fits = _narrow(np.flatnonzero(proven.fits))
        to = _narrow(where[fits])
        self.nets.update(layout.nets)
        assert proven.start is not None
        self.end[to], self.start[to] = proven.end[fits], proven.start.instant[fits]
        if proven.start.is_fractional is not None:
            self.is_fractional[to] = proven.start.is_fractional[fits]
        for measure, numbers in proven.numbers.items():
            columns = self._of(measure)
            columns.quantity[to], columns.decimals[to] = numbers.quantity[fits], numbers.decimals[fits]
            if measure.flow in proven.quality:
                columns.quality[to] = proven.quality[measure.flow][fits]
            times = proven.read_at.get(measure.flow, proven.read_at.get(None))
            if times is not None:
                columns.read_at[to] = times.instant[fits]

    def _of(self, measure: Measure) -> MeasureColumns:
        if measure not in self.measures:
            count = len(self.end)
            self.measures[measure] = MeasureColumns(
                measure,
                np.full(count, NO_QUANTITY, dtype=np.int64),
                np.full(count, Quality.ABSENT, dtype=np.uint8),
                np.full(count, NO_INSTANT, dtype=np.int64),
                np.zeros(count, dtype=np.uint8),
            )
        return self.measures[measure]
