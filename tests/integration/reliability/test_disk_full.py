"""No room left: the answer is 503 with when to try again, nothing is lost, and with room again everything goes on."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from gateway.demo import market as sample
from gateway.hub import journal
from gateway.hub.clock import SystemClock
from gateway.hub.exchange import Hub
from gateway.hub.journal import Entry
from gateway.hub.ports import Accepted, Principal, StoreUnavailable, Submission
from gateway.messages.codes import DocumentKind, Role
from tests.integration.databases import PostgresqlServer
from tests.integration.reliability.account import accounted
from tests.integration.reliability.letters import Letter, Writer
from tests.integration.reliability.load import Fate, Ledger, drain
from tests.integration.reliability.served import PlainClient, ServedHub, Site, new_site, served

GRID = Principal(sample.GRID_OPERATOR, Role.GRID_OPERATOR, "alderwick-grid")
MEBIBYTE = 2**20
MANY = 60
"""Letters that fill any room these tests leave."""


class Sending:
    """A sender that notes what it was told, and the letters it has to send again."""

    def __init__(self, hub: ServedHub, client: PlainClient, ledger: Ledger) -> None:
        self._client = client
        self._ledger = ledger
        self._writer = Writer(hub.site.market)
        self.put_off: list[Letter] = []

    def send(self, letter: Letter | None = None) -> bool:
        """Send a letter, a new one unless given; whether it was taken, the other answer being 503."""
        letter = letter or self._writer.letter()
        answer = self._client.send(letter.content, letter.dialect)
        if answer.status_code == 503:
            assert int(answer.headers["Retry-After"]) > 0
            self.put_off.append(letter)
            return False
        assert answer.status_code == 202, answer.text
        self._ledger.told(letter, Fate.TAKEN)
        return True

    def send_until_full(self) -> None:
        """Send until there is no room."""
        assert not all(self.send() for _ in range(MANY)), "there was always room"

    def send_again(self) -> None:
        """Send what was put off; there is room now."""
        again, self.put_off = self.put_off, []
        assert all(self.send(letter) for letter in again)


def still_shows(client: PlainClient, before: httpx.Response) -> None:
    """A document that was peeked is either shown the same or put off, and the hub tells that it is not ready."""
    answer = client.peek()
    assert answer.status_code == 503 or answer.content == before.content
    assert client.http.get("/api/hub/v1/ready").status_code == 503
    assert client.http.get("/api/hub/v1/health").status_code == 200


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are Linux's")
def test_no_file_can_grow(tmp_path: Path) -> None:
    """GW-2: every write fails that would make a file longer, first all of them, then from some length on."""
    site, ledger = new_site(tmp_path / "data", None), Ledger()
    with served(site, tmp_path / "log") as hub, hub.plain(sample.GRID_OPERATOR) as grid:
        sending = Sending(hub, grid, ledger)
        assert all(sending.send() for _ in range(5))
        with hub.plain(sample.SUPPLIER_A) as supplier:
            shown = supplier.peek()
            hub.limit_files(0)
            assert not sending.send()
            still_shows(supplier, shown)
            hub.limit_files(None)
            assert supplier.peek().content == shown.content
        sending.send_again()
        for room in (4096, 5 * 4096, 50_000, 150_000):
            hub.limit_files((site.settings.data_dir / "gridpost.db-wal").stat().st_size + room)
            sending.send_until_full()
            hub.limit_files(None)
            sending.send_again()
        hub.kill()
        hub.start()
        drain(hub, ledger)
    account = accounted(site, ledger)
    assert account.taken > 9


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 24 MiB of its own, where the system lets us mount one.

    It stands in no directory of pytest, which closes them to others whenever another run begins: PostgreSQL's own user
    must be able to walk there.
    """
    where = Path(tempfile.mkdtemp(prefix="gridpost-disk-"))
    mounting = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0755", "tmpfs", str(where)]
    if os.geteuid() != 0 or subprocess.run(mounting, check=False, capture_output=True).returncode:
        where.rmdir()
        pytest.skip("a file system cannot be mounted here")
    yield where
    subprocess.run(["umount", "--lazy", str(where)], check=True)
    where.rmdir()


class Ballast:
    """Fills a disk to the last byte, but for what is left on purpose."""

    def __init__(self, disk: Path) -> None:
        self._file = disk / "ballast"

    def fill(self, leave: int = 0) -> None:
        """Take all room but so many bytes."""
        with self._file.open("ab", buffering=0) as file:
            for size in (MEBIBYTE, 4096):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue
            file.truncate(max(0, file.tell() - leave))

    def clear(self) -> None:
        """Give the room back."""
        self._file.unlink()


