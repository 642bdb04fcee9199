"""What a message of metering data changed, for who keeps the change feed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.hub.metering_data.storing import Stored
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.messages.codes import Commodity


@dataclass(frozen=True, slots=True)
class Change:
    """What one message brought.

    Attributes:
        transaction: the version it is.
        sender: who sent it; the feed has no echo of it.
        commodity: what it measures.
        stored: what was given to the series store, the instants of reading among it, and where it was put.
    """

    transaction: int
    sender: Principal
    commodity: Commodity
    stored: tuple[Stored, ...]


NoteChanges = Callable[[Office, Connection, Change], None]
"""Enters a change in the change feed, in the transaction that stores it."""


def note_nothing(_office: Office, _connection: Connection, _change: Change) -> None:
    """For a hub without a change feed."""
