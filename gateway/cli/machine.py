"""This machine's hub: settings from options, environment and `gridpost.toml`, and the hub opened over its database."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from gateway.cli.options import settings_from
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
def local_hub(settings: Settings) -> Iterator[Hub]:
    """The hub of this machine, opened beside whatever serves it and made where there is none; it takes no messages."""
    try:
        hub = open_hub(settings)
    except (KeyError, TypeError, ValueError) as error:
        raise CommandError(f"the hub cannot be opened with these settings: {error}") from error
    try:
        yield hub
    finally:
        hub.office.database.close()


@contextmanager
def existing_hub(data_dir: Path | None, database: str | None, market: str | None) -> Iterator[Hub]:
    """The hub that is there already, by the options of a command, the settings where an option was not given."""
    settings = settings_from(data_dir=data_dir, database=database, market=market)
    if settings.database is None and not (settings.data_dir / "gridpost.db").is_file():
        raise CommandError(f"there is no hub in {settings.data_dir}; give its --data-dir or --database")
    with local_hub(settings) as hub:
        yield hub


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """The result of one call of the hub."""
    return asyncio.run(work)
