"""The command `gridpost`: one module for each family of commands.

Exit code 0 is good, 1 means findings, 2 that the command could not run. Whatever goes wrong is said in one sentence on
the error output; results go to the output, as JSON with `--json`.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module

import typer

from gateway.cli.outcome import COULD_NOT_RUN, CommandError

VERSION = "--version"

TRACEBACK = "GRIDPOST_TRACEBACK"
"""Environment variable that, set to anything, shows where an unexpected error came from."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "demo_command": ("demo",),
    "serve_command": ("serve",),
    "client_commands": ("client",),
    "masterdata_commands": ("masterdata",),
    "customer_commands": ("customers",),
    "series_command": ("series",),
    "export_command": ("export",),
    "control_commands": ("kpis", "missing", "reminders", "corrections"),
    "network_commands": ("lateness", "losses", "load-duration", "balance-area"),
    "reading_commands": ("readings",),
    "window_commands": ("windows",),
    "purge_command": ("purge",),
    "party_commands": ("send", "peek", "dequeue", "status"),
    "call_command": ("call",),
    "workbook_commands": ("workbook",),
    "file_commands": ("validate", "convert"),
    "prepare_command": ("prepare",),
    "profile_command": ("profile",),
    "schema_commands": ("schemas",),
    "market_commands": ("explain", "draw"),
    "settle_command": ("settle",),
    "simulate_command": ("simulate",),
}
"""The modules of this package and the commands each adds, in the order of the help."""


def application(families: Iterable[str] = FAMILIES) -> typer.Typer:
    """The command with these families in it."""
    app = typer.Typer(
        name="gridpost",
        help="An exchange for electricity metering data. Begin with: gridpost demo",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_whole)
    for family in families:
        import_module(f"{__name__}.{family}").register(app)
    return app


def families_for(arguments: Sequence[str]) -> Iterable[str]:
    """The family of the command that is asked for; all of them for the help, and for what is no command.

    A family is loaded only when it is needed, for what the hub needs takes a second to load.
    """
    asked = next(iter(arguments), "")
    if asked == VERSION:
        return ()
    return [family for family, commands in FAMILIES.items() if asked in commands] or FAMILIES


def _whole(
    version: bool = typer.Option(False, VERSION, help="Print the version and stop.", is_eager=True),
) -> None:
    if version:
        from importlib.metadata import version as installed_version  # noqa: PLC0415 - for this question only

        typer.echo(f"gridpost {installed_version('gridpost')}")
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and leave the process with its exit code.

    What it loads is there to stay: to search it for garbage, again and again, would take a quarter of the start.
    """
    gc.disable()
    sys.exit(run(arguments, when_loaded=_keep))


def _keep() -> None:
    gc.freeze()
    gc.enable()


def run(arguments: Sequence[str] | None = None, when_loaded: Callable[[], None] = lambda: None) -> int:
    """Run a command; its exit code. Between loading it and running it, `when_loaded` is called."""
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        app = application(families_for(given))
        when_loaded()
        app(args=given, prog_name="gridpost")
    except SystemExit as ended:  # also after a wrong option, which typer words itself
        return ended.code if isinstance(ended.code, int) else COULD_NOT_RUN * (ended.code is not None)
    except CommandError as error:
        typer.echo(f"gridpost: {error}", err=True)
    except Exception as error:  # nobody at a terminal is helped by a traceback
        if os.environ.get(TRACEBACK):
            raise
        from gateway.cli.sentences import sentence_of  # noqa: PLC0415 - needs everything that can fail

        typer.echo(f"gridpost: {sentence_of(error)}", err=True)
    return COULD_NOT_RUN
