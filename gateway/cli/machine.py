"""This machine's hub: settings from options, environment and `gridpost.toml`, and the hub opened over its database."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from gateway.cli.outcome import CommandError
from gateway.config import Settings
from gateway.hub.exchange import Hub
from gateway.hub.ports import Principal
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Role
from gateway.wiring import open_hub

T = TypeVar("T")


def operator_of(profile: MarketProfile) -> Principal:
    """The operator of the hub, as whom the commands of this machine speak."""
    return Principal(profile.hub, Role.HUB, "gridpost")


@contextmanager
def local_hub(settings: Settings, must_exist: bool = False) -> Iterator[Hub]:
    """The hub of this machine, opened beside whatever serves it; it takes no messages here.

    Args:
        settings: where it is.
        must_exist: refuse to create an empty one where there is none.
    """
    file = settings.data_dir / "gridpost.db"
    if must_exist and settings.database is None and not file.is_file():
        raise CommandError(f"there is no hub in {settings.data_dir}; give its --data-dir or --database")
    try:
        hub = open_hub(settings)
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError(f"the hub cannot be opened with these settings: {error}") from error
    try:
        yield hub
    finally:
        hub.office.database.close()


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """The result of one call of the hub."""
    return asyncio.run(work)
