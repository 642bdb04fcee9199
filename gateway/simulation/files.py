"""A simulated market as files: its master data, its timeline, the newest basis of every day, and pictures of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from gateway.hub.masterdata.files import write_files
from gateway.messages.codes import REFIXATIONS, Resolution, SettlementStage
from gateway.messages.quantities import format_quantity
from gateway.messages.times import HOUR, STEP_SECONDS, MarketZone, format_second
from gateway.simulation.market import SimulatedMarket
from gateway.simulation.picture import Line, day_picture
from gateway.simulation.timeline import SUMS, MarketDay, Settled, Timeline

_DRAWN = {
    "total": ("total consumption", "#3465a4"),
    "production": ("production", "#4e9a06"),
    "exchange": ("net exchange", "#888a85"),
    "residual": ("residual consumption", "#cc0000"),
}
"""What each line of a picture is called, and its colour, by sum."""


def write_market(directory: Path, market: SimulatedMarket, timeline: Timeline) -> None:
    """Write everything into a directory, which is made where it is not there.

    `masterdata/` holds the files an import takes; `timeline.csv` a row for each day of the market, `bases.csv` one for
    each basis filed, `results.csv` one for each step of the newest basis of a day of operation and grid area;
    `day-<area>-<date>.svg` draws that basis.
    """
    write_files(replace(market.dataset, points=market.points), directory / "masterdata")
    newest = timeline.newest().values()
    _write(directory / "timeline.csv", _TIMELINE, map(_day_row, timeline.days))
    _write(
        directory / "bases.csv", ("stage", "day", "grid_area", "snapshot", *SUMS), map(_basis_row, timeline.settled())
    )
    _write(
        directory / "results.csv", ("day", "grid_area", "start", *SUMS), (row for one in newest for row in _steps(one))
    )
    for one in newest:
        (directory / f"day-{one.area}-{one.day}.svg").write_text(picture_of(market.zone, one), encoding="utf-8")


def picture_of(zone: MarketZone, basis: Settled) -> str:
    """A basis as a drawing."""
    lines = [Line(*drawn, (basis.steps[name] / 1000).tolist()) for name, drawn in _DRAWN.items()]
    hours = len(basis.steps["total"]) * STEP_SECONDS[basis.resolution] // HOUR
    starts = zone.step_starts(Resolution.HOUR, basis.start, hours)
    title = f"Grid area {basis.area}, {basis.day:%A %d %B %Y}"
    return day_picture(title, lines, [zone.local(start).hour for start in starts.tolist()])


_TIMELINE = (
    *("date", "messages", "accepted", "corrected", "rejected", "supplier_changes", "documents", "held", "decisions"),
    *("preliminary", "fixed", *(stage.value for stage in REFIXATIONS)),
)


def _day_row(one: MarketDay) -> Sequence[object]:
    series = (one.series[became] for became in ("accepted", "corrected", "rejected"))
    counts = (one.supplier_changes, one.documents.total(), len(one.held), len(one.decisions), one.preliminary)
    stages = (SettlementStage.FIXATION, *REFIXATIONS)
    return (one.today, one.messages, *series, *counts, *(len(one.of_stage(stage)) for stage in stages))


def _basis_row(one: Settled) -> Sequence[object]:
    kwh = (format_quantity(wh) for wh in one.totals.values())
    return (one.stage.value, one.day, one.area, one.snapshot, *kwh)


def _steps(one: Settled) -> Iterable[Sequence[object]]:
    seconds = STEP_SECONDS[one.resolution]
    columns = (one.steps[name].tolist() for name in SUMS)
    for number, step in enumerate(zip(*columns, strict=True)):
        yield (one.day, one.area, format_second(one.start + number * seconds), *map(format_quantity, step))


def _write(path: Path, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
