"""Clock epochs: which of a meter's clocks a row of its load profile is of.

A meter whose clock is set back writes the same interval ends twice. Rows come in the order they were written, so an
end that is not behind the one before begins a new epoch, and a repeated quarter is not taken for a duplicate. Steps are
remembered: rows read again get the epochs they had.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from meter_adapters.readings import IntervalRow


class EpochStep(NamedTuple):
    """Where a new epoch begins: the last interval end before the clock was set back, and the first behind it."""

    epoch: int
    reached: int
    resumed: int


@dataclass(slots=True)
class EpochWalk:
    """A walk over the rows of one reading of a profile, in the meter's order.

    Attributes:
        steps: known steps, oldest first; the ones found on the way are appended.
        found: the steps that were new.
    """

    steps: list[EpochStep]
    found: list[EpochStep] = field(default_factory=list)
    _epoch: int = -1
    _last: IntervalRow | None = None

    def epochs(self, rows: Iterable[IntervalRow]) -> list[tuple[IntervalRow, int]]:
        """The rows with their epochs; one the meter sent twice in a row is left out."""
        placed: list[tuple[IntervalRow, int]] = []
        for row in rows:
            if self._last is not None and row == self._last:
                continue
            placed.append((row, self._of(row)))
            if row.end is not None:
                self._last = row
        return placed

    def _of(self, row: IntervalRow) -> int:
        if row.end is None:
            return max(self._epoch, 0)
        if self._last is not None and self._last.end is not None and row.end <= self._last.end:
            self._step(self._last.end, row.end)
        else:
            self._epoch = self._least(row.end)
        return self._epoch

    def _step(self, reached: int, resumed: int) -> None:
        self._epoch += 1
        if self._epoch > len(self.steps):
            step = EpochStep(self._epoch, reached, resumed)
            self.steps.append(step)
            self.found.append(step)

    def _least(self, end: int) -> int:
        """The first epoch from the present one on that an end can be of: one ends with what the next step reached."""
        epoch = max(self._epoch, 0)
        while epoch < len(self.steps) and end > self.steps[epoch].reached:
            epoch += 1
        return epoch


def begin_before_steps(since: int, steps: Sequence[EpochStep], period: int) -> int:
    """Where to begin reading so that the first row's epoch is certain: never within a span that was written twice."""
    while True:
        within = [step for step in steps if step.resumed - period <= since < step.reached]
        if not within:
            return since
        since = min(step.resumed for step in within) - 2 * period
