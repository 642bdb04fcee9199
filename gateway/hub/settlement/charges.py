"""Rows of the wholesale basis: whose tariff each is of, and who may ask for it (Regulation D1 §3.4, §4.2, BRS-028)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from sqlalchemy.engine import Connection

from gateway.hub.masterdata.settlement_registry import tariff_owners
from gateway.hub.settlement.snapshots import Snapshot
from gateway.markets.distribution import Receiver
from gateway.messages.codes import ChargeType, Role
from gateway.messages.documents import RequestedSettlement
from gateway.messages.times import Interval
from gateway.settlement.results import ResultKey, ResultKind, ResultSeries, SettlementResults


def has_any(results: SettlementResults) -> bool:
    """Whether a snapshot holds the wholesale basis."""
    table = results.tables.get(ResultKind.WHOLESALE_BASIS)
    return table is not None and bool(table.keys)


class Owners:
    """Whose the tariffs of a snapshot are, by the master data it was calculated from; looked up when first asked.

    Args:
        connection: of the hub's database.
        filed: the snapshot.
        operator: who ran its grid area on its day.
    """

    def __init__(self, connection: Connection, filed: Snapshot, operator: str | None) -> None:
        self._connection = connection
        self._filed = filed
        self.operator = operator

    def of(self, tariff: str) -> str | None:
        """The owner of a tariff in the grid area; None where several have one of this id and none runs the area."""
        owners = self._known.get(tariff, frozenset())
        if len(owners) == 1:
            return next(iter(owners))
        return self.operator if self.operator in owners else None

    @cached_property
    def _known(self) -> dict[str, frozenset[str]]:
        results = self._filed.results
        span = Interval(results.start, results.end)
        return tariff_owners(self._connection, span, self._filed.run.as_of)


def rows_asked_for(
    holder: Receiver, requested: RequestedSettlement, rows: Sequence[ResultSeries], owners: Owners
) -> list[int]:
    """The numbers of the rows that a holder is entitled to and asked for.

    Its own for a supplier, those of its area for the grid operator, those of its tariffs for their owner. Only tariffs
    are charged by the hour, and a month has no amount while the hub knows no prices, so that other charges and sums by
    the month are not there. A document names the supplier: what nobody supplies is in none.
    """
    if requested.resolution is not None:
        return []
    supplier, owner = requested.energy_supplier, requested.charge_owner
    return [
        number
        for number, row in enumerate(rows)
        if row.key.tariff is not None
        and row.key.supplier is not None
        and _is_entitled(holder, row.key, row.key.tariff, owners)
        and (supplier is None or supplier.id == row.key.supplier)
        and (owner is None or owner.id == owners.of(row.key.tariff))
        and _is_named(requested, row.key.tariff)
    ]


def _is_entitled(holder: Receiver, key: ResultKey, tariff: str, owners: Owners) -> bool:
    match holder.role:
        case Role.ENERGY_SUPPLIER:
            return key.supplier == holder.party
        case Role.GRID_OPERATOR:
            return owners.operator == holder.party
        case _:
            return owners.of(tariff) == holder.party


def _is_named(requested: RequestedSettlement, tariff: str) -> bool:
    return not requested.charges or any(
        one.type in (None, ChargeType.TARIFF) and one.id in (None, tariff) for one in requested.charges
    )
