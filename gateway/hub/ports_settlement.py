"""What the hub offers on settlement: the `SettlementDesk`, and the values that pass through it.

Instants are epoch seconds UTC, days local days of operation, quantities Wh. A party sees of a snapshot the rows it is
entitled to; the hub's operator sees all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gateway.hub.ports import HistoryEntry, Principal, Refused
from gateway.messages.codes import Resolution, SettlementStage


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
