"""Meter readings of profile-settled metering points: what a grid operator states, and the periods that stand (D1 §5.1).

A reading closes a reading period: the energy used since the reading before. Bounds are local midnights as instants,
[start, end); consumption is thousandths of a kWh.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from gateway.messages.codes import Quality
from gateway.messages.quantities import Quantity
from gateway.messages.times import DAY

DAYS_OF_A_YEAR = 365
"""What consumptions of other lengths are scaled to before they are compared."""


class Occasion(StrEnum):
    """Why a meter is read."""

    ORDINARY = "ordinary"
    MOVE = "move"
    SUPPLIER_CHANGE = "supplier-change"


class MeterReading(NamedTuple):
    """A reading as a grid operator states it; the same period again corrects the value.

    Attributes:
        transaction: the sender's id of it.
        metering_point: GSRN.
        start, end: the reading period.
        consumption: energy of the period, as written.
        quality: measured or estimated.
        counter: what the meter showed at the end; None where it is not stated.
        occasion: why the meter was read.
        nominal: the nominal reading date; None means the local day the period ends on.
    """

    transaction: str
    metering_point: str
    start: int
    end: int
    consumption: Quantity
    quality: Quality
    counter: Quantity | None = None
    occasion: Occasion = Occasion.ORDINARY
    nominal: date | None = None


class ReadingCancellation(NamedTuple):
    """A reading taken back: the period it closed is awaited anew."""

    transaction: str
    metering_point: str
    start: int
    end: int


class ReadingPeriod(NamedTuple):
    """A reading period that stands: read, and not cancelled."""

    start: int
    end: int
    consumption: int
    quality: Quality
    nominal: date

    @property
    def days(self) -> int:
        """Its length in local days."""
        return local_days(self.start, self.end)


def local_days(start: int, end: int) -> int:
    """Local days between two local midnights, one of which may lie behind a clock change."""
    return (end - start + DAY // 2) // DAY
