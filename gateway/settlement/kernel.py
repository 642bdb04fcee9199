"""The kernel: batches of values in, exact sums by group and step out, in any order and from any number of processes.

Sums are whole quarters of a watt-hour: a quarter value counts four, an hourly value one in each of its quarters, so
nothing is rounded before the end and partial results add up in any order. What the plan awaits and nobody delivered is
found by counting: a step with fewer values than rows lacks some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import Resolution
from gateway.messages.masterdata import Codes, Rows
from gateway.messages.series import Integers, Mask, Qualities, Quantities
from gateway.messages.times import HOUR, STEP_SECONDS, Instants
from gateway.settlement.plan import QUARTER, Counts, Plan
from gateway.settlement.quality_sets import MEASURED, MISSING, SET_OF, joint_quality
from gateway.settlement.waiting import Block, WaitingRows

_GATHERED_ROWS = 256
_FEW_GROUPS = 64
_HOUR_QUARTERS = HOUR // QUARTER

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a partial comes to, in steps of the settlement's resolution.

    Attributes:
        resolution: `PT15M` or `PT1H`.
        starts: int64[steps], the instant each step begins at.
        parts: int64[groups, steps] quarter watt-hours, exact.
        qualities: uint8[groups, steps], sets of the qualities that contributed.
        exists: bool[groups, steps], whether the plan awaits any value there.
    """

    resolution: Resolution
    starts: Instants
    parts: Quantities
    qualities: Qualities
    exists: Mask


class _Taken(NamedTuple):
    """Values of a block that groups take: rows in order of their group, steps [first, last) of each."""

    block: Block
    batch_row: Rows
    plan_row: Rows
    group: Codes
    first: int
    last: int

    def cut(self, rows: Rows, low: int, high: int) -> _Taken:
        """Some of the rows, over [low, high) seconds from the block's start; hours cut within become quarters."""
        block, batch_row = self.block, self.batch_row[rows]
        if low % block.seconds or high % block.seconds:
            block, batch_row = block.in_quarters(batch_row), np.arange(len(rows))
        steps = low // block.seconds, high // block.seconds
        return _Taken(block, batch_row, self.plan_row[rows], self.group[rows], *steps)


class _Noted(NamedTuple):
    """Qualities of values taken: the group of each row, which rows are not measured throughout, the sets of these."""

    group: Codes
    odd: Rows
    sets: Qualities


