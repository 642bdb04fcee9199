"""`gridpost-meters status`: how the collector is, asked of its status page, or of its outbox where it does not run."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import typer

from meter_adapters.cli.outcome import FINDINGS, AsJson, ConfigFile, print_json, print_rows, stop
from meter_adapters.cli.plants import plant_of
from meter_adapters.collector.collector import Collector
from meter_adapters.collector.config import CollectorConfig
from meter_adapters.collector.status_page import LOOPBACK

HEADS = ("bus", "meter", "serial", "last read", "age s", "stale", "clock s", "errors", "last error")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(config: ConfigFile, as_json: AsJson = False) -> None:
    """Show last readings, backlog and errors; exit 1 where somebody has to look."""
    plant = plant_of(config)
    try:
        found = _asked(plant.config)
        is_running = found is not None
        if found is None:
            found = Collector(plant).status()
    finally:
        plant.close()
    found["running"] = is_running
    if as_json:
        print_json(found)
    else:
        _print(found)
    if not is_running or _needs_a_look(found):
        stop(FINDINGS)


def _asked(config: CollectorConfig) -> dict[str, Any] | None:
    """What the running collector says; None where none runs."""
    try:
        answer = httpx.get(f"http://{LOOPBACK}:{config.collector.status_port}/status.json", timeout=10.0)
        value: dict[str, Any] = msgspec.json.decode(answer.content)
    except (httpx.HTTPError, msgspec.DecodeError):
        return None
    return value if value.get("collector") == config.collector.name else None


def _needs_a_look(found: dict[str, Any]) -> bool:
    meters = [meter for bus in found["buses"].values() for meter in bus["meters"]]
    return bool(
        found["disk"]["alarm"]
        or found["refused_batches"]
        or found["documents"]["refused"]
        or found["hub"] != "well"
        or any(meter["stale"] or meter["locked"] for meter in meters)
    )


def _print(found: dict[str, Any]) -> None:
    running = "runs" if found["running"] else "does not run"
    disk = found["disk"]
    typer.echo(f"Collector {found['collector']} {running}. Hub: {found['hub']}. Disk: {disk['used_percent']} %")
    for one in found["backlog"]:
        age = "" if one["age_seconds"] is None else f", oldest {one['age_seconds']} s"
        typer.echo(f"waiting, {one['lane']}: {one['rows']} rows{age}")
    if found["refused_batches"]:
        typer.echo(f"refused by the hub: {found['refused_batches']} batches")
    if any(found["documents"].values()):
        typer.echo("documents: " + ", ".join(f"{count} {state}" for state, count in found["documents"].items()))
    rows = [
        (
            *(bus, meter["name"], meter["meter"], meter["last_read"] or "never", _text(meter["age_seconds"])),
            *("yes" if meter["stale"] else "no", _text(meter["clock_ahead_seconds"]), meter["errors"]),
            meter["last_error"],
        )
        for bus, about in found["buses"].items()
        for meter in about["meters"]
    ]
    print_rows(HEADS, rows)


def _text(value: object) -> str:
    return "" if value is None else str(value)
