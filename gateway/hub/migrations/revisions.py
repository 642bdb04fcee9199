"""How far a database has come, told without Alembic, so that opening one that is up to date costs nothing."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_VERSIONS = Path(__file__).parent / "versions"


def newest_revision() -> str:
    """The number of the last revision there is; they are named by number, one after the other."""
    return max(file.name.partition("_")[0] for file in _VERSIONS.glob("[0-9]*_*.py"))


def stands_at(connection: Connection) -> str | None:
    """The revision a database was brought to; None where there are no tables yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("select version_num from alembic_version").scalar()
    return found
