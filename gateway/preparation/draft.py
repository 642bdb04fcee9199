"""The series on their way to being sent: a column for each thing known of a step while it is checked and completed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import Quality
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.preparation.due_series import DueSeries
from gateway.preparation.point_values import NOWHERE, PointValues

Marks = npt.NDArray[np.uint8]


class Cause(IntEnum):
    """Why a step has no measured value that can be sent; the rule of that name words it."""

    NONE = 0
    VALUE_MISSING = 1
    VALUE_NEGATIVE = 2
    VALUE_ABOVE_LIMIT = 3
    ZERO_RUN = 4

    @property
    def rule(self) -> str:
        """The neutral name of the rule."""
        return self.name.lower().replace("_", "-")


class Method(IntEnum):
    """How an estimated value was made: the regulation's methods by their numbers, and what came estimated."""

    NONE = 0
    CHECK_METER = 1
    COMPARABLE_DAY = 2
    SIMILAR_POINT = 3
    DAILY_READING = 4
    SPECIFIC_KNOWLEDGE = 5
    AS_DELIVERED = 6

    @property
    def word(self) -> str:
        """The method's name in a file."""
        return self.name.lower().replace("_", "-")


METHOD_COUNT = 5


class WhyNot(IntEnum):
    """Why a method did not apply to a step."""

    NOT_ASKED = 0
    NOTHING_GIVEN = 1
    NO_VALUE = 2
    NO_COMPARABLE_DAY = 3
    NO_COMMON_DAYS = 4
    NO_EXPERIENCE = 5
    READING_UNFIT = 6
    READING_BELOW_VALUES = 7
    ABOVE_LIMIT = 8


@dataclass
class Draft:
    """Every step that is due and what is known of it; columns of m steps in the order of `due`.

    Attributes:
        due: the series.
        quantity: int64[m] thousandths, NO_QUANTITY where there is none.
        quality: uint8[m] of `Quality`: measured, estimated, or missing.
        cause: uint8[m] of `Cause`.
        method: uint8[m] of `Method`.
        refused_by: uint8[m, 5] of `WhyNot`, for each method in order.
        source: int64[m], what the value was made from, in the method's own terms.
        too_long: bool[m], steps of points that were estimated for too long already.
    """

    due: DueSeries
    quantity: Quantities
    quality: Qualities
    cause: Marks
    method: Marks
    refused_by: Marks
    source: Rows
    too_long: Mask

    @classmethod
    def of(cls, due: DueSeries, values: PointValues) -> Draft:
        """The raw values in their places; a step without one is missing, values outside are left aside.

        Each value must begin a step (`gateway.preparation.placing`).
        """
        count = len(due.row)
        place, _ = due.place(values.point, values.start)
        stated = np.flatnonzero((place != NOWHERE) & (values.quantity != NO_QUANTITY))
        draft = cls(
            due=due,
            quantity=np.full(count, NO_QUANTITY, dtype=np.int64),
            quality=np.full(count, Quality.MISSING, dtype=np.uint8),
            cause=np.zeros(count, dtype=np.uint8),
            method=np.zeros(count, dtype=np.uint8),
            refused_by=np.zeros((count, METHOD_COUNT), dtype=np.uint8),
            source=np.zeros(count, dtype=np.int64),
            too_long=np.zeros(count, dtype=np.bool_),
        )
        steps, is_estimated = place[stated], values.quality[stated] == Quality.ESTIMATED
        draft.quantity[steps] = values.quantity[stated]
        draft.quality[steps] = np.where(is_estimated, Quality.ESTIMATED, Quality.MEASURED)
        draft.method[steps[is_estimated]] = Method.AS_DELIVERED
        draft.set_aside(np.flatnonzero(draft.quality == Quality.MISSING), Cause.VALUE_MISSING)
        return draft

    @property
    def gaps(self) -> Rows:
        """Steps that wait for a value and may be estimated."""
        return np.flatnonzero((self.quality == Quality.MISSING) & ~self.too_long)

    def set_aside(self, steps: Rows, cause: Cause) -> None:
        """Take values out, to be estimated like missing ones."""
        self.quantity[steps] = NO_QUANTITY
        self.quality[steps] = Quality.MISSING
        self.method[steps] = Method.NONE
        self.cause[steps] = cause

    def measured(self) -> PointValues:
        """What was measured, as values."""
        steps = np.flatnonzero(self.quality == Quality.MEASURED)
        return PointValues.of(
            self.due.point[self.due.row[steps]], self.due.step_start[steps], self.quantity[steps], self.quality[steps]
        )
