"""How much waits in the receivers' queues, bundled or not."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.office import Office
from gateway.hub.ports import Principal, QueueLength
from gateway.hub.tables_exchange import bundle, outgoing
from gateway.messages.codes import Category, Role

_Lengths = dict[tuple[str, str, str], QueueLength]


def queue_lengths(office: Office, connection: Connection, reader: Principal) -> tuple[QueueLength, ...]:
    """What waits for the reader, by category; for the hub's operator, every queue in which something waits.

    Documents are those closed and not dequeued, and those that the waiting series would make by number alone; an age
    or weight that closes one early makes more.
    """
    lengths: _Lengths = {}
    owner: tuple[str, str] | None = None
    if reader.role is not Role.HUB:
        owner = (reader.party, office.profile.queue_role(reader.role).value)
        for category in Category:
            lengths[*owner, category.value] = QueueLength(owner[0], Role(owner[1]), category, 0, 0, None)
    _add_closed(connection, owner, lengths)
    _add_waiting(connection, owner, office.profile.bundling.transactions, lengths)
    return tuple(lengths[key] for key in sorted(lengths))


def _add_closed(connection: Connection, owner: tuple[str, str] | None, lengths: _Lengths) -> None:
    queue = (bundle.c.party, bundle.c.role, bundle.c.category)
    wanted = (
        sa.select(*queue, sa.func.count(), sa.func.sum(bundle.c.series), sa.func.min(bundle.c.created_at))
        .where(bundle.c.dequeued_at.is_(None))
        .group_by(*queue)
    )
    if owner is not None:
        wanted = wanted.where(bundle.c.party == owner[0], bundle.c.role == owner[1])
    for party, role, category, documents, series, oldest in connection.execute(wanted):
        _add(lengths, (party, role, category), (documents, int(series), oldest))


def _add_waiting(connection: Connection, owner: tuple[str, str] | None, most: int, lengths: _Lengths) -> None:
    queue = (outgoing.c.party, outgoing.c.role, outgoing.c.category)
    together = (
        outgoing.c.kind,
        outgoing.c.process_type,
        outgoing.c.document_role,
        outgoing.c.related_message,
        sa.case((outgoing.c.alone == 1, outgoing.c.id), else_=0),
    )
    waiting = sa.func.sum(outgoing.c.series - outgoing.c.bundled)
    wanted = (
        sa.select(*queue, waiting, sa.func.min(outgoing.c.created_at))
        .where(sa.text("bundled < series"))  # spelled as the partial index of the waiting rows
        .group_by(*queue, *together)
    )
    if owner is not None:
        wanted = wanted.where(outgoing.c.party == owner[0], outgoing.c.role == owner[1])
    for party, role, category, series, oldest in connection.execute(wanted):
        _add(lengths, (party, role, category), (-(-int(series) // most), int(series), oldest))


def _add(lengths: _Lengths, key: tuple[str, str, str], found: tuple[int, int, int]) -> None:
    documents, series, oldest = found
    party, role, category = key
    known = lengths.get(key, QueueLength(party, Role(role), Category(category), 0, 0, None))
    oldest_at = oldest // MICROSECONDS
    lengths[key] = replace(
        known,
        documents=known.documents + documents,
        series=known.series + series,
        oldest_at=oldest_at if known.oldest_at is None else min(known.oldest_at, oldest_at),
    )
