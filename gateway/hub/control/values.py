"""What control reports: key figures, missing values, corrections, rejections, sums of points, as columns and rows.

Instants are epoch seconds UTC, intervals half-open, quantities int64 thousandths of the unit, days local.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import Quality, Resolution, Unit
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Qualities, Quantities
from gateway.messages.times import Instants


class Kpi(StrEnum):
    """A key figure of the quality of measure data (D1 §4.1.2, appendix 7)."""

    ESTIMATED_FLEX = "estimated-flex"
    """Values of flex points that are estimated, of those expected; breached above the limit."""
    MISSING_FLEX = "missing-flex"
    """Values of flex points that are not there, of those expected."""
    COMPLETE_EARLY = "complete-early"
    """Points of which every value is there at the first look."""
    COMPLETE_HOURLY = "complete-hourly-limit"
    """Points of which every value is there when the collection of hourly values ends."""
    COMPLETE_FLEX = "complete-flex-limit"
    """Points of which every value is there when the collection of flex values ends."""
    CORRECTED_AFTER_FIXATION = "corrected-after-fixation"
    """Values that are another now than at fixation, of those expected."""
    ESTIMATED_TOO_LONG = "estimated-too-long"
    """Values that are still estimated although the time for estimates has passed, of those expected."""
    REJECTED_SERIES = "rejected-series"
    """Series rejected on the day itself, whatever days they were of."""


@dataclass(frozen=True, slots=True)
class KpiValue:
    """One key figure of a grid area on a local day.

    Attributes:
        day: the day of operation; of rejected series the day of the decision.
        grid_area: its code; empty for rejected series of unknown points.
        grid_operator: who runs the area now; for unknown points, who sent them.
        kpi: which figure.
        as_of: the instant as of which values count.
        is_final: whether that instant is the one the market names; False while it is still to come, or never does.
        count, total: the figure as a share; total is 0 where it is a number alone.
        limit: most percent allowed, None where the market sets none.
    """

    day: date
    grid_area: str
    grid_operator: str
    kpi: Kpi
    as_of: int
    is_final: bool
    count: int
    total: int
    limit: int | None = None

    @property
    def percent(self) -> str:
        """The share with one decimal, rounded half up; empty where there is none."""
        if not self.total:
            return ""
        tenths = (2000 * self.count + self.total) // (2 * self.total)
        return f"{tenths // 10}.{tenths % 10}"

    @property
    def is_breached(self) -> bool | None:
        """Whether the exact share is above the limit; None where there is no limit."""
        return None if self.limit is None else 100 * self.count > self.limit * self.total


class DayQuery(NamedTuple):
    """Which days and areas: local days from `start` on, `end` not among them; None is the market's own choice.

    `grid_area` empty is every area the reader answers for; `as_of` None is now.
    """

    start: date | None = None
    end: date | None = None
    grid_area: str = ""
    as_of: int | None = None


class MissingPoint(NamedTuple):
    """A metering point of which values of a day are missing after their limit.

    Attributes:
        day: the day of operation.
        metering_point: GSRN.
        grid_area, grid_operator: where it lies and who runs that now.
        group: `hourly` or `flex`: whose limit has passed.
        step: length of the values.
        first, last: start of the first and end of the last missing step; between them values may be there.
        missing, expected: number of steps.
    """

    day: date
    metering_point: str
    grid_area: str
    grid_operator: str
    group: str
    step: Resolution
    first: int
    last: int
    missing: int
    expected: int


class MissingPage(NamedTuple):
    """One window of missing values by day and point; `after` continues behind it and is empty at the end."""

    points: tuple[MissingPoint, ...]
    after: str = ""


class SettlementRun(NamedTuple):
    """A run of the settlement: its name (`fixation`, `first refixation`), and its cut-off; None where there is none."""

    name: str
    at: int | None = None


FirstRun = Callable[[date, int], SettlementRun]
"""The first run that a value of a local day received at an instant enters."""


class CorrectionQuery(NamedTuple):
    """Which corrections: received in [start, end), of these points; none named is every point the reader may see."""

    start: int
    end: int
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Corrections:
    """Corrected values in the order they were received, as columns of one length.

    Attributes:
        point: int64 keys of metering points.
        start: int64, beginning of the step.
        step: its resolution.
        unit: unit of the quantities.
        old_quantity: int64; NO_QUANTITY where it was missing, or was accepted in another resolution.
        new_quantity: int64; NO_QUANTITY where it is missing.
        old_quality: uint8, the sender's status; 0 where the old value was of another resolution.
        new_quality: uint8, the sender's status.
        received_at: int64.
        run: the first settlement run each enters.
        after: continues behind these; empty at the end.
    """

    point: Rows
    start: Instants
    step: tuple[Resolution, ...]
    unit: tuple[Unit, ...]
    old_quantity: Quantities
    new_quantity: Quantities
    old_quality: Qualities
    new_quality: Qualities
    received_at: Instants
    run: tuple[SettlementRun, ...]
    after: str = ""

    def __len__(self) -> int:
        return len(self.point)


@dataclass(frozen=True, slots=True, order=True)
class RejectionCount:
    """How often one reason met one party on one local day.

    Attributes:
        day: the local day on which the hub decided.
        party: who sent what was rejected.
        code: the market's code of the reason.
        series: how many series it refused; one with several reasons counts once for each of them.
        messages: how many messages it refused as a whole.
        readings: how many meter readings and cancellations of them.
    """

    day: date
    party: str
    code: str
    series: int
    messages: int
    readings: int = 0


class SumClass(StrEnum):
    """What the settlement adds up apart (D1 §4.1.5)."""

    PRODUCTION = "production"
    FLEX_CONSUMPTION = "flex-consumption"
    HOURLY_CONSUMPTION = "hourly-consumption"
    EXCHANGE = "exchange"
    """Net: into the area less out of it."""


@dataclass(frozen=True, slots=True)
class PointSums:
    """Hourly sums of the points a party may see, as columns of one length, by grid area, class, supplier and hour.

    Attributes:
        grid_area: codes.
        sum_class: classes.
        energy_supplier: who supplies the points; empty for exchange and where nobody does.
        start: int64, beginning of the hour.
        quantity: int64 thousandths of a kWh; a missing value adds nothing.
        points: int64, points that should have a value in the hour.
        missing, estimated: int64, how many of them lack a value, or have an estimate and lack none.
    """

    grid_area: tuple[str, ...]
    sum_class: tuple[SumClass, ...]
    energy_supplier: tuple[str, ...]
    start: Instants
    quantity: Quantities
    points: Rows
    missing: Rows
    estimated: Rows

    @property
    def quality(self) -> list[Quality]:
        """The status of each sum: one missing value makes it missing, else one estimate estimated (D1 §4.1.5)."""
        return [
            Quality.MISSING if missing else Quality.ESTIMATED if estimated else Quality.MEASURED
            for missing, estimated in zip(self.missing.tolist(), self.estimated.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class HubSums:
    """The hub's own hourly sums that a party is entitled to, as columns of one length, each beside what it can check.

    A sum of a supplier or of a grid area stands beside that of the points the party may see, a balance responsible
    party's beside that of its suppliers' sums.

    Attributes:
        grid_area: codes.
        sum_class: classes.
        energy_supplier: whose sum it is; empty for sums of several.
        balance_responsible: likewise, where a balance responsible party is told apart.
        start: int64, beginning of the hour.
        quantity: int64 thousandths of a kWh; NO_QUANTITY where the hub has nothing to add up.
        quality: uint8, the status a receiver of the sum sees.
        against: int64, the sum it is held against; NO_QUANTITY where the party can see none.
        version: number of the calculation.
        cut_off: int64, the instant up to which values received are in it.
    """

    grid_area: tuple[str, ...]
    sum_class: tuple[SumClass, ...]
    energy_supplier: tuple[str, ...]
    balance_responsible: tuple[str, ...]
    start: Instants
    quantity: Quantities
    quality: Qualities
    against: Quantities
    version: Rows
    cut_off: Instants

    @property
    def difference(self) -> Quantities:
        """The hub's sum less the other; NO_QUANTITY where either is not known."""
        unknown = (self.quantity == NO_QUANTITY) | (self.against == NO_QUANTITY)
        return np.where(unknown, NO_QUANTITY, self.quantity - self.against)


class ControlSums(NamedTuple):
    """What a party holds against each other before fixation: its points' sums, and the hub's."""

    points: PointSums
    hub: HubSums
