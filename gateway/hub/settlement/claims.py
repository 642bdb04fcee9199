"""Long duties are done by one process at a time: whoever holds the claim, until it lets go or stops renewing it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.tables_settlement import claim


def take(connection: Connection, name: str, holder: str, now: int, seconds: int) -> bool:
    """Take or renew a claim within a writing transaction; False while somebody else holds it."""
    row = connection.execute(sa.select(claim).where(claim.c.name == name)).first()
    until = now + seconds
    if row is None:
        connection.execute(sa.insert(claim).values(name=name, holder=holder, until=until))
        return True
    if row.holder != holder and row.until > now:
        return False
    connection.execute(sa.update(claim).where(claim.c.name == name).values(holder=holder, until=until))
    return True


def release(connection: Connection, name: str, holder: str) -> None:
    """Let go of a claim, if it is still one's own."""
    connection.execute(sa.delete(claim).where(claim.c.name == name, claim.c.holder == holder))
