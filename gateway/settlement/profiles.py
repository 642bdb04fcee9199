"""Profile-settled consumption: load shares, the distribution curve, what is distributed and what is periodised.

Quantities are int64 thousandths of a kWh, load shares thousandths of a kWh a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from math import lcm
from typing import NamedTuple

import numpy as np

from gateway.messages.findings import Finding, Severity
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import format_quantity
from gateway.messages.series import Qualities, Quantities
from gateway.settlement.results import KeyedSums, ResultKey, brp_of
from gateway.settlement.shares import largest_remainder

CURVE_DIGITS = 12
"""Significant digits a distribution curve is shown with, at least [DEF]."""


class LoadShares(NamedTuple):
    """Sums of load shares of one grid area and month, by what they are summed for.

    Attributes:
        grid_area: the area.
        keys: suppliers with their balance responsible parties, or tariffs, each once.
        share: int64[m] thousandths of a kWh a year.
    """

    grid_area: str
    keys: tuple[ResultKey, ...]
    share: Quantities

    @property
    def total(self) -> int:
        """The sum of all load shares of the area."""
        return int(self.share.sum())


def load_share_sums(keys: Sequence[ResultKey], key_of_point: Rows, share: Quantities) -> dict[str, LoadShares]:
    """Sums by key of the load shares of points, for each grid area.

    Args:
        keys: what points are summed for.
        key_of_point: int64[points], the place of each point's key in `keys`.
        share: int64[points], the latest annual consumption of each.
    """
    sums = np.zeros(len(keys), dtype=np.int64)
    np.add.at(sums, key_of_point, share)
    rows: dict[str, list[int]] = {}
    for row in sorted(range(len(keys)), key=lambda row: _order(keys[row])):
        rows.setdefault(keys[row].grid_area, []).append(row)
    return {area: LoadShares(area, tuple(keys[row] for row in of), sums[of]) for area, of in rows.items()}


def _order(key: ResultKey) -> tuple[str, str, str]:
    return key.supplier or "", key.brp or "", key.tariff or ""


# --- distribution curve ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Curve:
    """The distribution curve K = residual / sum of load shares of a grid area over some steps (DK-1.15), exact.

    Attributes:
        residual: int64[n], the fixed residual consumption of each step.
        total: the sum of the area's load shares in force.
    """

    residual: Quantities
    total: int

    def shown(self, digits: int = CURVE_DIGITS) -> list[str]:
        """K of every step as plain decimal text with so many significant digits."""
        context = Context(prec=digits)
        return [format(context.divide(Decimal(value), Decimal(self.total)), "f") for value in self.residual.tolist()]


def distribution_curve(residual: Quantities, shares: LoadShares) -> Curve | Finding:
    """The curve of an area's fixed residual, or why there is none (DK-1.15).

    Finding `no-load-shares`: the load shares sum to zero, so that nothing can be distributed. It is an error where
    there is a residual, and a remark where there is none.
    """
    if shares.total > 0:
        return Curve(residual, shares.total)
    rest = int(residual.sum())
    text = f"area {shares.grid_area} has no load shares; its residual of {format_quantity(rest)} kWh is grid loss only"
    severity = Severity.ERROR if residual.any() else Severity.WARNING
    return Finding("no-load-shares", text, rule="no-load-shares", clause="D1 §1.15", severity=severity)


def distributed(residual: Quantities, qualities: Qualities, shares: LoadShares) -> KeyedSums:
    """Distributed consumption V = R · share / sum of shares by key, which adds up to R exactly (DK-1.16).

    Args:
        residual: int64[n], the residual consumption of the shares' area.
        qualities: uint8[n], its sets; every part has those of the whole.
        shares: by supplier, or by tariff.

    Raises:
        ValueError: the load shares sum to zero; ask for the curve first.
    """
    if shares.total <= 0:
        raise ValueError(f"area {shares.grid_area} has no load shares to distribute by")
    rows = sorted(range(len(shares.keys)), key=lambda row: _order(shares.keys[row]))
    weights = np.broadcast_to(shares.share[rows][:, None], (len(rows), len(residual)))
    parts = largest_remainder(residual, weights)
    exists = np.ones(parts.shape, dtype=bool)
    sets = np.broadcast_to(qualities, parts.shape)
    return KeyedSums(tuple(shares.keys[row] for row in rows), parts, sets, exists)


def distributed_per_brp(per_supplier: KeyedSums) -> KeyedSums:
    """Distributed consumption of each balance responsible party: the sum of its suppliers'."""
    return per_supplier.by(brp_of)


# --- periodised consumption ------------------------------------------------------------------------------------------


class Periodised(NamedTuple):
    """A reading spread over its steps, and whether evenly for want of a curve: then with a finding."""

    quantity: Quantities
    finding: Finding | None = None


def periodised(consumption: int, curves: Sequence[Curve]) -> Periodised:
    """A reading's consumption over [a, b) spread by the curve, adding up to it exactly (DK-1.32).

    Args:
        consumption: thousandths of a kWh between two readings.
        curves: the curve of each month or day within [a, b), cut to it, in order of time. They are comparable across
            months because each is divided by its own sum of load shares.

    Of equal remainders the earlier step takes the thousandth. Finding `curve-not-positive` (a remark): the curve sums
    to zero or less, and the consumption is spread evenly [DEF].
    """
    common = lcm(*(curve.total for curve in curves))
    weights = np.concatenate([curve.residual.astype(object) * (common // curve.total) for curve in curves])
    finding = None
    if sum(weights) <= 0:
        weights = np.ones(len(weights), dtype=np.int64)
        text = f"the curve sums to zero or less; {format_quantity(consumption)} kWh are spread evenly"
        finding = Finding(
            "curve-not-positive", text, rule="curve-not-positive", clause="D1 §1.32", severity=Severity.WARNING
        )
    return Periodised(largest_remainder(np.array([consumption]), weights[:, None])[:, 0], finding)
