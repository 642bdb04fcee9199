"""The command `gridpost-meters`: collects from meters, looks at what was collected, reads captures, plays meters.

Exit code 0 is good, 1 means that something was refused or fails a check, 2 that the command could not run.
"""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Sequence

import typer

from meter_adapters.cli import (
    decode_command,
    doctor_command,
    read_commands,
    run_command,
    simulate_command,
    status_command,
)
from meter_adapters.cli.outcome import COULD_NOT_RUN, CommandError

TRACEBACK = "GRIDPOST_TRACEBACK"
"""Environment variable that, set to anything, shows where an unexpected error came from."""

app = typer.Typer(
    name="gridpost-meters",
    help="Collect from meters of IEC 62056-21, DLMS and P1, and send what they say to an exchange.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for family in (run_command, status_command, read_commands, doctor_command, decode_command, simulate_command):
    family.register(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="gridpost-meters")
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
