"""Blocks of values for the kernel: small batches wait in one reused buffer until they are worth a pass over the groups.

A pass costs a few microseconds for each group whatever its rows, and fresh memory costs more than the sums themselves.
The buffer is as wide as what came so far: narrow rows are summed faster, because fetching them is most of the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.masterdata import Rows
from gateway.messages.series import Integers, Mask, Qualities
from gateway.settlement.plan import QUARTER
from gateway.settlement.rounding import QUARTER_WH

_BUFFERED_CELLS = 1 << 22
_LARGE_CELLS = 1 << 20
_PASS_CELLS = 1 << 25


@dataclass(frozen=True)
class Block:
    """Values of several points over the same steps, of which each quarter gets `parts` quarter watt-hours a thousandth.

    Attributes:
        points: int64[n].
        quantity: [n, steps] thousandths of a kWh, integers.
        quality: uint8[n, steps] as stored.
        seconds: length of a step.
        start: instant of the first step.
        parts: 4 for the values of quarters; 1 for those of hours, each quarter of which gets a fourth.
    """

    points: Rows
    quantity: Integers
    quality: Qualities
    seconds: int
    start: int
    parts: int

    @classmethod
    def of(cls, points: Rows, quantity: Integers, quality: Qualities, seconds: int, start: int) -> Block:
        """A block of values as delivered."""
        return cls(points, quantity, quality, seconds, start, QUARTER_WH * QUARTER // seconds)

    @property
    def steps(self) -> int:
        """How many steps the block has."""
        return int(self.quantity.shape[1])

    @property
    def end(self) -> int:
        """Instant at which the last step ends."""
        return self.start + self.steps * self.seconds

    @cached_property
    def odd_rows(self) -> Mask:
        """Where a row is anything but measured throughout; most rows are, and are told by the word."""
        odd = np.zeros(len(self.points), dtype=bool)
        width = next(width for width in (8, 4, 2, 1) if self.steps % width == 0)
        words = np.ascontiguousarray(self.quality).reshape(-1).view(f"u{width}")
        usual = np.full(width, Quality.MEASURED, dtype=np.uint8).view(f"u{width}")[0]
        odd[np.flatnonzero(words != usual) // (self.steps // width)] = True
        return odd

    def rows(self, first: int, last: int) -> Block:
        """Some rows of the block."""
        part = slice(first, last)
        return Block(self.points[part], self.quantity[part], self.quality[part], self.seconds, self.start, self.parts)

    def in_quarters(self, rows: Rows) -> Block:
        """Some rows of a block of hours as quarters, for who takes only part of an hour."""
        each = self.seconds // QUARTER
        quantity = np.repeat(self.quantity[rows], each, axis=1)
        quality = np.repeat(self.quality[rows], each, axis=1)
        return Block(self.points[rows], quantity, quality, QUARTER, self.start, self.parts)


class WaitingRows:
    """Rows of small or scattered blocks over the same steps, copied behind each other."""

    def __init__(self) -> None:
        self._points: Rows = np.empty(0, dtype=np.int64)
        self._quantity: Integers = np.empty((0, 0), dtype=np.uint8)
        self._quality: Qualities = np.empty((0, 0), dtype=np.uint8)
        self._steps = (0, 0, 0)
        self._filled = 0

    def take(self, block: Block) -> Iterator[Block]:
        """Blocks to be summed now, each before the next is asked for; the rest waits."""
        if block.quantity.size >= _LARGE_CELLS and block.quantity.flags.c_contiguous:
            height = max(1, _PASS_CELLS // block.steps)
            yield from (block.rows(first, first + height) for first in range(0, len(block.points), height))
            return
        steps = (block.start, block.seconds, block.steps)
        if steps != self._steps or not np.can_cast(block.quantity.dtype, self._quantity.dtype):
            yield from self.rest()
            self._make_room(steps, block.quantity.dtype)
        taken = 0
        while taken < len(block.points):
            number = min(len(block.points) - taken, len(self._points) - self._filled)
            self._copy(block.rows(taken, taken + number))
            taken += number
            if self._filled == len(self._points):
                yield from self.rest()

    def rest(self) -> Iterator[Block]:
        """What still waits."""
        filled, self._filled = self._filled, 0
        if filled:
            start, seconds, _ = self._steps
            yield Block.of(self._points[:filled], self._quantity[:filled], self._quality[:filled], seconds, start)

    def _make_room(self, steps: tuple[int, int, int], width: np.dtype[np.integer]) -> None:
        count, wide = steps[2], np.promote_types(width, self._quantity.dtype)
        if count != self._steps[2] or wide != self._quantity.dtype:
            height = max(1, _BUFFERED_CELLS // count)
            self._points = np.empty(height, dtype=np.int64)
            self._quantity = np.empty((height, count), dtype=wide)
            self._quality = np.empty((height, count), dtype=np.uint8)
        self._steps = steps

    def _copy(self, block: Block) -> None:
        place = slice(self._filled, self._filled + len(block.points))
        self._points[place], self._quantity[place], self._quality[place] = block.points, block.quantity, block.quality
        self._filled = place.stop
