"""What of a settlement's results a market sends: to which roles, from which stage on, and by which words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.messages.codes import DocumentKind, MeteringPointType, ProcessType, Role, SettlementMethod, SettlementStage

_STAGES = tuple(SettlementStage)


@dataclass(frozen=True, slots=True)
class ResultTerms:
    """How one kind of result travels (Regulation D1 §4.1.5 and tables 1 to 3).

    Attributes:
        receivers: the roles that are sent it: a supplier its own rows, a balance responsible party its own and those
            of suppliers it is responsible for, a grid operator those of its areas; what is of a whole area goes to
            every party of the role that is active there.
        since: the first stage it is sent at.
        document: the kind of document it travels in; None where those entitled read it from the snapshot.
        point_type, settlement_method: what a document of sums calls the points summed up.
        clause: where the market says so.
    """

    receivers: frozenset[Role]
    since: SettlementStage
    document: DocumentKind | None
    point_type: MeteringPointType | None
    settlement_method: SettlementMethod | None
    clause: str

    def is_open(self, stage: SettlementStage) -> bool:
        """Whether its receivers may have it at a stage; a correction settlement has kinds of its own (D1 §4.5)."""
        if SettlementStage.CORRECTION in (stage, self.since):
            return stage is self.since
        return _STAGES.index(stage) >= _STAGES.index(self.since)


@dataclass(frozen=True, slots=True)
class ResultPolicy:
    """All results a market sends, by the name of their kind, and the business process they are sent under.

    Attributes:
        processes: of sums, by stage.
        wholesale_process: of the wholesale basis.
    """

    terms: Mapping[str, ResultTerms]
    processes: Mapping[SettlementStage, ProcessType]
    wholesale_process: ProcessType

    def process_of(self, document: DocumentKind, stage: SettlementStage) -> ProcessType:
        """The business process a document of a stage is sent under."""
        return self.wholesale_process if document is DocumentKind.WHOLESALE_SERVICES else self.processes[stage]

    def stages(self, process_type: str) -> tuple[SettlementStage, ...]:
        """The stages whose results are sent under a business process."""
        return tuple(stage for stage, process in self.processes.items() if process == process_type)


NO_RESULTS = ResultPolicy({}, {}, ProcessType.WHOLESALE_FIXING)
"""Of a market whose settlement is done elsewhere."""


def read_results(table: Mapping[str, Any]) -> ResultPolicy:
    """The policy from a market's TOML."""
    terms = {
        name: ResultTerms(
            frozenset(map(Role, entry["receivers"])),
            SettlementStage(entry["since"]),
            DocumentKind(entry["document"]) if "document" in entry else None,
            MeteringPointType(entry["point_type"]) if "point_type" in entry else None,
            SettlementMethod(entry["settlement_method"]) if "settlement_method" in entry else None,
            entry["clause"],
        )
        for name, entry in table["kinds"].items()
    }
    processes = {SettlementStage(stage): ProcessType(process) for stage, process in table["processes"].items()}
    return ResultPolicy(terms, processes, ProcessType(table["wholesale_process"]))
