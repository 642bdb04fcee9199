"""Values summed into the market's longer steps: quarters and hours into hours, local days, months and years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.series.merge import Run
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution
from gateway.messages.series import Qualities, Quantities
from gateway.messages.times import STEP_SECONDS, Instants, Interval, MarketZone


@dataclass(frozen=True, slots=True)
class Values:
    """Values of one point as columns of one length, in order of time; their steps may differ, and gaps are unknown.

    Attributes:
        starts, ends: int64, the interval [start, end) of each value.
        quantities: int64 thousandths; 0 where missing.
        qualities: uint8 as stored: Quality, with CORRECTED_FLAG.
        transactions: int64, the version each value came with.
    """

    starts: Instants
    ends: Instants
    quantities: Quantities
    qualities: Qualities
    transactions: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def is_missing(self) -> npt.NDArray[np.bool_]:
        """Where there is no value, only the statement that it is missing."""
        missing: npt.NDArray[np.bool_] = (self.qualities & STATUS_BITS) == Quality.MISSING
        return missing

    def where(self, mask: npt.NDArray[np.bool_]) -> Values:
        """The values the mask keeps."""
        return Values(
            self.starts[mask], self.ends[mask], self.quantities[mask], self.qualities[mask], self.transactions[mask]
        )

    @classmethod
    def of(cls, run: Run, zone: MarketZone) -> Values:
        """The values of a run."""
        starts = run.starts(zone)
        return cls(starts, np.append(starts[1:], run.finish), run.quantity, run.quality, run.transaction)

    @classmethod
    def joined(cls, parts: Sequence[Values]) -> Values:
        """Values behind each other."""
        if not parts:
            nothing = np.empty(0, dtype=np.int64)
            return cls(nothing, nothing, nothing, np.empty(0, dtype=np.uint8), nothing)
        return cls(
            np.concatenate([part.starts for part in parts]),
            np.concatenate([part.ends for part in parts]),
            np.concatenate([part.quantities for part in parts]),
            np.concatenate([part.qualities for part in parts]),
            np.concatenate([part.transactions for part in parts]),
        )


def step_start(zone: MarketZone, step: Resolution, instant: int) -> int:
    """Where the step that holds an instant begins: days, months and years at local midnight."""
    if seconds := STEP_SECONDS.get(step):
        return instant - instant % seconds
    day = zone.day(instant)
    if step is not Resolution.DAY:
        day = day.replace(day=1)
    return zone.midnight(day.replace(month=1) if step is Resolution.YEAR else day)


def step_bounds(zone: MarketZone, step: Resolution, interval: Interval) -> Instants:
    """Where the steps that touch an interval begin, and where the last ends: int64[steps + 1]."""
    bounds = [step_start(zone, step, interval.start)]
    if seconds := STEP_SECONDS.get(step):
        count = -(-(interval.end - bounds[0]) // seconds)
        return bounds[0] + seconds * np.arange(count + 1, dtype=np.int64)
    while bounds[-1] < interval.end:
        bounds.append(zone.end(step, bounds[-1], 1))
    return np.array(bounds, dtype=np.int64)


def summed(values: Values, bounds: Instants) -> Values:
    """One value for each step in which anything is known; `values` are finer than the steps and lie within them.

    A missing value adds nothing. Each sum's quality is that of `joint_quality`; it is incomplete also where the values
    do not fill the whole step. Its version is the newest of its values'.
    """
    if not len(values):
        return values
    step = np.searchsorted(bounds, values.starts, side="right") - 1
    first = np.flatnonzero(np.diff(step, prepend=-1))
    starts, ends = bounds[step[first]], bounds[step[first] + 1]
    counted = np.where(values.is_missing, 0, values.quantities)
    covered = np.add.reduceat(values.ends - values.starts, first) == ends - starts
    return Values(
        starts,
        ends,
        np.add.reduceat(counted, first),
        joint_quality(values.qualities, first, covered),
        np.maximum.reduceat(values.transactions, first),
    )


def joint_quality(qualities: Qualities, first: npt.NDArray[np.int64], covered: npt.NDArray[np.bool_]) -> Qualities:
    """The quality of sums, of which each takes the values from `first` on (dk-messages §1).

    Nothing but missing values: missing. Else, with a missing or incomplete one, or where the values do not cover the
    step: incomplete. Else the weakest of them, from uncertain over estimated, corrected by its sender and measured to
    calculated. A sum is marked corrected when any of its values is.
    """
    status = qualities & STATUS_BITS
    seen = np.bitwise_or.reduceat(np.left_shift(1, status.astype(np.int64)), first)
    corrected = np.bitwise_or.reduceat(qualities & CORRECTED_FLAG, first)
    joint = np.select(
        [
            seen == _bits(Quality.MISSING),
            ~covered | (seen & _bits(Quality.MISSING, Quality.INCOMPLETE) != 0),
            seen & _bits(Quality.UNCERTAIN) != 0,
            seen & _bits(Quality.ESTIMATED) != 0,
            seen & _bits(Quality.CORRECTED) != 0,
            seen & ~_bits(Quality.CALCULATED) != 0,
        ],
        [
            Quality.MISSING,
            Quality.INCOMPLETE,
            Quality.UNCERTAIN,
            Quality.ESTIMATED,
            Quality.CORRECTED,
            Quality.MEASURED,
        ],
        default=Quality.CALCULATED,
    )
    marked: Qualities = joint.astype(np.uint8) | corrected
    return marked


def _bits(*qualities: Quality) -> int:
    return sum(1 << quality for quality in qualities)
