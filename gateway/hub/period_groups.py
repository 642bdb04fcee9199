"""Series of a message that share kind, resolution, start and count: what the store takes as one matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from gateway.hub.series.segments import SegmentInput, SeriesPeriod
from gateway.messages.codes import Flow, Quality
from gateway.messages.masterdata import UNITS, Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Qualities, Quantities, SeriesTable

STATUS_BITS = 0x7F

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
    places = table.offsets[picked][:, None] + np.arange(period.count)
    position = table.position[places]
    if not np.array_equal(position, np.broadcast_to(np.arange(1, period.count + 1), position.shape)):
        places = np.take_along_axis(places, np.argsort(position, axis=1, kind="stable"), axis=1)
    quantity, quality = table.quantity[places], table.quality[places]
    missing = (quantity == NO_QUANTITY) | (quality == Quality.MISSING)
    if missing.any():
        quantity[missing] = 0
        quality[missing] = Quality.MISSING
    quality[quality == Quality.ABSENT] = Quality.MEASURED
    return PeriodGroup(period, rows, keys[picked], quantity, quality)
