"""`gridpost kpis`, `missing` and `corrections` over a hub of this machine, on both databases."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from gateway.config import Settings
from gateway.demo.market import SUPPLIER_A, sample_gsrn
from gateway.hub.clock import SystemClock
from gateway.hub.database import Database, allocate
from gateway.hub.period_groups import series_kind
from gateway.hub.reminders.run import Reminders
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import profile
from gateway.messages.codes import CORRECTED_FLAG, Quality, SettlementStage, Unit
from gateway.messages.identifiers import point_key
from gateway.messages.times import parse_instant
from gateway.rules.batch import DeadlineGroup
from gateway.wiring import open_hub

from .conftest import Gridpost

DK = profile("dk")
POINT, OTHER = sample_gsrn(1), sample_gsrn(2)
MARKET = {
    "parties.csv": f"party,role\n2000000000015,grid-operator\n{SUPPLIER_A},energy-supplier\n",
    "grid-areas.csv": "grid_area,grid_operator\n990,2000000000015\n",
    "metering-points.csv": "metering_point,kind,grid_area,resolution,settlement_method,energy_supplier,valid_from\n"
    + "".join(f"{point},consumption,990,PT15M,flex,{SUPPLIER_A},2020-01-01\n" for point in (POINT, OTHER)),
}

REFIXATIONS = {
    "first refixation": SettlementStage.FIRST_REFIXATION,
    "second refixation": SettlementStage.SECOND_REFIXATION,
}
"""What a value corrected just behind fixation can enter: the last day of a month is fixed as the month is refixed."""


@pytest.fixture
def day() -> date:
    """A day three weeks ago: every limit of it has passed."""
    return DK.zone.day(SystemClock().now()) - timedelta(days=21)


@pytest.fixture
def where(gridpost: Gridpost, tmp_path: Path, database_url: str, day: date) -> list[str]:
    """Options that name a hub with one complete point, 6 % of it estimated, corrected once, and one without values."""
    options = ["--data-dir", str(tmp_path / "hub"), "--database", database_url]
    for name, text in MARKET.items():
        (tmp_path / name).write_text(text)
    taken = gridpost("masterdata", "import", *(tmp_path / name for name in MARKET), *options)
    assert taken.code == 0, taken.out
    opened = Database.open(database_url)
    interval, store = DK.zone.day_interval(day), SeriesStore(DK.zone)
    steps = (interval.end - interval.start) // 900
    early, late = DK.timetable.early_look(day), DK.timetable.fixation(day) + 60
    with opened.write() as connection:
        connection.exec_driver_sql('update "transaction" set committed_at = 1')
    for at, value, mark in ((early, 250, 0), (late, 251, CORRECTED_FLAG)):
        quality = np.full((1, steps), Quality.MEASURED, dtype=np.uint8)
        quality[0, :12] = Quality.ESTIMATED
        quantity = np.full((1, steps), 250)
        quality[0, -1:] |= mark
        quantity[0, -1:] = value
        key = np.array([point_key(POINT)])
        one = SegmentInput(series_kind(Unit.KWH), "PT15M", interval.start, key, quantity, quality)
        with opened.write() as connection:
            store.append(connection, allocate(connection, at * 1_000_000), [one])
    opened.close()
    return options


def bounds(day: date) -> list[str]:
    return ["--from", day.isoformat(), "--to", (day + timedelta(days=1)).isoformat()]


def test_key_figures_and_the_exit_code_of_a_breach(gridpost: Gridpost, where: list[str], day: date) -> None:
    # DK-4.1.2
    shown = gridpost("kpis", *bounds(day), "--json", *where)
    assert shown.code == 1, "12 estimates of 192 values are above 5 %"
    figures = {row["kpi"]: row for row in shown.value}
    assert (figures["estimated-flex"]["breached"], figures["estimated-flex"]["final"]) == (True, True)
    assert (figures["complete-early"]["count"], figures["complete-early"]["total"]) == (1, 2)
    assert figures["corrected-after-fixation"]["count"] == 1
    rows = list(csv.DictReader(io.StringIO(gridpost("kpis", "--from", day.isoformat(), "--csv", *where).out)))
    assert [row["kpi"] for row in rows] == list(figures)
    assert "breached" in gridpost("kpis", *bounds(day), *where).out
    yesterday = gridpost("kpis", *where)
    assert yesterday.code == 0, "what is provisional breaches nothing yet"
    assert "provisional" in yesterday.out
    assert "no figures" in gridpost("kpis", "--from", "2019-01-01", *where).err


def test_missing_values(gridpost: Gridpost, where: list[str], day: date) -> None:
    # DK-4.1.5.e
    found = gridpost("missing", *bounds(day), "--json", *where)
    assert found.code == 1
    assert [(row["metering_point"], row["group"]) for row in found.value] == [(OTHER, "flex")]
    table = gridpost("missing", *bounds(day), *where).out.splitlines()
    assert len(table) == 2
    early = DK.zone.local(DK.timetable.collection_limit(day, DeadlineGroup.FLEX)).date().isoformat()
    assert gridpost("missing", *bounds(day), "--as-of", early, *where).code == 0, "before the limit nothing is late"
    window = list(csv.DictReader(io.StringIO(gridpost("missing", "--csv", *where).out)))
    days = {row["day"] for row in window}
    assert len(window) == 2 * len(days) - 1
    assert day.isoformat() in days
    assert 75 < len(days) <= 93


def test_reminders(gridpost: Gridpost, where: list[str], day: date, database_url: str, tmp_path: Path) -> None:
    # DK-4.1.5.e: one point of the day came, the other is asked for
    bounded = ["reminders", *bounds(day)]
    assert gridpost(*bounded, *where).code == 0, "nobody was reminded yet"
    hub = open_hub(Settings(data_dir=tmp_path / "hub", database=database_url), SystemClock())
    assert Reminders(hub.office).catch_up() > 1
    hub.office.database.close()
    found = gridpost(*bounded, "--json", *where)
    assert found.code == 1
    (row,) = found.value
    assert (row["metering_point"], row["group"], row["state"], row["reminders"]) == (OTHER, "flex", "reminded", 1)
    assert (row["grid_operator"], row["ended"]) == ("2000000000015", None)
    assert OTHER in gridpost(*bounded, *where).out
    whole = list(csv.DictReader(io.StringIO(gridpost("reminders", "--csv", *where).out)))
    days = {row["day"] for row in whole}
    assert len(whole) == 2 * len(days) - 1
    filled = gridpost("reminders", "--state", "filled", *where)
    assert (filled.code, filled.out) == (0, "")


def test_corrections(gridpost: Gridpost, where: list[str], day: date) -> None:
    # DK-4.3.b
    found = gridpost("corrections", "--from", day.isoformat(), "--json", *where)
    assert found.code == 0
    (row,) = found.value
    assert (row["metering_point"], row["old_quantity"], row["new_quantity"]) == (POINT, "0.250", "0.251")
    entered = DK.timetable.settled(REFIXATIONS[row["first_run"]], day)
    assert parse_instant(row["first_run_at"]) == entered > DK.timetable.fixation(day)
    assert POINT in gridpost("corrections", "--from", day.isoformat(), "--point", POINT, *where).out
    assert gridpost("corrections", "--from", day.isoformat(), "--to", "today", "--csv", *where).out.count("\n") == 2
    assert gridpost("corrections", "--from", "today", *where).out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["kpis", "--grid-area", "999"], "no grid area 999"),
        (["missing", "--grid-area", "999"], "no grid area 999"),
        (["kpis", "--to", "2025-01-01"], "--to needs --from"),
        (["missing", "--from", "2025-01-02", "--to", "2025-01-01"], "--to must be after --from"),
        (["corrections", "--from", "2025-01-02", "--to", "2025-01-01"], "--to must be after --from"),
        (["corrections", "--from", "2025-01-02", "--point", "12"], "no metering point"),
        (["kpis", "--from", "soon"], "neither a day"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(
    gridpost: Gridpost, where: list[str], arguments: list[str], said: str
) -> None:
    refused = gridpost(*arguments, *where)
    assert (refused.code, refused.err.count("\n")) == (2, 1)
    assert said in refused.err
