"""Correction after final refixation: what changed for each supplier, and the counterpart (Regulation D1 §4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gateway.settlement.results import KeyedSums, ResultKey, ResultKind, SettlementResults

CORRECTED_KINDS = (ResultKind.PRODUCTION_PER_SUPPLIER, ResultKind.FLEX_PER_SUPPLIER, ResultKind.HOURLY_PER_SUPPLIER)
"""What a correction settlement compares [DEF]."""


class Correction(NamedTuple):
    """What one kind of sum changed by.

    Attributes:
        delta: current less final values by supplier; only those with a change.
        counterpart: what the supplier of each area's grid loss gets against it, so that the area's sum stays as it was.
    """

    delta: KeyedSums
    counterpart: KeyedSums


def correction(
    current: SettlementResults, final: SettlementResults, loss_suppliers: Mapping[str, ResultKey]
) -> dict[ResultKind, Correction]:
    """The changes of every corrected kind between the final refixation and now [DEF].

    Total consumption stays as it was settled, so what suppliers gain their area's grid-loss supplier loses.

    Args:
        current: a settlement of now.
        final: that of the final refixation, of the same steps and by the same method.
        loss_suppliers: the key (area, supplier, balance responsible) of each area's grid-loss supplier.
    """
    if current.resolution != final.resolution or not np.array_equal(current.starts, final.starts):
        raise ValueError("a correction compares settlements of the same steps")
    return {kind: _correction(current.tables[kind], final.tables[kind], loss_suppliers) for kind in CORRECTED_KINDS}


def _correction(current: KeyedSums, final: KeyedSums, loss_suppliers: Mapping[str, ResultKey]) -> Correction:
    change = KeyedSums.joined((current, final.negated)).by(lambda key: key)
    delta = change.take(np.flatnonzero(change.quantity.any(axis=1)))
    return Correction(delta, delta.negated.by(lambda key: loss_suppliers[key.grid_area]))
