"""Accounting intervals as JSON, many at once.

Intervals that state the same members are rows of bytes of one width: texts that are alike, times, and numbers aligned
to the right. What is left over before a number is a NUL byte, and all of these are taken out in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.codecs.estfeed.shapes import AMOUNTS, NET_FLOWS, QUALITY, QUANTITIES, READ_AT, START, Shape
from gateway.messages.codes import CORRECTED_FLAG, Flow, Quality
from gateway.messages.metering_data import Indices, Measure, MeasureColumns, MeteringData
from gateway.messages.quantities import MOST_DECIMALS, NO_QUANTITY
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import DAY, NO_INSTANT, Instants

Bytes = npt.NDArray[np.uint8]

TOGETHER = 1 << 13
"""Intervals that are written together; their bytes stay within the cache of a processor."""

_ZERO, _DOT = ord("0"), ord(".")
_PLAIN = np.uint8(~CORRECTED_FLAG & 0xFF)
_LETTERS = np.array([ord("E") if code == Quality.ESTIMATED else ord("M") for code in range(128)], dtype=np.uint8)


class Written(NamedTuple):
    """Intervals as text, each with a comma behind it; interval i is `text[offsets[i]:offsets[i + 1]]`."""

    text: bytes
    offsets: list[int]

    def joined(self, first: int, last: int) -> str:
        """Some intervals, with commas between them."""
        return self.text[self.offsets[first] : max(self.offsets[last] - 1, self.offsets[first])].decode("ascii")


def write_intervals(data: MeteringData, shape: Shape, net_names: Sequence[str]) -> Written | None:
    """All intervals of metering data; None where a quantity is negative or finer than thousandths."""
    columns = data.measures.values()
    if any(column.as_written or (column.quantity[column.is_stated] < 0).any() for column in columns):
        return None
    parts: list[bytes] = []
    lengths: list[Indices] = []
    for first in range(0, len(data), TOGETHER):
        rows = _rows(_Portion(data, slice(first, first + TOGETHER)), shape, net_names)
        parts.append(rows[rows != 0].tobytes())
        lengths.append(np.count_nonzero(rows, axis=1))
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), *lengths]).cumsum()
    return Written(b"".join(parts), offsets.tolist())


# ---------------------------------------------------------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class _Portion:
    """Some of the intervals."""

    data: MeteringData
    part: slice

    @property
    def start(self) -> Instants:
        return self.data.start[self.part]

    def measures(self, flow: Flow) -> Iterator[MeasureColumns]:
        """The columns of a flow, one for each unit."""
        for unit in AMOUNTS.values():
            columns = self.data.measures.get(Measure(flow, unit))
            if columns is not None:
                yield columns

    def latest(self, columns: Sequence[MeasureColumns]) -> Instants:
        """When the last of some values was read, for each interval."""
        none = np.full(len(self.start), NO_INSTANT, dtype=np.int64)
        latest: Instants = np.maximum.reduce([none, *(column.read_at[self.part] for column in columns)])
        return latest


class _Piece(NamedTuple):
    """What stands in some of the intervals: a text or a column of bytes for each, and where it stands."""

    content: bytes | Bytes
    is_there: Mask | None = None


def _rows(portion: _Portion, shape: Shape, net_names: Sequence[str]) -> Bytes:
    """The intervals as rows of bytes, NUL where there is nothing."""
    pieces = [*_pieces(portion, shape, net_names), _Piece(b"},")]
    widths = [len(piece.content) if isinstance(piece.content, bytes) else piece.content.shape[1] for piece in pieces]
    rows = np.zeros((len(portion.start), sum(widths)), dtype=np.uint8)
    at = 0
    for piece, width in zip(pieces, widths, strict=True):
        content = np.frombuffer(piece.content, dtype=np.uint8) if isinstance(piece.content, bytes) else piece.content
        if piece.is_there is None or piece.is_there.all():
            rows[:, at : at + width] = content
        elif content.ndim == 1:
            rows[piece.is_there, at : at + width] = content
        else:
            rows[piece.is_there, at : at + width] = content[piece.is_there]
        at += width
    return rows


def _pieces(portion: _Portion, shape: Shape, net_names: Sequence[str]) -> Iterator[_Piece]:
    yield _Piece(f'{{"{START}":"'.encode())
    yield _Piece(_times(portion.start))
    yield _Piece(b'"')
    if not shape.reads_quantities:
        yield from _read_at(portion.latest([*portion.data.measures.values()]), f',"{READ_AT}":"', '"')
    for name, flow in QUANTITIES.items():
        yield from _quantity(portion, name, flow, shape)
    for name, flow in zip(net_names, NET_FLOWS, strict=True):
        if shape.has_nets:
            for column in portion.measures(flow):
                yield from _amount(column, portion.part, f',"{name}":')


def _quantity(portion: _Portion, name: str, flow: Flow, shape: Shape) -> Iterator[_Piece]:
    """One flow: opened where any of its amounts is there."""
    columns = list(portion.measures(flow))
    if not columns:
        return
    part = portion.part
    is_there = np.logical_or.reduce([column.is_stated[part] for column in columns])
    yield _Piece(f',"{name}":{{'.encode(), is_there)
    if shape.reads_quantities:
        yield from _read_at(np.where(is_there, portion.latest(columns), NO_INSTANT), f'"{READ_AT}":"', '",')
    quality: Qualities = np.maximum.reduce([column.quality[part] & _PLAIN for column in columns])
    yield _Piece(f'"{QUALITY}":"'.encode(), is_there)
    yield _Piece(_LETTERS[quality][:, None], is_there)
    yield _Piece(b'"', is_there)
    for column in columns:
        unit = next(unit for unit, of in AMOUNTS.items() if of is column.measure.unit)
        yield from _amount(column, part, f',"{unit}":')
    yield _Piece(b"}", is_there)


def _read_at(instants: Instants, before: str, behind: str) -> Iterator[_Piece]:
    is_there = instants != NO_INSTANT
    if is_there.any():
        yield _Piece(before.encode(), is_there)
        yield _Piece(_times(np.where(is_there, instants, 0)), is_there)
        yield _Piece(behind.encode(), is_there)


def _amount(column: MeasureColumns, part: slice, before: str) -> Iterator[_Piece]:
    quantity = column.quantity[part]
    is_there = quantity != NO_QUANTITY
    yield _Piece(before.encode(), is_there)
    yield _Piece(_numbers(np.where(is_there, quantity, 0)), is_there)


# -------------------------------------------------------------------------------------------------- numbers and times


def _numbers(thousandths: Quantities) -> Bytes:
    """Numbers with three decimals, aligned to the right; NUL before the first digit."""
    places = max(len(str(int(thousandths.max(initial=0)))), MOST_DECIMALS + 1)
    written = np.zeros((len(thousandths), places + 1), dtype=np.uint8)
    rest = thousandths.astype(np.uint32) if places < 10 else thousandths
    ten = rest.dtype.type(10)
    at = places
    for place in range(places):
        if place == MOST_DECIMALS:
            written[:, at] = _DOT
            at -= 1
        above = rest // ten
        digit = (rest - above * ten).astype(np.uint8) + np.uint8(_ZERO)
        written[:, at] = digit if place <= MOST_DECIMALS else digit * (rest > 0)
        rest = above
        at -= 1
    return written


def _times(instants: Instants) -> Bytes:
    """`2026-08-01T00:15:00Z`, uint8[n, 20]."""
    days = instants // DAY
    first, last = int(days.min()), int(days.max())
    written = np.empty((len(instants), 20), dtype=np.uint8)
    if last - first < _MOST_DAYS:
        written[:, :10] = _dates(np.arange(first, last + 1))[days - first]
    else:
        written[:, :10] = _dates(days)
    written[:, 10:] = _clock()[instants - days * DAY]
    return written


_MOST_DAYS = 4000
"""Days between the first and the last instant for which a table of all of them is worth making."""


def _dates(days: Indices) -> Bytes:
    text = "".join(np.datetime_as_string(days.astype("datetime64[D]")).tolist())
    return np.frombuffer(text.encode(), dtype=np.uint8).reshape(-1, 10)


@cache
def _clock() -> Bytes:
    """What follows the date at every second of a day: `T00:15:00Z`."""
    text = "".join(
        f"T{hour:02}:{minute:02}:{second:02}Z" for hour in range(24) for minute in range(60) for second in range(60)
    )
    return np.frombuffer(text.encode(), dtype=np.uint8).reshape(-1, 10)
