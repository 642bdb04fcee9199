"""The five methods of estimation in the regulation's order (D1 §4.1.3): the first that applies makes the value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gateway.markets.calendar import WorkingDays
from gateway.messages.codes import Quality
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask, Quantities
from gateway.messages.times import Instants, MarketZone
from gateway.preparation.draft import Draft, Marks, Method, WhyNot
from gateway.preparation.point_values import PointDays, PointValues
from gateway.preparation.settings import PreparationSettings


class Readings(NamedTuple):
    """Energy known of points over [start, end), sorted by (point, start), not overlapping; int64[k] each."""

    point: Rows
    start: Instants
    end: Instants
    quantity: Quantities


class SimilarPoints(NamedTuple):
    """Which point's curve resembles whose: int64[k] numbers, sorted by the point to be estimated."""

    point: Rows
    similar: Rows


_NOTHING = np.empty(0, dtype=np.int64)
NO_SIMILAR_POINTS = SimilarPoints(_NOTHING, _NOTHING)
NO_READINGS = Readings(_NOTHING, _NOTHING, _NOTHING, _NOTHING)


@dataclass(frozen=True)
class Evidence:
    """What estimates are made from.

    Attributes:
        history: values of earlier days, with the quality they had.
        check_meter: values of second meters at the same points.
        similar: which other point's curve resembles whose.
        readings: energy known over a day or another period.
        knowledge: what the operator knows of single steps.
        reasons: how the operator knows it, by the line of the value.
    """

    history: PointValues = field(default_factory=PointValues.none)
    check_meter: PointValues = field(default_factory=PointValues.none)
    similar: SimilarPoints = NO_SIMILAR_POINTS
    readings: Readings = NO_READINGS
    knowledge: PointValues = field(default_factory=PointValues.none)
    reasons: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """Everything the methods may look at.

    Attributes:
        draft: the series with what is filled so far.
        evidence: what is known besides.
        working_days: the market's calendar.
        settings: the numbers in force.
    """

    draft: Draft
    evidence: Evidence
    working_days: WorkingDays
    settings: PreparationSettings

    @property
    def zone(self) -> MarketZone:
        """The market's local time."""
        return self.draft.due.zone

    @cached_property
    def past(self) -> PointValues:
        """Measured values of the history and of the draft, which go before those of the history."""
        return self._known.taken(self._known.is_measured)

    @cached_property
    def days(self) -> PointDays:
        """The days these fall on, complete or not."""
        return PointDays.of(self._known, self.zone)

    @cached_property
    def _known(self) -> PointValues:
        return self.evidence.history.joined(self.draft.measured())


@dataclass(frozen=True)
class Gaps:
    """Steps that wait for a value, in order; int64[g] each.

    Attributes:
        place: their place in the draft.
        row, point, start, step, day: the series, the point, the instant, the seconds, the local day of each.
        limit: the most each may hold.
    """

    place: Rows
    row: Rows
    point: Rows
    start: Instants
    step: Rows
    day: Rows
    limit: Quantities

    @classmethod
    def of(cls, draft: Draft, place: Rows) -> Gaps:
        """The gaps at given places of a draft."""
        due, row = draft.due, draft.due.row[place]
        return cls(place, row, due.point[row], due.step_start[place], due.step[row], due.day[row], due.limit[row])

    def __len__(self) -> int:
        return len(self.place)


class Filling:
    """What a method makes of the gaps.

    Attributes:
        quantity: int64[g], NO_QUANTITY where it makes nothing.
        why_not: uint8[g] of `WhyNot`, where it makes nothing.
        source: int64[g], what the value was made from: a day, a point, an instant, a line.
    """

    def __init__(self, count: int, why_not: WhyNot) -> None:
        self.quantity: Quantities = np.full(count, NO_QUANTITY, dtype=np.int64)
        self.why_not: Marks = np.full(count, why_not, dtype=np.uint8)
        self.source: Rows = np.zeros(count, dtype=np.int64)

    def put(self, where: Rows | Mask, quantity: Quantities, source: Rows | int) -> None:
        """Fill some gaps."""
        self.quantity[where] = quantity
        self.source[where] = source


MethodOfEstimation = Callable[[Gaps, Case], Filling]


def estimate(case: Case, methods: tuple[tuple[Method, MethodOfEstimation], ...]) -> None:
    """Fill the gaps of a draft by each method in turn; what no method fills stays missing.

    No estimate exceeds the limit of its kind of point: a method that says so did not apply.
    """
    draft = case.draft
    for method, fill in methods:
        gaps = Gaps.of(draft, draft.gaps)
        if not len(gaps):
            return
        filling = fill(gaps, case)
        is_there = filling.quantity != NO_QUANTITY
        above = is_there & (filling.quantity > gaps.limit)
        filling.why_not[above] = WhyNot.ABOVE_LIMIT
        is_filled = is_there & ~above
        filled, left = gaps.place[is_filled], gaps.place[~is_filled]
        draft.quantity[filled] = filling.quantity[is_filled]
        draft.source[filled] = filling.source[is_filled]
        draft.quality[filled] = Quality.ESTIMATED
        draft.method[filled] = method
        draft.refused_by[left, method - 1] = filling.why_not[~is_filled]
