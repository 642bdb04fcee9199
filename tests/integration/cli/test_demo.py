"""The demonstration: once as a stranger runs it, and its day in all lengths against every rule."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest

from gateway.cli.file_check import Extent, Inspector, inspect
from gateway.demo.day import Occasion, correction_letter, day_letters
from gateway.demo.market import sample_market
from gateway.markets.registry import profile
from gateway.messages.times import HOUR
from gateway.schemas.registry import shipped

from .serving import environment

MARKET = profile("dk")


def demonstrated(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A demonstration that ends by itself, and well."""
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "demo", "--once", "--json", *options],
        env=environment(),
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended


def test_once_with_json(own_directory: Path) -> None:
    # GW-1, DK-4.1.5.f
    ended = demonstrated(own_directory, "--data-dir", "kept")
    assert ended.stderr == ""
    counts = json.loads(ended.stdout)
    assert list(counts) == ["accepted", "rejected", "refused", "distributed", "corrected"]
    assert counts["accepted"] > 200
    assert (counts["rejected"], counts["refused"], counts["corrected"]) == (1, 1, 1)
    assert counts["distributed"] >= counts["accepted"]
    assert (own_directory / "kept" / "gridpost.db").is_file()
    assert len(list((own_directory / "kept" / "sent").iterdir())) == 6


@pytest.mark.slow
def test_two_simulated_meters_are_collected_from(own_directory: Path) -> None:
    # GW-7
    ended = demonstrated(own_directory, "--meters")
    found = re.search(r"(\d+) readings kept by the hub; (\d+) quarters", ended.stderr)
    assert found is not None, ended.stderr
    assert int(found[1]) >= 2 * 192
    assert int(found[2]) == 2 * 96


def test_it_serves_on_and_its_next_steps_work(own_directory: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "demo", "--port", "0", "--data-dir", "kept"],
        env=environment(),
        cwd=own_directory,
        stdout=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stdout is not None
        said: list[str] = []
        while not said or "Stop with Ctrl-C" not in said[-1]:
            said.append(serving.stdout.readline())
            assert said[-1], "".join(said)
        commands = [
            line.strip() for line in said[said.index(next(s for s in said if "DIR=" in s)) :] if line[:2] == "  "
        ]
        assert len(commands) == 5
        path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
        ran = subprocess.run(
            ["bash", "-c", "\n".join(commands)],
            cwd=own_directory,
            env={**environment(), "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        serving.terminate()
        assert serving.wait(60) == 0
    assert ran.returncode == 1  # validate has found the negative value and the broken file
    assert "corrected" in ran.stdout
    assert "[E86]" in ran.stdout
    assert ran.stderr == "Nothing waits.\n"


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        (date(2025, 3, 30), 23),
        (date(2025, 10, 26), 25),
        (date(2025, 6, 10), 24),
        (date(2025, 1, 1), 24),
        (date(2025, 5, 15), 24),
        (date(2024, 2, 29), 24),
    ],
)
def test_the_day_passes_every_rule(day: date, hours: int) -> None:
    # DK-1.42
    interval = MARKET.zone.day_interval(day)
    assert interval.end - interval.start == hours * HOUR
    market = sample_market(MARKET.zone, day)
    ids = count(1)
    now = MARKET.zone.at(day + timedelta(days=1), 9)
    occasion = Occasion(market, MARKET.hub, now, lambda: f"id-{next(ids)}")
    inspector = Inspector(MARKET, shipped(), now, market.view)
    codes = []
    for letter in (*day_letters(occasion), correction_letter(occasion)):
        inspection = inspect(letter.content, inspector)
        codes += [finding.code for finding in inspection.findings]
        assert inspection.extent is (Extent.FULL if letter.series else Extent.FORM)
    assert codes == ["E86", "00302"]


def test_the_letters_speak_of_every_point_that_is_in_the_grid() -> None:
    day = date(2025, 6, 10)
    market = sample_market(MARKET.zone, day)
    ids = count(1)
    letters = day_letters(Occasion(market, MARKET.hub, MARKET.zone.midnight(day), lambda: f"id-{next(ids)}"))
    sent = sum(letter.series for letter in letters)
    points = {version.metering_point for version in market.dataset.points}
    names = ("new", "calculated", "connected-late", "positive-loss", "negative-loss")
    left_out = {market.named[name] for name in names}
    assert sent == len(points) - len(left_out)


def test_the_estonian_market_once_with_json(own_directory: Path) -> None:
    # EE-1.1, EE-1.3, EE-3.3
    ended = demonstrated(own_directory, "--market", "ee", "--data-dir", "kept")
    assert ended.stderr == ""
    counts = json.loads(ended.stdout)
    assert (counts["successful"], counts["error"], counts["refused"]) == (4, 1, 1)
    assert counts["stored"] > 40 * 92
    assert counts["distributed"] > counts["stored"], "the balance provider is told what its supplier is told"
    assert len(list((own_directory / "kept" / "sent").iterdir())) == 6
