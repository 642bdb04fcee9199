"""Who gets which part of which series: receivers by right, a series split where its master data changes (BRS-021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.hub.outgoing import DELIVERY_PROCESS, Address, Deliveries
from gateway.hub.period_groups import PeriodGroup
from gateway.markets.profile import MarketProfile, Receiver
from gateway.messages.codes import Category, DocumentKind
from gateway.messages.times import STEP_SECONDS
from gateway.rules.batch import Batch


@dataclass(frozen=True, slots=True)
class Stored:
    """A group and where the store put it: its row i is row `first_row + i` of the segment."""

    group: PeriodGroup
    segment: int
    first_row: int


class _Part(NamedTuple):
    """Steps [first, first + count) of a series of the message."""

    row: int
    first: int
    count: int


class DeliveryDesk:
    """Collects what one message brings its receivers, and packs it by receiver."""

    def __init__(self, profile: MarketProfile, batch: Batch) -> None:
        self._profile = profile
        self._batch = batch
        self._entitled = profile.receivers(batch.master, batch.version, batch.now)
        self._first_version = np.cumsum(batch.located.number) - batch.located.number
        self._versions = batch.located.number.tolist()
        self._segment = np.zeros(len(batch.keys), dtype=np.int64)
        self._segment_row = np.zeros(len(batch.keys), dtype=np.int32)
        self._parts: dict[Receiver, list[_Part]] = {}

    def stored(self, stored: Stored) -> None:
        """Note where the store put series of the message."""
        self._segment[stored.group.rows] = stored.segment
        self._segment_row[stored.group.rows] = stored.first_row + np.arange(len(stored.group.rows))

    def receivers(self, row: int) -> int:
        """How many parties are entitled to any part of a series."""
        first = int(self._first_version[row])
        if self._versions[row] == 1:
            return len(self._entitled[first])
        return len({one for number in range(self._versions[row]) for one in self._entitled[first + number]})

    def publish(self, rows: Sequence[int]) -> None:
        """Put series on their way to everybody entitled."""
        counts = self._batch.counts
        for row in rows:
            first = int(self._first_version[row])
            if self._versions[row] == 1:
                whole = _Part(row, 0, int(counts[row]))
                for receiver in self._entitled[first]:
                    self._parts.setdefault(receiver, []).append(whole)
                continue
            for number in range(self._versions[row]):
                part = self._part(row, int(self._batch.version[first + number]))
                if part.count:
                    for receiver in self._entitled[first + number]:
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

    def _part(self, row: int, version: int) -> _Part:
        """The steps of a series that begin while a version of its point holds."""
        series, columns = self._batch.series, self._batch.master.points
        starts = self._profile.zone.step_starts(
            series.resolution[row], int(series.start[row]), int(self._batch.counts[row])
        )
        first = int(np.searchsorted(starts, columns.valid_from[version], side="left"))
        last = int(np.searchsorted(starts, columns.valid_to[version], side="left"))
        return _Part(row, first, last - first)

    def _table(self, parts: list[_Part]) -> Deliveries:
        series = self._batch.series
        columns = np.array(parts, dtype=np.int64)
        rows, first = columns[:, 0], columns[:, 1]
        names = [part.row for part in parts]
        start = series.start[rows]
        if first.any():
            start = start + np.array([self._offset(part) for part in parts], dtype=np.int64)
        return Deliveries(
            segment=self._segment[rows],
            row=self._segment_row[rows],
            first=first,
            count=columns[:, 2],
            point=self._batch.keys[rows],
            start=start,
            registered_at=series.registered_at[rows],
            point_type=[series.point_type[row] for row in names],
            unit=[series.unit[row] for row in names],
            resolution=[series.resolution[row] for row in names],
            product=[series.product[row] for row in names],
            original_transaction=[None] * len(names),
        )

    def _offset(self, part: _Part) -> int:
        """Seconds from the start of a series to the first delivered step."""
        series = self._batch.series
        resolution, start = series.resolution[part.row], int(series.start[part.row])
        if seconds := STEP_SECONDS.get(resolution):
            return part.first * seconds
        return self._profile.zone.end(resolution, start, part.first) - start
