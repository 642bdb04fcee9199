"""What the hub offers on settlement: the `SettlementDesk`, and the values that pass through it.

Instants are epoch seconds UTC, days local days of operation, quantities Wh. A party sees of a snapshot the rows it is
entitled to; the hub's operator sees all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.hub.ports import HistoryEntry, Principal, Refused
from gateway.messages.codes import Quality, Resolution, SettlementStage
from gateway.messages.findings import Finding


@dataclass(frozen=True, slots=True)
class DayFilter:
    """Which days of operation: [first, last] both included, in one grid area or in all of them (empty)."""

    first: date
    last: date
    grid_area: str = ""


@dataclass(frozen=True, slots=True)
class DayStanding:
    """Where a day of operation stands in a grid area.

    Attributes:
        state: of the fixation or refixation process (`open`, `held`, `fixed`, …).
        fixation: when it is or was to be fixed, a postponement included.
        history: every step; for the hub's operator and the area's grid operator only.
    """

    day: date
    grid_area: str
    state: str
    meaning: str
    fixation: int
    history: tuple[HistoryEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class SnapshotSummary:
    """One snapshot without its results.

    Attributes:
        number: its own.
        version: the number of the run, which grows; documents of its results name it.
        evening: the cut-off.
        as_of: the version of everything it was calculated from.
        filed_at: when it was filed.
        sha256: hash of the results, hex.
    """

    number: int
    version: int
    stage: SettlementStage
    day: date
    grid_area: str
    evening: int
    as_of: int
    rules: str
    filed_at: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SettledRow:
    """One row of a snapshot.

    Attributes:
        kind: what it is a sum of (`flex-per-supplier`).
        supplier, balance_responsible, neighbour, tariff: whose it is; empty where that does not apply.
        quantity: int64[steps] Wh.
        exists: bool[steps], whether there is a sum.
        status: uint8[steps] of `Quality`, the one status a receiver sees.
        qualities: the set of qualities that contributed at each step (`measured|missing`).
        corrected: bool[steps], whether a value that went in was corrected since the basis before.
    """

    kind: str
    supplier: str
    balance_responsible: str
    neighbour: str
    tariff: str
    quantity: NDArray[np.int64]
    exists: NDArray[np.bool_]
    status: NDArray[np.uint8]
    qualities: tuple[str, ...]
    corrected: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A snapshot as a party may see it: steps of a resolution from `start`, and the rows it is entitled to.

    Attributes:
        curve: the distribution curve as fixed, kWh for each kWh a year of load share, for suppliers and grid operators;
            empty where there is none or the reader may not see it (DK-3.4.b).
    """

    summary: SnapshotSummary
    start: int
    resolution: Resolution
    rows: tuple[SettledRow, ...]
    curve: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Postponement:
    """A fixation moved to a later evening.

    Attributes:
        old, new: when the day was to be fixed, and when it will be.
        sent_by: when its basis will be sent at the latest.
        decided_at: when that was decided.
    """

    day: date
    grid_area: str
    old: int
    new: int
    sent_by: int
    reason: str
    decided_at: int


@dataclass(frozen=True, slots=True)
class PeriodisedReading:
    """A reading of a profile-settled point spread over the steps of its period by the curve as fixed (D1 §1.32).

    Attributes:
        version: number of the reading's version.
        start, end: its period.
        consumption: what was read, which the quantities add up to.
        quality: as the sender stated it.
        starts: int64[n], the start of each step; none as long as it waits.
        quantity: int64[n] Wh.
        waits_for: the first day of the period that is not fixed yet; None where all of them are.
        finding: why it was spread evenly, or could not be spread at all.
    """

    version: int
    start: int
    end: int
    consumption: int
    quality: Quality
    starts: NDArray[np.int64]
    quantity: NDArray[np.int64]
    waits_for: date | None = None
    finding: Finding | None = None


class PeriodisedKind(StrEnum):
    """What a row of periodised sums holds."""

    PERIODISED = "periodised"
    """Readings as spread: all of a supplier's, or those of points that pay a tariff."""
    DISTRIBUTED = "distributed"
    """What was distributed to the supplier by load shares, as settled last."""
    RECONCILIATION = "reconciliation"
    """Periodised minus distributed."""


@dataclass(frozen=True, slots=True)
class PeriodisedRow:
    """One row of periodised sums.

    Attributes:
        tariff: empty for all of the supplier's points.
        lacking: profile-settled points of the supplier whose month is not wholly read, or waits for its fixation.
        quantity: int64[steps] Wh.
    """

    kind: PeriodisedKind
    supplier: str
    tariff: str
    lacking: int
    quantity: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PeriodisedSums:
    """What the readings of profile-settled points come to in a month and grid area.

    Attributes:
        month: its first day.
        starts: int64[steps], the start of each step.
        rows: what is periodised by supplier and tariff, then of each supplier what was distributed, in a month fixed
            as a whole, and the reconciliation, where the supplier lacks nothing.
        waits_for: the earliest day that readings of the month wait for to be fixed; None where they wait for none.
    """

    month: date
    grid_area: str
    starts: NDArray[np.int64]
    rows: tuple[PeriodisedRow, ...]
    waits_for: date | None = None


class SettlementDesk(Protocol):
    """The settlement of a hub as others see it."""

    async def days(self, reader: Principal, wanted: DayFilter) -> tuple[DayStanding, ...]:
        """Where days of operation stand: public to every party of the market."""
        ...

    async def snapshots(self, reader: Principal, wanted: DayFilter) -> tuple[SnapshotSummary, ...]:
        """Everything filed of some days of which the reader may see any row, oldest first."""
        ...

    async def snapshot(self, reader: Principal, number: int) -> SnapshotView | None:
        """A snapshot with the rows the reader is entitled to; None where there is none, or no such row."""
        ...

    async def postponements(self, wanted: DayFilter) -> tuple[Postponement, ...]:
        """The fixations that were postponed, newest last: published to every party (DK-4.2.c)."""
        ...

    async def postpone(
        self, operator: Principal, day: date, areas: Sequence[str], until: date, reason: str
    ) -> tuple[Postponement, ...] | Refused:
        """Move a fixation to the evening of another day; no area named is every one."""
        ...

    async def accept_residual(
        self, operator: Principal, day: date, areas: Sequence[str], reason: str
    ) -> tuple[SnapshotSummary, ...] | Refused:
        """Let a negative residual stand: the held basis is fixed, filed and sent."""
        ...

    async def periodised(
        self, reader: Principal, point: str, wanted: DayFilter
    ) -> tuple[PeriodisedReading, ...] | None:
        """The readings of a point that overlap some days, spread over their periods; None as for the readings."""
        ...

    async def periodised_sums(self, reader: Principal, month: date, grid_area: str) -> PeriodisedSums | Refused | None:
        """Sums of periodised readings of a month: a supplier's own, all of the area for its grid operator.

        None for everybody else. Refused: `too-many-readings`.
        """
        ...
