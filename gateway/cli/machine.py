"""This machine's hub: settings from options, environment and `gridpost.toml`, and the hub opened over its database."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from gateway.app import open_hub
from gateway.cli.outcome import CommandError
from gateway.config import Settings
from gateway.hub.exchange import Hub
from gateway.hub.ports import Principal
from gateway.markets.profile import MarketProfile
from gateway.markets.registry import BEHAVIOURS, changed_profile
from gateway.messages.codes import Role

T = TypeVar("T")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the hub keeps its database and keys.", show_default=False)
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="postgresql://… instead of SQLite in the data directory."),
]
Market = Annotated[str | None, typer.Option("--market", help="Whose rules hold.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

PACKS = "schema-packs"
"""Directory within the data directory where installed schema packs lie; the hub uses every one of them."""


def settings_from(**options: Any) -> Settings:
    """The settings, options that were not given left to the environment and the file; installed packs included."""
    given = {name: value for name, value in options.items() if value is not None}
    settings = Settings(**given)
    if settings.market not in BEHAVIOURS:
        raise CommandError(f"there is no market {settings.market!r}; known are {', '.join(BEHAVIOURS)}")
    known = {path.resolve() for path in settings.schema_packs}
    installed = [path for path in installed_packs(settings.data_dir) if path.resolve() not in known]
    return settings.model_copy(update={"schema_packs": [*settings.schema_packs, *installed]})


def installed_packs(data_dir: Path) -> list[Path]:
    """The schema packs installed in a data directory."""
    return sorted(index.parent for index in (data_dir / PACKS).glob("*/index.json"))


def profile_of(settings: Settings) -> MarketProfile:
    """The market's profile with the operator's changes."""
    return changed_profile(settings.market, settings.profile, settings.rules)


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
