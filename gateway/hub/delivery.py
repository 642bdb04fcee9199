"""What messages bring their receivers: references into the store, one table per receiver (BRS-021).

Who is entitled to which part of a series is the market's to say (`Distribution.deliveries`); a series is split where
the master data of its point change, and its positions begin at 1 in every part.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.hub.outgoing import DELIVERY_PROCESS, Address, Deliveries
from gateway.hub.period_groups import PeriodGroup
from gateway.markets.distribution import Delivery, Receiver, SupplierRights
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
    """Collects what messages bring their receivers, and packs it by receiver."""

    def __init__(
        self, profile: MarketProfile, batch: Batch, refused: frozenset[int], rights: SupplierRights | None = None
    ) -> None:
        self._profile = profile
        self._batch = batch
        self._segment = np.zeros(len(batch.keys), dtype=np.int64)
        self._segment_row = np.zeros(len(batch.keys), dtype=np.int32)
        self._entitled: dict[int, list[Delivery]] = {}
        for delivery in profile.distribution.deliveries(batch, refused, rights):
            if delivery.receivers:
                self._entitled.setdefault(delivery.row, []).append(delivery)
        self._published = np.zeros(len(batch.keys), dtype=np.bool_)

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
        self._published[rows] = True

    def deliveries(self, messages: Sequence[range]) -> Iterator[list[tuple[Address, Deliveries]]]:
        """For each message, by the rows it brought, what each receiver gets of it: one table per receiver."""
        wholes = self._wholes()
        found = [self._parts(rows, wholes) for rows in messages]
        every = self._table([part for by_receiver in found for parts in by_receiver.values() for part in parts])
        addresses: dict[Receiver, Address] = {}
        first = 0
        for by_receiver in found:
            tables: list[tuple[Address, Deliveries]] = []
            for receiver, parts in by_receiver.items():
                if receiver not in addresses:
                    addresses[receiver] = self._address(receiver)
                tables.append((addresses[receiver], every.part(first, first + len(parts))))
                first += len(parts)
            yield tables

    def _address(self, receiver: Receiver) -> Address:
        return Address(
            party=receiver.party,
            role=self._profile.queue_role(receiver.role),
            category=Category.MEASURE_DATA,
            kind=DocumentKind.MEASURE_DATA,
            process_type=DELIVERY_PROCESS,
            document_role=receiver.role,
        )

    def _wholes(self) -> dict[int, tuple[_Part, int]]:
        """The published series that anybody is entitled to, each as one part, and where it ends."""
        series = self._batch.series
        columns = (series.start, series.end, series.counts, self._published)
        rows = enumerate(zip(*(column.tolist() for column in columns), strict=True))
        entitled = self._entitled
        return {
            row: (_Part(row, 0, count, start), end)
            for row, (start, end, count, is_published) in rows
            if is_published and row in entitled
        }

    def _parts(self, rows: range, wholes: Mapping[int, tuple[_Part, int]]) -> dict[Receiver, list[_Part]]:
        found: dict[Receiver, list[_Part]] = {}
        for row in rows:
            if row not in wholes:
                continue
            whole, end = wholes[row]
            for delivery in self._entitled[row]:
                part = whole if (delivery.start, delivery.end) == (whole.start, end) else self._cut(delivery)
                if part.steps:
                    for receiver in delivery.receivers:
                        found.setdefault(receiver, []).append(part)
        return found

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
        pieces = np.array(parts, dtype=np.int64).reshape(-1, 4)
        rows, names = pieces[:, 0], [part.row for part in parts]
        numbers = np.empty((len(parts), 7), dtype=np.int64)
        numbers[:, 0], numbers[:, 1] = self._segment[rows], self._segment_row[rows]
        numbers[:, [2, 3, 5]] = pieces[:, 1:]
        numbers[:, 4], numbers[:, 6] = self._batch.keys[rows], series.registered_at[rows]
        return Deliveries(
            numbers,
            point_type=[series.point_type[row] for row in names],
            unit=[series.unit[row] for row in names],
            resolution=[series.resolution[row] for row in names],
            product=self._products(names),
            original_transaction=[None] * len(names),
            in_area=self._areas(names, 0),
            out_area=self._areas(names, 1),
        )

    def _products(self, rows: Sequence[int]) -> list[str | None]:
        """The product each series names: the sender's own, unless the market's directions need another."""
        series, terms = self._batch.series, self._profile.series
        if not terms.flows or not series.flow:
            return [series.product[row] for row in rows]
        flow = series.flow
        return [terms.product_of(series.unit[row], flow[row]) or series.product[row] for row in rows]

    def _areas(self, rows: Sequence[int], place: int) -> list[str | None]:
        """The area each series goes into (0) or out of (1), where the market says directions so."""
        series, terms = self._batch.series, self._profile.series
        if not terms.areas_name_flow or not series.flow:
            return [None] * len(rows)
        first = self._batch.located.first
        found = (terms.areas_of(self._batch.master, int(first[row]), series.flow[row]) for row in rows)
        return [None if areas is None else areas[place].code for areas in found]
