"""Stored values as accounting intervals again: the flows of a metering point side by side, and when each was read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from gateway.hub.period_groups import READING_TIMES, STATUS_BITS, series_kind
from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Unit
from gateway.messages.metering_data import Measure, MeasureColumns, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import NO_INSTANT, Instants

MEASURES: dict[Commodity, tuple[Measure, ...]] = {
    Commodity.ELECTRICITY: tuple(Measure(flow, Unit.KWH) for flow in Flow),
    Commodity.NATURAL_GAS: tuple(
        Measure(flow, unit) for unit in (Unit.KWH, Unit.CUBIC_METRE) for flow in (Flow.IN, Flow.OUT)
    ),
}
"""What accounting intervals of a commodity may state."""

_BY_KIND = {series_kind(measure.unit, measure.flow): measure for measures in MEASURES.values() for measure in measures}
_PLACES = {measure: kind for kind, measure in _BY_KIND.items()}
_NET = frozenset((Flow.NET_IN, Flow.NET_OUT))
_DECIMALS = 3
_NOTHING = np.empty(0, dtype=np.int64)
_ABSENT, _MISSING = int(Quality.ABSENT), int(Quality.MISSING)


Kind = TypeVar("Kind", np.int64, np.uint8)
At = slice | npt.NDArray[np.int64]
"""Where in a column some values belong."""


class StoredPart(NamedTuple):
    """Values of one series, or the instants they were read at, as stored.

    Attributes:
        point: the metering point's id.
        kind: the store's number of the series, see `series_kind` and `READING_TIMES`.
        resolution: of its steps.
        starts: int64[n], the start of each.
        quantity: int64[n], thousandths or epoch seconds.
        quality: uint8[n] as stored; missing where nothing is stated.
    """

    point: str
    kind: int
    resolution: str
    starts: Instants
    quantity: Quantities
    quality: Qualities


def intervals_of(parts: Iterable[StoredPart], commodity: Commodity) -> MeteringData:
    """The intervals of some parts: a block for each point and resolution, points in order of first appearance.

    Of parts that say the same of one start the later one counts.
    """
    return intervals_of_each([list(parts)], commodity)[0]


def intervals_of_each(items: Sequence[Sequence[StoredPart]], commodity: Commodity) -> list[MeteringData]:
    """As `intervals_of` for the parts of each of many items: what is stated is looked for in all of them at once."""
    stated = iter(_stated([part for parts in items for part in parts]))
    return [_intervals([next(stated) for _ in parts], commodity) for parts in items]


class _Stated(NamedTuple):
    """A part with what it states: its status, and where it states nothing (None where it states everything)."""

    part: StoredPart
    status: Qualities
    is_missing: Mask | None


def _stated(parts: Sequence[StoredPart]) -> list[_Stated]:
    """What each part states."""
    if not parts:
        return []
    ends = list(accumulate(len(part.quality) for part in parts))
    status: Qualities = np.bitwise_and(np.concatenate([part.quality for part in parts]), STATUS_BITS, dtype=np.uint8)
    is_missing = status == _MISSING
    gaps = np.flatnonzero(is_missing)
    gapped = set(np.searchsorted(ends, gaps, side="right").tolist()) if len(gaps) else ()
    return [
        _Stated(part, status[first:last], is_missing[first:last] if number in gapped else None)
        for number, (part, (first, last)) in enumerate(zip(parts, pairwise([0, *ends]), strict=True))
    ]


def _intervals(parts: Sequence[_Stated], commodity: Commodity) -> MeteringData:
    blocks: dict[tuple[str, str], list[_Stated]] = {}
    for stated in parts:
        blocks.setdefault((stated.part.point, stated.part.resolution), []).append(stated)
    if len(blocks) > 1:
        blocks = _in_order(blocks)
    starts = [_starts(of_block) for of_block in blocks.values()]
    offsets = np.array([0, *accumulate(map(len, starts))], dtype=np.int64)
    columns = _Columns(int(offsets[-1]))
    for first, of_block, begins in zip(offsets.tolist(), blocks.values(), starts, strict=False):
        for stated in of_block:
            columns.fill(stated, first, begins)
    return MeteringData(
        commodity=commodity,
        form=FeedForm.ESTFEED_V1,
        caller=None,
        point=[point for point, _ in blocks],
        resolution=[resolution for _, resolution in blocks],
        offsets=offsets,
        start=starts[0] if len(starts) == 1 else np.concatenate([_NOTHING, *starts]),
        measures=columns.measures(),
    )


def window_of(data: MeteringData, first: int, last: int) -> MeteringData:
    """The intervals [first, last) of some data, and their blocks."""
    offsets = np.clip(data.offsets, first, last) - first
    kept = np.flatnonzero(np.diff(offsets))
    measures = {
        measure: MeasureColumns(
            measure,
            columns.quantity[first:last],
            columns.quality[first:last],
            columns.read_at[first:last],
            columns.decimals[first:last],
        )
        for measure, columns in data.measures.items()
    }
    return MeteringData(
        commodity=data.commodity,
        form=data.form,
        caller=None,
        point=[data.point[block] for block in kept.tolist()],
        resolution=[data.resolution[block] for block in kept.tolist()],
        offsets=np.append(offsets[kept], offsets[-1]),
        start=data.start[first:last],
        measures=measures,
    )


def _in_order(blocks: dict[tuple[str, str], list[_Stated]]) -> dict[tuple[str, str], list[_Stated]]:
    """Blocks of one point behind each other, in order of their beginning."""
    rank = {point: place for place, point in enumerate(dict.fromkeys(point for point, _ in blocks))}

    def place(key: tuple[str, str]) -> tuple[int, int]:
        return rank[key[0]], min(int(stated.part.starts[0]) for stated in blocks[key])

    return {key: blocks[key] for key in sorted(blocks, key=place)}


def _starts(parts: Sequence[_Stated]) -> Instants:
    """The starts of all parts of a block, each once, in order."""
    first, *others = [stated.part.starts for stated in parts]
    if all(starts is first or _are_same(starts, first) for starts in others):
        return first
    return np.unique(np.concatenate([first, *others]))


def _are_same(one: Instants, other: Instants) -> bool:
    return len(one) == len(other) and bool(one[0] == other[0]) and bool((one == other).all())


class _Column(Generic[Kind]):
    """One column, taken over from the only part that fills it or made when there are several."""

    def __init__(self, count: int, empty: int, dtype: type[Kind]) -> None:
        self._count, self._empty = count, empty
        self._dtype: type[Kind] = dtype
        self._values: npt.NDArray[Kind] | None = None
        self._is_own = False

    def put(self, at: At, values: npt.NDArray[Kind]) -> None:
        """Put values in their places."""
        if self._values is None and isinstance(at, slice) and len(values) == self._count:
            self._values = values
            return
        if not self._is_own:
            self._values = self.values().copy()
            self._is_own = True
        self.values()[at] = values

    def values(self) -> npt.NDArray[Kind]:
        """The whole column."""
        if self._values is None:
            self._values = np.full(self._count, self._empty, dtype=self._dtype)
        return self._values


class _Columns:
    """The columns of every measure, made at first sight."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._quantity: dict[Measure, _Column[np.int64]] = {}
        self._quality: dict[Measure, _Column[np.uint8]] = {}
        self._read_at: dict[Measure, _Column[np.int64]] = {}

    def fill(self, stated: _Stated, first: int, begins: Instants) -> None:
        """Put a part in its place: its block begins at `first` and has these starts."""
        part, status, is_missing = stated
        at: At
        if part.starts is begins or len(part.starts) == len(begins):
            at = slice(first, first + len(begins))
        else:
            at = first + np.searchsorted(begins, part.starts)
        measure = _BY_KIND[part.kind % READING_TIMES]
        if part.kind >= READING_TIMES:
            if measure not in self._read_at:
                self._read_at[measure] = _Column(self._count, NO_INSTANT, np.int64)
            read_at = part.quantity if is_missing is None else np.where(is_missing, NO_INSTANT, part.quantity)
            self._read_at[measure].put(at, read_at)
            return
        if measure not in self._quantity:
            self._quantity[measure] = _Column(self._count, NO_QUANTITY, np.int64)
            self._quality[measure] = _Column(self._count, _ABSENT, np.uint8)
        quantity = part.quantity if is_missing is None else np.where(is_missing, NO_QUANTITY, part.quantity)
        self._quantity[measure].put(at, quantity)
        if measure.flow in _NET:
            status = np.full(len(status), _ABSENT, dtype=np.uint8)
        self._quality[measure].put(at, status)

    def measures(self) -> dict[Measure, MeasureColumns]:
        """The columns of each measure that any part has, in the order of their kinds."""
        found = {}
        decimals = _all_thousandths(self._count)
        unread = _Column(self._count, NO_INSTANT, np.int64)
        for measure in sorted(self._quantity, key=_PLACES.__getitem__):
            found[measure] = MeasureColumns(
                measure,
                self._quantity[measure].values(),
                self._quality[measure].values(),
                self._read_at.get(measure, unread).values(),
                decimals,
            )
        return found


@lru_cache(maxsize=32)
def _all_thousandths(count: int) -> Qualities:
    """Decimals of stored values; most items of a page have as many values as the one before."""
    decimals = np.full(count, _DECIMALS, dtype=np.uint8)
    decimals.flags.writeable = False
    return decimals
