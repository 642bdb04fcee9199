"""`gridpost readings`: taken, cancelled, listed, due and late production, by commands on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.demo.market import sample_gsrn
from gateway.hub.clock import SystemClock
from gateway.markets.registry import profile

from .conftest import Gridpost

POINT = sample_gsrn(129)
"""The first profile-settled point of the sample market, which begins on 1 January 2023."""
DK = profile("dk")
YEAR = DK.zone.day(SystemClock().now()).year
FIRST, SECOND, THIRD = (f"{YEAR - back}-01-01" for back in (2, 1, 0))
"""The commands have no other clock than the machine's."""
HEAD = "transaction,metering_point,start,end,consumption,status\n"


@pytest.fixture
def where(gridpost: Gridpost, samples: Path, tmp_path: Path, database_url: str) -> list[str]:
    """Options that name a hub with the sample market."""
    options = ["--data-dir", str(tmp_path / "hub"), "--database", database_url]
    assert gridpost("masterdata", "import", samples / "masterdata", *options).code == 0
    return options


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """Two years as a file."""
    file = tmp_path / "two-years.csv"
    file.write_text(f"{HEAD}r-1,{POINT},{FIRST},{SECOND},4000,measured\nr-2,{POINT},{SECOND},{THIRD},4001,measured\n")
    return file


def test_readings_by_commands(gridpost: Gridpost, where: list[str], readings: Path, tmp_path: Path) -> None:
    # DK-5.1.1, DK-5.1.4.a, DK-5.1.4.b; the machine's clock says today
    taken = gridpost("readings", "import", readings, *where)
    assert (taken.code, taken.out) == (0, "Readings: 2 accepted\n")
    again = gridpost("readings", "import", readings, "--json", *where)
    assert [one["outcome"] for one in again.value["results"]] == ["repeated", "repeated"]
    listed = gridpost("readings", "list", POINT, *where)
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert lines[0].startswith("start\tend\tconsumption")
    assert [line.split("\t")[2:5] for line in lines[1:]] == [
        ["4000.000", "measured", "reading"],
        ["4001.000", "measured", "reading"],
    ]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(f"transaction,metering_point,start,end\nc-1,{POINT},{FIRST},{SECOND}\n")
    refused = gridpost("readings", "cancel", wrong, *where)
    assert refused.code == 1
    assert refused.out.startswith("wrong.csv:2: start: [E50] ")
    assert f"cancel {YEAR - 2}-12-31T23:00Z to {YEAR - 1}-12-31T23:00Z first (D1 §5.1.4)" in refused.out
    assert refused.out.endswith("Readings: 1 rejected\n")
    right = tmp_path / "right.json"
    right.write_text(f'[{{"transaction": "c-2", "metering_point": "{POINT}", "start": "{SECOND}", "end": "{THIRD}"}}]')
    cancelled = gridpost("readings", "cancel", right, "--json", *where)
    assert [one["outcome"] for one in cancelled.value["results"]] == ["cancelled"]
    every = gridpost("readings", "list", POINT, "--versions", "--json", *where).value
    assert [one["event"] for one in every["versions"]] == ["reading", "reading", "cancellation"]
    assert len(every["periods"]) == 1
    before = gridpost("readings", "list", POINT, "--as-of", "2020-01-01", *where)
    assert (before.code, before.err) == (1, f"The hub holds no readings of {POINT}.\n")
    owed = gridpost("readings", "due", "--json", *where)
    assert owed.code == 0
    (own,) = [one for one in owed.value if one["metering_point"] == POINT]
    assert own["nominal"] == THIRD
    printed = gridpost("readings", "due", *where).out.splitlines()
    assert printed[0].split("\t") == [
        "grid operator",
        "grid area",
        "metering point",
        "nominal",
        "reminder after",
        "due",
        "state",
    ]
    assert any(line.split("\t")[2:4] == [POINT, THIRD] for line in printed)


def test_what_cannot_be_read_is_said_with_its_line(gridpost: Gridpost, where: list[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text(HEAD + f"r,{POINT},2024-13-01,2025-01-01,x,measured\n")
    refused = gridpost("readings", "import", bad, *where)
    assert refused.code == 1
    assert "bad.csv:2: [bad-value] column start: '2024-13-01' is no day of the calendar" in refused.out
    assert refused.out.endswith("Nothing was taken.\n")
    as_json = gridpost("readings", "import", bad, "--json", *where)
    assert {one["line"] for one in as_json.value["findings"]} == {2}
    for arguments, sentence in (
        (("import", tmp_path / "none.csv"), "No such file"),
        (("import", tmp_path / "a.xlsx"), "neither a .csv nor a .json file"),
        (("production", "--month", "March"), "March is no month such as 2026-03"),
        (("list", POINT, "--as-of", "then"), "neither a day"),
    ):
        failed = gridpost("readings", *arguments, *where)
        assert (failed.code, sentence in failed.err) == (2, True), failed.err


def test_production_that_never_came_is_named(gridpost: Gridpost, where: list[str]) -> None:
    # DK-5.2
    late = gridpost("readings", "production", "--month", "2025-03", *where)
    assert late.code == 1
    assert late.out.splitlines()[1].split("\t")[3:] == ["2025-04-07T08:00Z", "", "missing"]
    (series,) = gridpost("readings", "production", "--month", "2025-03", "--json", *where).value
    assert (series["state"], series["due"]) == ("missing", "2025-04-07T08:00:00Z")


def test_there_must_be_a_hub(gridpost: Gridpost, readings: Path) -> None:
    for command in (("import", readings), ("list", POINT), ("due",), ("production", "--month", "2025-03")):
        failed = gridpost("readings", *command)
        assert (failed.code, "there is no hub in" in failed.err) == (2, True)
