"""How commands end: their exit codes, and the error that says why one could not run."""

from __future__ import annotations

from typing import NoReturn

import typer

GOOD, FINDINGS, COULD_NOT_RUN = 0, 1, 2


class CommandError(Exception):
    """A command cannot run; the text is the whole message for the person who gave it."""


def stop(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise typer.Exit(code)
