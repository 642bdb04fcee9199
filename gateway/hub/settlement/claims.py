"""Long duties are done by one process at a time: whoever holds the claim, until it lets go or stops renewing it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import run
from gateway.hub.tables_settlement import claim

_TAKE = (
    "insert into claim (name, holder, until) values (?, ?, ?) on conflict (name) do update"
    " set holder = excluded.holder, until = excluded.until where claim.holder = excluded.holder or claim.until <= ?"
)
"""One statement, so that of two processes that ask at the same moment one gets it."""


def take(connection: Connection, name: str, holder: str, now: int, seconds: int) -> bool:
    """Take or renew a claim within a writing transaction; False while somebody else holds it."""
    return run(connection, _TAKE, (name, holder, now + seconds, now)).rowcount == 1


def release(connection: Connection, name: str, holder: str) -> None:
    """Let go of a claim, if it is still one's own."""
    connection.execute(sa.delete(claim).where(claim.c.name == name, claim.c.holder == holder))
