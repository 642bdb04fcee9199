"""The commands as a person runs them: arguments in, exit code and output out, in a directory of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import run
from gateway.demo.run import write_samples
from gateway.markets.registry import profile
from gateway.messages.times import parse_instant

SAMPLE_NOW = parse_instant("2025-06-11T08:00Z")
"""When the sample documents of these tests were written; their day is 10 June 2025."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The JSON it printed."""
        return json.loads(self.out)


Gridpost = Callable[..., Ended]


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing of the machine reaches the commands: an empty directory, no settings in the environment."""
    for name in [name for name in os.environ if name.startswith("GRIDPOST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def gridpost(capfd: pytest.CaptureFixture[str]) -> Gridpost:
    """Run a command in this process."""

    def call(*arguments: object) -> Ended:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Ended(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample market and a day's documents as files."""
    directory = tmp_path_factory.mktemp("samples")
    write_samples(profile("dk"), SAMPLE_NOW, directory)
    return directory
