"""How long the feed keeps what it tells: then it goes, and search is what remains."""

from __future__ import annotations

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import transaction_at
from gateway.hub.feed.streams import purge
from gateway.hub.office import Office


def purge_feed(office: Office) -> int:
    """Take away every item older than the market keeps it, some at a time; says how many (EE-3.3)."""
    oldest = (office.clock.now() - office.profile.feed.retention_seconds) * MICROSECONDS
    gone = 0
    while True:
        with office.database.write() as connection:
            some = purge(connection, transaction_at(connection, oldest - 1) + 1)
        gone += some
        if not some:
            return gone
