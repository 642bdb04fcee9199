"""A day's values beside what was expected: every entry's steps as one row, whatever form they were stored in.

Values of the expected resolution over the whole day are taken as the store has them. The few others are laid into the
steps that were expected: four quarters make an hour with the weakest of their qualities, an hour fills its four
quarters and stands with its whole quantity in the first, so that hours always add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.control.expected import Expected
from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.series import day_scan
from gateway.hub.series.day_scan import Batch
from gateway.hub.series.store import SeriesStore
from gateway.messages.codes import CORRECTED_FLAG, Quality
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import HOUR, STEP_SECONDS

QUARTER = 900
PER_HOUR = HOUR // QUARTER
_TOGETHER = 4096
_MISSING, _ESTIMATED = int(Quality.MISSING), int(Quality.ESTIMATED)  # numpy compares plain integers fastest


class Block(NamedTuple):
    """Values of several entries over all steps of the day.

    Attributes:
        entries: int64[n], places in `Expected`, all of one step.
        quantity: int64[n, steps] thousandths; 0 where missing or unknown.
        quality: uint8[n, steps] as stored; 0 where nothing is known.
        transaction: int64[n, steps], the version of each value; 0 where nothing is known.
    """

    entries: Rows
    quantity: Quantities
    quality: Qualities
    transaction: Rows

    def where(self, rows: Rows | Mask) -> Block:
        """Some of the rows."""
        return Block(self.entries[rows], self.quantity[rows], self.quality[rows], self.transaction[rows])

    def inside(self, expected: Expected) -> Mask | None:
        """Which steps were expected; None where all were."""
        if expected.is_whole:
            return None
        first, last = expected.first[self.entries], expected.last[self.entries]
        steps = self.quality.shape[1]
        if not first.any() and (last == steps).all():
            return None
        place = np.arange(steps)
        inside: Mask = (place >= first[:, None]) & (place < last[:, None])
        return inside


def is_gone(quality: Qualities) -> Mask:
    """Where there is no value: unknown, or stated as missing."""
    gone: Mask = (quality & STATUS_BITS) <= _MISSING
    return gone


def is_estimated(quality: Qualities) -> Mask:
    """Where the value is an estimate."""
    estimated: Mask = (quality & STATUS_BITS) == _ESTIMATED
    return estimated


def scanned(connection: Connection, store: SeriesStore, expected: Expected, as_of: int | None) -> Iterator[Block]:
    """The values of all entries as known at a transaction; an entry of which nothing is known does not come."""
    for sort in np.unique(expected.sort).tolist():
        batches = store.scan(connection, expected.day, kind=sort, as_of=as_of)
        yield from laid_out(expected, sort, batches)


def read_again(
    connection: Connection, store: SeriesStore, expected: Expected, wanted: tuple[Rows, int | None]
) -> Iterator[Block]:
    """The values of some entries, given with the transaction as of which they are read."""
    entries, as_of = wanted
    for sort in np.unique(expected.sort[entries]).tolist():
        points = np.unique(expected.point[entries[expected.sort[entries] == sort]])
        for first in range(0, len(points), _TOGETHER):
            some = points[first : first + _TOGETHER]
            series = store.read(connection, some, expected.day, kind=sort, as_of=as_of)
            yield from laid_out(expected, sort, day_scan.run_batches(some, series.runs))


def laid_out(expected: Expected, sort: int, batches: Iterable[Batch]) -> Iterator[Block]:
    """Batches of one sort of series as blocks, each entry in one of them.

    Batches that do not cover the day belong to points in ascending order of the first of them, as the day scan and
    `run_batches` give them: behind a greater point no further one of a smaller comes.
    """
    found = _Entries(expected, sort)
    pieces = _Pieces(expected)
    for batch in batches:
        if batch.resolution not in STEP_SECONDS:
            continue
        if len(pieces) >= _TOGETHER and int(batch.points[0]) > pieces.highest:
            yield from pieces.blocks()
        entries, rows = found.of(batch.points)
        if not len(entries):
            continue
        step = STEP_SECONDS[batch.resolution]
        if (batch.start, batch.quantity.shape[1] * step) != (
            expected.day.start,
            expected.day.end - expected.day.start,
        ):
            pieces.lay(entries, rows, batch)
            continue
        own = expected.step[entries]
        for seconds in np.unique(own).tolist():
            some = own == seconds
            yield _in_steps(_block(batch, entries[some], rows[some]), step, seconds)
    yield from pieces.blocks()


class _Entries:
    """The entries of points of one sort."""

    def __init__(self, expected: Expected, sort: int) -> None:
        self._places = np.flatnonzero(expected.sort == sort)
        self._points = expected.point[self._places]
        self._is_single = bool((self._points[1:] != self._points[:-1]).all())

    def of(self, points: Rows) -> tuple[Rows, Rows]:
        """Entries of a batch's points, and the row of each in the batch; a point may have none or several."""
        if len(self._points) == 0:
            return points[:0], points[:0]
        order = np.argsort(points)  # neighbours are looked up together, which the processor's caches reward
        left = np.empty(len(points), dtype=np.int64)
        left[order] = np.searchsorted(self._points, points[order])
        if self._is_single:
            rows = np.flatnonzero(self._points[np.minimum(left, len(self._points) - 1)] == points)
            return self._places[left[rows]], rows
        number = np.searchsorted(self._points, points, side="right") - left
        rows = np.repeat(np.arange(len(points)), number)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(number) - number, number)
        return self._places[left[rows] + within], rows


