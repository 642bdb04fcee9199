"""What every case needs: the database, the market's profile, the series, the master data as known now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy.engine import Connection

from gateway.hub.clock import Clock
from gateway.hub.database import Database
from gateway.hub.masterdata import agreement_registry, point_registry, registrations, registry
from gateway.hub.masterdata.settlement_registry import settlement_view
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement.engine import Engine
from gateway.hub.settlement_results import NothingFiled, SettlementResults
from gateway.markets.profile import MarketProfile
from gateway.messages.agreements import NO_AGREEMENTS, Agreements
from gateway.messages.masterdata import MasterData
from gateway.messages.point_details import NOTHING_MORE, PointView
from gateway.messages.settlement_masterdata import SettlementMasterData
from gateway.schemas.registry import Registry

T = TypeVar("T")
P = ParamSpec("P")

_PAST_VIEWS = 2
"""Past views of master data kept: that of an evening, and that of the month its load shares were frozen in."""


@dataclass
class Office:
    """The parts of one hub, wired once in `gateway.app`.

    Attributes:
        database: where everything is durable.
        profile: the market's rules.
        store: the series.
        schemas: our schemas and the operator's official packs beside them.
        clock: the market clock.
        new_id: where message ids come from: 32 hexadecimal digits.
        master, known_agreements: the master data and agreements as known at the last refresh.
        points: what else is known of metering points, in a market that registers more of them.
        engine: how days are summed.
        results: the filed results of settlements, for who requests them.
    """

    database: Database
    profile: MarketProfile
    store: SeriesStore
    schemas: Registry
    clock: Clock
    new_id: Callable[[], str]
    master: MasterData = field(default_factory=lambda: MasterData.build(()))
    points: PointView = NOTHING_MORE
    known_agreements: Agreements = field(default=NO_AGREEMENTS, repr=False)
    engine: Engine = field(default_factory=Engine)
    results: SettlementResults = field(default_factory=NothingFiled)
    _past: list[MasterData] = field(default_factory=list, repr=False)
    _facts: list[SettlementMasterData] = field(default_factory=list, repr=False)

    async def reading(
        self, call: Callable[Concatenate[Office, Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a call finds for this office in one consistent view, read beside the event loop."""
        return await self.database.reading(lambda connection: call(self, connection, *args, **kwargs))

    def is_current(self, connection: Connection) -> bool:
        """Whether nobody has imported master data since the last refresh."""
        return registry.latest_transaction(connection) == self.master.transaction

    def refresh(self, connection: Connection) -> MasterData:
        """The master data as known now; read anew only when somebody has imported since."""
        if not self.is_current(connection):
            self.master = registry.view_now(connection, self.master)
            if self.profile.series.has_details:
                self.points = point_registry.view(connection)
        return self.master

    def master_as_of(self, connection: Connection, as_of: int) -> MasterData:
        """The master data as known at a transaction; the present view and the last few past ones are at hand."""
        known = registrations.last_import(connection, as_of)
        for master in (self.refresh(connection), *self._past):
            if master.transaction == known:
                return master
        master = registry.view(connection, as_of)
        self._past = [master, *self._past[: _PAST_VIEWS - 1]]
        return master

    def agreements(self, connection: Connection) -> Agreements:
        """The agreements and permissions as known now; read anew only when an import brought others."""
        if registry.latest_transaction(connection) != self.known_agreements.transaction:
            self.known_agreements = agreement_registry.view_now(connection, self.known_agreements)
        return self.known_agreements

    def settlement_facts(self, connection: Connection, as_of: int) -> SettlementMasterData:
        """What settlement needs of points, as known at a transaction; the last views read are at hand."""
        known = registrations.last_import(connection, as_of)
        for facts in self._facts:
            if facts.transaction == known:
                return facts
        facts = settlement_view(connection, as_of)
        self._facts = [facts, *self._facts[: _PAST_VIEWS - 1]]
        return facts
