"""The guide's pictures are drawn from the market its settlement page plays; refresh them with `make docs`."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from gateway.cli import run
from tests.docs.test_examples import ROOT, examples_of

PAGE = ROOT / "docs" / "guide" / "settlement.md"
PICTURES = ROOT / "docs" / "guide" / "pictures"


def test_the_pictures_are_as_they_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (command,) = [one.command for one in examples_of(PAGE) if one.command.startswith("gridpost simulate")]
    monkeypatch.chdir(tmp_path)
    assert run(shlex.split(command)[1:]) == 0
    shown = set(re.findall(r"\]\(pictures/([^)]*)\)", PAGE.read_text(encoding="utf-8")))
    assert shown == {path.name for path in PICTURES.iterdir()}
    for name in shown:
        assert (tmp_path / "market" / name).read_bytes() == (PICTURES / name).read_bytes(), name
