"""What a command loads before it starts: its own family, and of the hub nothing it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from gateway.cli import FAMILIES, application, families_for

HEAVY = {"sqlalchemy", "gateway.hub.exchange", "uvicorn"}


def _names(app: typer.Typer) -> set[str]:
    group = typer.main.get_command(app)
    return set(getattr(group, "commands", {}))


def test_every_family_adds_exactly_the_commands_it_is_listed_with() -> None:
    for family, commands in FAMILIES.items():
        assert _names(application([family])) == set(commands)


def test_the_whole_command_holds_every_family_and_no_name_twice() -> None:
    listed = [command for commands in FAMILIES.values() for command in commands]
    assert len(listed) == len(set(listed))
    assert _names(application()) == set(listed)


def test_a_command_loads_its_family_and_what_is_none_loads_all() -> None:
    assert families_for(["validate", "x.xml"]) == ["file_commands"]
    assert set(families_for(["-h"])) == set(FAMILIES)
    assert set(families_for(["nonsense"])) == set(FAMILIES)
    assert families_for(["--version"]) == ()


@pytest.mark.parametrize("command", ["validate", "convert", "send", "peek", "explain"])
def test_a_command_without_a_hub_loads_no_database(command: str) -> None:
    code = (
        "import sys; from gateway.cli import run; "
        f"assert run([{command!r}, '-h']) == 0; "
        f"print(sorted({HEAVY!r}.intersection(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
