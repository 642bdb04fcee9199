"""`gridpost simulate`: a market in seconds, told, counted, written as files, kept for a closer look."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.outcome import COULD_NOT_RUN, FINDINGS, GOOD
from tests.integration.cli.conftest import Gridpost

MARKET = ("--market", "dk", "--from", "2016-03-26", "--days", "11", "--points", "60")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_timeline_as_json_is_the_same_again_and_as_files(gridpost: Gridpost, tmp_path: Path) -> None:
    told = gridpost("simulate", *MARKET, "--json", "--out", "out")
    assert told.code == GOOD, told.err
    value: Any = told.value
    assert gridpost("simulate", *MARKET, "--json").value == value
    asked = {name: value[name] for name in ("market", "from", "days", "points", "seed")}
    assert asked == {"market": "dk", "from": "2016-03-26", "days": 11, "points": 60, "seed": 1}
    counts, days = value["counts"], value["timeline"]
    assert counts["evenings"] == len(days) == 11
    assert counts["fixations"] == sum(len(day["fixed"]) for day in days) > 0
    assert counts["snapshots"] == counts["fixations"] + counts["preliminary"]
    assert counts["documents"]["aggregated-measure-data"] > 0

    out = tmp_path / "out"
    assert {path.name for path in (out / "masterdata").iterdir()} >= {"metering-points.csv", "load-shares.csv"}
    assert [row["date"] for row in rows(out / "timeline.csv")] == [day["date"] for day in days]
    fixed = {(one["day"], one["grid_area"]): one for day in days for one in day["fixed"]}
    bases = rows(out / "bases.csv")
    assert {(row["day"], row["grid_area"]) for row in bases} == fixed.keys()
    steps = rows(out / "results.csv")
    for row in bases:
        one = fixed[row["day"], row["grid_area"]]
        own = [step for step in steps if (step["day"], step["grid_area"]) == (row["day"], row["grid_area"])]
        assert len(own) == (23 if row["day"] == "2016-03-27" else 24)
        for name in ("production", "exchange", "flex", "hourly", "total", "residual"):
            assert float(row[name]) == pytest.approx(one[name] * 1000)
            assert sum(float(step[name]) for step in own) == pytest.approx(float(row[name]))
    pictures = {path.name for path in out.glob("day-*.svg")}
    assert pictures == {f"day-{area}-{day}.svg" for day, area in fixed}
    assert "day-901-2016-03-27.svg" in pictures
    assert gridpost("masterdata", "import", out / "masterdata", "--data-dir", "elsewhere").code == GOOD


@pytest.mark.slow
def test_the_hub_stays_where_it_is_told_to(gridpost: Gridpost) -> None:
    told = gridpost("simulate", *MARKET, "--data-dir", "kept", "--out", "out")
    assert told.code == GOOD, told.err
    for words in ("fixed    2016-03-27 901  production", "% estimated", "fixations", "documents"):
        assert words in told.out
    point = next(row["metering_point"] for row in rows(Path("out/masterdata/metering-points.csv")))
    series = gridpost("series", point, "--from", "2016-03-27", "--to", "2016-03-28", "--csv", "--data-dir", "kept")
    assert series.code == GOOD
    assert len(series.out.splitlines()) == 1 + 23 * 4
    kpis = gridpost("kpis", "--from", "2016-03-27", "--data-dir", "kept")
    assert kpis.code in (GOOD, FINDINGS)
    assert "estimated-flex" in kpis.out
    again = gridpost("simulate", *MARKET, "--data-dir", "kept")
    assert (again.code, again.out) == (COULD_NOT_RUN, "")
    assert "holds a hub already" in again.err


def test_no_hub_in_use_is_written_to(gridpost: Gridpost, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database of the environment is somebody's; a simulation brings its own."""
    monkeypatch.setenv("GRIDPOST_DATABASE", "postgresql://nobody@127.0.0.1:1/none")
    told = gridpost("simulate", "--market", "dk", "--from", "2016-03-01", "--days", "1", "--points", "50", "--json")
    assert told.code == GOOD, told.err
    assert told.value["counts"]["evenings"] == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"--market": "fi"}, "--market fi cannot be simulated"),
        ({"--market": "atlantis"}, "--market atlantis cannot be simulated"),
        ({"--from": "2016-02-30"}, "--from 2016-02-30 is no day such as 2016-03-01"),
        ({"--from": "yesterday"}, "--from yesterday is no day such as 2016-03-01"),
        ({"--from": "1899-01-01"}, "--from must be a day from 2000 to 2099"),
        ({"--days": "0"}, "'--days'"),
        ({"--days": "many"}, "'--days'"),
        ({"--points": "49"}, "'--points'"),
        ({"--seed": "-1"}, "'--seed'"),
        ({"--out": "file"}, "--out file is no directory"),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(
    gridpost: Gridpost, tmp_path: Path, changed: dict[str, str], sentence: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    options = dict(zip(MARKET[::2], MARKET[1::2], strict=True)) | changed
    ended = gridpost("simulate", *(word for pair in options.items() for word in pair))
    assert (ended.code, ended.out) == (COULD_NOT_RUN, "")
    assert sentence in ended.err
    assert "Traceback" not in ended.err