class _Pieces:
    """Values that do not cover the day, laid into the day's quarters until all of their points are there."""

    def __init__(self, expected: Expected) -> None:
        self._expected = expected
        self._laid: list[tuple[Rows, Rows, Batch]] = []
        self._entries = 0
        self.highest = -1

    def __len__(self) -> int:
        return self._entries

    def lay(self, entries: Rows, rows: Rows, batch: Batch) -> None:
        """Keep what a batch says of entries."""
        self._laid.append((entries, rows, batch))
        self._entries += len(entries)
        self.highest = max(self.highest, int(batch.points[-1]))

    def blocks(self) -> Iterator[Block]:
        """Everything kept, and forget it."""
        if not self._laid:
            return
        day, steps = self._expected.day, self._expected.step
        named = np.unique(np.concatenate([entries for entries, _, _ in self._laid]))
        shape = (len(named), (day.end - day.start) // QUARTER)
        whole = Block(
            named,
            np.zeros(shape, dtype=np.int64),
            np.zeros(shape, dtype=np.uint8),
            np.zeros(shape, dtype=np.int64),
        )
        for entries, rows, batch in self._laid:
            fine = _in_steps(_block(batch, entries, rows), STEP_SECONDS[batch.resolution], QUARTER)
            first = (batch.start - day.start) // QUARTER
            columns = slice(first, min(first + fine.quality.shape[1], shape[1]))
            at = np.searchsorted(named, entries)
            width = columns.stop - first
            whole.quantity[at, columns] = fine.quantity[:, :width]
            whole.quality[at, columns] = fine.quality[:, :width]
            whole.transaction[at, columns] = fine.transaction[:, :width]
        self._laid, self._entries, self.highest = [], 0, -1
        for seconds in np.unique(steps[named]).tolist():
            some = steps[named] == seconds
            yield _in_steps(whole.where(some), QUARTER, seconds)


def _block(batch: Batch, entries: Rows, rows: Rows) -> Block:
    if len(rows) == len(batch.points) and np.array_equal(rows, np.arange(len(rows))):
        return Block(entries, batch.quantity, batch.quality, batch.transaction)
    return Block(entries, batch.quantity[rows], batch.quality[rows], batch.transaction[rows])


def _in_steps(block: Block, stored: int, wanted: int) -> Block:
    """A block of steps of one length in steps of another, both quarters or hours and the first on a whole hour."""
    if stored == wanted:
        return block
    if stored == HOUR:
        quantity = np.zeros((len(block.entries), block.quantity.shape[1] * PER_HOUR), dtype=np.int64)
        quantity[:, ::PER_HOUR] = block.quantity
        quality, transaction = (
            np.repeat(block.quality, PER_HOUR, axis=1),
            np.repeat(block.transaction, PER_HOUR, axis=1),
        )
        return Block(block.entries, quantity, quality, transaction)
    shape = (len(block.entries), -1, PER_HOUR)
    return Block(
        block.entries,
        block.quantity.reshape(shape).sum(axis=2),
        _weakest(block.quality.reshape(shape)),
        block.transaction.reshape(shape).max(axis=2),
    )


def _weakest(quality: Qualities) -> Qualities:
    """The quality of each hour of four quarters: missing before estimated before measured, corrected where any is."""
    weakest = np.min(quality & STATUS_BITS, axis=2)
    weakest[is_gone(quality).any(axis=2)] = Quality.MISSING
    weakest[(quality == Quality.ABSENT).all(axis=2)] = Quality.ABSENT
    marked: Qualities = weakest | np.max(quality & CORRECTED_FLAG, axis=2)
    return marked
