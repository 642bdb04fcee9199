"""A served hub of the Estonian market: the sample market in it, and a technical user for every participant."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from gateway.app import application
from gateway.config import Settings
from gateway.demo.estonia.market import PARTIES, sample_market
from gateway.hub import clients
from gateway.hub.clock import MovedClock
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import write_files
from gateway.hub.ports import Client
from gateway.markets.registry import profile
from gateway.messages.codes import Role
from gateway.messages.times import format_second
from gateway.wiring import open_hub

from .estfeed_client import DatahubClient
from .running_server import SECRET, SECRET_HASH, RunningServer

DAY = date(2026, 9, 15)
"""An ordinary Tuesday in quarters, after the law on net quantities."""

ZONE = profile("ee").zone
MIDNIGHT = ZONE.midnight(DAY)
FINAL = {"SUCCESSFUL", "PARTIALLY_SUCCESSFUL", "ERROR"}


class EstonianMarket(RunningServer):
    """The hub behind a real socket; its clock stands at 06:00 on the day after and is moved by hand."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self.clock = MovedClock(ZONE.at(date(2026, 9, 16), 6))
        stated = Settings(data_dir=data_dir, market="ee", **settings)
        self.hub: Hub = open_hub(stated, self.clock)
        with self.hub.office.database.write() as connection:
            terms = self.hub.profile.clients
            operator = Client("operator", self.hub.profile.hub, Role.HUB, SECRET_HASH)
            assert clients.register(connection, operator, terms) is None
            for party, _, roles in PARTIES:
                first, *further = roles
                user = Client(party, party, first, SECRET_HASH, further_roles=frozenset(further))
                assert clients.register(connection, user, terms) is None
        super().__init__(application(stated, self.hub))
        self.sample = sample_market(ZONE, DAY)
        write_files(self.sample.dataset, data_dir / "market")
        files = {path.name: path.read_text() for path in (data_dir / "market").iterdir()}
        self.register(files)

    def register(self, files: Mapping[str, str]) -> None:
        """Import files of master data as the hub's operator."""
        form = {"grant_type": "client_credentials", "client_id": "operator", "client_secret": SECRET}
        token = self.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
        signed = {"Authorization": f"Bearer {token}"}
        loaded = self.http.post("/api/hub/v1/master-data", json={"files": files}, headers=signed)
        assert loaded.status_code == 200, loaded.text

    def user(self, party: str, role: str, commodity: str = "ELECTRICITY") -> DatahubClient:
        """The technical user of a participant in a role."""
        return DatahubClient(self.url, party, (party, SECRET)).acting(role, commodity)

    def final(self, user: DatahubClient, document_id: str) -> dict[str, Any]:
        """A message's status once it is final."""
        patient_until = time.monotonic() + 60
        while time.monotonic() < patient_until:
            (found,) = user.status_v2(document_id)
            if found["status"] in FINAL:
                return found
            time.sleep(0.005)
        raise AssertionError(f"{document_id} reached no final state")


def at(quarter: int) -> str:
    """The start of a quarter of the day, in UTC."""
    return format_second(MIDNIGHT + 900 * quarter)


def reading(kwh: float | str, kind: str = "M", **more: Any) -> dict[str, Any]:
    """A quantity as both generations write it."""
    return {"rType": kind, "kwh": kwh, **more}
