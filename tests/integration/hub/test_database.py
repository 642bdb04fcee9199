"""Transactions: numbers in commit order, consistent reads, and what an outage looks like."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from gateway.hub.database import Database, allocate, own_transaction, transaction_at
from gateway.hub.ports import StoreUnavailable
from gateway.hub.tables import transaction


def numbers(database: Database) -> list[tuple[int, int]]:
    with database.read() as connection:
        rows = connection.execute(sa.select(transaction).order_by(transaction.c.id))
        return [(row.id, row.committed_at) for row in rows]


def test_numbers_count_up_and_time_never_goes_back(database: Database) -> None:
    for at in (100, 200, 150, 300):
        with database.write() as connection:
            allocate(connection, at)
    assert numbers(database) == [(1, 100), (2, 200), (3, 200), (4, 300)]


def test_what_raises_is_rolled_back_and_its_number_is_free_again(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        allocate(connection, 100)
        raise RuntimeError
    with database.write() as connection:
        assert own_transaction(connection) is None
        assert allocate(connection, 200) == 1
        assert own_transaction(connection) == 1
    assert numbers(database) == [(1, 200)]


def test_the_version_at_an_instant_is_the_last_committed_by_then(database: Database) -> None:
    for at in (100, 200, 200, 300):
        with database.write() as connection:
            allocate(connection, at)
    with database.read() as connection:
        assert [transaction_at(connection, at) for at in (99, 100, 199, 200, 299, 300, 10**18)] == [0, 1, 1, 3, 3, 4, 4]


def test_parallel_writers_take_numbers_in_commit_order(database: Database) -> None:
    """A reader that sees number n sees every number below it, whichever thread wrote it."""
    seen: list[list[int]] = []

    def write() -> None:
        for _ in range(10):
            with database.write() as connection:
                allocate(connection, 1)
            seen.append([number for number, _ in numbers(database)])

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 40
    assert all(view == list(range(1, len(view) + 1)) for view in seen)
    assert [number for number, _ in numbers(database)] == list(range(1, 41))


def test_a_writer_writes_with_the_connection_it_had_and_after_an_error_with_one_that_works(database: Database) -> None:
    used: list[object] = []
    for _ in range(2):
        with database.write() as connection:
            allocate(connection, 1)
            used.append(connection.connection.driver_connection)
    assert used[0] is used[1]
    with pytest.raises(RuntimeError), database.write() as connection:
        allocate(connection, 1)
        raise RuntimeError
    with database.write() as connection:
        assert allocate(connection, 1) == 3
    database.close()
    with database.write() as connection:
        assert allocate(connection, 1) == 4


def test_a_read_is_of_one_moment(database: Database) -> None:
    with database.write() as connection:
        allocate(connection, 1)
    count = sa.select(sa.func.count()).select_from(transaction)
    with database.read() as reader:
        assert reader.execute(count).scalar() == 1
        with database.write() as connection:
            allocate(connection, 2)
        assert reader.execute(count).scalar() == 1
    assert len(numbers(database)) == 2


def test_our_own_mistakes_are_not_outages(database: Database) -> None:
    with pytest.raises(DBAPIError), database.write() as connection:
        connection.exec_driver_sql("select nothing from nowhere")


def test_a_full_disk_is_an_outage_and_keeps_what_was_there(new_database_url: Callable[[str], str]) -> None:
    database = Database.open(new_database_url("sqlite"))
    with database.write() as connection:
        allocate(connection, 1)
    with database.read() as connection:
        pages = connection.exec_driver_sql("pragma page_count").scalar()
    with pytest.raises(StoreUnavailable) as caught, database.write() as connection:
        connection.exec_driver_sql(f"pragma max_page_count = {pages}")  # SQLite's own "database or disk is full"
        connection.exec_driver_sql("create table filler (content blob)")
        connection.exec_driver_sql("insert into filler values (zeroblob(1000000))")
    assert isinstance(caught.value.__cause__, DBAPIError)
    assert numbers(database) == [(1, 1)]
    database.close()


def test_a_locked_file_is_an_outage(tmp_path: Path) -> None:
    database = Database.open(f"sqlite:///{tmp_path}/hub.db", busy_seconds=0.05)
    database.create_tables()
    other = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreUnavailable), database.write() as connection:
        allocate(connection, 1)
    other.execute("rollback")
    other.close()
    with database.write() as connection:
        assert allocate(connection, 1) == 1
    database.close()


def test_a_lost_connection_is_an_outage_and_the_next_one_works(new_database_url: Callable[[str], str]) -> None:
    database = Database.open(new_database_url("postgresql"))
    with pytest.raises(StoreUnavailable), database.write() as connection:
        allocate(connection, 1)
        own = connection.exec_driver_sql("select pg_backend_pid()").scalar()
        with database.read() as other:
            other.exec_driver_sql(f"select pg_terminate_backend({own})")
        connection.exec_driver_sql("select 1")
    assert numbers(database) == []
    with database.write() as connection:
        assert allocate(connection, 1) == 1
    database.close()


def test_no_server_is_an_outage(tmp_path: Path) -> None:
    database = Database.open(f"postgresql://nobody@/nothing?host={tmp_path}", busy_seconds=1)
    with pytest.raises(StoreUnavailable), database.read() as connection:
        connection.exec_driver_sql("select 1")


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_what_cannot_be_the_hubs_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"file|neither"):
        Database.open(url)
