"""What a message of metering data changed, entered in the feed of everybody it concerns (Elering 12, 30).

It happens in the transaction that stores the values: what is stored is told, what is told is stored.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.feed.parts import Parts
from gateway.hub.feed.routing import Routing, StoredRows, Told
from gateway.hub.feed.streams import NewItem, add_items
from gateway.hub.metering_data.changes import Change
from gateway.hub.office import Office
from gateway.hub.ports_feed import FeedReason, FeedResource
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask


def note_changes(office: Office, connection: Connection, change: Change) -> None:
    """Tell the recipients of what one message stored; the connection holds the turn to write (EE-3.3)."""
    if not change.stored:
        return
    master, agreements = office.refresh(connection), office.agreements(connection)
    stored = StoredRows.of(change.stored, office.profile.zone)
    routing = Routing(office.profile.feed, agreements, master, change.commodity, office.clock.now())
    told = routing.told(stored, change.sender.party, office.profile.zone)
    most = office.profile.feed.item_values
    items = (item for one in told for item in items_of(stored, one, most))
    add_items(connection, change.transaction, (FeedResource.METERING_DATA, change.commodity), items)


def items_of(stored: StoredRows, told: Told, most: int) -> Iterator[NewItem]:
    """What one recipient is told, in items of about `most` values: all flows of a point and time in one of them.

    What is new comes before what supersedes.
    """
    parts, row = _shortened(told, most)
    units = _Units.of(stored, row, parts)
    for reason, corrects in ((FeedReason.CREATE, False), (FeedReason.UPDATE, True)):
        chosen = np.flatnonzero(units.corrects[units.of_part] == corrects)
        if not len(chosen):
            continue
        values = np.where(units.corrects == corrects, units.values, 0)
        item = (np.cumsum(values) - values) // most
        number = item[units.of_part[chosen]]
        bounds = np.flatnonzero(np.diff(number, prepend=-1, append=-1))
        for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            yield NewItem(told.recipient, reason, parts.take(units.order[chosen[first:last]]).pack())


def _shortened(told: Told, most: int) -> tuple[Parts, Rows]:
    """The parts, those of more than `most` steps cut at every `most` of them, and their rows."""
    parts = told.parts
    steps = parts.last - parts.first
    if int(steps.max(initial=0)) <= most:
        return parts, told.rows
    pieces = -(-steps // most)
    owner = np.repeat(np.arange(len(steps)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    cut = parts.take(owner)
    first = cut.first + number * most
    return Parts(cut.point, cut.segment, cut.row, first, np.minimum(first + most, cut.last)), told.rows[owner]


class _Units:
    """Parts of one point that begin at one time: what belongs together in an item.

    Attributes:
        order: the parts by point and beginning.
        of_part: the unit of each part in that order.
        values: how many values each unit has.
        corrects: whether any row of the unit supersedes something.
    """

    def __init__(self, order: Rows, of_part: Rows, steps: Rows, corrects: Mask) -> None:
        self.order, self.of_part = order, of_part
        count = int(of_part[-1]) + 1 if len(of_part) else 0
        self.values = np.bincount(of_part, weights=steps, minlength=count).astype(np.int64)
        self.corrects = np.bincount(of_part, weights=corrects, minlength=count) > 0

    @classmethod
    def of(cls, stored: StoredRows, row: Rows, parts: Parts) -> _Units:
        point, begin = stored.point[row], _begin(stored, row, parts)
        order = np.lexsort((begin, _rank(point)))
        changes = (np.diff(point[order]) != 0) | (np.diff(begin[order]) != 0)
        of_part = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(changes)])
        return cls(order, of_part, (parts.last - parts.first)[order], stored.corrects[row[order]])


def _rank(point: Rows) -> Rows:
    """Points by order of first appearance."""
    _, first, inverse = np.unique(point, return_index=True, return_inverse=True)
    return first[inverse]


def _begin(stored: StoredRows, row: Rows, parts: Parts) -> Rows:
    """When the first step of each part begins, roughly: steps of one input are told apart by their number."""
    count = np.array([one.quantity.shape[1] for one, _ in stored.inputs], dtype=np.int64)[stored.input[row]]
    begin: Rows = stored.start[row] + (stored.end[row] - stored.start[row]) * parts.first // count
    return begin
