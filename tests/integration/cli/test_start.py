"""What a command loads before it starts: its own family, and of the hub nothing it does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from gateway.cli import FAMILIES, application, families_for

HEAVY = {"sqlalchemy", "gateway.hub.exchange", "uvicorn", "openpyxl"}
SELDOM = {"alembic", "httpx", "openpyxl"}
"""What a hub needs for a change of its tables, for issuers outside, for workbooks."""


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


def loaded(command: str, names: set[str]) -> str:
    """Which modules a command has loaded when it shows its help."""
    code = (
        "import sys; from gateway.cli import run; "
        f"assert run([{command!r}, '-h']) == 0; "
        f"print(sorted({names!r}.intersection(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.strip()


@pytest.mark.parametrize("command", ["validate", "convert", "send", "peek", "call", "prepare", "schemas", "explain"])
def test_a_command_without_a_hub_loads_no_database(command: str) -> None:
    assert loaded(command, HEAVY) == "[]"


@pytest.mark.parametrize("command", ["serve", "client", "masterdata", "readings"])
def test_a_hub_loads_what_it_seldom_needs_when_it_needs_it(command: str) -> None:
    assert loaded(command, SELDOM) == "[]"
