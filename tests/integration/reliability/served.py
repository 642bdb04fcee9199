"""A hub in a process of its own, as `gridpost serve` runs it: started, killed, starved of disk and started again."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx

from gateway.config import Settings
from gateway.demo import market as sample
from gateway.demo.server import Desk, desks_of, furnish
from gateway.hub.clock import SystemClock
from gateway.hub.exchange import Hub
from gateway.markets.registry import profile
from gateway.messages.codes import Dialect
from gateway.transport.client import CONTENT_TYPES, HubClient, Patience
from gateway.wiring import open_hub
from tests.loopback import free_port

ROOT = Path(__file__).parents[3]
PATIENCE = 60.0
"""Seconds anything here may take before a test fails."""

AT_ONCE = {"bundling": {"age_seconds": 0}}
"""Changes of the profile under which bundles close when asked for."""

SEND = "/v1.0/cim/notifyvalidatedmeasuredata"
ONE_TRY = Patience(attempts=1)
STUBBORN = Patience(attempts=600, first_wait=0.05)


def short(seconds: float) -> None:
    """Wait less than asked: a restart here takes seconds, not minutes."""
    time.sleep(min(seconds, 0.1))


@dataclass(frozen=True, slots=True)
class Site:
    """Where a hub lives, and the market and clients in it."""

    settings: Settings
    market: sample.SampleMarket
    desks: dict[str, Desk] = field(default_factory=dict)

    def desk(self, party: str) -> Desk:
        """The desk of a party."""
        return self.desks[party]

    @contextmanager
    def opened(self) -> Iterator[Hub]:
        """The hub opened here beside whatever serves it, to look into it; it takes no messages."""
        hub = open_hub(self.settings)
        try:
            yield hub
        finally:
            hub.office.database.close()


def new_site(data_dir: Path, database: str | None) -> Site:
    """A hub with the sample market around yesterday and a client for each of its parties; nobody serves it yet."""
    zone = profile("dk").zone
    market = sample.sample_market(zone, zone.day(SystemClock().now()) - timedelta(days=1))
    site = Site(Settings(data_dir=data_dir, database=database, profile=AT_ONCE), market)
    desks = desks_of(sample.PARTIES, in_all_roles=False)
    with site.opened() as hub:
        furnish(hub, market.dataset, desks)
    return replace(site, desks={desk.party: desk for desk in desks})


def wait_until(holds: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Wait for something that must come true."""
    last = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > last:
            raise AssertionError(f"{what} did not happen within {seconds:.0f} seconds")
        time.sleep(0.02)


class ServedHub:
    """One `gridpost serve` on a port of loopback, on the same port and data each time it is started."""

    def __init__(self, site: Site, log: Path) -> None:
        self.site = site
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running process."""
        assert self._process is not None
        return self._process

    def launch(self) -> None:
        """Start the process without waiting for it."""
        settings = self.site.settings
        command = [sys.executable, "-m", "gateway", "serve", "--port", str(self.port), "--log-level", "warning"]
        command += ["--data-dir", str(settings.data_dir)]
        command += ["--database", settings.database] if settings.database else []
        environment = {**os.environ, "GRIDPOST_PROFILE": '{"bundling": {"age_seconds": 0}}'}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def await_ready(self) -> None:
        """Wait until it answers."""
        wait_until(self._answers, "an answer of the server")

    def start(self) -> None:
        """Start the process and wait until it answers."""
        self.launch()
        self.await_ready()

    def kill(self) -> None:
        """End it at once, as a power cut would: SIGKILL, nothing is tidied up."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """Ask it to stop, and see it end well."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def end(self) -> None:
        """Be sure that it is gone."""
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def limit_files(self, size: int | None) -> None:
        """Let no file of the process grow beyond a size, None for no limit: every write beyond it fails."""
        _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard if size is None else size, hard))

    def memory(self, name: str = "VmRSS") -> int:
        """Bytes of memory the process holds; `VmHWM` is the most it ever held."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        raise AssertionError(f"the system does not tell {name}")

    def plain(self, party: str) -> PlainClient:
        """A client of one of the parties for single calls."""
        return PlainClient(self.url, self.site.desk(party))

    def client(self, party: str, patience: Patience = STUBBORN) -> HubClient:
        """A client of one of the parties."""
        desk = self.site.desk(party)
        return HubClient(self.url, desk.client_id, desk.secret, patience, sleep=short)

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}")
        try:
            return httpx.get(f"{self.url}/api/hub/v1/health", timeout=5).is_success
        except httpx.TransportError:
            return False


@contextmanager
def served(site: Site, log: Path) -> Iterator[ServedHub]:
    """A served hub; gone at the end, however the block ends."""
    hub = ServedHub(site, log)
    try:
        hub.start()
        yield hub
    finally:
        hub.end()


class PlainClient:
    """Single calls with a token, to see each answer as it is; one token serves them all."""

    def __init__(self, url: str, desk: Desk) -> None:
        self.http = httpx.Client(base_url=url, timeout=PATIENCE)
        form = {"grant_type": "client_credentials", "client_id": desk.client_id, "client_secret": desk.secret}
        answer = self.http.post("/oauth2/v2.0/token", data=form)
        assert answer.is_success, answer.text
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    def send(self, content: bytes, dialect: Dialect = Dialect.CIM_XML) -> httpx.Response:
        """Send a document once."""
        headers = {**self._headers, "Content-Type": CONTENT_TYPES[dialect]}
        return self.http.post(SEND, content=content, headers=headers)

    def peek(self, dialect: Dialect = Dialect.CIM_XML) -> httpx.Response:
        """Peek once."""
        headers = {**self._headers, "Content-Type": CONTENT_TYPES[dialect]}
        return self.http.get("/v1.0/cim/measuredata", headers=headers)

    def dequeue(self, message_id: str) -> httpx.Response:
        """Dequeue once."""
        return self.http.delete(f"/v1.0/cim/dequeue/{message_id}", headers=self._headers)

    def get(self, path: str) -> httpx.Response:
        """Read once from the neutral API."""
        return self.http.get(path, headers=self._headers)

    def soap(self, body: bytes) -> httpx.Response:
        """Call an operation of the ebIX container once."""
        return self.http.post("/ebix", content=body, headers={**self._headers, "Content-Type": "text/xml"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