class Partial:
    """Sums of a plan as far as they have come; partials of one plan add up in any order.

    Every value of a (point, step) comes once, into one of them. A partial sent to another process leaves its plan
    behind: merge it into one that has it.

    Attributes:
        energy: int64[groups, quarters] quarter watt-hours.
        delivered: int32[groups, steps], how many values came; steps are quarters, hours where the plan joins them.
        sets: uint8[groups, steps], the qualities that came.
        loose: int64[m, 4] where the plan joins hours: (plan row, hour, set, quarters) of hours that came in pieces.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan: Plan | None = plan
        steps = plan.quarters // _HOUR_QUARTERS if plan.joint_hours else plan.quarters
        self.energy: Quantities = np.zeros((plan.groups, plan.quarters), dtype=np.int64)
        self.delivered: Counts = np.zeros((plan.groups, steps), dtype=np.int32)
        self.sets: Qualities = np.zeros((plan.groups, steps), dtype=np.uint8)
        self.loose: Quantities = np.empty((0, 4), dtype=np.int64)
        self._waiting = WaitingRows()

    # --- adding -----------------------------------------------------------------------------------------------------

    def add(self, points: Rows, quantity: Integers, quality: Qualities, resolution: str, start: int) -> None:
        """Take the values of several points over the same steps; those the plan does not ask for are left out.

        Args:
            points: int64[n], each once.
            quantity: [n, k] thousandths of a kWh, integers of any width up to int64; what stands beside a missing
                value does not count.
            quality: uint8[n, k] as stored.
            resolution: `PT15M` or `PT1H`.
            start: instant of the first step, on a whole step.

        Raises:
            ValueError: the plan asks for a point whose steps are longer, or begin within one.
        """
        interval = self._known_plan.interval
        seconds = STEP_SECONDS.get(resolution)
        if seconds is None or start % seconds:
            if len(self._known_plan.pairs(points).batch_row):
                raise ValueError(f"steps of {resolution} from {start} cannot be settled")
            return
        first = max(0, (interval.start - start) // seconds)
        last = min(quantity.shape[1], (interval.end - start) // seconds)
        if first >= last:
            return
        block = Block.of(points, quantity[:, first:last], quality[:, first:last], seconds, start + first * seconds)
        for part in self._waiting.take(block):
            self._add(part)

    def merge(self, other: Partial) -> None:
        """Take what another partial of the same plan has summed."""
        self._flush()
        other._flush()
        if other.energy.shape != self.energy.shape or other.sets.shape != self.sets.shape:
            raise ValueError("partials of different plans do not add up")
        self.energy += other.energy
        self.delivered += other.delivered
        self.sets |= other.sets
        self.loose = np.concatenate((self.loose, other.loose))

    def __getstate__(self) -> dict[str, Any]:
        self._flush()
        return {**self.__dict__, "plan": None, "_waiting": WaitingRows()}

    @property
    def _known_plan(self) -> Plan:
        if self.plan is None:
            raise ValueError("this partial came without its plan; merge it into one that has it")
        return self.plan

    def _flush(self) -> None:
        for block in self._waiting.rest():
            self._add(block)

    def _add(self, block: Block) -> None:
        plan = self._known_plan
        pairs = plan.pairs(block.points)
        group = plan.group[pairs.plan_row]
        order = np.argsort(group.astype(np.int16) if plan.groups < 1 << 15 else group, kind="stable")
        taken = _Taken(block, pairs.batch_row[order], pairs.plan_row[order], group[order], 0, block.steps)
        if plan.is_whole:
            self._sum(taken)
            return
        first = np.maximum(plan.first[taken.plan_row], block.start) - block.start
        last = np.minimum(plan.last[taken.plan_row], block.end) - block.start
        if not first.any() and (last == block.end - block.start).all():
            self._sum(taken)
            return
        bounds = np.stack((first, last), axis=1)
        for low, high in np.unique(bounds[first < last], axis=0).tolist():
            self._sum(taken.cut(np.flatnonzero((first == low) & (last == high)), low, high))

    def _sum(self, taken: _Taken) -> None:
        if not len(taken.group):
            return
        block = taken.block
        energy = self._cells(self.energy, taken, QUARTER)
        _sum_by_group(energy, taken)
        odd = np.flatnonzero(block.odd_rows[taken.batch_row])
        sets = SET_OF[block.quality[taken.batch_row[odd], taken.first : taken.last]]
        self._leave_out_missing(energy, taken, odd, sets)
        note = _Noted(taken.group, odd, sets)
        if not self._known_plan.joint_hours:
            self._note(note, self._cells(self.sets, taken, QUARTER), self._cells(self.delivered, taken, QUARTER))
        elif block.seconds == HOUR:
            self._note(note, self._cells(self.sets, taken, HOUR), self._cells(self.delivered, taken, HOUR))
        else:
            self._note_hours(taken, note)

    def _cells(self, layer: npt.NDArray[Scalar], taken: _Taken, step: int) -> npt.NDArray[Scalar]:
        """The cells of a layer that the steps taken lie in: a view [groups, steps taken, cells of a step]."""
        seconds = taken.block.seconds
        begin = (taken.block.start + taken.first * seconds - self._known_plan.interval.start) // step
        number, each = taken.last - taken.first, seconds // step
        return layer[:, begin : begin + number * each].reshape(len(layer), number, each)

    @staticmethod
    def _leave_out_missing(energy: Quantities, taken: _Taken, odd: Rows, sets: Qualities) -> None:
        """Take off what stands beside missing values; int64 wraps, so any number may stand there."""
        is_missing = sets & MISSING != 0
        rows = np.flatnonzero(is_missing.any(axis=1))
        quantity = taken.block.quantity[taken.batch_row[odd[rows]], taken.first : taken.last]
        beside = np.where(is_missing[rows], quantity, 0).astype(np.int64)
        if beside.any():
            beside *= taken.block.parts
            np.subtract.at(energy, taken.group[odd[rows]], beside[:, :, None])

    @staticmethod
    def _note(note: _Noted, sets: Qualities, delivered: Counts) -> None:
        """Count what came and unite its qualities, in the cells [groups, steps, cells of a step] it came for."""
        groups, group = len(delivered), note.group[note.odd]
        count = np.bincount(note.group, minlength=groups)
        measured = count > np.bincount(group, minlength=groups)
        delivered += count.astype(np.int32)[:, None, None]
        sets |= np.multiply(measured, MEASURED, dtype=np.uint8)[:, None, None]
        if len(group):
            begins = np.flatnonzero(np.diff(group, prepend=-1))
            sets[group[begins]] |= np.bitwise_or.reduceat(note.sets, begins, axis=0)[:, :, None]

    # --- joint hours ------------------------------------------------------------------------------------------------

    def _note_hours(self, taken: _Taken, note: _Noted) -> None:
        """Note one quality for each whole hour of quarters; quarters of hours that are not whole are kept loose."""
        begin = (taken.block.start - self._known_plan.interval.start) // QUARTER + taken.first
        end = begin + taken.last - taken.first
        first_hour, last_hour = -(-begin // _HOUR_QUARTERS), end // _HOUR_QUARTERS
        loose = np.arange(begin, end)
        if first_hour < last_hour:
            low, high = (hour * _HOUR_QUARTERS - begin for hour in (first_hour, last_hour))
            four = note.sets[:, low:high].reshape(len(note.odd), last_hour - first_hour, _HOUR_QUARTERS)
            hours = note._replace(sets=joint_quality(np.bitwise_or.reduce(four, axis=2)))
            cells = slice(first_hour, last_hour)
            self._note(hours, self.sets[:, cells, None], self.delivered[:, cells, None])
            loose = np.concatenate((loose[:low], loose[high:]))
        for quarter in loose.tolist():
            united = np.full(len(taken.group), MEASURED, dtype=np.int64)
            united[note.odd] = note.sets[:, quarter - begin]
            hour, one = np.full_like(united, quarter // _HOUR_QUARTERS), np.ones_like(united)
            self.loose = np.concatenate((self.loose, np.stack((taken.plan_row, hour, united, one), axis=1)))

    def _tie_up(self, sets: Qualities, delivered: Counts) -> None:
        """Add the hours that came in pieces; quarters of theirs that never came are missing ones."""
        if not len(self.loose):
            return
        plan = self._known_plan
        loose = self.loose[np.lexsort((self.loose[:, 1], self.loose[:, 0]))]
        begins = np.flatnonzero((np.diff(loose[:, :2], axis=0, prepend=-1) != 0).any(axis=1))
        row, hour = loose[begins, 0], loose[begins, 1]
        start = plan.interval.start + hour * HOUR
        awaited = (np.minimum(plan.last[row], start + HOUR) - np.maximum(plan.first[row], start)) // QUARTER
        united = np.bitwise_or.reduceat(loose[:, 2], begins)
        united |= np.where(np.add.reduceat(loose[:, 3], begins) < awaited, MISSING, 0)
        group = plan.group[row]
        np.add.at(delivered, (group, hour), 1)
        np.bitwise_or.at(sets, (group, hour), joint_quality(united.astype(np.uint8)))

    # --- the end ----------------------------------------------------------------------------------------------------

    def totals(self, resolution: Resolution) -> Totals:
        """The sums in steps of a quarter or an hour; what is awaited and has not come is missing."""
        self._flush()
        plan = self._known_plan
        if resolution not in STEP_SECONDS or (plan.joint_hours and resolution != Resolution.HOUR):
            raise ValueError(f"this plan does not settle in steps of {resolution}")
        sets, delivered = self.sets.copy(), self.delivered.copy()
        self._tie_up(sets, delivered)
        if (delivered > plan.expected).any():
            raise ValueError("a value was delivered twice, or for a step outside its resolution")
        sets |= np.multiply(delivered < plan.expected, MISSING, dtype=np.uint8)
        exists, energy = plan.awaits, self.energy
        if resolution == Resolution.HOUR:
            hours = (plan.groups, plan.quarters // _HOUR_QUARTERS, _HOUR_QUARTERS)
            energy = energy.reshape(hours).sum(axis=2)
            if not plan.joint_hours:
                sets = np.bitwise_or.reduce(sets.reshape(hours), axis=2)
                exists = np.logical_or.reduce(exists.reshape(hours), axis=2)
        starts = np.arange(plan.interval.start, plan.interval.end, STEP_SECONDS[resolution], dtype=np.int64)
        return Totals(resolution, starts, energy, sets, exists)


def _sum_by_group(energy: Quantities, taken: _Taken) -> None:
    """Sum the rows of each group, gathered into a small reused buffer; nothing large is ever copied.

    While many groups have a row left, the next row of each is added at once; what then is left of the largest groups
    is summed group by group. Either alone spends its time on calls, the one for large groups, the other for small.
    """
    quantity, batch_row = taken.block.quantity, taken.batch_row
    take = quantity.take
    begins = np.flatnonzero(np.diff(taken.group, prepend=-1))
    sizes = np.diff(begins, append=len(taken.group))
    by_size = np.argsort(-sizes, kind="stable")
    begins, sizes = begins[by_size], sizes[by_size]
    having = np.searchsorted(-sizes, -np.arange(1, sizes[0] + 1), side="right")  # groups with so many rows at least
    together = int(np.count_nonzero(having >= _FEW_GROUPS))
    sums = np.zeros((len(begins), taken.block.steps), dtype=np.int64)
    buffer = np.empty((max(len(begins), _GATHERED_ROWS), taken.block.steps), dtype=quantity.dtype)
    for number, groups in enumerate(having[:together].tolist()):
        gathered, growing = buffer[:groups], sums[:groups]
        take(batch_row[begins[:groups] + number], 0, gathered, "clip")
        growing += gathered
    largest = slice(0, int(np.count_nonzero(sizes > together)))
    ends = (begins + sizes)[largest].tolist()
    for total, begin, end in zip(sums[largest], (begins + together)[largest].tolist(), ends, strict=True):
        for first in range(begin, end, _GATHERED_ROWS):
            rows = batch_row[first : min(end, first + _GATHERED_ROWS)]
            gathered = buffer[: len(rows)]
            take(rows, 0, gathered, "clip")
            np.add(total, np.add.reduce(gathered, 0, np.int64), total)
    sums *= taken.block.parts
    energy[taken.group[begins]] += sums[:, taken.first : taken.last, None]
