"""The migrations make exactly the tables that are declared, on both databases."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gateway.hub import schema
from gateway.hub.database import Database, allocate
from gateway.hub.migrations.revisions import newest_revision, stands_at
from gateway.hub.migrations.upgrade import configured
from tests.integration.databases import NewDatabases


def described(database: Database) -> dict[str, Any]:
    """All there is to see of a database's tables: columns, keys, indexes, checks, comments."""
    with database.read() as connection:
        inspector = sa.inspect(connection)
        tables = sorted(set(inspector.get_table_names()) - {"alembic_version"})
        return {table: _table(connection, inspector, table) for table in tables}


def _table(connection: sa.Connection, inspector: sa.Inspector, table: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "columns": [{**column, "type": str(column["type"])} for column in inspector.get_columns(table)],
        "primary key": inspector.get_pk_constraint(table),
        "foreign keys": sorted(inspector.get_foreign_keys(table), key=str),
        "unique": sorted(inspector.get_unique_constraints(table), key=str),
        "checks": sorted(inspector.get_check_constraints(table), key=str),
        "indexes": sorted(
            ({**index, "dialect_options": _options(index)} for index in inspector.get_indexes(table)),
            key=lambda index: str(index["name"]),
        ),
    }
    if connection.dialect.name == "sqlite":
        options = connection.exec_driver_sql("select wr, strict from pragma_table_list where name = ?", (table,))
        found["without row numbers, strict"] = tuple(options.one())
    else:
        found["comment"] = inspector.get_table_comment(table)
    return found


def _options(index: Any) -> dict[str, str]:
    """Such as the condition of a partial index."""
    return {name: str(value) for name, value in index.get("dialect_options", {}).items()}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, new_databases: NewDatabases) -> str:
    """The address of an empty database, once of each kind."""
    return new_databases.make(request.param, empty=True)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrations_and_declared_tables_agree(new_databases: NewDatabases, kind: str) -> None:
    migrated, declared = (Database.open(new_databases.make(kind, empty=True)) for _ in range(2))
    migrated.migrate()
    declared.create_tables()
    assert described(migrated) == described(declared)
    assert set(described(migrated)) == set(schema.metadata.tables)
    with migrated.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    migrated.close()
    declared.close()


def test_what_a_database_stands_at_is_told_as_alembic_tells_it(empty_url: str) -> None:
    database = Database.open(empty_url)
    with database.read() as connection:
        assert stands_at(connection) is None
    database.migrate()
    with database.read() as connection:
        head = ScriptDirectory.from_config(configured(connection)).get_current_head()
        assert head == newest_revision() == stands_at(connection)
        assert head == MigrationContext.configure(connection).get_current_revision()
    database.close()


def test_an_older_database_is_brought_up(empty_url: str) -> None:
    database = Database.open(empty_url)
    with database.write() as connection:
        connection.exec_driver_sql("create table alembic_version (version_num varchar(32) not null)")
    database.migrate()
    assert set(described(database)) == set(schema.metadata.tables)
    database.close()


def test_migrating_again_changes_nothing(empty_url: str) -> None:
    database = Database.open(empty_url)
    database.migrate()
    with database.write() as connection:
        assert allocate(connection, 1) == 1
    database.migrate()
    with database.write() as connection:
        assert allocate(connection, 2) == 2
    database.close()


def test_several_processes_may_start_at_once(empty_url: str) -> None:
    failures: list[Exception] = []

    def start() -> None:
        database = Database.open(empty_url)
        try:
            database.migrate()
        except Exception as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
