"""The feed read: windows counted and found by arithmetic, and what each of their items shows."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import zstandard
from sqlalchemy.engine import Connection

from gateway.hub.database import run, transaction_at
from gateway.hub.feed.key_rows import rows_of_keys
from gateway.hub.feed.parts import Parts
from gateway.hub.feed.streams import REASONS
from gateway.hub.metering_data.stored_intervals import StoredPart, intervals_of_each
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.ports_feed import FeedContent, FeedItem, FeedPage, FeedQuery, FeedResource
from gateway.hub.ports_metering_data import NumberedPage
from gateway.messages.codes import Commodity
from gateway.messages.identifiers import point_id
from gateway.messages.metering_data import MeteringData
from gateway.messages.times import Instants

log = logging.getLogger(__name__)

UNREADABLE = "The content can no longer be read"
"""Why an item has no content: what it refers to is damaged or gone. The values can be searched for."""

_NAMESPACE = uuid.UUID("3a7d6f3e-5d0b-5c39-9d6b-6f2b0a4f6f58")
"""Under which the UUIDs of items are made of whose and which they are."""

_STREAM = (
    "select s.number, s.last_place from feed_stream s join feed_recipient r on r.number = s.recipient "
    "where r.party = ? and r.role = ? and s.resource = ? and s.commodity = ?"
)
_ITEMS = (
    'select i.id, i."transaction", i.reason, i.content, t.committed_at from feed_item i '
    'join "transaction" t on t.id = i."transaction" '
    "where i.stream = ? and i.place >= ? and i.place < ? order by i.place"
)


class _Row(NamedTuple):
    id: int
    transaction: int
    reason: int
    content: bytes
    created_at: int


def read_page(
    office: Office, connection: Connection, reader: Principal, query: FeedQuery, page: NumberedPage
) -> FeedPage:
    """One page of a window that has been found good."""
    reader = replace(reader, role=office.profile.queue_role(reader.role))
    key = (reader.party, reader.role.value, query.resource.value, query.commodity.value)
    stream = run(connection, _STREAM, key).fetchone()
    if stream is None:
        return FeedPage((), 0)
    first, end = _window(connection, query, *stream)
    low = min(first + page.page * page.size, end)
    rows = [_Row(*row) for row in run(connection, _ITEMS, (stream[0], low, min(low + page.size, end))).fetchall()]
    contents = _contents(office, connection, query, rows)
    items = (_item(reader, query.resource, row, content) for row, content in zip(rows, contents, strict=True))
    return FeedPage(tuple(items), max(end - first, 0))


def _window(connection: Connection, query: FeedQuery, stream: int, last_place: int) -> tuple[int, int]:
    """The places [first, end) of the items of a window."""

    def place(column: str, least: int) -> int:
        statement = f"select min(place) from feed_item where stream = ? and {column} >= ?"  # noqa: S608 - column is ours
        found = run(connection, statement, (stream, least)).fetchall()[0][0]
        return last_place + 1 if found is None else int(found)

    first, end = place("place", 0), last_place + 1
    if query.id_from is not None and query.id_to is not None:
        first, end = max(first, place("id", query.id_from)), min(end, place("id", query.id_to + 1))
    if query.created_from is not None and query.created_to is not None:
        since, until = (transaction_at(connection, at - 1) + 1 for at in (query.created_from, query.created_to))
        first, end = max(first, place('"transaction"', since)), min(end, place('"transaction"', until))
    return first, max(end, first)


def _item(reader: Principal, resource: FeedResource, row: _Row, content: FeedContent | None) -> FeedItem:
    name = f"{reader.party}/{reader.role}/{row.id}/{row.created_at}"
    return FeedItem(
        id=row.id,
        uuid=str(uuid.uuid5(_NAMESPACE, name)),
        created_at=row.created_at,
        resource=resource,
        reason=REASONS[row.reason],
        content=content,
        missing="" if content is not None else UNREADABLE,
    )


def _contents(
    office: Office, connection: Connection, query: FeedQuery, rows: Sequence[_Row]
) -> Sequence[FeedContent | None]:
    """What items show, None where it cannot be read: one damaged item takes no other with it."""
    if query.resource is not FeedResource.METERING_DATA:
        return rows_of_keys(connection, query.resource, [(row.content.decode(), row.transaction) for row in rows])
    try:
        return _metering_data(office, connection, query.commodity, rows)
    except (KeyError, ValueError, IndexError, zstandard.ZstdError):
        if len(rows) == 1:
            log.exception("item %s of the feed cannot be read", rows[0].id)
            return [None]
    return [content for row in rows for content in _contents(office, connection, query, [row])]


def _metering_data(
    office: Office, connection: Connection, commodity: Commodity, rows: Sequence[_Row]
) -> list[MeteringData]:
    """The intervals of items; every chunk of the store is opened once for all of them."""
    parts = [list(Parts.unpack(row.content)) for row in rows]
    places = [(segment, row) for one in parts for _, segment, row, _, _ in one]
    found = iter(office.store.rows(connection, places))
    starts = _Starts(office)
    names: dict[int, str] = {}
    items = []
    for one in parts:
        shown = []
        for point, _, _, first, last in one:
            stored = next(found)
            segment = stored.segment
            begins = starts.of((segment.resolution, segment.start, segment.count), first, last)
            if point not in names:
                names[point] = point_id(point)
            quantity, quality = stored.quantity[first:last], stored.quality[first:last]
            shown.append(StoredPart(names[point], segment.kind, segment.resolution, begins, quantity, quality))
        items.append(shown)
    return intervals_of_each(items, commodity)


class _Starts:
    """The starts of steps, worked out once for each period and part of it: many rows share them."""

    def __init__(self, office: Office) -> None:
        self._zone = office.profile.zone
        self._whole: dict[tuple[str, int, int], Instants] = {}
        self._cut: dict[tuple[tuple[str, int, int], int, int], Instants] = {}

    def of(self, period: tuple[str, int, int], first: int, last: int) -> Instants:
        """The starts of steps [first, last) of a period."""
        key = period, first, last
        found = self._cut.get(key)
        if found is None:
            whole = self._whole.get(period)
            if whole is None:
                whole = self._whole[period] = self._zone.step_starts(*period)
            found = self._cut[key] = whole[first:last]
        return found
