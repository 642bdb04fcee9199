"""Run the migrations from code, and write the next one.

`upgrade` is what the hub does at start-up. After a change of the tables,

    python -m gateway.hub.migrations.upgrade "what changed"

compares the declared tables with those the revisions make and writes the difference into `versions/`; read it and
run `ruff format` before committing it. Until the first release there is one revision: delete it and write it anew. A
test holds revisions and tables together on both databases.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

MIGRATION_LOCK = 0x6772_6965
"""Advisory lock: of several processes starting at once, one migrates and the others wait."""


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision within the connection's transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({MIGRATION_LOCK})")
    configuration = configured(connection)
    newest = ScriptDirectory.from_config(configuration).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() != newest:
        command.upgrade(configuration, "head")


def configured(connection: Connection) -> Config:
    """Alembic's settings without a file: the revisions beside this module, the given connection."""
    configuration = Config()
    configuration.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    configuration.attributes["connection"] = connection
    return configuration


def write_revision(message: str) -> None:
    """Write the difference between the revisions so far and the declared tables as a new revision."""
    from gateway.hub.database import Database  # noqa: PLC0415 - it imports this module when it migrates

    with tempfile.TemporaryDirectory() as directory:
        database = Database.open(f"sqlite:///{directory}/empty.db")
        with database.write() as connection:
            upgrade(connection)
            configuration = configured(connection)
            number = len(list(ScriptDirectory.from_config(configuration).walk_revisions())) + 1
            configuration.attributes["alters"] = number > 1
            command.revision(configuration, message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()


if __name__ == "__main__":
    write_revision(sys.argv[1])
