"""Real databases for every integration test: SQLite in a file and PostgreSQL from a wheel.

`database_url` is a database with a hub's tables and nothing in them, `database` the same one opened. Each test has its
own; each pytest-xdist worker has its own PostgreSQL, started when the first test asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.hub.database import Database
from tests.integration.databases import NewDatabases, PostgresqlServer, SqliteFiles, running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A running PostgreSQL."""
    with running_postgresql() as server:
        yield PostgresqlServer(sa.make_url(server.get_uri()))


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Where SQLite databases are copied from."""
    return SqliteFiles(tmp_path_factory.mktemp("tables"))


@pytest.fixture
def new_databases(request: pytest.FixtureRequest, tmp_path: Path, sqlite_files: SqliteFiles) -> Iterator[NewDatabases]:
    """Makes the databases of a test."""
    made = NewDatabases(tmp_path, sqlite_files, lambda: request.getfixturevalue("postgresql"))
    yield made
    made.drop()


@pytest.fixture
def new_database_url(new_databases: NewDatabases) -> Callable[[str], str]:
    """A function from "sqlite" or "postgresql" to the address of a new database with a hub's tables."""
    return new_databases.make


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, new_databases: NewDatabases) -> str:
    """The address of a database with a hub's tables, once of each kind."""
    return new_databases.make(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with every table, once of each kind."""
    opened = Database.open(database_url)
    yield opened
    opened.close()