@pytest.mark.slow
def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    """GW-2: a file system without room, also across a restart on it."""
    site, ledger, ballast = new_site(small_disk / "data", None), Ledger(), Ballast(small_disk)
    with served(site, tmp_path / "log") as hub, hub.plain(sample.GRID_OPERATOR) as grid:
        sending = Sending(hub, grid, ledger)
        assert all(sending.send() for _ in range(5))
        for leave in (0, 8192, 100_000):
            ballast.fill(leave)
            sending.send_until_full()
            ballast.clear()
            sending.send_again()
        ballast.fill(8192)
        sending.send_until_full()
        hub.kill()
        ballast.clear()
        hub.start()
        sending.send_again()
        drain(hub, ledger)
    accounted(site, ledger)


@pytest.fixture
def small_postgresql(small_disk: Path, postgresql: PostgresqlServer) -> Iterator[str]:
    """A PostgreSQL database whose tables lie on the small disk."""
    owner = postgresql.data_directory.stat()
    space = small_disk / "space"
    space.mkdir()
    os.chown(space, owner.st_uid, owner.st_gid)
    postgresql.command(f"create tablespace small location '{space}'")
    postgresql.command("create database gridpost_small tablespace small")
    yield postgresql.url("gridpost_small")
    postgresql.drop("gridpost_small")
    postgresql.command("drop tablespace small")


@pytest.mark.slow
def test_a_full_disk_under_postgresql(small_postgresql: str, small_disk: Path, tmp_path: Path) -> None:
    """GW-2: PostgreSQL cannot extend a table."""
    site, ledger, ballast = new_site(tmp_path / "data", small_postgresql), Ledger(), Ballast(small_disk)
    with served(site, tmp_path / "log") as hub, hub.plain(sample.GRID_OPERATOR) as grid:
        sending = Sending(hub, grid, ledger)
        assert all(sending.send() for _ in range(5))
        for leave in (0, 8192, 100_000):
            ballast.fill(leave)
            sending.send_until_full()
            ballast.clear()
            sending.send_again()
        hub.kill()
        hub.start()
        drain(hub, ledger)
    accounted(site, ledger)


class Room:
    """How many pages a hub's SQLite database may still grow by."""

    NO_LIMIT = 2**32 - 2

    def __init__(self, hub: Hub) -> None:
        self._pages = self.NO_LIMIT
        self._engine = hub.office.database.engine
        sa.event.listen(self._engine, "begin", self._limit)

    def leave(self, pages: int | None) -> None:
        """Leave so many pages, None for as many as it likes."""
        with self._engine.connect() as connection:
            used = connection.exec_driver_sql("pragma page_count").scalar_one()
        self._pages = self.NO_LIMIT if pages is None else used + pages

    def _limit(self, connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"pragma max_page_count = {self._pages}")


@pytest.fixture
def embedded(tmp_path: Path) -> Site:
    """A hub on SQLite."""
    return new_site(tmp_path / "data", None)


@pytest.mark.slow
def test_full_at_any_point_of_either_commit(embedded: Site, tmp_path: Path) -> None:
    """GW-2: wherever the room ends, the sender is told to try again, nothing is half there, trying again works."""
    ledger, writer = Ledger(), Writer(embedded.market)
    with embedded.opened() as hub:
        hub.start()
        room = Room(hub)
        for pages in range(24):
            room.leave(pages)
            _submit_until_full(hub, writer, ledger, lambda: room.leave(None))
        with hub.office.database.read() as connection:
            assert journal.unfinished(connection, journal.END_OF_TIME), "never full between the two commits"
        hub.stop()
    with served(embedded, tmp_path / "log") as server:
        drain(server, ledger)
    account = accounted(embedded, ledger)
    assert account.rejected > 0


def _submit_until_full(hub: Hub, writer: Writer, ledger: Ledger, give_room: Callable[[], None]) -> None:
    """Submit letters until one finds no room; then give room and submit that one again."""
    for _ in range(MANY):
        letter = writer.letter()
        submission = Submission(DocumentKind.MEASURE_DATA, letter.dialect, letter.content)
        try:
            answer, was_full = asyncio.run(hub.submit(GRID, submission)), False
        except StoreUnavailable:
            give_room()
            answer, was_full = asyncio.run(hub.submit(GRID, submission)), True
        assert isinstance(answer, Accepted)
        ledger.told(letter, Fate.TAKEN)
        if was_full:
            return
    raise AssertionError("there was always room")


def test_recovery_waits_for_room_instead_of_spinning(embedded: Site) -> None:
    """GW-2: what cannot be settled now stays pending, and is finished once there is room."""
    writer, at = Writer(embedded.market), SystemClock().micros()
    with embedded.opened() as hub:
        with hub.office.database.write() as connection:
            for letter in (writer.letter() for _ in range(MANY)):
                submission = Submission(DocumentKind.MEASURE_DATA, letter.dialect, letter.content)
                journal.enter(connection, Entry.incoming(GRID, submission, at))
        room = Room(hub)
        room.leave(4)
        with pytest.raises(StoreUnavailable):
            hub.runner.recover(before=at + 1)
        with hub.office.database.read() as connection:
            left = len(journal.unfinished(connection, at + 1))
        assert 0 < left < MANY
        room.leave(None)
        assert hub.runner.recover(before=at + 1) == left
