"""What one message brings its receivers: references into the store, one table per receiver (BRS-021).

Who is entitled to which part of a series is the market's to say (`Distribution.deliveries`); a series is split where
the master data of its point change, and its positions begin at 1 in every part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.hub.outgoing import DELIVERY_PROCESS, Address, Deliveries
from gateway.hub.period_groups import PeriodGroup
from gateway.markets.distribution import Delivery, Receiver
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Category, DocumentKind
from gateway.rules.batch import Batch


@dataclass(frozen=True, slots=True)
class Stored:
    """A group and where the store put it: its row i is row `first_row + i` of the segment."""

    group: PeriodGroup
    segment: int
    first_row: int


class _Part(NamedTuple):
    """Steps [first, first + steps) of a series of the message, the first of them at `start`."""

    row: int
    first: int
    steps: int
    start: int


class DeliveryDesk:
    """Collects what one message brings its receivers, and packs it by receiver."""

    def __init__(self, profile: MarketProfile, batch: Batch, refused: frozenset[int]) -> None:
        self._profile = profile
        self._batch = batch
        self._segment = np.zeros(len(batch.keys), dtype=np.int64)
        self._segment_row = np.zeros(len(batch.keys), dtype=np.int32)
        self._entitled: dict[int, list[Delivery]] = {}
        for delivery in profile.distribution.deliveries(batch, refused):
            if delivery.receivers:
                self._entitled.setdefault(delivery.row, []).append(delivery)
        self._parts: dict[Receiver, list[_Part]] = {}

    def stored(self, stored: Stored) -> None:
        """Note where the store put series of the message."""
        self._segment[stored.group.rows] = stored.segment
        self._segment_row[stored.group.rows] = stored.first_row + np.arange(len(stored.group.rows))

    def receivers(self, row: int) -> int:
        """How many parties are entitled to any part of a series."""
        deliveries = self._entitled.get(row, ())
        if len(deliveries) == 1:
            return len(deliveries[0].receivers)
        return len({receiver for delivery in deliveries for receiver in delivery.receivers})

    def publish(self, rows: Sequence[int]) -> None:
        """Put series on their way to everybody entitled."""
        series = self._batch.series
        starts, ends, counts = series.start.tolist(), series.end.tolist(), series.counts.tolist()
        for row in rows:
            for delivery in self._entitled.get(row, ()):
                is_whole = (delivery.start, delivery.end) == (starts[row], ends[row])
                part = _Part(row, 0, counts[row], starts[row]) if is_whole else self._cut(delivery)
                if part.steps:
                    for receiver in delivery.receivers:
                        self._parts.setdefault(receiver, []).append(part)

    def deliveries(self) -> Iterator[tuple[Address, Deliveries]]:
        """What each receiver gets, one table per receiver."""
        for receiver, parts in self._parts.items():
            address = Address(
                party=receiver.party,
                role=self._profile.queue_role(receiver.role),
                category=Category.MEASURE_DATA,
                kind=DocumentKind.MEASURE_DATA,
                process_type=DELIVERY_PROCESS,
                document_role=receiver.role,
            )
            yield address, self._table(parts)

    def _cut(self, delivery: Delivery) -> _Part:
        """The steps of a series that begin within a part of its period."""
        series, row = self._batch.series, delivery.row
        count = int(series.counts[row])
        starts = self._profile.zone.step_starts(series.resolution[row], int(series.start[row]), count)
        first = int(np.searchsorted(starts, delivery.start, side="left"))
        last = int(np.searchsorted(starts, delivery.end, side="left"))
        return _Part(row, first, last - first, int(starts[min(first, count - 1)]))

    def _table(self, parts: list[_Part]) -> Deliveries:
        series = self._batch.series
        columns = np.array(parts, dtype=np.int64)
        rows = columns[:, 0]
        names = rows.tolist()
        return Deliveries(
            segment=self._segment[rows],
            row=self._segment_row[rows],
            first=columns[:, 1],
            count=columns[:, 2],
            point=self._batch.keys[rows],
            start=columns[:, 3],
            registered_at=series.registered_at[rows],
            point_type=[series.point_type[row] for row in names],
            unit=[series.unit[row] for row in names],
            resolution=[series.resolution[row] for row in names],
            product=[series.product[row] for row in names],
            original_transaction=[None] * len(names),
        )
