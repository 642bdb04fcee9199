"""`gridpost profile`: the energy of a point without an interval meter, laid along a type-user curve (FI-3.2)."""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.outcome import CommandError
from gateway.messages.codes import Quality
from gateway.messages.quantities import format_quantity, parse_quantity
from gateway.messages.times import NO_INSTANT, STEP_SECONDS, format_second, parse_instant
from gateway.settlement.netting import Energy
from gateway.settlement.usage_profiles import from_estimate, from_reading, unmetered

_STEPS = {seconds: name for name, seconds in STEP_SECONDS.items()}
_COLUMNS = ["start", "weight"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("profile")(make_profile)


def make_profile(  # noqa: PLR0913 - one parameter for each option
    point: Annotated[str, typer.Argument(help="The metering point.")],
    *,
    curve: Annotated[Path, typer.Option(help="CSV of the steps: start, weight.")],
    kwh: Annotated[str, typer.Option(help="What was consumed over all steps of the curve.")],
    until: Annotated[str, typer.Option(help="The end of the last step.")],
    from_estimate: Annotated[
        bool, typer.Option("--from-estimate", help="It is an annual estimate: uncertain. Otherwise a reading: OK.")
    ] = False,
    constant: Annotated[
        bool, typer.Option("--constant", help="An unmetered constant load: all steps alike, estimated.")
    ] = False,
) -> None:
    """A series in the hub's own form, from an estimate, a reading or a constant load, exact to the Wh."""
    if from_estimate and constant:
        raise CommandError("an estimate goes along the curve, a constant load does not: take one of the two")
    starts, weights = _curve(curve)
    length = _length([*starts, _instant(until, "--until")])
    quantity = parse_quantity(kwh)
    if quantity is None or not quantity.is_plain or quantity.thousandths < 0:
        raise CommandError(f"{kwh} is no consumption in kWh with at most 3 decimals")
    found = _energy(quantity.thousandths, weights, is_estimate=from_estimate, is_constant=constant)
    typer.echo(json.dumps(_series(point, starts[0], _STEPS[length], found)))


def _energy(total: int, weights: list[int], *, is_estimate: bool, is_constant: bool) -> Energy:
    if is_constant:
        return unmetered(total, len(weights))
    return from_estimate(total, weights) if is_estimate else from_reading(total, weights)


def _series(point: str, start: int, step: str, energy: Energy) -> dict[str, object]:
    values = [
        {"quantity": format_quantity(quantity), "status": Quality(quality).name.lower()}
        for quantity, quality in zip(energy.quantity.tolist(), energy.quality.tolist(), strict=True)
    ]
    return {
        "transaction_id": f"{point}-{start}",
        "metering_point": point,
        "type": "consumption",
        "unit": "kwh",
        "step": step,
        "start": format_second(start),
        "values": values,
    }


def _curve(path: Path) -> tuple[list[int], list[int]]:
    """The starts and weights of a curve's steps."""
    try:
        rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig")), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path}: {error}") from error
    if not rows or rows[0] != _COLUMNS or len(rows) == 1:
        raise CommandError(f"{path}: the first line is {','.join(_COLUMNS)}, and a line for each step follows")
    starts, weights = list[int](), list[int]()
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(_COLUMNS) or not (row[1].isascii() and row[1].isdigit()) or not 0 < int(row[1]) < 2**31:
            raise CommandError(f"{path}, line {number}: a step has a start and a weight, a whole number above 0")
        starts.append(_instant(row[0], f"{path}, line {number}"))
        weights.append(int(row[1]))
    return starts, weights


def _instant(text: str, where: str) -> int:
    instant = parse_instant(text)
    if instant == NO_INSTANT:
        raise CommandError(f"{where}: {text!r} is no instant such as 2025-01-01T00:00+02:00")
    return instant


def _length(bounds: list[int]) -> int:
    """The length of the steps, which follow each other in quarters or in hours."""
    lengths = {later - earlier for earlier, later in pairwise(bounds)}
    if len(lengths) != 1 or lengths.isdisjoint(_STEPS):
        raise CommandError("the steps of the curve follow each other in quarters or in hours, up to --until")
    return lengths.pop()
