"""The hub's database: SQLite in a file or PostgreSQL, one writing transaction at a time in commit order.

A writer opens `Database.write()`, takes its number with `allocate` and only then reads what it decides on: from there
to the commit no other writer gets a number, so that numbers are in commit order and a reader who sees number n sees
everything up to n. "As known at T" is the greatest number whose commit time is not after T.

What cannot be stored because the disk is full, the file locked or the server gone is `StoreUnavailable`: nothing was
kept, and the sender may try again (503). Any other database error is a bug and stays what it is.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from gateway.hub import schema
from gateway.hub.migrations.revisions import newest_revision, stands_at
from gateway.hub.ports import StoreUnavailable
from gateway.hub.tables import transaction
from gateway.hub.writer_turn import turn_to_write

T = TypeVar("T")
P = ParamSpec("P")

ORDER_LOCK = 0x67726964  # "grid": the advisory lock that keeps transaction numbers in commit order
_WRITING = "gridpost_writing"
_OWN_TRANSACTION = "gridpost_transaction"

_SQLITE_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOTADB,
}
_POSTGRESQL_READ_ONLY = "25006"  # a server that became a standby


class Database:
    """An open database. Threads may share it; a forked process opens its own."""

    def __init__(self, engine: Engine, turn: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self.engine = engine
        self._turn = turn
        self._writer = engine.execution_options(**{_WRITING: True})
        self._reader = engine
        self._resting: list[Connection] = []  # one at most, but for a race of two threads that does no harm
        if self.kind == "postgresql":
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @classmethod
    def open(cls, url: str | URL, busy_seconds: float = 10.0) -> Database:
        """Open `sqlite:///FILE` or `postgresql://…`; `busy_seconds` is how long a writer waits for another."""
        address = sa.make_url(url)
        match address.get_backend_name():
            case "sqlite":
                engine = _sqlite_engine(address, busy_seconds)
                return cls(engine, partial(turn_to_write, f"{address.database}-turn", busy_seconds))
            case "postgresql":
                return cls(_postgresql_engine(address, busy_seconds))
            case other:
                raise ValueError(f"neither SQLite nor PostgreSQL: {other}")

    @property
    def kind(self) -> Literal["sqlite", "postgresql"]:
        """Which of the two databases this is."""
        return "sqlite" if self.engine.dialect.name == "sqlite" else "postgresql"

    async def reading(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call finds in one consistent view, read beside the event loop."""

        def work() -> T:
            with self.read() as connection:
                return call(connection, *args, **kwargs)

        return await asyncio.to_thread(work)

    async def writing(self, call: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call answers within one writing transaction, carried out beside the event loop."""

        def work() -> T:
            with self.write() as connection:
                return call(connection, *args, **kwargs)

        return await asyncio.to_thread(work)

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Connection]:
        """One writing transaction: committed and durable at the end of the block, rolled back when it raises.

        One that is not `lasting` outlives this process, but the machine only with the next lasting one: for what
        nobody has been promised yet.
        """
        with _unavailable(), self._turn(), self._writing_connection() as connection:
            connection.info.pop(_OWN_TRANSACTION, None)
            with _unhurried(connection) if not lasting else nullcontext(), connection.begin():
                if not lasting and self.kind == "postgresql":
                    run(connection, "set local synchronous_commit = off")
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view: everything read in the block is of the same moment."""
        with _unavailable(), self._reader.connect() as connection:
            connection.info.pop(_OWN_TRANSACTION, None)
            with connection.begin():
                yield connection

    @contextmanager
    def _writing_connection(self) -> Iterator[Connection]:
        """The connection that rests between two writes, or one of the pool while another thread writes with it.

        What it has read of an SQLite file stays good while nobody else writes. After an error it goes back to the pool.
        """
        connection = self._take_resting() or self._writer.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            self._let_go()
            raise
        if self._resting:
            connection.close()
        else:
            self._resting.append(connection)

    def _take_resting(self) -> Connection | None:
        try:
            return self._resting.pop()
        except IndexError:
            return None

    def _let_go(self) -> None:
        if (resting := self._take_resting()) is not None:
            resting.close()

    def migrate(self) -> None:
        """Bring the tables to this version's form; on an empty database create them."""
        with self.read() as connection:
            if stands_at(connection) == newest_revision():
                return
        from gateway.hub.migrations.upgrade import upgrade  # noqa: PLC0415 - Alembic is needed for a change only

        with self.write() as connection:
            upgrade(connection)

    def create_tables(self) -> None:
        """Create every table as declared, without migrations: for tests and measurements."""
        with self.write() as connection:
            schema.metadata.create_all(connection)

    def close(self) -> None:
        """Give back all connections."""
        self._let_go()
        self.engine.dispose()


def allocate(connection: Connection, at: int) -> int:
    """Take the next transaction number, committed at `at` (epoch microseconds, UTC).

    Holds back every other writer until this one commits. A clock that went backwards does not make history: the time
    noted is never before the one of the number before.
    """
    if connection.dialect.name == "postgresql":
        run(connection, f"select pg_advisory_xact_lock({ORDER_LOCK})")
    last = run(connection, 'select id, committed_at from "transaction" order by id desc limit 1').fetchone()
    number, moment = (last[0] + 1, max(at, last[1])) if last else (1, at)
    run(connection, 'insert into "transaction" (id, committed_at) values (?, ?)', (number, moment))
    connection.info[_OWN_TRANSACTION] = number
    return int(number)


def run(connection: Connection, statement: str, parameters: Sequence[object] = ()) -> DBAPICursor:
    """Run one statement on the driver itself; the hot path goes past SQLAlchemy, which costs ten times the statement.

    It is written with `?` marks; `in (*)` stands for a list bound as a whole, with `listed`. Errors are SQLAlchemy's.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(on_driver(connection, statement), parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error
    return cursor


def run_many(connection: Connection, statement: str, rows: Sequence[Sequence[object]]) -> None:
    """Run a statement on the driver itself once for each row of parameters."""
    if len(rows) == 1:
        run(connection, statement, rows[0])
        return
    cursor = connection.connection.cursor()
    try:
        cursor.executemany(on_driver(connection, statement), rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(connection, statement, error) from error


def _wrapped(connection: Connection, statement: str, error: Exception) -> DBAPIError:
    """A driver's error as SQLAlchemy words it, without the parameters: they are market data."""
    wrapped = DBAPIError.instance(
        statement, None, error, connection.dialect.loaded_dbapi.Error, dialect=connection.dialect
    )
    return wrapped if isinstance(wrapped, DBAPIError) else DBAPIError(statement, None, error)


def own_transaction(connection: Connection) -> int | None:
    """The number this connection took and has not committed yet."""
    number: int | None = connection.info.get(_OWN_TRANSACTION)
    return number


def transaction_at(connection: Connection, instant: int) -> int:
    """The version as known at `instant` (epoch microseconds): the greatest number committed by then; 0 if none."""
    known = sa.select(transaction.c.id).where(transaction.c.committed_at <= instant)
    latest = known.order_by(transaction.c.committed_at.desc(), transaction.c.id.desc()).limit(1)
    return int(connection.execute(latest).scalar() or 0)


def on_driver(connection: Connection, statement: str) -> str:
    """A statement as the driver wants it: the hot path goes past SQLAlchemy's compiler.

    It is written with `?` marks; `in (*)` stands for a list bound as a whole, with `listed`.
    """
    return _spelled(connection.dialect.name, statement)


@cache
def _spelled(dialect: str, statement: str) -> str:
    if dialect == "sqlite":
        return statement.replace("in (*)", "in (select value from json_each(?))")
    return statement.replace("in (*)", "= any(?::bigint[])").replace("?", "%s")


def listed(connection: Connection, values: Sequence[int]) -> str:
    """What to bind to the mark of `in (*)`: one value whatever the length, so that the statement stays the same."""
    numbers = str(list(values))
    return numbers if connection.dialect.name == "sqlite" else f"{{{numbers[1:-1]}}}"


def _sqlite_engine(address: URL, busy_seconds: float) -> Engine:
    if not address.database or address.database == ":memory:":
        raise ValueError("the hub keeps what it accepted: an SQLite database is a file")
    engine = sa.create_engine(address.set(drivername="sqlite+pysqlite"), pool_size=8, max_overflow=56)

    @sa.event.listens_for(engine, "connect")
    def configure(raw: DBAPIConnection, _record: object) -> None:
        raw.isolation_level = None  # transactions begin where we say, not where the driver guesses
        cursor = raw.cursor()
        for pragma in (
            f"busy_timeout = {int(busy_seconds * 1000)}",
            "page_size = 4096",
            "journal_mode = wal",
            "synchronous = full",
            "foreign_keys = on",
            "cache_size = -65536",
            "wal_autocheckpoint = 10000",
            "temp_store = memory",
        ):
            cursor.execute(f"pragma {pragma}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(_WRITING, False)
        run(connection, "begin immediate" if writing else "begin")

    return engine


def _postgresql_engine(address: URL, busy_seconds: float) -> Engine:
    arguments: dict[str, Any] = {"connect_timeout": max(1, int(busy_seconds))}
    return sa.create_engine(
        address.set(drivername="postgresql+psycopg"), connect_args=arguments, pool_size=8, max_overflow=24
    )


@contextmanager
def _unhurried(connection: Connection) -> Iterator[None]:
    """SQLite does not wait for the disk in the block; the commit after it does, for both."""
    if connection.dialect.name != "sqlite":
        yield
        return
    run(connection, "pragma synchronous = normal")
    try:
        yield
    finally:
        run(connection, "pragma synchronous = full")


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turn what the outside world did to the database into StoreUnavailable, and leave our own bugs alone."""
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreUnavailable("no connection to the database became free") from error
    except DBAPIError as error:
        if not _is_outage(error):
            raise
        raise StoreUnavailable(str(error.orig)) from error


def _is_outage(error: DBAPIError) -> bool:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return (getattr(original, "sqlite_errorcode", 0) & 0xFF) in _SQLITE_UNAVAILABLE
    if error.connection_invalidated or isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return True
    return getattr(original, "sqlstate", None) == _POSTGRESQL_READ_ONLY
