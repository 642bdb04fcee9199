"""What the hub offers to who follows changes: the `ChangeFeed`, and the values that pass through it.

The hub sends nothing of its own accord. What concerns a party is noted for it, in order and split by what it is
entitled to, in the very transaction that stores it; the party fetches it by windows of time or of ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_metering_data import NumberedPage
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import Commodity
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.metering_data import MeteringData


class FeedResource(StrEnum):
    """What an item of the feed is about."""

    METERING_DATA = "metering-data"
    METERING_POINT = "metering-point"
    AGREEMENT = "agreement"
    PERMISSION = "permission"
    NETWORK_BILL = "network-bill"
    CUSTOMER_DATA = "customer-data"
    """Of the last two this hub has none: their feed is empty."""


class FeedReason(StrEnum):
    """What happened to it."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class FeedQuery:
    """A window of the reader's feed of one resource: by time, by ids, or both.

    Attributes:
        resource, commodity: what about.
        created_from, created_to: [from, to) in epoch microseconds.
        id_from, id_to: both included.
    """

    resource: FeedResource
    commodity: Commodity
    created_from: int | None = None
    created_to: int | None = None
    id_from: int | None = None
    id_to: int | None = None


FeedContent = MeteringData | tuple[Agreement, ...] | tuple[AccessPermission, ...] | tuple[MeteringPointVersion, ...]
"""What an item carries: the intervals the reader is entitled to, or all versions of what changed."""


@dataclass(frozen=True, slots=True)
class FeedItem:
    """One change made available to the reader.

    Attributes:
        id: a number, increasing in the order of `created_at`; the reader's own, without gaps over all resources.
        uuid: the same as a UUID.
        created_at: when it was made available, epoch microseconds.
        resource, reason: what happened to what.
        content: what; None where it cannot be read.
        missing: why there is no content.
    """

    id: int
    uuid: str
    created_at: int
    resource: FeedResource
    reason: FeedReason
    content: FeedContent | None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class FeedPage:
    """One page of a window, in order of id, and how many items the whole window has."""

    items: tuple[FeedItem, ...]
    total: int


class ChangeFeed(Protocol):
    """Changes made available. Every call may raise StoreUnavailable; none for bad input."""

    async def changes(self, reader: Principal, query: FeedQuery, page: NumberedPage) -> FeedPage | Refused:
        """One page of a window of the reader's feed; refused where the window is at fault.

        Whoever reads a window whose end is past reads it complete: nothing is added to it later.
        """
        ...
