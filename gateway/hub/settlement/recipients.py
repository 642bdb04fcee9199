"""Which rows of a snapshot a party is entitled to (Regulation D1 §3.2.2, §3.4, §4.1.5, §4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gateway.hub.settlement.snapshots import Snapshot
from gateway.markets.distribution import Receiver
from gateway.markets.profile import MarketProfile
from gateway.markets.results import ResultPolicy, ResultTerms
from gateway.messages.codes import Role, SettlementStage
from gateway.messages.masterdata import MasterData
from gateway.settlement.results import ResultKey, ResultSeries, SettlementResults


def numbered(results: SettlementResults) -> list[ResultSeries]:
    """Every row of a snapshot in the order that numbers them: by name of the kind, then by key."""
    rows = results.series()
    return sorted(rows, key=lambda row: row.kind.value)


def rows_by_receiver(
    policy: ResultPolicy, stage: SettlementStage, rows: Sequence[ResultSeries], grid_operator: str | None
) -> dict[Receiver, list[int]]:
    """The numbers of the rows that each party of a grid area may have at a stage, with or without a document.

    A supplier gets its own rows, a balance responsible party its own and those of suppliers it is responsible for, the
    grid operator those of its area. What is of the whole area goes to each supplier and balance responsible party that
    has a row of its own there.
    """
    active = _active(rows)
    found: dict[Receiver, list[int]] = {}
    for number, row in enumerate(rows):
        terms = policy.terms.get(row.kind)
        if terms is not None and terms.is_open(stage):
            for receiver in _receivers(terms, row.key, active, grid_operator):
                found.setdefault(receiver, []).append(number)
    return found


def entitled_rows(
    profile: MarketProfile, master: MasterData, filed: Snapshot, rows: Sequence[ResultSeries], reader: Receiver
) -> list[int]:
    """The numbers of the rows of a snapshot that one party is entitled to, in the role whose queue it reads."""
    operator = master.grid_operator(filed.grid_area, profile.zone.at(filed.run.day, 12))
    return rows_by_receiver(profile.results, filed.run.stage, rows, operator).get(reader, [])


def _active(rows: Sequence[ResultSeries]) -> Mapping[Role, list[str]]:
    """The suppliers and the balance responsible parties with a row of their own."""
    return {
        Role.ENERGY_SUPPLIER: sorted({row.key.supplier for row in rows if row.key.supplier}),
        Role.BALANCE_RESPONSIBLE: sorted({row.key.brp for row in rows if row.key.brp}),
    }


def _receivers(
    terms: ResultTerms, key: ResultKey, active: Mapping[Role, list[str]], grid_operator: str | None
) -> Iterator[Receiver]:
    is_of_area = key.supplier is None and key.brp is None
    for role in sorted(terms.receivers):
        match role:
            case Role.GRID_OPERATOR:
                parties = [grid_operator] if grid_operator else []
            case Role.ENERGY_SUPPLIER | Role.BALANCE_RESPONSIBLE if is_of_area:
                parties = active[role]
            case Role.ENERGY_SUPPLIER:
                parties = [key.supplier] if key.supplier else []
            case Role.BALANCE_RESPONSIBLE:
                parties = [key.brp] if key.brp else []
            case _:
                raise ValueError(f"the market sends results to {role}, which nothing here can find")
        yield from (Receiver(party, role) for party in parties)
