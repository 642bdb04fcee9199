"""The desk of the feed: whether a window may be asked for, and that whoever reads it reads it complete."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate
from gateway.hub.feed.reading import read_page
from gateway.hub.office import Office
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_feed import FeedPage, FeedQuery, FeedResource
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.tables import transaction
from gateway.messages.findings import Finding

_GREATEST = 2**62


class FeedDesk:
    """Implements `gateway.hub.ports_feed.ChangeFeed` over one office."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def changes(self, reader: Principal, query: FeedQuery, page: NumberedPage) -> FeedPage | Refused:
        """One page of a window of the reader's feed (EE-3.3); refused where the window is at fault.

        Findings: `feed-window-required`, `feed-window-half`, `feed-from-not-before-to`, `feed-window-too-long`,
        `feed-id-negative`, `feed-id-from-after-to`, `feed-ids-too-many`.
        """
        findings = tuple(self._findings(query))
        if findings:
            return Refused(findings)
        return await asyncio.to_thread(self._changes, reader, query, page)

    def _changes(self, reader: Principal, query: FeedQuery, page: NumberedPage) -> FeedPage:
        if query.created_to is not None and not self._is_past(query.created_to):
            self._close()
        with self._office.database.read() as connection:
            return read_page(self._office, connection, reader, query, page)

    def _is_past(self, instant: int) -> bool:
        """Whether something was committed at an instant or later: then nothing before it is still to come."""
        with self._office.database.read() as connection:
            return _newest_commit(connection) >= instant

    def _close(self) -> None:
        """Take a number and commit: whoever writes now is waited for, whoever comes after bears a later time."""
        with self._office.database.write() as connection:
            allocate(connection, self._office.clock.micros())

    def _findings(self, query: FeedQuery) -> Iterator[Finding]:
        times, ids = (query.created_from, query.created_to), (query.id_from, query.id_to)
        word = self._office.profile.finding
        if times == ids == (None, None):
            yield word("feed-window-required", "dataDistributionAttributes")
        for pair, name in ((times, "createdTime"), (ids, "id")):
            if (pair[0] is None) != (pair[1] is None):
                yield word("feed-window-half", f"{name}{'To' if pair[1] is None else 'From'}")
        yield from self._time_findings(query)
        yield from self._id_findings(query)

    def _time_findings(self, query: FeedQuery) -> Iterator[Finding]:
        if query.created_from is None or query.created_to is None:
            return
        policy, word = self._office.profile.feed, self._office.profile.finding
        is_data = query.resource is FeedResource.METERING_DATA
        longest = policy.data_window if is_data else policy.other_window
        if query.created_from >= query.created_to:
            yield word("feed-from-not-before-to", "createdTimeFrom")
        elif query.created_to - query.created_from > longest * MICROSECONDS:
            yield word("feed-window-too-long" if is_data else "feed-day-too-long", "createdTimeTo")

    def _id_findings(self, query: FeedQuery) -> Iterator[Finding]:
        if query.id_from is None or query.id_to is None:
            return
        word, most = self._office.profile.finding, self._office.profile.feed.id_window
        if min(query.id_from, query.id_to) < 0:
            yield word("feed-id-negative", "idFrom" if query.id_from < 0 else "idTo")
        elif query.id_from > query.id_to:
            yield word("feed-id-from-after-to", "idFrom")
        elif query.id_to - query.id_from > most or query.id_to > _GREATEST:
            yield word("feed-ids-too-many", "idTo", most=most)


def _newest_commit(connection: Connection) -> int:
    """When the newest transaction was committed; 0 where there is none."""
    newest = sa.select(transaction.c.committed_at).order_by(transaction.c.id.desc()).limit(1)
    return int(connection.execute(newest).scalar() or 0)
