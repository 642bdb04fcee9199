"""Who may submit for a metering point (Regulation D1 §3.2.1, §3.4)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gateway.messages.codes import Role
from gateway.messages.masterdata import NONE, Codes, MasterData
from gateway.rules.batch import Batch, Sender
from gateway.rules.hits import NOTHING, Hits, Words, hits_where

OPERATING_ROLES = (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)
"""Two hats of one company: whoever runs a grid area is responsible for its metered data."""


def delegation_exists(batch: Batch) -> Hits:
    """A delegate holds a delegation for the grid area of the point, given by its grid operator (D1 §3.2.1)."""
    return _unentitled(batch) if batch.sender.role is Role.DELEGATE else NOTHING


def sender_is_responsible(batch: Batch) -> Hits:
    """The sender runs the grid area of the point today, or acts for whoever does (D1 §3.2.1).

    In a market where the hub's operator may send, it answers for what it changes itself (FI-2.5).
    """
    return NOTHING if batch.sender.role in (Role.DELEGATE, Role.HUB) else _unentitled(batch)


def _unentitled(batch: Batch) -> Hits:
    """Known points in whose grid area the sender has no say; an unknown point has no grid area."""
    areas = _areas_today(batch)
    refused = [code for code in set(areas.tolist()) if code != NONE and not _has_say(batch, code)]
    if not refused:
        return NOTHING

    def words(row: int) -> Words:
        area = batch.master.areas.names[areas[row]]
        return {"party": batch.sender.party, "point": batch.series.point[row], "area": area}

    return hits_where(np.isin(areas, refused), "point", words)


def _areas_today(batch: Batch) -> Codes:
    """Grid area of each point: by the version of now, else by the last one of its period; NONE where unknown."""
    columns, (first, number) = batch.master.points, batch.located
    if not len(columns.point):
        return np.full(len(first), NONE, dtype=np.int32)
    last = first if batch.is_plain else np.where(number > 0, first + number - 1, 0)
    is_current = batch.known & (columns.valid_from[last] <= batch.now) & (columns.valid_to[last] > batch.now)
    if not is_current.all():
        rest = np.flatnonzero(~is_current)
        now = np.full(len(rest), batch.now, dtype=np.int64)
        current = batch.master.locate(batch.keys[rest], now, now + 1)
        last = last.copy()
        last[rest] = np.where(current.number > 0, current.first, last[rest])
        is_current[rest] = current.number > 0
    areas: Codes = np.where(is_current | batch.known, columns.grid_area[last], NONE)
    return areas


def _has_say(batch: Batch, area: int) -> bool:
    """Whether the sender of a message has a say in a grid area, by its code."""
    name = batch.master.areas.names[area]
    return has_say(batch.master, batch.sender, name, batch.now, batch.facts.sending_processes)


def has_say(master: MasterData, sender: Sender, area: str, at: int, sending: Iterable[str]) -> bool:
    """Whether a sender is the area's grid operator, or holds a delegation from it to send measure data."""
    operator = master.grid_operator(area, at)
    if sender.role is not Role.DELEGATE and operator == sender.party:
        return True
    return any(
        item.grid_area == area
        and item.from_party == operator
        and item.from_role in OPERATING_ROLES
        and item.to_party == sender.party
        for process in sending
        for item in master.delegations_at(process, at)
    )
