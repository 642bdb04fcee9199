"""The command `gridpost-meters`: collects from meters, looks at what was collected, reads captures, plays meters.

Exit code 0 is good, 1 means that something was refused or fails a check, 2 that the command could not run.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

import typer

from meter_adapters.cli.outcome import COULD_NOT_RUN, CommandError

TRACEBACK = "GRIDPOST_TRACEBACK"
"""Environment variable that, set to anything, shows where an unexpected error came from."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "run_command": ("run",),
    "status_command": ("status",),
    "read_commands": ("read", "discover"),
    "doctor_command": ("doctor",),
    "decode_command": ("decode",),
    "simulate_command": ("simulate",),
}
"""The modules of this package and the commands each adds, in the order of the help."""


def application(families: Iterable[str] = FAMILIES) -> typer.Typer:
    """The command with these families in it."""
    app = typer.Typer(
        name="gridpost-meters",
        help="Collect from meters of IEC 62056-21, DLMS and P1, and send what they say to an exchange.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_whole)
    for family in families:
        import_module(f"{__name__}.{family}").register(app)
    return app


def families_for(arguments: Sequence[str]) -> Iterable[str]:
    """The family of the command that is asked for; all of them for the help, and for what is no command."""
    asked = next(iter(arguments), "")
    return [family for family, commands in FAMILIES.items() if asked in commands] or FAMILIES


def _whole() -> None:
    """Makes a command of its own of what would, alone, be the whole."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        application(families_for(given))(args=given, prog_name="gridpost-meters")
    except SystemExit as ended:  # also after a wrong option, which typer words itself
        return ended.code if isinstance(ended.code, int) else COULD_NOT_RUN * (ended.code is not None)
    except Exception as error:  # nobody at a terminal is helped by a traceback
        if os.environ.get(TRACEBACK):
            raise
        typer.echo(f"gridpost-meters: {sentence_of(error)}", err=True)
    return COULD_NOT_RUN


def sentence_of(error: Exception) -> str:
    """What went wrong, in one sentence."""
    match error:
        case CommandError():
            return str(error)
        case sqlite3.Error():
            return f"the outbox cannot be used: {error}"
        case OSError() if error.filename and error.strerror:
            return f"{error.filename}: {error.strerror}"
        case OSError():
            return str(error)
        case _:
            return f"internal error, {type(error).__name__}; set {TRACEBACK}=1 to see where it came from"
