"""A served hub with the sample market, its customers and third parties: real database, real socket, a moved clock."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import sqlalchemy as sa

from gateway.app import application
from gateway.config import Settings
from gateway.demo import market as sample
from gateway.hub import clients
from gateway.hub.clock import MovedClock
from gateway.hub.database import allocate
from gateway.hub.masterdata.files import csv_files
from gateway.hub.ports import Client, Principal
from gateway.hub.series.segments import SegmentInput
from gateway.hub.tables_settlement import settlement_evening
from gateway.messages.codes import Quality, Resolution, Role
from gateway.messages.identifiers import point_key
from gateway.messages.times import MarketZone, format_minute
from gateway.wiring import open_hub
from tests.integration.transport.running_server import SECRET_HASH, RunningServer

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2025, 11, 5)
NOW = ZONE.at(DAY, 10)
HUB = "5790001330552"
API = "/api/hub/v1"

ANNA, BO, QUOTER, RIVAL = (sample.sample_gln(number) for number in range(501, 505))

WHO = {
    "operator": (HUB, Role.HUB),
    "anna": (ANNA, Role.CUSTOMER),
    "bo": (BO, Role.CUSTOMER),
    "quoter": (QUOTER, Role.THIRD_PARTY),
    "rival": (RIVAL, Role.THIRD_PARTY),
    "supplier-a": (sample.SUPPLIER_A, Role.ENERGY_SUPPLIER),
    "supplier-b": (sample.SUPPLIER_B, Role.ENERGY_SUPPLIER),
    "balance-a": (sample.BALANCE_RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE),
    "balance-b": (sample.BALANCE_RESPONSIBLE_B, Role.BALANCE_RESPONSIBLE),
    "agency": (sample.ENERGY_AGENCY, Role.ENERGY_AGENCY),
    "grid": (sample.GRID_OPERATOR, Role.GRID_OPERATOR),
    "grid-data": (sample.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE),
    "neighbour": (sample.NEIGHBOUR, Role.GRID_OPERATOR),
}
"""The clients of the town by short names."""


def midnight(month: int, day: int, year: int = 2025) -> int:
    """A local midnight."""
    return ZONE.midnight(date(year, month, day))


def day_text(month: int, day: int, year: int = 2025) -> str:
    """A local midnight as the API writes instants."""
    return format_minute(midnight(month, day, year))


class Town(RunningServer):
    """The hub, and short words for what its people do."""

    def __init__(self, data_dir: Path, database_url: str | None = None, **profile: object) -> None:
        self.clock = MovedClock(NOW)
        settings = Settings(data_dir=data_dir, database=database_url, profile=profile)
        self.hub = open_hub(settings, self.clock)
        super().__init__(application(settings, self.hub))
        self.market = sample.sample_market(ZONE, DAY)
        with self.hub.office.database.write() as connection:
            for client_id, (party, role) in WHO.items():
                assert clients.register(connection, Client(client_id, party, role, SECRET_HASH)) is None
        report = asyncio.run(self.hub.import_master_data(principal("operator"), csv_files(self.market.dataset)))
        assert not report.findings
        self._tokens: dict[str, tuple[int, str]] = {}

    def call(self, method: str, path: str, who: str, **rest: Any) -> httpx.Response:
        """A call with somebody's token."""
        given_at, token = self._tokens.get(who, (0, ""))
        if self.clock.now() > given_at + 3000:
            form = {"grant_type": "client_credentials", "client_id": who, "client_secret": "a secret of the tests"}
            token = self.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
            self._tokens[who] = (self.clock.now(), token)
        headers = {"Authorization": f"Bearer {token}", **rest.pop("headers", {})}
        return self.http.request(method, API + path, headers=headers, **rest)

    def link(self, who: str, *rows: tuple[str, str, int, int | None]) -> httpx.Response:
        """State customers as (point, customer, from, to), to None without end."""
        lines = ["metering_point,customer,valid_from,valid_to"]
        lines += [
            f"{point},{customer},{format_minute(start)},{'' if end is None else format_minute(end)}"
            for point, customer, start, end in rows
        ]
        body = "\n".join(lines).encode()
        return self.call("PUT", "/customers", who, content=body, headers={"Content-Type": "text/csv"})

    def store(self, point: str, start: int, end: int, wh: int = 250) -> None:
        """Store quarters of a point, all of one quantity."""
        count = (end - start) // 900
        values = np.full((1, count), wh, dtype=np.int64)
        keys = np.array([point_key(point)], dtype=np.int64)
        one = SegmentInput(0, Resolution.QUARTER, start, keys, values, np.full((1, count), Quality.MEASURED, np.uint8))
        with self.hub.office.database.write() as connection:
            number = allocate(connection, self.clock.micros())
            self.hub.office.store.append(connection, number, [one])

    def days(self, path: str, who: str, point: str, start: int, end: int) -> list[str] | int:
        """The local days of which somebody sees values, or the status that says why not."""
        query = {"point": point, "from": format_minute(start), "to": format_minute(end), "step": "P1D"}
        answer = self.call("GET", path, who, params=query)
        if not answer.is_success:
            return answer.status_code
        return [value["start"] for series in answer.json()["series"] for value in series["values"]]

    def pass_time(self, seconds: int) -> None:
        """Let time go by, and the hub do what has become due; evenings of days that went by count as settled."""
        until = self.clock.now() + seconds
        if seconds > 86_400:
            with self.hub.office.database.write() as connection:
                connection.execute(sa.insert(settlement_evening).values(evening=until, finished_at=0))
        self.clock.move_to(until)
        self.hub.queries.step_due(self.clock.now())


def principal(who: str) -> Principal:
    """Somebody as the hub knows a caller."""
    party, role = WHO[who]
    return Principal(party, role, who)


def starts(first: tuple[int, int], count: int) -> list[str]:
    """The starts of local days in a row, as the API writes them."""
    begin = date(2025, *first).toordinal()
    days = (date.fromordinal(begin + number) for number in range(count))
    return [format_minute(ZONE.midnight(day)).replace("Z", ":00Z") for day in days]
