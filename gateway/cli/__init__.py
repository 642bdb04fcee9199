"""The command `gridpost`: one module for each family of commands.

Exit code 0 is good, 1 means findings, 2 that the command could not run. Whatever goes wrong is said in one sentence on
the error output; results go to the output, as JSON with `--json`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from gateway.cli import (
    call_command,
    client_commands,
    control_commands,
    customer_commands,
    demo_command,
    file_commands,
    market_commands,
    masterdata_commands,
    party_commands,
    prepare_command,
    reading_commands,
    schema_commands,
    series_command,
    serve_command,
    settle_command,
)
from gateway.cli.outcome import COULD_NOT_RUN, CommandError, sentence_of

TRACEBACK = "GRIDPOST_TRACEBACK"
"""Environment variable that, set to anything, shows where an unexpected error came from."""

app = typer.Typer(
    name="gridpost",
    help="An exchange for electricity metering data. Begin with: gridpost demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for family in (
    demo_command,
    serve_command,
    client_commands,
    masterdata_commands,
    customer_commands,
    series_command,
    control_commands,
    reading_commands,
    party_commands,
    call_command,
    file_commands,
    prepare_command,
    schema_commands,
    market_commands,
    settle_command,
):
    family.register(app)


@app.callback(invoke_without_command=True)
def _whole(
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - only asked for here

        typer.echo(f"gridpost {installed('gridpost')}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its exit code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="gridpost")
    except SystemExit as ended:  # also after a wrong option, which typer words itself
        return ended.code if isinstance(ended.code, int) else COULD_NOT_RUN * (ended.code is not None)
    except CommandError as error:
        typer.echo(f"gridpost: {error}", err=True)
    except Exception as error:  # nobody at a terminal is helped by a traceback
        if os.environ.get(TRACEBACK):
            raise
        typer.echo(f"gridpost: {sentence_of(error)}", err=True)
    return COULD_NOT_RUN
