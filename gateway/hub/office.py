"""What every case needs: the database, the market's profile, the series, the master data as known now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.engine import Connection

from gateway.hub.clock import Clock
from gateway.hub.database import Database
from gateway.hub.masterdata import registry
from gateway.hub.series.store import SeriesStore
from gateway.hub.settlement_results import NothingFiled, SettlementResults
from gateway.markets.profile import MarketProfile
from gateway.messages.masterdata import MasterData
from gateway.schemas.registry import Registry


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
        master: the master data as known at the last refresh.
        results: the filed results of settlements, for who requests them.
    """

    database: Database
    profile: MarketProfile
    store: SeriesStore
    schemas: Registry
    clock: Clock
    new_id: Callable[[], str]
    master: MasterData = field(default_factory=lambda: MasterData.build(()))
    results: SettlementResults = field(default_factory=NothingFiled)

    def is_current(self, connection: Connection) -> bool:
        """Whether nobody has imported master data since the last refresh."""
        return registry.latest_transaction(connection) == self.master.transaction

    def refresh(self, connection: Connection) -> MasterData:
        """The master data as known now; read anew only when somebody has imported since."""
        if not self.is_current(connection):
            self.master = registry.view_now(connection, self.master)
        return self.master

    def master_as_of(self, connection: Connection, as_of: int) -> MasterData:
        """The master data as known at a transaction; the present view where nobody has imported since."""
        master = self.refresh(connection)
        return master if master.transaction <= as_of else registry.view(connection, as_of)
