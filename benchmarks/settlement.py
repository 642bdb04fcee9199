"""The settlement kernel beside one numpy sum of the same matrix: a day of quarters, about 2000 groups.

Run it: python -m benchmarks.settlement
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.floor import interleave, machine_note, peak_megabytes, report
from gateway.messages.codes import Quality, Resolution
from gateway.messages.masterdata import Codes, Rows
from gateway.messages.series import Qualities, Quantities
from gateway.messages.times import Interval
from gateway.settlement.kernel import Partial, Totals
from gateway.settlement.plan import Plan, PlanRows

STEPS = 96
AREAS, SUPPLIERS = 50, 40
DAY = Interval(1_749_506_400, 1_749_506_400 + STEPS * 900)
MESSAGE = 1000
FLOOR = "numpy.sum of the quantities"


@dataclass(frozen=True, slots=True)
class Day:
    """A day of many points, in the order in which their messages came: no order at all.

    Attributes:
        points, group: int64[n], int32[n]; suppliers have very unlike numbers of customers.
        quantity: int64[n, 96] Wh.
        quality: uint8[n, 96]: measured, but for a row in a hundred with an estimate and one in a thousand with a gap.
    """

    points: Rows
    group: Codes
    quantity: Quantities
    quality: Qualities

    @classmethod
    def of(cls, count: int) -> Day:
        """A day of `count` points."""
        chance = np.random.default_rng(count)
        points = chance.permutation(571_313_100_000_000_000 + 10 * np.arange(count))
        supplier = np.minimum(chance.zipf(1.5, count), SUPPLIERS) - 1
        group = (chance.integers(0, AREAS, count) * SUPPLIERS + supplier).astype(np.int32)
        quantity = chance.integers(0, 5000, (count, STEPS))
        quality = np.full((count, STEPS), Quality.MEASURED, dtype=np.uint8)
        estimated, missing = chance.integers(0, count, count // 100), chance.integers(0, count, count // 1000)
        quality[estimated, estimated % STEPS] = Quality.ESTIMATED
        quality[missing, 20:24] = Quality.MISSING
        quantity[missing, 20:24] = 0
        return cls(points, group, quantity, quality)

    def in_order(self) -> Day:
        """The same day, in order of the points."""
        order = np.argsort(self.points)
        return Day(self.points[order], self.group[order], self.quantity[order], self.quality[order])

    def plan(self) -> Plan:
        """Every point in one group all day."""
        bounds = (np.full(len(self.points), bound) for bound in (DAY.start, DAY.end))
        return Plan.of(DAY, PlanRows(self.points, self.group, *bounds), AREAS * SUPPLIERS)

    def settle(self, plan: Plan, rows: int) -> Totals:
        """The sums of the day, handed over in batches of so many rows."""
        partial = Partial(plan)
        for first in range(0, len(self.points), rows):
            part = slice(first, first + rows)
            partial.add(self.points[part], self.quantity[part], self.quality[part], Resolution.QUARTER, DAY.start)
        return partial.totals(Resolution.QUARTER)


def compare(count: int) -> str:
    """The whole matrix at once, in either order, and in batches of a message's size; the plan alone."""
    day = Day.of(count)
    sorted_day = day.in_order()
    plan = day.plan()
    totals = day.settle(plan, count)
    assert int(totals.parts.sum()) == 4 * int(day.quantity.sum())
    cases: dict[str, Callable[[], object]] = {
        FLOOR: day.quantity.sum,
        "kernel, one batch in order of arrival": lambda: day.settle(plan, count),
        "kernel, one batch in order of points": lambda: sorted_day.settle(plan, count),
        f"kernel, batches of {MESSAGE} series": lambda: day.settle(plan, MESSAGE),
        "plan": day.plan,
    }
    timings = interleave(cases, rounds=31, budget=40)
    table = report(f"{count} points x {STEPS}, {plan.groups} groups", timings, FLOOR, count * STEPS)
    times = ", ".join(f"{timing.median / timings[FLOOR].median:.1f}" for timing in timings.values())
    extra = peak_megabytes(lambda: day.settle(plan, MESSAGE))
    room = f"extra memory in batches: {extra:.0f} MB beside {day.quantity.nbytes / 1e6:.0f} MB of quantities"
    return f"{table}\ntimes the floor, in this order: {times}\n{room}"


def main() -> None:
    """Print the kernel's time beside the floor's for 100 000 and a million points."""
    print(machine_note())
    for count in (100_000, 1_000_000):
        print(compare(count))


if __name__ == "__main__":
    main()
