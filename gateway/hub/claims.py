"""Long duties are done by one process at a time: whoever holds the claim, until it lets go or stops renewing it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import run
from gateway.hub.office import Office
from gateway.hub.tables_settlement import claim

_TAKE = (
    "insert into claim (name, holder, until) values (?, ?, ?) on conflict (name) do update"
    " set holder = excluded.holder, until = excluded.until where claim.holder = excluded.holder or claim.until <= ?"
)
"""One statement, so that of two processes that ask at the same moment one gets it."""


class Claim:
    """The claim to one duty, as one of those who may do it has it or not; it ends by itself after some seconds."""

    def __init__(self, office: Office, name: str, seconds: int) -> None:
        self._office, self._name, self._seconds = office, name, seconds
        self._holder = office.new_id()

    def take(self) -> bool:
        """Take or renew it; False while somebody else holds it."""
        now = self._office.clock.now()
        with self._office.database.write(lasting=False) as connection:
            return run(connection, _TAKE, (self._name, self._holder, now + self._seconds, now)).rowcount == 1

    def release(self, connection: Connection) -> None:
        """Let go of it, if it is still one's own."""
        connection.execute(sa.delete(claim).where(claim.c.name == self._name, claim.c.holder == self._holder))
