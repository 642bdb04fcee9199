"""Metering data as the Estonian datahub's JSON (EE-1.5, EE-1.7).

Instants are written in UTC to the second, amounts with exactly three decimals. What an interval does not state is left
out: nothing is no zero.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, groupby, pairwise, repeat

import numpy as np

from gateway.codecs.estfeed.fast_writing import write_intervals
from gateway.codecs.estfeed.shapes import (
    AMOUNTS,
    INTERVALS,
    NET_FLOWS,
    PERIODS,
    QUALITY,
    QUANTITIES,
    READ_AT,
    RESOLUTION,
    START,
    Shape,
)
from gateway.codecs.point_texts import json_number
from gateway.codecs.points import column_texts
from gateway.messages.codes import CORRECTED_FLAG, Quality, Unit
from gateway.messages.metering_data import Measure, MeasureColumns, MeteringData, joined
from gateway.messages.quantities import MOST_DECIMALS
from gateway.messages.times import NO_INSTANT, Instants

NET_NAMES = ("netQtyIn", "netQtyOut")
"""How the samples of the original spell the net amounts; its tables say `netInQty` and `netOutQty`."""

_QUALITY_CODES = ["E" if quality is Quality.ESTIMATED else "M" for quality in sorted(Quality)]
_PLAIN = np.uint8(~CORRECTED_FLAG & 0xFF)


def encode(data: MeteringData, shape: Shape, net_names: Sequence[str] = NET_NAMES) -> str:
    """The list of metering points of a document: what the second generation sends, or `meterData` of the first.

    Args:
        data: blocks that follow each other and have one metering point become one item of the list.
        shape: the document they go into; where it has periods, every block must state its resolution.
        net_names: how the net amounts into the grid and out of it are called.
    """
    return _list(shape, periods_of(data, shape, net_names))


def encode_each(parts: Sequence[MeteringData], shape: Shape, net_names: Sequence[str] = NET_NAMES) -> list[str]:
    """As `encode` for each of many of one commodity, in one pass: small ones cost no more than their values."""
    if not parts:
        return []
    whole = joined(parts)
    writer = _joined_intervals(whole, shape, net_names)
    ends = accumulate((len(part.point) for part in parts), initial=0)
    return [_list(shape, _periods(whole, range(first, last), shape, writer)) for first, last in pairwise(ends)]


def _list(shape: Shape, items: Iterable[tuple[str, str]]) -> str:
    points = (f'{{"{shape.point}":{json.dumps(point)},"{PERIODS}":{periods}}}' for point, periods in items)
    return f"[{','.join(points)}]"


def periods_of(data: MeteringData, shape: Shape, net_names: Sequence[str] = NET_NAMES) -> list[tuple[str, str]]:
    """Each metering point with its `periods` as JSON text; see `encode`."""
    return _periods(data, range(len(data.point)), shape, _joined_intervals(data, shape, net_names))


def _periods(data: MeteringData, blocks: range, shape: Shape, writer: _Writer) -> list[tuple[str, str]]:
    """The metering points of some blocks; `writer` writes the intervals of a range."""
    offsets = data.offsets
    found = []
    for point, own in groupby(blocks, data.point.__getitem__):
        parts = (_block(data.resolution[i], writer(int(offsets[i]), int(offsets[i + 1])), shape) for i in own)
        found.append((point, f"[{','.join(parts)}]"))
    return found


_Writer = Callable[[int, int], str]


def _joined_intervals(data: MeteringData, shape: Shape, net_names: Sequence[str]) -> _Writer:
    """Writes the intervals of a range, with commas between them."""
    if len(data) >= _FEW and (written := write_intervals(data, shape, net_names)) is not None:
        return written.joined
    intervals = _intervals(data, shape, net_names)
    return lambda first, last: ",".join(intervals[first:last])


_FEW = 64
"""Intervals up to which writing them one by one is the faster way."""


def _block(resolution: str, inner: str, shape: Shape) -> str:
    return f'{{"{RESOLUTION}":"{resolution}","{INTERVALS}":[{inner}]}}' if shape.has_periods else inner


def _intervals(data: MeteringData, shape: Shape, net_names: Sequence[str]) -> list[str]:
    """Every interval as an object."""
    parts: list[Iterable[str]] = [[f'{{"{START}":{text}' for text in instant_texts(data.start)]]
    if not shape.reads_quantities:
        parts.append(_member(READ_AT, instant_texts(_read_at(data))))
    for name, flow in QUANTITIES.items():
        columns = [data.measures[key] for unit in AMOUNTS.values() if (key := Measure(flow, unit)) in data.measures]
        if columns:
            parts.append(_quantities(name, columns, shape))
    if shape.has_nets:
        for name, flow in zip(net_names, NET_FLOWS, strict=True):
            net = data.measures.get(Measure(flow, Unit.KWH))
            if net is not None:
                parts.append(_member(name, _amounts(net)))
    return ["".join(texts) for texts in zip(*parts, repeat("}", len(data)), strict=True)]


def _quantities(name: str, columns: Sequence[MeasureColumns], shape: Shape) -> list[str]:
    """One flow of all intervals, its amounts in one unit or two."""
    first = columns[0]
    stated = np.logical_or.reduce([column.is_stated for column in columns])
    latest = np.maximum.reduce([column.read_at for column in columns])
    quality = np.maximum.reduce([column.quality & _PLAIN for column in columns])
    qualities = [f'"{QUALITY}":"{_QUALITY_CODES[code]}"' for code in quality.tolist()]
    amounts = [_member(_unit_name(column), _amounts(column)) for column in columns]
    times: Iterable[str] = repeat("", len(first.quantity))
    if shape.reads_quantities:
        times = [f'"{READ_AT}":{text},' if text else "" for text in instant_texts(latest)]
    texts = zip(stated.tolist(), times, qualities, *amounts, strict=True)
    return [f',"{name}":{{{"".join(parts)}}}' if is_stated else "" for is_stated, *parts in texts]


def _unit_name(column: MeasureColumns) -> str:
    return next(name for name, unit in AMOUNTS.items() if unit is column.measure.unit)


def _member(name: str, texts: Iterable[str]) -> list[str]:
    """A member of each object that comes behind another; none where there is no text."""
    return [f',"{name}":{text}' if text else "" for text in texts]


def _amounts(column: MeasureColumns) -> list[str]:
    texts = column_texts(column.quantity, MOST_DECIMALS, column.as_written)
    return [json_number(text) if text else "" for text in texts] if column.as_written else texts


def _read_at(data: MeteringData) -> Instants:
    """When an interval was read as a whole: when the last of its values was."""
    none = np.full(len(data), NO_INSTANT, dtype=np.int64)
    latest: Instants = np.maximum.reduce([none, *(column.read_at for column in data.measures.values())])
    return latest


def instant_texts(instants: Instants) -> list[str]:
    """Instants as JSON strings; empty where there is none."""
    stated = instants != NO_INSTANT
    texts = np.datetime_as_string(np.where(stated, instants, 0).astype("datetime64[s]"), unit="s").tolist()
    quoted = [f'"{text}Z"' for text in texts]
    return quoted if stated.all() else [text if is_there else "" for text, is_there in zip(quoted, stated, strict=True)]
