"""Accounting intervals as JSON, many at once.

Intervals that state the same members are rows of bytes of one width: texts that are alike, times, and numbers aligned
to the right. What is left over before a number is a NUL byte, and all of these are taken out in the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, reduce
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
    """Intervals as text, each with a comma behind it.

    Attributes:
        texts: of so many intervals each as are written together.
        ends: where in its text each interval ends.
    """

    texts: list[bytes]
    ends: list[int]

    def joined(self, first: int, last: int) -> str:
        """Some intervals, with commas between them."""
        parts = [self._part(number, first, last) for number in range(first // TOGETHER, -(-last // TOGETHER))]
        return b"".join(parts)[:-1].decode("ascii")

    def _part(self, number: int, first: int, last: int) -> bytes:
        """What stands of some intervals in one of the texts."""
        begin = number * TOGETHER
        since = self.ends[first - 1] if first > begin else 0
        return self.texts[number][since : self.ends[min(last, begin + TOGETHER) - 1]]


def write_intervals(data: MeteringData, shape: Shape, net_names: Sequence[str]) -> Written | None:
    """All intervals of metering data; None where a quantity is negative or finer than thousandths."""
    columns = data.measures.values()
    if any(column.as_written or (column.quantity[column.is_stated] < 0).any() for column in columns):
        return None
    written = Written([], [])
    for first in range(0, len(data), TOGETHER):
        rows, lengths = _rows(_Portion(data, slice(first, first + TOGETHER)), shape, net_names)
        written.texts.append(rows[rows != 0].tobytes())
        written.ends.extend(lengths.cumsum().tolist())
    return written


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
        if not columns:
            return np.full(len(self.start), NO_INSTANT, dtype=np.int64)
        return reduce(np.maximum, [column.read_at[self.part] for column in columns])


class _Piece(NamedTuple):
    """What stands in some of the intervals: a text or a column of bytes for each, and where it stands."""

    content: bytes | Bytes
    is_there: Mask | None = None


def _rows(portion: _Portion, shape: Shape, net_names: Sequence[str]) -> tuple[Bytes, Indices]:
    """The intervals as rows of bytes, NUL where there is nothing; and how many bytes of each are there."""
    pieces = [*_pieces(portion, shape, net_names), _Piece(b"},")]
    contents = [piece.content for piece in pieces]
    alike = [content if isinstance(content, bytes) else bytes(content.shape[1]) for content in contents]
    rows = np.empty((len(portion.start), sum(map(len, alike))), dtype=np.uint8)
    rows[:] = np.frombuffer(b"".join(alike), dtype=np.uint8)
    lengths = np.full(len(rows), rows.shape[1], dtype=np.int64)
    last = 0
    for (content, is_there), text in zip(pieces, alike, strict=True):
        first, last = last, last + len(text)
        if not isinstance(content, bytes):
            rows[:, first:last] = content
        if is_there is not None and not is_there.all():
            rows[~is_there, first:last] = 0
        if not rows[:, first].all():  # what is aligned to the right, or is not there, begins with a NUL byte
            lengths -= np.count_nonzero(rows[:, first:last] == 0, axis=1)
    return rows, lengths


def _pieces(portion: _Portion, shape: Shape, net_names: Sequence[str]) -> Iterator[_Piece]:
    yield _Piece(f'{{"{START}":"'.encode())
    yield from _time(portion.start)
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
    is_there = reduce(np.logical_or, [column.is_stated[part] for column in columns])
    yield _Piece(f',"{name}":{{'.encode(), is_there)
    if shape.reads_quantities:
        yield from _read_at(np.where(is_there, portion.latest(columns), NO_INSTANT), f'"{READ_AT}":"', '",')
    quality: Qualities = reduce(np.maximum, [column.quality[part] & _PLAIN for column in columns])
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
        yield from _time(np.where(is_there, instants, 0), is_there)
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


def _time(instants: Instants, is_there: Mask | None = None) -> Iterator[_Piece]:
    """`2026-08-01T00:15:00Z`, the date and the time of day for themselves."""
    days = instants // DAY
    first, last = int(days.min()), int(days.max())
    if last - first < _MOST_DAYS:
        yield _Piece(_chosen(_dates(np.arange(first, last + 1)), days - first), is_there)
    else:
        yield _Piece(_dates(days), is_there)
    yield _Piece(_chosen(_clock(), instants - days * DAY), is_there)


def _chosen(texts: Bytes, rows: Indices) -> Bytes:
    """Rows of a table of texts; a text is copied as a whole."""
    width = texts.shape[1]
    chosen: Bytes = texts.view(f"V{width}")[:, 0][rows].view(np.uint8).reshape(-1, width)
    return chosen


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
