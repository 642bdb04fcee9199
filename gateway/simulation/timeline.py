"""What happened in a simulated market, day by day: read from the hub as its operator could, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.messages.codes import REFIXATIONS, Resolution, SettlementStage
from gateway.messages.series import Quantities
from gateway.settlement.results import ResultKind

SUMS = {
    "production": ResultKind.PRODUCTION,
    "exchange": ResultKind.NET_EXCHANGE,
    "flex": ResultKind.FLEX,
    "hourly": ResultKind.HOURLY,
    "total": ResultKind.TOTAL_CONSUMPTION,
    "residual": ResultKind.GRID_LOSS,
}
"""The sums of a grid area that the timeline tells of; the residual is total less flex less hourly consumption."""

MWH = 1_000_000
"""Wh in a MWh."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A basis that was filed of a day of operation in a grid area.

    Attributes:
        snapshot: its number.
        start, resolution: the first step, and how long steps are.
        steps: Wh of each step by name of the sum.
        estimated, missing: percent of the values of flex points, at a fixation.
    """

    stage: SettlementStage
    day: date
    area: str
    snapshot: int
    start: int
    resolution: Resolution
    steps: Mapping[str, Quantities]
    estimated: str = ""
    missing: str = ""

    @property
    def totals(self) -> dict[str, int]:
        """Wh of the day by name of the sum."""
        return {name: int(wh.sum()) for name, wh in self.steps.items()}

    def value(self) -> dict[str, object]:
        """As JSON: sums in MWh."""
        value: dict[str, object] = {"day": str(self.day), "grid_area": self.area, "snapshot": self.snapshot}
        value |= {name: wh / MWH for name, wh in self.totals.items()}
        if self.stage is SettlementStage.FIXATION:
            value |= {"estimated_percent": self.estimated, "missing_percent": self.missing}
        return value


@dataclass(frozen=True, slots=True)
class Decision:
    """What the simulated operator decided about a day that was held: let it stand, or fix it on a later evening."""

    day: date
    area: str
    until: date | None
    reason: str

    @property
    def word(self) -> str:
        """What the decision was."""
        return "accepted" if self.until is None else "postponed"

    def value(self) -> dict[str, object]:
        """As JSON."""
        until = None if self.until is None else str(self.until)
        return {
            "day": str(self.day),
            "grid_area": self.area,
            "decision": self.word,
            "until": until,
            "reason": self.reason,
        }


@dataclass(slots=True)
class MarketDay:
    """A calendar day of the market and its evening.

    Attributes:
        today: the day.
        messages, refused: what was sent, and how many of these were refused as a whole.
        series: sent series by what became of them: accepted, corrected, rejected, unchanged.
        supplier_changes: points whose change of supplier was announced.
        fetched: documents that parties took off their queues, by kind.
        documents: what was put into the parties' queues, by kind: a document of results each, other series as they
            came in, to be bundled when somebody asks.
        decisions: of the operator, about days held before.
        held: days of operation and grid areas that wait for the operator since this evening.
        settled: the bases filed, in order.
        preliminary: snapshots of days not fixed yet.
    """

    today: date
    messages: int = 0
    refused: int = 0
    series: Counter[str] = field(default_factory=Counter)
    supplier_changes: int = 0
    fetched: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    decisions: list[Decision] = field(default_factory=list)
    held: list[tuple[date, str]] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    preliminary: int = 0

    def of_stage(self, stage: SettlementStage) -> list[Settled]:
        """The bases filed at a stage."""
        return [one for one in self.settled if one.stage is stage]

    def value(self) -> dict[str, object]:
        """As JSON."""
        return {
            "date": str(self.today),
            "messages": self.messages,
            "refused": self.refused,
            "series": _sorted(self.series),
            "supplier_changes": self.supplier_changes,
            "documents": _sorted(self.documents),
            "fetched": _sorted(self.fetched),
            "decisions": [one.value() for one in self.decisions],
            "held": [{"day": str(day), "grid_area": area} for day, area in self.held],
            "preliminary": self.preliminary,
            "fixed": [one.value() for one in self.of_stage(SettlementStage.FIXATION)],
            "refixed": {stage.value: [one.value() for one in self.of_stage(stage)] for stage in REFIXATIONS},
        }


@dataclass(slots=True)
class Timeline:
    """Every day of a simulated market."""

    days: list[MarketDay] = field(default_factory=list)

    def settled(self) -> Iterator[Settled]:
        """Every basis filed, in order."""
        for one in self.days:
            yield from one.settled

    def newest(self) -> dict[tuple[date, str], Settled]:
        """The newest basis of each fixed day of operation and grid area."""
        return {(one.day, one.area): one for one in sorted(self.settled(), key=lambda one: (one.day, one.area))}

    def counts(self) -> dict[str, object]:
        """The whole in numbers."""
        stages = Counter(one.stage for one in self.settled())
        preliminary = sum(one.preliminary for one in self.days)
        decisions = Counter(decision.word for one in self.days for decision in one.decisions)
        return {
            "messages": sum(one.messages for one in self.days),
            "refused": sum(one.refused for one in self.days),
            "series": _sorted(sum((one.series for one in self.days), Counter())),
            "supplier_changes": sum(one.supplier_changes for one in self.days),
            "evenings": len(self.days),
            "preliminary": preliminary,
            "fixations": stages[SettlementStage.FIXATION],
            "refixations": {stage.value: stages[stage] for stage in REFIXATIONS},
            "snapshots": preliminary + stages.total(),
            "held": sum(len(one.held) for one in self.days),
            "decisions": {word: decisions[word] for word in ("accepted", "postponed")},
            "documents": _sorted(sum((one.documents for one in self.days), Counter())),
            "fetched": _sorted(sum((one.fetched for one in self.days), Counter())),
        }

    def value(self) -> dict[str, object]:
        """As JSON."""
        return {"counts": self.counts(), "timeline": [one.value() for one in self.days]}


def _sorted(counted: Counter[str]) -> dict[str, int]:
    return dict(sorted(counted.items()))
