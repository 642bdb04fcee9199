"""`gridpost export` of a town's day: what is written adds up to the sums that were filed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gateway.analysis.duckdb_engine import sum_in_duckdb
from gateway.analysis.export_files import GROUPS
from gateway.cli import run
from gateway.messages.codes import SettlementStage
from gateway.settlement.results import ResultKind
from tests.integration.settlement.towns import AREA, DAY, FIXED_ON, SUPPLIER_A, Town

pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("duckdb")


def export(town: Town, tmp_path: Path, *arguments: object) -> int:
    url = town.hub.office.database.engine.url.render_as_string(hide_password=False)
    where = ("--data-dir", tmp_path / "data", "--database", url)
    return run([str(part) for part in ("export", "--out", tmp_path / "out", *where, *arguments)])


def test_an_exported_day_adds_up_to_its_fixation(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # DK-4.2.a: the basis is made of what was known at 21:00
    town.send_all(DAY)
    town.evening(FIXED_ON)
    capsys.readouterr()
    instant = town.hub.office.profile.timetable.fixation(DAY)
    as_of = np.datetime64(instant, "s").item().strftime("%Y-%m-%dT%H:%MZ")
    assert export(town, tmp_path, "--day", DAY.isoformat(), "--as-of", as_of, "--json") == 0
    (said,) = json.loads(capsys.readouterr().out)
    assert said["day"] == DAY.isoformat()
    target = tmp_path / "out" / DAY.isoformat()
    sums = sum_in_duckdb(target)
    groups = pq.read_table(target / GROUPS).to_pylist()
    assert said["groups"] == len(groups)
    (mine,) = (
        one["group"]
        for one in groups
        if (one["measured"], one["grid_area"], one["energy_supplier"]) == ("flex", AREA, SUPPLIER_A)
    )
    filed = town.results(DAY, SettlementStage.FIXATION)
    hours = sums.parts[mine].reshape(-1, 4).sum(axis=1) // 4
    row = town.row(filed, ResultKind.FLEX_PER_SUPPLIER, supplier=SUPPLIER_A)
    assert hours.tolist() == filed.tables[ResultKind.FLEX_PER_SUPPLIER].quantity[row].tolist()
    assert export(town, tmp_path, "--day", DAY.isoformat()) == 2
    assert "exists already" in capsys.readouterr().err


def test_what_is_no_day_is_told(town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(town, tmp_path, "--day", "yesterday") == 2
    assert "yesterday is no day" in capsys.readouterr().err
    assert export(town, tmp_path, "--day", date(2016, 2, 1).isoformat(), "--as-of", "2015-01-01") == 0
    assert "\t0\t0\t0\t0" in capsys.readouterr().out
