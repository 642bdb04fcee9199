"""Raw values into what is sent: times the fixed factor of their point, in thousandths of the unit (D1 §6.2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import numpy as np

from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import MarketZone
from gateway.preparation.apportionment import product, rounded_together
from gateway.preparation.point_values import PointValues

RAW_DECIMALS = 6
"""Most decimals of a raw value; raw quantities are held in millionths of the unit."""

FINER = 10**RAW_DECIMALS // 1000
"""Millionths in a thousandth."""

Factors = Mapping[int, Fraction]
"""The fixed proportional factor of points, by number; a point without one has 1."""


def scaled(raw: PointValues, factors: Factors, zone: MarketZone) -> PointValues:
    """Raw values in millionths, times the factor of their point, in thousandths.

    What comes out finer than a thousandth is rounded by point and local day together, so that the day's energy is kept
    (`gateway.preparation.apportionment`). A value below zero counts as its opposite does: it is refused later.
    """
    is_there = raw.quantity != NO_QUANTITY
    quantity = np.where(is_there, raw.quantity // FINER, NO_QUANTITY)
    with_factor = np.isin(raw.point, np.fromiter(factors, dtype=np.int64, count=len(factors)))
    is_fine = is_there & ((raw.quantity % FINER != 0) | with_factor)
    if is_fine.any():
        group = _groups(raw, zone)
        members = np.flatnonzero(is_there & np.isin(group, group[is_fine]))
        for part in np.split(members, np.flatnonzero(np.diff(group[members])) + 1):
            factor = factors.get(int(raw.point[part[0]]), Fraction(1))
            exact = product(np.abs(raw.quantity[part]), factor.numerator)
            rounded = rounded_together(exact, factor.denominator * FINER)
            # What is below zero must not become zero by rounding: a check is going to look for it.
            quantity[part] = np.where(raw.quantity[part] < 0, -np.maximum(rounded, 1), rounded)
    return replace(raw, quantity=quantity)


def _groups(values: PointValues, zone: MarketZone) -> Rows:
    """A number for each point and local day."""
    begins = (np.diff(values.point) != 0) | (np.diff(zone.day_numbers(values.start)) != 0)
    return np.append(0, np.cumsum(begins))
