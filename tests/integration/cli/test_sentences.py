"""Whatever keeps a command from running is said in one clear sentence, with exit code 2 and never a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import TRACEBACK

from .conftest import Gridpost
from .serving import environment

POINT = "200000000000000011"
NOBODY = ["--url", "http://127.0.0.1:1", "--client-id", "a", "--secret", "b"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "xx", "2016-05-03"], "there is no market 'xx'"),
        (["explain", "dk", "soon"], "no day"),
        (["validate", "absent.xml"], "absent.xml: No such file"),
        (["validate", "."], "Is a directory"),
        (["validate", "a", "--masterdata", "."], "holds none of"),
        (["convert", "absent.xml", "--to", "cim-xml"], "absent.xml: No such file"),
        (["series", POINT, "--from", "2025-01-01", "--to", "2025-01-02"], "there is no hub in gridpost-data"),
        (["masterdata", "show", "parties"], "there is no hub"),
        (["masterdata", "import", "absent.csv"], "absent.csv: No such file"),
        (["client", "add", "a b", "--party", "5790001330552", "--role", "delegate"], "a client id is"),
        (["client", "add", "a", "--party", "579", "--role", "delegate"], "neither a GLN"),
        (["client", "add", "a", "--party", "5790001330552", "--role", "boss"], "no role of a client"),
        (["client", "list"], "there is no hub"),
        (["schemas", "install", "absent"], "no directory"),
        (["serve", "--port", "70000"], "port: "),
        (["serve", "--market", "xx"], "there is no market"),
        (["serve", "--log-level", "loud"], "--log-level"),
        (["serve", "--database", "mysql://x", "--port", "0"], "neither SQLite nor PostgreSQL"),
        (["send", "absent.xml", *NOBODY], "absent.xml is no file"),
        (["send", "gridpost.txt"], "give --client-id"),
        (["peek", "--all", *NOBODY], "--all needs --save"),
        (["demo", "--once", "--data-dir", "used"], "holds a hub already"),
    ],
)
def test_one_sentence(gridpost: Gridpost, own_directory: Path, arguments: list[str], said: str) -> None:
    (own_directory / "gridpost.txt").write_text("no document")
    (own_directory / "used").mkdir()
    (own_directory / "used" / "gridpost.db").touch()
    ended = gridpost(*arguments)
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.startswith("gridpost: ")
    assert ended.err.count("\n") == 1
    assert ended.out == ""


@pytest.mark.parametrize("arguments", [["nonsense"], ["serve", "--port", "x"], ["validate"], ["convert", "a"]])
def test_a_wrong_usage_is_exit_code_two(gridpost: Gridpost, arguments: list[str]) -> None:
    ended = gridpost(*arguments)
    assert ended.code == 2
    assert "Usage: gridpost" in ended.err


@pytest.mark.parametrize(
    ("text", "said"),
    [("port = [", "gridpost.toml cannot be read"), ('prot = "8080"', "prot"), ("profile = 7", "profile")],
)
def test_a_bad_settings_file(gridpost: Gridpost, own_directory: Path, text: str, said: str) -> None:
    (own_directory / "gridpost.toml").write_text(text)
    ended = gridpost("schemas", "list")
    assert ended.code == 2
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_our_own_faults_are_said_too(gridpost: Gridpost, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("gateway.cli.market_commands.draw_all", fail)
    ended = gridpost("draw", "somewhere")
    assert ended.code == 2
    assert "internal error, RuntimeError: a fault of ours" in ended.err
    assert "Traceback" not in ended.err
    monkeypatch.setenv(TRACEBACK, "1")
    with pytest.raises(RuntimeError):
        gridpost("draw", "somewhere")


def test_a_busy_hub_that_is_not_there(own_directory: Path) -> None:
    """As a process, with the patience of the real client."""
    ended = subprocess.run(
        [sys.executable, "-m", "gateway", "peek", *NOBODY],
        env=environment(),
        cwd=own_directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("gridpost: the hub did not answer")
    assert "Traceback" not in ended.stderr


def test_the_version(gridpost: Gridpost) -> None:
    assert gridpost("--version").out.startswith("gridpost ")
