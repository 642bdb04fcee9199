"""`gridpost windows`: where days stand, and reopening one of them, by commands on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.hub.clock import SystemClock
from gateway.markets.registry import profile

from .conftest import Gridpost

TODAY = profile("fi").zone.day(SystemClock().now())
CLOSING, CLOSED = (str(TODAY - timedelta(days=days)) for days in (13, 15))
"""The commands have no other clock than the machine's."""


@pytest.fixture
def where(tmp_path: Path, database_url: str, gridpost: Gridpost) -> list[str]:
    """Options that name an empty hub of the Finnish market."""
    options = ["--data-dir", str(tmp_path / "hub"), "--database", database_url, "--market", "fi"]
    assert gridpost("client", "list", *options).code == 0
    return options


def test_a_closing_day_is_reopened_by_command(gridpost: Gridpost, where: list[str]) -> None:
    # FI-4.3: recorded who, when and why
    assert gridpost("windows", "show", CLOSING, *where).out.splitlines()[1].split("\t")[1] == "closing"
    done = gridpost("windows", "reopen", CLOSING, "--reason", "meters were swapped", *where)
    assert (done.code, done.out.splitlines()[1].split("\t")[1]) == (0, "open")
    shown = gridpost("windows", "show", CLOSED, "--to", str(TODAY), *where, "--json").value["windows"]
    assert [one["state"] for one in shown[:4]] == ["closed", "closed", "open", "closing"]
    assert (shown[2]["reopened"]["client"], shown[2]["reopened"]["reason"]) == ("gridpost", "meters were swapped")


def test_what_cannot_be_reopened(gridpost: Gridpost, where: list[str]) -> None:
    refused = gridpost("windows", "reopen", CLOSED, "--reason", "too late", *where)
    assert (refused.code, "only one that is closing may be reopened" in refused.out) == (1, True)
    for arguments, said in (
        (["reopen", "soon", "--reason", "x"], "is no day"),
        (["reopen", CLOSING, "--reason", ""], "--reason is a sentence"),
        (["show", CLOSING, "--to", CLOSING], "must be after"),
    ):
        ended = gridpost("windows", *arguments, *where)
        assert (ended.code, said in ended.err) == (2, True), ended
    other = gridpost("windows", "show", CLOSED, *where[:-1], "ee")
    assert (other.code, "has no balance windows" in other.err) == (2, True)
