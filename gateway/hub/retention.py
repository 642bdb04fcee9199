"""Values older than the market keeps them, taken away: by the night or by the operator, and on record (FI-4.1).

Messages stay in the journal as they came, with their hashes. What waits in a queue or a feed is delivered first:
nothing that was stored since the oldest of it is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate
from gateway.hub.office import Office
from gateway.hub.series.purging import (
    DayOfKind,
    Taken,
    counted,
    old_days,
    take_out,
    takeable,
)
from gateway.hub.tables import purge as purges
from gateway.hub.tables import transaction
from gateway.hub.tables_exchange import bundle, bundle_part, outgoing
from gateway.hub.tables_feed import feed_item
from gateway.messages.times import day_number, numbered_day

_NOTHING_WAITS = 2**62
_NIGHT = "scheduler"
"""Who a purge of the night is recorded as."""


class Purge(NamedTuple):
    """What was taken away at a time: values of days before one, by whom."""

    at: int
    first_kept: date
    client: str
    taken: Taken


def first_kept(office: Office) -> date | None:
    """The first local day whose values are kept; None where the market keeps everything."""
    return office.profile.retention.first_kept(office.profile.zone.day(office.clock.now()))


def foretold(office: Office, connection: Connection, kept: date) -> Taken:
    """What a purge would take now."""
    waiting, found = _oldest_waiting(connection), Taken()
    for one in old_days(connection, day_number(kept)):
        found = found.plus(counted(takeable(connection, one, waiting, office.profile.zone)))
    return found


def purge_values(office: Office, kept: date, client: str) -> Taken:
    """Take away the values of days before one, a day at a time; nobody is held back for longer than that."""
    with office.database.read() as connection:
        days = old_days(connection, day_number(kept))
    taken = Taken()
    for one in days:
        taken = taken.plus(_take(office, one, (kept, client)))
    return taken


def purge_nightly(office: Office) -> None:
    """What a market that purges each night takes away."""
    kept = first_kept(office) if office.profile.retention.nightly else None
    if kept is not None:
        purge_values(office, kept, _NIGHT)


def recorded(connection: Connection) -> Sequence[Purge]:
    """What has been taken away, oldest first; of one purge the days are together."""
    made = transaction.c.committed_at
    wanted = sa.select(purges, made).join(transaction, transaction.c.id == purges.c.transaction).order_by(made)
    found: list[Purge] = []
    for row in connection.execute(wanted):
        taken = Taken(row.segments, row.series, row.values)
        kept = numbered_day(row.first_kept)
        if found and found[-1][1:3] == (kept, row.client):
            found[-1] = found[-1]._replace(taken=found[-1].taken.plus(taken))
        else:
            found.append(Purge(row.committed_at // MICROSECONDS, kept, row.client, taken))
    return found


def _take(office: Office, one: DayOfKind, wish: tuple[date, str]) -> Taken:
    kept, client = wish
    with office.database.write() as connection:
        segments = takeable(connection, one, _oldest_waiting(connection), office.profile.zone)
        if not segments:
            return Taken()
        taken, number = counted(segments), allocate(connection, office.clock.micros())
        row = {"transaction": number, "first_kept": day_number(kept), "client": client}
        connection.execute(purges.insert().values(**row, **taken._asdict()))
        take_out(connection, segments, office.profile.zone, number)
    return taken


def _oldest_waiting(connection: Connection) -> int:
    """The transaction of the oldest values that are still to be delivered, or told in a feed."""
    open_bundles = sa.select(bundle_part.c.outgoing).join(bundle, bundle.c.id == bundle_part.c.bundle)
    is_open = open_bundles.where(bundle.c.dequeued_at.is_(None), bundle.c.failed_at.is_(None))
    waiting = sa.select(sa.func.min(outgoing.c.transaction)).where(
        (outgoing.c.bundled < outgoing.c.series) | outgoing.c.id.in_(is_open)
    )
    told = sa.select(sa.func.min(feed_item.c.transaction))
    found = [connection.execute(statement).scalar() for statement in (waiting, told)]
    return min((int(number) for number in found if number is not None), default=_NOTHING_WAITS)
