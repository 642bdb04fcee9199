"""What suppliers are sent of new values: of their own time at a point, while they answer for it, and no more.

Corrections of an agreement that ended more than six weeks ago go to the grid operator alone (FI-4.2); reactive energy
goes to a supplier that ordered it (FI-5.1).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.markets.closing import ClosingTerms, supplied_parts
from gateway.markets.distribution import SupplierPart
from gateway.messages.agreements import Agreements, SupplyChain
from gateway.messages.masterdata import NONE, MasterData
from gateway.rules.batch import Batch


class SupplierRights:
    """Cuts parts of series by the rights of suppliers, as known at one moment."""

    def __init__(self, office: Office, connection: Connection, terms: ClosingTerms, batch: Batch) -> None:
        self._chains = SupplyChains(batch.master, office.agreements(connection))
        self._terms, self._batch, self._orders = terms, batch, office.points.orders
        self._answered_from = terms.answered_from(batch.now)

    def __call__(self, row: int, part: SupplierPart) -> Iterator[SupplierPart]:
        """The parts of a part, each with the supplier it is sent to; newer ones go to who supplies by master data."""
        if part.start >= self._answered_from and not self._batch.is_reactive[row]:
            yield part
            return
        key, master = int(self._batch.keys[row]), self._batch.master
        for start, end, chain in supplied_parts(self._chains.of(key), part.start, part.end):
            supplier = NONE
            if chain is not None and self._terms.is_responsible(chain, self._batch.now):
                supplier = master.parties.find(chain.party)
            piece = SupplierPart(start, end, supplier)
            yield from self._ordered(key, piece) if self._batch.is_reactive[row] else (piece,)

    def _ordered(self, key: int, piece: SupplierPart) -> Iterator[SupplierPart]:
        """A part of reactive energy, cut by what its supplier ordered."""
        party = self._batch.master.parties.name(piece.supplier)
        orders = [SupplyChain(o.party, o.valid_from, o.valid_to) for o in self._orders.get(key, ()) if o.party == party]
        for start, end, order in supplied_parts(orders, piece.start, piece.end):
            yield SupplierPart(start, end, NONE if order is None else piece.supplier)


class SupplyChains:
    """Who supplied points without a break: by agreements, or else by the versions of a point that has none."""

    def __init__(self, master: MasterData, agreements: Agreements) -> None:
        self._master, self._agreements = master, agreements
        self._known: dict[int, tuple[SupplyChain, ...]] = {}

    def of(self, point: int) -> tuple[SupplyChain, ...]:
        """The chains of a metering point, by its key."""
        found = self._known.get(point)
        if found is None:
            found = self._agreements.supply_chains(point) or tuple(self._by_versions(point))
            self._known[point] = found
        return found

    def _by_versions(self, point: int) -> Iterator[SupplyChain]:
        chain: SupplyChain | None = None
        for version in self._master.versions(point):
            party = version.energy_supplier
            if chain is not None and (chain.party, chain.end) == (party, version.valid_from):
                chain = chain._replace(end=version.valid_to)
                continue
            if chain is not None:
                yield chain
            chain = None if party is None else SupplyChain(party, version.valid_from, version.valid_to)
        if chain is not None:
            yield chain
