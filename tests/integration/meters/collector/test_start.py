"""What a command of the meters loads before it starts: its own family, and no collector it does not run."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from meter_adapters.cli import FAMILIES, application, families_for


def _names(app: typer.Typer) -> set[str]:
    group = typer.main.get_command(app)
    return set(getattr(group, "commands", {}))


def test_every_family_adds_exactly_the_commands_it_is_listed_with() -> None:
    for family, commands in FAMILIES.items():
        assert _names(application([family])) == set(commands)


def test_what_is_no_command_loads_every_family() -> None:
    assert families_for(["decode", "readout.bin"]) == ["decode_command"]
    assert set(families_for(["-h"])) == set(families_for([])) == set(families_for(["nonsense"])) == set(FAMILIES)


@pytest.mark.parametrize("command", ["decode", "simulate"])
def test_a_command_without_a_collector_loads_none(command: str) -> None:
    code = (
        "import sys; from meter_adapters.cli import run; "
        f"assert run([{command!r}, '-h']) == 0; "
        "print(sorted({'meter_adapters.collector.collector', 'httpx', 'uvicorn'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
