"""A hub for collectors: served on one port, stopped and started again on the same data, and what it then holds."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from gateway.app import application
from gateway.config import Settings
from gateway.demo.market import GRID_OPERATOR
from gateway.hub import clients
from gateway.hub.clock import MovedClock
from gateway.hub.exchange import Hub
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.messages.times import parse_instant
from gateway.transport.client_secrets import hash_secret
from gateway.transport.server import ServerSettings, server_config
from gateway.wiring import open_hub

SECRET = "the collector's secret"
SECRET_HASH = hash_secret(SECRET)
CLIENT = "collector-north"
MEASUREMENTS = "/api/hub/v1/measurements"


@dataclass
class HubSide:
    """A hub in a directory, served while it is started."""

    data_dir: Path
    now: int
    profile: dict[str, object] = field(default_factory=dict)
    port: int = 0
    hub: Hub = field(init=False)
    _server: uvicorn.Server = field(init=False)
    _thread: threading.Thread = field(init=False)
    _socket: socket.socket = field(init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> HubSide:
        """Serve it, on the port it had before."""
        settings = Settings(data_dir=self.data_dir, profile=self.profile)
        self.clock = MovedClock(self.now)
        self.hub = open_hub(settings, self.clock)
        with self.hub.office.database.write() as connection:
            client = Client(CLIENT, GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, SECRET_HASH)
            clients.register(connection, client)
        self._socket = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._socket.getsockname()[1])
        self._server = uvicorn.Server(server_config(application(settings, self.hub), ServerSettings(port=0)))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving; the data stay."""
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._socket.close()

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """What the hub gives the collector's party."""
        form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}
        with httpx.Client(base_url=self.url, timeout=60) as http:
            token = http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
            answer = http.get(path, params=query, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def values(self, meter: str, obis: str = "") -> list[dict[str, Any]]:
        """Every value of a meter that the hub holds."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.get(MEASUREMENTS, meter=meter, obis=obis, limit="1000", after=after)
            found += page["readings"]
            after = page["after"]
            if not after:
                return found

    def stored_rows(self, meter: str, obis: str) -> list[tuple[int, int, int, int]]:
        """As `interval_rows`, from the hub's tables."""
        with self.hub.office.database.read() as connection:
            found = connection.exec_driver_sql(
                "select v.moment, v.epoch, v.revision, v.raw from measurement v"
                " join measurement_channel c on c.id = v.channel join measurement_meter m on m.id = c.meter"
                " where m.name = ? and c.obis = ? and c.source <> '' order by v.moment, v.epoch, v.revision",
                (meter, obis),
            )
            return [(end, epoch, revision, int(raw)) for end, epoch, revision, raw in found]

    def interval_rows(self, meter: str, obis: str) -> list[tuple[int, int, int, int]]:
        """(end, epoch, revision, raw) of a column of a load profile."""
        return [
            (parse_instant(one["end"]), one["epoch"], one["revision"], int(one["raw"]))
            for one in self.values(meter, obis)
            if one["source"] and one["end"]
        ]
