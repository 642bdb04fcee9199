"""A served hub with the Danish sample market in it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import httpx

from gateway.app import application
from gateway.config import Settings
from gateway.demo.market import GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B, SampleMarket, sample_market
from gateway.hub import clients
from gateway.hub.clock import MovedClock
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import write_files
from gateway.hub.ports import Client
from gateway.messages.codes import ConnectionState, Dialect, MeteringPointType, Resolution, Role, Subtype
from gateway.messages.times import MarketZone
from gateway.transport.client import CONTENT_TYPES
from gateway.transport.role_names import ROLE_NAMES
from gateway.wiring import open_hub

from .running_server import SECRET, SECRET_HASH, RunningServer

HUB_PARTY = "5790001330552"
DAY = date(2025, 3, 12)
ZONE = MarketZone("Europe/Copenhagen")
OPERATOR_CLIENT = f"{Role.HUB}"
SENDER = f"{GRID_OPERATOR}-{Role.METERED_DATA_RESPONSIBLE}"
READER = f"{SUPPLIER_A}-{Role.ENERGY_SUPPLIER}"
OTHER = f"{SUPPLIER_B}-{Role.ENERGY_SUPPLIER}"


class Market(RunningServer):
    """A served hub with the sample market in it and a client for every role of three parties."""

    def __init__(self, data_dir: Path) -> None:
        self._handed_out = 0
        self.sample: SampleMarket = sample_market(ZONE, DAY)
        self.clock = MovedClock(ZONE.midnight(DAY) + 26 * 3600)
        settings = Settings(data_dir=data_dir)
        self.hub: Hub = open_hub(settings, self.clock)
        super().__init__(application(settings, self.hub))
        self._tokens: dict[str, tuple[int, str]] = {}
        self._register()
        write_files(self.sample.dataset, data_dir / "market")
        files = {path.name: path.read_text() for path in (data_dir / "market").iterdir()}
        loaded = self.call("POST", "/api/hub/v1/master-data", OPERATOR_CLIENT, json={"files": files})
        assert loaded.status_code == 200, loaded.text

    def _register(self) -> None:
        with self.hub.office.database.write() as connection:
            clients.register(connection, Client(OPERATOR_CLIENT, HUB_PARTY, Role.HUB, SECRET_HASH))
            for party in (GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B):
                for role in set(ROLE_NAMES.values()) - {Role.HUB}:
                    clients.register(connection, Client(f"{party}-{role}", party, role, SECRET_HASH))

    def call(self, method: str, path: str, client_id: str, **rest: object) -> httpx.Response:
        """A call with the client's token."""
        given_at, token = self._tokens.get(client_id, (0, ""))
        if self.clock.now() > given_at + 3000:
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": SECRET}
            token = self.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
            self._tokens[client_id] = (self.clock.now(), token)
        given = rest.pop("headers", {})
        assert isinstance(given, dict)
        headers = {"Authorization": f"Bearer {token}", **given}
        return self.http.request(method, path, headers=headers, **rest)  # type: ignore[arg-type]  # passed through

    def point(self, supplier: str) -> str:
        """A consumption point in quarters of a supplier, another one each time."""
        points = [
            version.metering_point
            for version in self.sample.dataset.points
            if version.energy_supplier == supplier
            and version.kind is MeteringPointType.CONSUMPTION
            and version.resolution is Resolution.QUARTER
            and version.subtype is Subtype.PHYSICAL
            and version.connection_state is ConnectionState.CONNECTED
        ]
        self._handed_out += 1
        return points[self._handed_out % 40]

    def peek(self, client_id: str, dialect: Dialect) -> httpx.Response:
        """What waits for a client once its bundle is old enough to close."""
        self.clock.move_to(self.clock.now() + 301)
        headers = {"Content-Type": CONTENT_TYPES[dialect]}
        return self.call("GET", "/v1.0/cim/timeseries", client_id, headers=headers)
