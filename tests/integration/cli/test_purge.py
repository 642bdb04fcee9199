"""`gridpost purge`: by command, where a market names how long values are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Gridpost

# FI-4.1


@pytest.fixture
def where(tmp_path: Path, gridpost: Gridpost) -> list[str]:
    """Options that name an empty hub of the Finnish market."""
    options = ["--data-dir", str(tmp_path / "hub"), "--market", "fi"]
    assert gridpost("client", "list", *options).code == 2, "there is no hub yet"
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "gridpost.db").touch()
    return options


def test_a_purge_of_an_empty_hub(gridpost: Gridpost, where: list[str]) -> None:
    done = gridpost("purge", *where)
    assert (done.code, done.out.endswith(": 0 segments, 0 series, 0 values gone\n")) == (0, True)
    told = gridpost("purge", "--dry-run", "--json", *where)
    assert told.value | {"first_kept": ""} == {
        "first_kept": "", "dry_run": True, "segments": 0, "series": 0, "values": 0
    }  # fmt: skip
    assert gridpost("purge", "--list", "--json", *where).value == {"purges": []}
    assert gridpost("purge", "--list", *where).out == "at\tfirst_kept\tclient\tsegments\tseries\tvalues\n"


def test_a_market_that_names_no_time_purges_nothing(
    gridpost: Gridpost, where: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for market in ("dk", "ee"):
        ended = gridpost("purge", *where[:-1], market)
        assert (ended.code, "keeps values for ever" in ended.err) == (2, True)
    monkeypatch.setenv("GRIDPOST_PROFILE", '{"retention": {"years": 2}}')
    assert gridpost("purge", *where[:-1], "ee").code == 0
    ended = gridpost("purge", *where)
    assert (ended.code, "corrected for 6 years" in ended.err) == (2, True)
