"""The database goes away and comes back: 503 meanwhile, nothing lost, and the hub goes on without a restart."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from gateway.app import application
from gateway.demo import market as sample
from gateway.hub.database import Database
from gateway.wiring import open_hub
from tests.integration.databases import running_postgresql, start_postgresql
from tests.integration.reliability.account import accounted
from tests.integration.reliability.letters import SUPPLIERS, Letter, Writer
from tests.integration.reliability.load import Fate, Ledger, Reader, Sender, at_work, drain, empty
from tests.integration.reliability.served import (
    ONE_TRY,
    PlainClient,
    ServedHub,
    new_site,
    served,
    wait_until,
)
from tests.integration.transport.running_server import RunningServer


class OwnPostgresql:
    """A PostgreSQL that a test may stop and start."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url = (
            sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        )

    def stop(self) -> None:
        """End it and every connection to it."""
        self._server.stop()

    def start(self) -> None:
        """Start it again, at the same address."""
        start_postgresql(self._server)

    def end_connections(self) -> int:
        """End the connections of everybody else; how many there were."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            ended = connection.execute(
                "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                " where pid <> pg_backend_pid() and backend_type = 'client backend'"
            ).fetchone()
        assert ended is not None
        return int(ended[0])


@pytest.fixture(scope="module")
def own_postgresql() -> Iterator[OwnPostgresql]:
    """A PostgreSQL of this module's own."""
    with running_postgresql() as server:
        yield OwnPostgresql(server)


@pytest.fixture
def hub(own_postgresql: OwnPostgresql, tmp_path: Path) -> Iterator[ServedHub]:
    """A served hub over a fresh database of that PostgreSQL."""
    name = f"gridpost_{tmp_path.name}".replace("-", "_")[:60].lower()
    with psycopg.connect(own_postgresql.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"create database {name}")
    address = sa.make_url(own_postgresql.url).set(database=name).render_as_string(hide_password=False)
    with served(new_site(tmp_path / "data", address), tmp_path / "log") as running:
        yield running


def taken(client: PlainClient, letter: Letter) -> bool:
    """Whether a letter was taken; put off with 503 is the only other answer."""
    answer = client.send(letter.content, letter.dialect)
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
        return False
    assert answer.status_code == 202, answer.text
    return True


@pytest.mark.slow
def test_a_stopped_postgresql(own_postgresql: OwnPostgresql, hub: ServedHub, tmp_path: Path) -> None:
    """GW-2: 503 while it is gone, from every endpoint that needs it; the same messages are taken afterwards."""
    ledger, writer = Ledger(), Writer(hub.site.market)
    before, during = [writer.letter() for _ in range(3)], [writer.letter() for _ in range(3)]
    with hub.plain(sample.GRID_OPERATOR) as grid, hub.plain(sample.SUPPLIER_A) as supplier:
        assert all(taken(grid, letter) for letter in before)
        shown = supplier.peek()
        assert shown.status_code == 200
        own_postgresql.stop()
        try:
            assert not any(taken(grid, letter) for letter in during)
            for answer in (supplier.peek(), supplier.dequeue(shown.headers["MessageId"])):
                assert answer.status_code == 503
                assert "Retry-After" in answer.headers
            assert supplier.http.get("/api/hub/v1/ready").status_code == 503
        finally:
            own_postgresql.start()
        wait_until(lambda: grid.http.get("/api/hub/v1/ready").status_code == 200, "readiness")
        again = supplier.peek()
        assert (again.status_code, again.content) == (200, shown.content)
        for letter in during:
            wait_until(lambda: taken(grid, letter), "acceptance")  # noqa: B023 - called at once
    for letter in (*before, *during):
        ledger.told(letter, Fate.TAKEN)
    drain(hub, ledger)
    accounted(hub.site, ledger)


@pytest.mark.slow
def test_connections_cut_under_load(own_postgresql: OwnPostgresql, hub: ServedHub) -> None:
    """GW-2: connections end again and again at any moment, then the whole server; all is there once in the end."""
    ledger, writer = Ledger(), Writer(hub.site.market)
    with ExitStack() as clients:
        senders = []
        for seed in range(3):
            stubborn, impatient = hub.client(sample.GRID_OPERATOR), hub.client(sample.GRID_OPERATOR, ONE_TRY)
            both = (clients.enter_context(stubborn), clients.enter_context(impatient))
            senders.append(Sender(both, writer, ledger, seed))
        readers = [
            Reader(clients.enter_context(hub.client(party)), party, ledger, seed=i)
            for i, party in enumerate((*SUPPLIERS, sample.GRID_OPERATOR))
        ]
        cut = 0
        with at_work([*(one.step for one in senders), *(one.step for one in readers)], ledger):
            for _ in range(20):
                time.sleep(0.1)
                cut += own_postgresql.end_connections()
            own_postgresql.stop()
            time.sleep(0.3)
            own_postgresql.start()
            time.sleep(1)
        for reader in readers:
            empty(reader)
        hub.kill()  # what was journaled but not settled is taken up two minutes later, or by a start
        hub.start()
        for reader in readers:
            empty(reader)
    assert cut > 0
    account = accounted(hub.site, ledger)
    assert account.taken > 0


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process that is writing to an SQLite file and does not come to an end."""
    lock = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('begin immediate')"
    command = [sys.executable, "-c", f"{lock}; print('locked', flush=True); sys.stdin.read()", str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked\n"
        yield
        process.communicate(timeout=60)


@pytest.mark.slow
def test_an_sqlite_file_locked_for_too_long(tmp_path: Path) -> None:
    """GW-2: 503 once a writer has waited its time for another process, reading goes on, then all is as before."""
    site, ledger = new_site(tmp_path / "data", None), Ledger()
    writer = Writer(site.market)
    opened = open_hub(site.settings)
    opened.office.database.close()
    opened.office.database = Database.open(site.settings.database_url, busy_seconds=0.3)
    server = RunningServer(application(site.settings, opened))
    try:
        with PlainClient(server.url, site.desk(sample.GRID_OPERATOR)) as grid:
            first, second = writer.letter(), writer.letter()
            assert taken(grid, first)
            with locked(site.settings.data_dir / "gridpost.db"):
                assert not taken(grid, second)
                assert grid.peek().status_code == 503
                assert grid.http.get("/api/hub/v1/ready").status_code == 503
                status = grid.get(f"/api/hub/v1/messages/{first.message_id}")
                assert status.json()["message"]["state"] == "accepted"
            assert taken(grid, second)
    finally:
        server.stop()
    ledger.told(first, Fate.TAKEN)
    ledger.told(second, Fate.TAKEN)
    with served(site, tmp_path / "log") as hub:
        drain(hub, ledger)
    accounted(site, ledger)
