"""A metering point's values out of its meters' rows: energy of each step, exact, with what is known of its quality.

Rows are those of all meters that stood at the point over the time. A step is complete when its intervals are all there
and billable. One written twice because a clock was set back holds both energies: the sum is right, the place in time
estimated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Positions, Qualities, Quantities
from gateway.messages.times import Interval
from meter_adapters.readings import Flag

THOUSANDTHS = 1_000
"""Parts of a kWh that a quantity counts: the Wh of the meters."""
MILLIONTHS = 1_000_000
_HOUR = 3600
_ESTIMATES = frozenset({Flag.CLOCK_ADJUSTED.value, Flag.RECOVERED.value})


class Cell(NamedTuple):
    """A value of a column at one interval's end: (raw * 10^scaler) in the column's unit."""

    end: int
    period: int
    epoch: int
    raw: int
    scaler: int
    billable: bool
    flags: frozenset[str] = frozenset()
    meter: str = ""

    @property
    def value(self) -> Fraction:
        """The value, exact."""
        return self.raw * Fraction(10) ** self.scaler


class Energy(NamedTuple):
    """Energy of one interval in Wh or varh; None where it cannot be told."""

    end: int
    period: int
    amount: Fraction | None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """Values of equal steps, as columns: thousandths of the unit, and their quality."""

    quantity: Quantities
    quality: Qualities

    @property
    def position(self) -> Positions:
        """The numbers of the steps."""
        return np.arange(1, len(self.quantity) + 1, dtype=np.int32)

    @property
    def is_complete(self) -> bool:
        """Whether no value is missing."""
        return bool((self.quantity != NO_QUANTITY).all())

    @property
    def has_values(self) -> bool:
        """Whether any value is there."""
        return bool((self.quantity != NO_QUANTITY).any())


def interval_energies(cells: Iterable[Cell]) -> list[Energy]:
    """Energies out of a column that holds the energy of each interval."""
    return [Energy(c.end, c.period, c.value if c.billable else None, _is_estimate(c)) for c in cells]


def demand_energies(cells: Iterable[Cell]) -> list[Energy]:
    """Energies out of a column that holds the mean power of each interval."""
    return [
        Energy(c.end, c.period, c.value * Fraction(c.period, _HOUR) if c.billable else None, _is_estimate(c))
        for c in cells
    ]


def register_energies(cells: Sequence[Cell], rollover: Fraction | None, most: Fraction | None) -> list[Energy]:
    """Energies out of a column that holds a counter: what it went on by since the interval before.

    Args:
        cells: in order of meter, epoch and time, the one before the first step included.
        rollover: what the counter begins anew at; None where not known.
        most: the greatest energy an interval can have; None where not known.

    A counter that went back has begun anew, where the step that makes is possible; else the interval has no energy: a
    meter was exchanged, or reset.
    """
    found: list[Energy] = []
    for before, cell in pairwise(cells):
        if (before.meter, before.end) != (cell.meter, cell.end - cell.period):
            continue
        amount: Fraction | None = cell.value - before.value
        if amount is not None and amount < 0:
            turned = None if rollover is None else amount + rollover
            amount = turned if turned is not None and most is not None and turned <= most else None
        if amount is not None and most is not None and amount > most:
            amount = None
        is_known = cell.billable and before.billable
        found.append(Energy(cell.end, cell.period, amount if is_known else None, _is_estimate(cell)))
    return found


def steps_of(energies: Iterable[Energy], span: Interval, seconds: int, parts: int = THOUSANDTHS) -> Steps:
    """The steps of a span out of energies, as whole thousandths (or millionths) of a kWh, rounded together.

    Each value is rounded down; what the exact sum of the span, rounded half up, has over that goes one
    by one to the largest remainders, the earlier first.
    """
    count = (span.end - span.start) // seconds
    amounts: list[Fraction | None] = [None] * count
    estimated = np.zeros(count, dtype=np.bool_)
    for place, group in _by_step(energies, span, seconds).items():
        amounts[place] = _whole_step(group, seconds)
        estimated[place] = any(e.is_estimated for e in group) or len({e.end for e in group}) < len(group)
    exact = {place: amount * Fraction(parts, THOUSANDTHS) for place, amount in enumerate(amounts) if amount is not None}
    quantity = np.full(count, NO_QUANTITY, dtype=np.int64)
    for place, thousandths in _rounded_together(exact).items():
        quantity[place] = thousandths
    known = quantity != NO_QUANTITY
    quality = np.where(known, np.where(estimated, Quality.ESTIMATED, Quality.MEASURED), Quality.MISSING)
    return Steps(quantity, quality.astype(np.uint8))


def _by_step(energies: Iterable[Energy], span: Interval, seconds: int) -> dict[int, list[Energy]]:
    found: dict[int, list[Energy]] = {}
    for energy in energies:
        if span.start < energy.end <= span.end:
            found.setdefault((energy.end - 1 - span.start) // seconds, []).append(energy)
    return found


def _whole_step(group: list[Energy], seconds: int) -> Fraction | None:
    """The energy of a step whose intervals are all there; an interval longer than the step says nothing of it."""
    covered = sum(period for _, period in {(e.end, e.period) for e in group})
    if covered != seconds or any(e.amount is None for e in group):
        return None
    return sum((e.amount for e in group if e.amount is not None), Fraction(0))


def _rounded_together(exact: dict[int, Fraction]) -> dict[int, int]:
    whole = {place: amount.numerator // amount.denominator for place, amount in exact.items()}
    total = sum(exact.values(), Fraction(0))
    left = (2 * total.numerator + total.denominator) // (2 * total.denominator) - sum(whole.values())
    for place in sorted(exact, key=lambda one: (whole[one] - exact[one], one))[:left]:
        whole[place] += 1
    return whole


def _is_estimate(cell: Cell) -> bool:
    return bool(cell.flags & _ESTIMATES)
