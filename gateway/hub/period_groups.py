"""Series of a message that share kind, resolution, start and count: what the store takes as one matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.hub.series.segments import SegmentInput, SeriesPeriod
from gateway.messages.codes import Flow, Quality
from gateway.messages.masterdata import UNITS, Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Positions, Qualities, Quantities, SeriesTable

STATUS_BITS = 0x7F
_MISSING, _ABSENT, _MEASURED = int(Quality.MISSING), int(Quality.ABSENT), int(Quality.MEASURED)

_KINDS: dict[str, int] = {unit: code for code, unit in enumerate(UNITS)}
_FLOWS: dict[str | None, int] = {None: 0} | {flow: 32 * code for code, flow in enumerate(Flow, start=1)}

READING_TIMES = 512
"""Added to a series' kind: the series of the instants at which its values were read."""


def series_kind(unit: str, flow: str | None = None) -> int:
    """The store's number for the sort of a series: its unit, which separates active from reactive energy, and its flow.

    Series of one metering point that differ in either never supersede each other.
    """
    return _KINDS[unit] + _FLOWS[flow]


@dataclass(frozen=True, slots=True)
class PeriodGroup:
    """Rows of a message with one period, and their values as the store keeps them.

    Attributes:
        period: kind, resolution, start and count they share.
        rows: their rows in the message.
        points: int64[n] keys.
        quantity: int64[n, count] thousandths, 0 where missing.
        quality: uint8[n, count], the sender's status: an absent one is measured, or missing without a quantity.
    """

    period: SeriesPeriod
    rows: list[int]
    points: Rows
    quantity: Quantities
    quality: Qualities

    def only(self, places: Sequence[int]) -> PeriodGroup:
        """The group with the given of its rows."""
        if len(places) == len(self.rows):
            return self
        picked = np.asarray(places, dtype=np.int64)
        return PeriodGroup(
            self.period,
            [self.rows[i] for i in places],
            self.points[picked],
            self.quantity[picked],
            self.quality[picked],
        )

    def as_input(self, quality: Qualities | None = None) -> SegmentInput:
        """The group for the store, with other qualities where a correction marks them."""
        return SegmentInput(
            self.period.kind,
            self.period.resolution,
            self.period.start,
            self.points,
            self.quantity,
            self.quality if quality is None else quality,
        )


def rounds(keys: Rows, rows: Sequence[int]) -> Iterator[list[int]]:
    """The rows in rounds in which no point comes twice: what a message says again of a point is later, so corrects."""
    if len(np.unique(keys[np.asarray(rows, dtype=np.int64)])) == len(rows):
        yield list(rows)
        return
    waiting = list(rows)
    while waiting:
        seen: set[int] = set()
        later: list[int] = []
        now: list[int] = []
        for row in waiting:
            key = int(keys[row])
            (later if key in seen else now).append(row)
            seen.add(key)
        yield now
        waiting = later


def period_groups(table: SeriesTable, keys: Rows, rows: Iterable[int]) -> list[PeriodGroup]:
    """The given rows by period, in order of first appearance; every rule has accepted them."""
    starts, counts = table.start.tolist(), table.counts.tolist()
    flows = table.flow or [None] * len(table)
    grouped: dict[tuple[int, str, int, int], list[int]] = {}
    for row in rows:
        kind = series_kind(table.unit[row], flows[row])
        grouped.setdefault((kind, table.resolution[row], starts[row], counts[row]), []).append(row)
    return [_group(table, keys, SeriesPeriod(*period), members) for period, members in grouped.items()]


def _group(table: SeriesTable, keys: Rows, period: SeriesPeriod, rows: list[int]) -> PeriodGroup:
    picked = np.asarray(rows, dtype=np.int64)
    position, quantity, quality = _values(table, picked, period.count)
    if not (position == np.arange(1, period.count + 1)).all():
        order = np.argsort(position, axis=1, kind="stable")
        quantity, quality = np.take_along_axis(quantity, order, axis=1), np.take_along_axis(quality, order, axis=1)
    missing = (quantity == NO_QUANTITY) | (quality == _MISSING)
    if missing.any():
        quantity = np.where(missing, 0, quantity)
        quality = np.where(missing, np.uint8(_MISSING), quality)
    absent = quality == _ABSENT
    if absent.any():
        quality = np.where(absent, np.uint8(_MEASURED), quality)
    return PeriodGroup(period, rows, keys[picked], quantity, quality)


def _values(table: SeriesTable, rows: Rows, count: int) -> tuple[Positions, Quantities, Qualities]:
    """Position, quantity and quality of series that have `count` values each, n x count; `rows` ascend.

    They may be views of the table.
    """
    first, last = table.offsets[rows[0]], table.offsets[rows[-1] + 1]
    if last - first == len(rows) * count:  # one behind the other, as in nearly every message
        own, shape = slice(first, last), (len(rows), count)
        return table.position[own].reshape(shape), table.quantity[own].reshape(shape), table.quality[own].reshape(shape)
    places = table.offsets[rows][:, None] + np.arange(count)
    return table.position[places], table.quantity[places], table.quality[places]
