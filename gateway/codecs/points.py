"""The values of series as columns, out of texts and token streams, and the texts of columns.

Nothing here goes through a float: digits are read as integers and scaled to thousandths by the count of decimals that
stood behind the point.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import Quality
from gateway.messages.quantities import MOST_DECIMALS, NO_QUANTITY, format_quantity, parse_quantity
from gateway.messages.series import Mask, Positions, Qualities, Quantities, SeriesTable

_SPACE, _LINE, _DOT, _MINUS, _ZERO = b" \n.-0"
_SCALE = np.array([1000, 100, 10, 1], dtype=np.int64)
_INT32 = np.iinfo(np.int32)


@dataclass(frozen=True, slots=True)
class PointColumns:
    """The values of all series of a message, behind each other.

    Attributes:
        position: int32[k] as received; numbers beyond 32 bits are cut to the greatest.
        quantity: int64[k] thousandths, NO_QUANTITY where the point has none.
        quality: uint8[k] of `Quality`.
        decimals: uint8[k], decimals as written.
        as_written: texts of quantities that the column cannot hold, by index.
    """

    position: Positions
    quantity: Quantities
    quality: Qualities
    decimals: Qualities
    as_written: dict[int, str] = field(default_factory=dict)

    def decimals_of_rows(self, offsets: npt.NDArray[np.int64]) -> Qualities:
        """The greatest count of decimals of each row; a row has one value at least."""
        starts = offsets[:-1]
        rows: Qualities = np.maximum.reduceat(self.decimals, starts) if len(starts) else self.decimals
        return rows


# --- from a stream of tokens ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """How the markup around proven points is boiled down to a stream of tokens.

    One pass of `bytes.translate` keeps digits, decimal points and a few marks: white space ends a token, a line feed
    before it makes it a position, a minus before it a quality. What else is a number is a quantity.

    Attributes:
        letters: bytes of the wire and the mark each becomes; all other bytes but digits and points are deleted.
        marks_a_point: how many line feeds one point leaves behind.
        qualities: the number after the minus, and the quality it means.
        rewrites: texts replaced beforehand, where they occur at all.
    """

    letters: Mapping[bytes, bytes]
    marks_a_point: int
    qualities: Mapping[int, int]
    rewrites: tuple[tuple[bytes, bytes], ...] = ()
    _table: bytes = field(init=False, repr=False)
    _deleted: bytes = field(init=False, repr=False)
    _numbers: npt.NDArray[np.int64] = field(init=False, repr=False)
    _values: Qualities = field(init=False, repr=False)

    def __post_init__(self) -> None:
        wire, marks = b"".join(self.letters), b"".join(self.letters.values())
        kept = b"0123456789." + wire
        object.__setattr__(self, "_table", bytes.maketrans(wire, marks))
        object.__setattr__(self, "_deleted", bytes(code for code in range(256) if code not in kept))
        known = sorted(self.qualities)
        object.__setattr__(self, "_numbers", np.array(known, dtype=np.int64))
        object.__setattr__(self, "_values", np.array([self.qualities[number] for number in known], dtype=np.uint8))

    @property
    def kept(self) -> bytes:
        """The bytes that must not occur in a prefix or a name, because they mean something in the stream."""
        return b"0123456789." + b"".join(self.letters)

    def stream(self, block: bytes) -> bytes:
        """The tokens of a block of proven points."""
        for old, new in self.rewrites:
            if old in block:
                block = block.replace(old, new)
        return block.translate(self._table, self._deleted)

    def quality(self, numbers: npt.NDArray[np.int64]) -> Qualities:
        """The qualities that negative tokens mean."""
        found: Qualities = self._values[np.searchsorted(self._numbers, -numbers)]
        return found


def read_stream(parts: Sequence[bytes], marks: Marks) -> tuple[PointColumns, npt.NDArray[np.int64]]:
    """Columns from the token streams of all series, as `Marks.stream` makes them, and the offsets of the series."""
    counts = (part.count(b"\n") // marks.marks_a_point for part in parts)
    offsets = np.array([*accumulate(counts, initial=0)], dtype=np.int64)
    stream = b" ".join((b"", *parts, b"    "))
    numbers = np.fromstring(stream.translate(None, b"."), dtype=np.int64, sep=" ")
    tokens = _Tokens(np.frombuffer(stream, dtype=np.uint8), numbers, int(offsets[-1]))
    return tokens.columns(marks), offsets


@dataclass(slots=True)
class _Tokens:
    """The characters of a stream and the numbers in it, decimal points left out."""

    characters: npt.NDArray[np.uint8]
    numbers: npt.NDArray[np.int64]
    points: int

    def columns(self, marks: Marks) -> PointColumns:
        """The columns; points that all have one shape are a table of tokens already."""
        negative = self.numbers < 0
        minus = int(np.count_nonzero(negative))
        if len(self.numbers) == 2 * self.points and not minus:
            return self._uniform(2, 1, None, marks)
        if len(self.numbers) == 3 * self.points and minus == self.points:
            for quantity_at, quality_at in ((1, 2), (2, 1)):
                if np.count_nonzero(negative[quality_at::3]) == minus:
                    return self._uniform(3, quantity_at, quality_at, marks)
        return self._mixed(marks)

    def _uniform(self, width: int, quantity_at: int, quality_at: int | None, marks: Marks) -> PointColumns:
        """Points of `width` tokens each, the position first."""
        table = self.numbers.reshape(-1, width)
        quantity, decimals = self._scaled(table[:, quantity_at], slice(quantity_at, None, width))
        quality = np.zeros(self.points, dtype=np.uint8)
        if quality_at is not None:
            quality = marks.quality(table[:, quality_at])
        return PointColumns(table[:, 0].astype(np.int32), quantity, quality, decimals)

    def scaled(self) -> tuple[Quantities, Qualities]:
        """Thousandths and decimals where all tokens are quantities."""
        return self._scaled(self.numbers, slice(None))

    def _mixed(self, marks: Marks) -> PointColumns:
        """Points of several shapes: what a token is, its surroundings say."""
        starts = self._starts()
        is_quality = self.characters[starts] == _MINUS
        is_position = (self.characters[starts - 1] == _LINE) & ~is_quality
        is_quantity = ~(is_quality | is_position)
        owner = np.cumsum(is_position) - 1
        quantity = np.full(self.points, NO_QUANTITY, dtype=np.int64)
        decimals = np.zeros(self.points, dtype=np.uint8)
        quantity[owner[is_quantity]], decimals[owner[is_quantity]] = self._scaled(
            self.numbers[is_quantity], is_quantity
        )
        quality = np.zeros(self.points, dtype=np.uint8)
        stated = marks.quality(self.numbers[is_quality])
        quality[owner[is_quality]] = stated
        missing = owner[is_quality][stated == Quality.MISSING]  # the flag of ebIX outweighs a code beside it
        quality[missing] = Quality.MISSING
        return PointColumns(self.numbers[is_position].astype(np.int32), quantity, quality, decimals)

    def _starts(self) -> npt.NDArray[np.int64]:
        ink = self.characters > _SPACE
        starts: npt.NDArray[np.int64] = np.flatnonzero(ink[1:] & ~ink[:-1]) + 1
        return starts

    def _scaled(self, numbers: npt.NDArray[np.int64], which: slice | Mask) -> tuple[Quantities, Qualities]:
        """Thousandths of the quantities, and the decimals each was written with; `which` tokens they are."""
        (dots,) = (self.characters == _DOT).nonzero()
        second = self.characters[dots + 2] >= _ZERO
        third = second & (self.characters[dots + 3] >= _ZERO)
        if np.count_nonzero(third) == len(numbers):  # three decimals everywhere: digits are thousandths already
            return np.array(numbers), np.full(len(numbers), 3, dtype=np.uint8)
        decimals = (1 + second + third).astype(np.uint8)
        if len(dots) != len(numbers):
            places, decimals = decimals, np.zeros(len(numbers), dtype=np.uint8)
            if len(dots):
                decimals[np.searchsorted(self._starts()[which], dots) - 1] = places
        return numbers * _SCALE[decimals], decimals


# --- from single texts ------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"(?: [0-9]{1,10}+(?:\.[0-9]{1,3}+)?+)*+ {4}")


_FLUSH = 1 << 14


@dataclass(slots=True)
class PointTexts:
    """The values of series as texts, in any spelling that a schema allows, collected point by point.

    Texts are turned into columns every few thousand points, so that a giant message never stands there as texts.
    """

    position: list[str] = field(default_factory=list)
    quantity: list[str | None] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)
    _read: list[PointColumns] = field(default_factory=list)
    _count: int = 0

    def end_series(self) -> None:
        """Remember that the series ends here."""
        self._ends.append(self._count + len(self.position))
        if len(self.position) >= _FLUSH:
            self._flush()

    def columns(self) -> tuple[PointColumns, npt.NDArray[np.int64]]:
        """The columns and the offsets of the series."""
        self._flush()
        parts = self._read
        columns = PointColumns(
            np.concatenate([part.position for part in parts]),
            np.concatenate([part.quantity for part in parts]),
            np.concatenate([part.quality for part in parts]),
            np.concatenate([part.decimals for part in parts]),
            {index: text for part in parts for index, text in part.as_written.items()},
        )
        return columns, np.array([0, *self._ends], dtype=np.int64)

    def _flush(self) -> None:
        position = np.fromstring(" ".join(self.position), dtype=np.int64, sep=" ")
        np.clip(position, _INT32.min, _INT32.max, out=position)
        quantity, decimals, as_written = read_quantities(self.quantity)
        as_written = {self._count + index: text for index, text in as_written.items()}
        quality = np.array(self.quality, dtype=np.uint8)
        self._read.append(PointColumns(position.astype(np.int32), quantity, quality, decimals, as_written))
        self._count += len(position)
        self.position.clear()
        self.quantity.clear()
        self.quality.clear()


def read_quantities(texts: Sequence[str | None]) -> tuple[Quantities, Qualities, dict[int, str]]:
    """Thousandths, decimals as written, and by index the texts of quantities that the column cannot hold.

    Digits in any spelling; a text that is no number, and a value that is not there, have no quantity.
    """
    quantity = np.full(len(texts), NO_QUANTITY, dtype=np.int64)
    decimals = np.zeros(len(texts), dtype=np.uint8)
    stated = [text for text in texts if text is not None]
    stream = " ".join(("", *stated, "   "))
    if not _PLAIN.fullmatch(stream):
        return _single_quantities(texts, quantity, decimals)
    raw = stream.encode()
    numbers = np.fromstring(raw.translate(None, b"."), dtype=np.int64, sep=" ")
    tokens = _Tokens(np.frombuffer(raw, dtype=np.uint8), numbers, len(stated))
    where = slice(None) if len(stated) == len(texts) else np.array([text is not None for text in texts])
    quantity[where], decimals[where] = tokens.scaled()
    return quantity, decimals, {}


def _single_quantities(
    texts: Sequence[str | None], quantity: Quantities, decimals: Qualities
) -> tuple[Quantities, Qualities, dict[int, str]]:
    """Quantities where one at least is negative, too fine, too great, or oddly spelled."""
    as_written: dict[int, str] = {}
    for index, text in enumerate(texts):
        read = parse_quantity(text.strip()) if text is not None else None
        if text is None or read is None:
            continue
        quantity[index] = read.thousandths
        decimals[index] = min(read.decimals, 255)
        if not read.is_plain:
            as_written[index] = text.strip()
    return quantity, decimals, as_written


# --- back to texts ----------------------------------------------------------------------------------------------------


def quantity_texts(table: SeriesTable, row: int) -> list[str]:
    """The quantities of one series as they were written, or with its row's decimals; empty where there is none."""
    first, last = int(table.offsets[row]), int(table.offsets[row + 1])
    if table.point_decimals is None:
        return column_texts(table.quantity[first:last], int(table.decimals[row]), table.as_written, first)
    pairs = zip(table.quantity[first:last].tolist(), table.point_decimals[first:last].tolist(), strict=True)
    texts = [_quantity_text(value, min(decimals, MOST_DECIMALS)) for value, decimals in pairs]
    return _with_written(texts, table.as_written, first)


def column_texts(quantity: Quantities, decimals: int, as_written: Mapping[int, str], first: int = 0) -> list[str]:
    """Quantities as they are written, with at least the given decimals; empty where there is none.

    `as_written` holds the texts that the column cannot hold, by index counted from `first`.
    """
    decimals = min(decimals, MOST_DECIMALS)
    return _with_written([_quantity_text(value, decimals) for value in quantity.tolist()], as_written, first)


def _with_written(texts: list[str], as_written: Mapping[int, str], first: int) -> list[str]:
    """Texts with those in place that the column cannot hold."""
    if not as_written:
        return texts
    return [as_written.get(first + index, text) for index, text in enumerate(texts)]


def _quantity_text(value: int, decimals: int) -> str:
    if value == NO_QUANTITY:
        return ""
    if decimals == MOST_DECIMALS and value >= 0:  # what most machines write, without the general case's cost
        digits = f"{value:04d}"
        return f"{digits[:-3]}.{digits[-3:]}"
    return format_quantity(value, decimals)
