"""How a market tells its parties of changes: who is told of metering data, for how long, in windows of which size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.messages.codes import AgreementKind, Role
from gateway.messages.times import DAY, HOUR


@dataclass(frozen=True, slots=True)
class FeedPolicy:
    """The feed of changes.

    Attributes:
        recipients: agreements whose party is told of metering data at the point while they hold, and the roles it is
            told in: the first of them it holds.
        portfolio: the roles in which all those above it are told, too; of nobody where empty.
        retention_seconds: how long an item is kept.
        data_window, other_window: longest window of time of metering data and of everything else, seconds.
        id_window: greatest difference of the ids of a window.
        item_values: how many values an item of metering data holds at most, unless one day of a point has more.
    """

    recipients: Mapping[AgreementKind, tuple[Role, ...]] = field(default_factory=dict)
    portfolio: tuple[Role, ...] = ()
    retention_seconds: int = 7 * DAY
    data_window: int = HOUR
    other_window: int = DAY
    id_window: int = 10_000
    item_values: int = 3_000


NO_FEED = FeedPolicy()
"""Of a market whose parties have queues."""


def read_feed(table: Mapping[str, Any]) -> FeedPolicy:
    """The policy from a market's TOML."""
    return FeedPolicy(
        recipients={AgreementKind(kind): tuple(map(Role, roles)) for kind, roles in table["recipients"].items()},
        portfolio=tuple(map(Role, table["portfolio"])),
        retention_seconds=table["retention_days"] * DAY,
        data_window=table["data_window_minutes"] * 60,
        other_window=table["other_window_hours"] * HOUR,
        id_window=table["id_window"],
        item_values=table["item_values"],
    )
