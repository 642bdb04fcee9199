"""Random markets through files and the command, against the rules worked out value by value."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cli import run
from gateway.messages.codes import MeteringPointType, Quality, Resolution
from gateway.messages.quantities import format_quantity, parse_quantity
from gateway.messages.times import format_second, parse_instant
from gateway.settlement.dh3 import LossSign
from gateway.settlement.results import Method, ResultKey, ResultKind
from tests.property.settlement import reference
from tests.property.settlement.markets import SETTLED, Market, markets
from tests.property.settlement.reference import Table

POINTS = (
    "mp", "kind", "settlement", "grid_area", "resolution", "from_area", "to_area", "parent_mp", "supplier", "brp",
    "valid_from", "valid_to",
)  # fmt: skip


def write_market(market: Market, directory: Path, chance: Random) -> None:
    """The three input files, rows in any order."""
    points: list[list[object]] = [
        [
            version.metering_point,
            "child" if version.kind is MeteringPointType.NET_CONSUMPTION else version.kind,
            version.settlement_method if version.kind is MeteringPointType.CONSUMPTION else None,
            version.grid_area,
            version.resolution,
            version.from_grid_area,
            version.to_grid_area,
            "parent" if version.kind is MeteringPointType.NET_CONSUMPTION else None,
            version.energy_supplier,
            version.balance_responsible,
            format_second(version.valid_from),
            format_second(version.valid_to),
        ]
        for version in market.versions
    ]
    points += [
        [
            loss.point,
            "consumption" if loss.sign is LossSign.POSITIVE else "production",
            "flex" if loss.sign is LossSign.POSITIVE else None,
            loss.grid_area,
            "PT1H",
            *[None] * 3,
            loss.supplier,
            loss.brp,
            format_second(loss.valid_from),
            format_second(loss.valid_to),
        ]
        for loss in market.losses
    ]
    values: list[list[object]] = [
        [point, format_second(time), *_written(wh, quality)]
        for (point, time), (wh, quality) in market.values.items()
        if _is_valid(market, point, time)
    ]
    losses: list[list[object]] = [[point, area, sign] for point, area, sign in {loss[:3] for loss in market.losses}]
    for name, heads, rows in (
        ("metering_points", POINTS, points),
        ("series", ("mp", "time", "quantity", "quality"), values),
        ("grid_loss", ("mp", "grid_area", "role"), losses),
    ):
        chance.shuffle(rows)
        with (directory / f"{name}.csv").open("w", newline="") as stream:
            csv.writer(stream).writerows([heads, *rows])


def _written(wh: int, quality: Quality) -> tuple[str, str]:
    name = reference.name_of(quality)
    return ("", name) if quality is Quality.MISSING else (format_quantity(wh), name)


def _is_valid(market: Market, point: int, time: int) -> bool:
    return any(
        version.metering_point == f"{point}" and version.valid_from <= time < version.valid_to
        for version in market.versions
    )


def read_table(path: Path) -> Table:
    found: Table = {}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            point = row.get("mp")
            key = ResultKey(
                row["grid_area"],
                row["supplier"] or None,
                row["brp"] or None,
                row.get("neighbour"),
                int(point) if point else None,
            )
            quantity = parse_quantity(row["quantity"])
            assert quantity is not None
            cell = key, parse_instant(row["time"])
            assert cell not in found
            found[cell] = quantity.thousandths, frozenset(row["qualities"].split("|"))
    return found


@pytest.mark.parametrize("method", list(Method))
@settings(max_examples=25)
@given(markets(), st.sampled_from([Resolution.QUARTER, Resolution.HOUR]), st.randoms())
def test_files_in_and_out(method: Method, market: Market, results: Resolution, chance: Random) -> None:
    """DK-1.35, DK-4.1.5.g: what the command writes is what the pages say, to the last digit."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        write_market(market, directory, chance)
        areas = [text for area in SETTLED for text in ("--grid-area", area)]
        bounds = ["--from", format_second(market.interval.start), "--to", format_second(market.interval.end)]
        files = ["--masterdata", place, "--series", f"{directory / 'series.csv'}", "--out", f"{directory / 'out'}"]
        assert run(["settle", *files, *bounds, *areas, "--method", method, "--resolution", results]) == 0
        expected = (reference.d1 if method is Method.D1 else reference.dh3)(market, results)
        for kind in ResultKind:
            path = directory / "out" / f"{kind.replace('-', '_')}.csv"
            if kind in expected:
                assert read_table(path) == expected[kind], kind
            else:
                assert not path.exists()
