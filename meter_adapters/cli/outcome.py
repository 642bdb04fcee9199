"""How commands end and what they print: exit codes, one sentence for what went wrong, lines for people, JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gateway.messages.times import format_second
from meter_adapters.readings import MeterEvent, Reading, Refusal

GOOD, FINDINGS, COULD_NOT_RUN = 0, 1, 2

ConfigFile = Annotated[Path, typer.Option("--config", metavar="FILE", help="The collector's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class CommandError(Exception):
    """A command cannot run; the text is the whole message for the person who gave it."""


def stop(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise typer.Exit(code)


def print_json(value: object) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_rows(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows with aligned columns for a terminal, otherwise as lines with tabs between the cells."""
    table = [[str(cell) for cell in row] for row in (heads, *rows)]
    if not sys.stdout.isatty():
        for row in table:
            typer.echo("\t".join(row))
        return
    widths = [max(len(row[place]) for row in table) for place in range(len(heads))]
    for row in table:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


READING_HEADS = ("obis", "value", "unit", "time", "status", "flags")


def reading_cells(reading: Reading) -> tuple[str, ...]:
    """A reading as the cells of a line."""
    return (
        str(reading.obis),
        reading.text or f"{reading.value:f}",
        reading.unit,
        _time_of(reading.ts_end, reading.meter_time_raw),
        "" if reading.status_raw is None else f"{reading.status_raw:02X}",
        ",".join(sorted(reading.flags)),
    )


def reading_value(reading: Reading) -> dict[str, object]:
    """A reading as JSON."""
    return {
        "meter": reading.meter.name,
        "obis": str(reading.obis),
        "value": reading.text or f"{reading.value:f}",
        "unit": reading.unit,
        "raw": str(reading.raw),
        "scaler": reading.scaler,
        "time": None if reading.ts_end is None else format_second(reading.ts_end),
        "meter_time": reading.meter_time_raw,
        "period": reading.period,
        "status": reading.status_raw,
        "flags": sorted(reading.flags),
        "offset_source": reading.offset_source.value,
        "protection": reading.protection.value,
        "id": reading.source_id,
    }


def event_value(event: MeterEvent) -> dict[str, object]:
    """An event as JSON."""
    return {
        "meter": event.meter.name,
        "log": str(event.log),
        "code": event.code,
        "text": event.text,
        "time": None if event.ts is None else format_second(event.ts),
        "meter_time": event.meter_time_raw,
    }


def event_cells(event: MeterEvent) -> tuple[str, ...]:
    """An event as the cells of a line under the heads of readings."""
    return (
        str(event.log),
        f"event {event.code} {event.text}".strip(),
        "",
        _time_of(event.ts, event.meter_time_raw),
        "",
        "",
    )


def refusal_value(refusal: Refusal) -> dict[str, object]:
    """A refusal as JSON."""
    at = None if refusal.at is None else format_second(refusal.at)
    return {"meter": refusal.meter, "at": at, "reason": refusal.reason.value, "text": refusal.text}


def print_refusal(refusal: Refusal) -> None:
    """A refusal, on the error output."""
    about = f"{refusal.meter}: " if refusal.meter else ""
    typer.echo(f"{about}[{refusal.reason}] {refusal.text}", err=True)


def _time_of(instant: int | None, written: str) -> str:
    return format_second(instant) if instant is not None else f"? {written}" if written else ""
