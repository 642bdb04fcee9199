"""What a correction after the window costs: energy by step, and euros once for each summary (FI-4.3, EV F19)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.messages.codes import DeviationType

_CENT = 10_000_000
"""Wh times thousandths of EUR/MWh in a cent."""


class StepDeviation(NamedTuple):
    """A step whose energy changed after its window.

    Attributes:
        supplier: who supplied the point.
        grid_area: where it is.
        is_production: whether the point produces, which turns the sign of the money.
        old, new: Wh taken to the balance, and as measured now.
        price: thousandths of EUR/MWh of the step.
    """

    supplier: str
    grid_area: str
    is_production: bool
    old: int
    new: int
    price: int

    @property
    def energy(self) -> int:
        """Wh by which the balance was wrong."""
        return self.new - self.old


class DeviationSummary(NamedTuple):
    """What a run comes to for a supplier in a grid area.

    Attributes:
        energy: Wh, negative where less was consumed or produced than the balance holds.
        amount: cents that the supplier pays; negative where it is paid.
    """

    supplier: str
    grid_area: str
    type: DeviationType
    energy: int
    amount: int


def summaries(steps: Iterable[StepDeviation], loss_suppliers: Mapping[str, str]) -> tuple[DeviationSummary, ...]:
    """The summaries of a run: of accounting points by supplier, and their opposite at the loss supplier of the area.

    An amount is rounded half up once for each summary, so that a run adds up to nothing in every area. An area without
    a loss supplier has no opposite.
    """
    energy: dict[tuple[str, str], int] = {}
    money: dict[tuple[str, str], int] = {}
    for step in steps:
        key = (step.grid_area, step.supplier)
        sign = -1 if step.is_production else 1
        energy[key] = energy.get(key, 0) + sign * step.energy
        money[key] = money.get(key, 0) + sign * step.energy * step.price
    points = [
        DeviationSummary(supplier, area, DeviationType.ACCOUNTING_POINT, energy[area, supplier], _cents(total))
        for (area, supplier), total in sorted(money.items())
    ]
    losses = [
        DeviationSummary(
            loss_suppliers[area],
            area,
            DeviationType.LOSSES,
            -sum(one.energy for one in points if one.grid_area == area),
            -sum(one.amount for one in points if one.grid_area == area),
        )
        for area in sorted({one.grid_area for one in points})
        if area in loss_suppliers
    ]
    return (*points, *losses)


def _cents(total: int) -> int:
    return (total + _CENT // 2) // _CENT
