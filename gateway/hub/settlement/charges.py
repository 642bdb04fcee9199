"""Rows of the wholesale basis: whose tariff each is of, and who may ask for it (Regulation D1 §3.4, §4.2, BRS-028)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.settlement.snapshots import Snapshot
from gateway.markets.distribution import Receiver
from gateway.messages.codes import ChargeType, Role
from gateway.messages.documents import RequestedSettlement
from gateway.settlement.results import ResultKind, ResultSeries, SettlementResults

_CHARGED = (ResultKind.WHOLESALE_BASIS, ResultKind.PROFILED_PER_TARIFF)
_OWNING = (Role.GRID_OPERATOR, Role.SYSTEM_OPERATOR)
"""The roles that own charges."""


def has_any(results: SettlementResults) -> bool:
    """Whether a snapshot holds the wholesale basis."""
    tables = (results.tables.get(kind) for kind in _CHARGED)
    return any(table is not None and table.keys for table in tables)


class Owners:
    """Whose the tariffs of a snapshot are, by the master data it was calculated from; looked up when first asked."""

    def __init__(self, office: Office, connection: Connection, filed: Snapshot) -> None:
        self._office = office
        self._connection = connection
        self._filed = filed

    def of(self, tariff: str) -> str | None:
        """The owner of a tariff in the grid area; None where several have one of this id and none runs the area."""
        owners = self._known.get(tariff, set())
        if len(owners) == 1:
            return next(iter(owners))
        run = self._filed.run
        master = self._office.master_as_of(self._connection, run.as_of)
        operator = master.grid_operator(self._filed.grid_area, self._office.profile.zone.at(run.day, 12))
        return operator if operator in owners else None

    @cached_property
    def _known(self) -> dict[str, set[str]]:
        facts = self._office.settlement_facts(self._connection, self._filed.run.as_of)
        tariffs, results = facts.tariffs, self._filed.results
        held = (tariffs.valid_from < results.end) & (tariffs.valid_to > results.start)
        owners: dict[str, set[str]] = {}
        for tariff, owner in np.unique(np.stack([tariffs.tariff[held], tariffs.owner[held]]), axis=1).T.tolist():
            owners.setdefault(facts.tariff_ids.names[tariff], set()).add(facts.owners.names[owner])
        return owners


def rows_asked_for(
    holder: Receiver,
    requested: RequestedSettlement,
    rows: Sequence[ResultSeries],
    entitled: Collection[int],
    owners: Owners,
) -> list[int]:
    """The numbers of the rows of tariffs that a holder may have and asked for.

    Those it is entitled to as supplier or grid operator, and those of its own tariffs. Only tariffs are charged by the
    hour, and a month has no amount while the hub knows no prices, so that other charges and sums by the month are not
    there. A document names the supplier: what nobody supplies is in none.
    """
    if requested.resolution is not None:
        return []
    supplier, owner = requested.energy_supplier, requested.charge_owner
    return [
        number
        for number, row in enumerate(rows)
        if row.kind in _CHARGED
        and row.key.tariff is not None
        and row.key.supplier is not None
        and (supplier is None or supplier.id == row.key.supplier)
        and _is_named(requested, row.key.tariff)
        and (number in entitled or (holder.role in _OWNING and owners.of(row.key.tariff) == holder.party))
        and (owner is None or owner.id == owners.of(row.key.tariff))
    ]


def _is_named(requested: RequestedSettlement, tariff: str) -> bool:
    return not requested.charges or any(
        one.type in (None, ChargeType.TARIFF) and one.id in (None, tariff) for one in requested.charges
    )
