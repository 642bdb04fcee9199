"""`gridpost settle` over this machine's hub: days, snapshots, a snapshot again, why two differ, decisions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Gridpost
from tests.integration.settlement.towns import AREA, DAY, FIXED_ON, POINTS, Town, start_town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """The town, its hub beside the commands."""
    started = start_town(tmp_path / "data")
    yield started
    started.hub.stop()


def refixed(town: Town) -> None:
    town.send_all(DAY)
    town.evening(FIXED_ON)
    town.send(DAY, {"flex-a": [12_000] * 23 + [15_000]})
    town.pass_over(date(2016, 4, 6))
    town.evening(date(2016, 4, 7))


def test_a_snapshot_is_reproduced_and_two_are_explained(town: Town, gridpost: Gridpost) -> None:
    """DK-1.11, DK-1.34."""
    refixed(town)
    listed = gridpost("settle", "snapshots", "--from", DAY, "--data-dir", "data", "--json")
    stages = {one["stage"]: one["number"] for one in listed.value}
    assert listed.code == 0
    first, second = stages["fixation"], stages["refixation-1"]
    for number in (first, second):
        again = gridpost("settle", "--snapshot", number, "--data-dir", "data", "--json")
        assert (again.code, again.value["identical"]) == (0, True)
    found = gridpost("settle", "diff", first, second, "--data-dir", "data", "--json")
    assert found.code == 1
    (value,) = found.value["values"]
    assert (value["metering_point"], value["before_kwh"], value["after_kwh"]) == (POINTS["flex-a"], "12.000", "15.000")
    assert {one["kind"]: one["change_kwh"] for one in found.value["sums"]}["grid-loss"] == "-3.000"
    told = gridpost("settle", "diff", first, second, "--data-dir", "data")
    assert POINTS["flex-a"] in told.out
    same = gridpost("settle", "diff", first, first, "--data-dir", "data")
    assert (same.code, same.out.strip()) == (0, "Nothing differs.")


def test_days_are_shown_and_a_held_one_is_accepted(town: Town, gridpost: Gridpost) -> None:
    """DK-6.2.2."""
    town.send_all(DAY, exchange=1_000)
    town.evening(FIXED_ON)
    held = gridpost("settle", "days", "--from", DAY, "--data-dir", "data", "--json")
    assert (held.code, held.value[0]["state"]) == (1, "held")
    where = ("--grid-area", AREA, "--data-dir", "data")
    refused = gridpost("settle", "accept", DAY + timedelta(days=2), *where, "--reason", "confirmed")
    assert (refused.code, "not-held" in refused.err) == (1, True)
    assert gridpost("settle", "accept", DAY, *where, "--reason", "confirmed").code == 0
    assert gridpost("settle", "days", "--from", DAY, "--data-dir", "data").code == 0


def test_a_fixation_is_postponed(town: Town, gridpost: Gridpost) -> None:
    """DK-4.2.c: the machine's clock stands in 2026, long after this one's, so only the refusal can be shown."""
    options = ("--until", "2016-03-18", "--reason", "outage", "--data-dir", "data", "--json")
    told = gridpost("settle", "postpone", DAY, *options)
    assert told.code == 1
    assert "evening-passed" in {finding["rule"] for finding in told.value}


@pytest.mark.parametrize(
    "arguments",
    [
        ("settle",),
        ("settle", "--snapshot", "77", "--data-dir", "data"),
        ("settle", "diff", "1", "77", "--data-dir", "data"),
        ("settle", "days", "--from", "tomorrowish", "--data-dir", "data"),
        ("settle", "days", "--from", "2016-03-08", "--to", "2016-03-07", "--data-dir", "data"),
    ],
)
def test_what_cannot_be_run_is_said_in_a_sentence(town: Town, gridpost: Gridpost, arguments: tuple[str, ...]) -> None:
    ended = gridpost(*arguments)
    assert ended.code == 2
    assert ended.err.startswith("gridpost: ")
