"""Calculated metering points: energy the hub computes by a formula over other points (DK-6.1.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.findings import Finding, Severity
from gateway.messages.identifiers import point_id
from gateway.messages.series import Qualities, Quantities
from gateway.settlement.quality_sets import MEASURED, MISSING, SET_OF, status_of

CLAUSE = "D1 §6.1.3"


class Term(NamedTuple):
    """One point of a formula and what its values are multiplied by."""

    point: int
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Formula:
    """A calculated point as the sum of its terms; a term may be a calculated point itself."""

    point: int
    terms: tuple[Term, ...]


class PointValues(NamedTuple):
    """Values of one point: int64[n] thousandths and uint8[n] qualities."""

    quantity: Quantities
    quality: Qualities


class Evaluated(NamedTuple):
    """Values of the calculated points, and what is remarkable about them."""

    values: dict[int, PointValues]
    findings: tuple[Finding, ...]


def evaluate(order: Iterable[Formula], values: Mapping[int, PointValues], steps: int) -> Evaluated:
    """The values of calculated points over the same steps as their terms', rounded once, half away from zero.

    Where any term is missing the value is missing and 0; else it is estimated where any term is; else calculated. A
    term of which nothing is known is missing throughout. Terms that are calculated themselves enter as rounded: that
    is what others see of them.

    Args:
        order: formulas in order of evaluation.
        values: of the points that are not calculated.
        steps: how many steps all values have.

    Findings `negative-result` (a remark), with the first position it occurs at: points have no negative values.
    """
    known = dict(values)
    calculated: dict[int, PointValues] = {}
    findings: list[Finding] = []
    unknown = PointValues(np.zeros(steps, dtype=np.int64), np.full(steps, Quality.MISSING, dtype=np.uint8))
    for formula in order:
        terms = [known.get(term.point, unknown) for term in formula.terms]
        result = _result(formula, terms, steps)
        known[formula.point] = calculated[formula.point] = result
        negative = np.flatnonzero(result.quantity < 0)
        if len(negative):
            text = f"{point_id(formula.point)} comes out negative in {len(negative)} of {steps} steps"
            findings.append(
                Finding(
                    "negative-result",
                    text,
                    rule="negative-result",
                    clause=CLAUSE,
                    position=int(negative[0]) + 1,
                    severity=Severity.WARNING,
                )
            )
    return Evaluated(calculated, tuple(findings))


def _result(formula: Formula, terms: list[PointValues], steps: int) -> PointValues:
    factors = [Fraction(term.factor) for term in formula.terms]
    scale = lcm(*(factor.denominator for factor in factors))
    exact = np.zeros(steps, dtype=object)
    sets = np.zeros(steps, dtype=np.uint8)
    for factor, term in zip(factors, terms, strict=True):
        exact += term.quantity.astype(object) * int(factor * scale)
        sets |= SET_OF[term.quality]
    is_missing = (sets & MISSING) != 0
    rounded = np.sign(exact) * ((2 * np.abs(exact) + scale) // (2 * scale))
    quantity = np.where(is_missing, 0, rounded).astype(np.int64)
    sets |= MEASURED
    status = status_of(sets)
    return PointValues(quantity, np.where(status == Quality.MEASURED, Quality.CALCULATED, status).astype(np.uint8))
