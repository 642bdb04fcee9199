"""What many commands take: options, the settings they make, the market's profile, days and instants."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.cli.outcome import CommandError
from gateway.config import Settings
from gateway.markets.profile import MarketProfile
from gateway.markets.registry import BEHAVIOURS, changed_profile
from gateway.messages.times import NO_INSTANT, Interval, MarketZone, parse_instant

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Where the hub keeps its database and keys.", show_default=False)
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="postgresql://… instead of SQLite in the data directory."),
]
Market = Annotated[str | None, typer.Option("--market", help="Whose rules hold.", show_default=False)]

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


def instant_of(text: str, zone: MarketZone, now: int) -> int:
    """The instant a text means: itself, or the local midnight a day begins at, also that of today and yesterday."""
    days_back = {"today": 0, "yesterday": 1}.get(text)
    if days_back is not None:
        return zone.midnight(zone.day(now) - timedelta(days=days_back))
    try:
        return zone.midnight(date.fromisoformat(text))
    except (ValueError, OverflowError):
        instant = parse_instant(text)
    if instant == NO_INSTANT:
        raise CommandError(f"{text} is neither a day (2025-01-31) nor an instant (2025-01-30T23:00Z)")
    return instant


def interval_of(start: str, end: str, zone: MarketZone, now: int) -> Interval:
    """What lies from one day or instant to before another."""
    interval = Interval(instant_of(start, zone, now), instant_of(end, zone, now))
    if interval.start >= interval.end:
        raise CommandError("--to must be after --from")
    return interval


def days_from(start: str, end: str | None, zone: MarketZone, now: int) -> tuple[date, date | None]:
    """The local days of two texts: the first, and the one to end before where it is given."""
    if end is None:
        return zone.day(instant_of(start, zone, now)), None
    first, last = (zone.day(instant_of(text, zone, now)) for text in (start, end))
    if first >= last:
        raise CommandError("--to must be after --from")
    return first, last


def day_of(text: str) -> date:
    """The day of the calendar a text means."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no day such as 2025-01-31") from None
