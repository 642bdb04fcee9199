"""How commands end: their exit codes, and one clear sentence for whatever kept one from running."""

from __future__ import annotations

import tomllib
from typing import NoReturn

import httpx
import sqlalchemy as sa
import typer
from pydantic import ValidationError

from gateway.hub.ports import StoreUnavailable
from gateway.schemas.compiled import SchemaFault
from gateway.transport.client import HubError

GOOD, FINDINGS, COULD_NOT_RUN = 0, 1, 2


class CommandError(Exception):
    """A command cannot run; the text is the whole message for the person who gave it."""


def stop(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise typer.Exit(code)


def sentence_of(error: Exception) -> str:
    """What went wrong, in one sentence."""
    text = _first_line(error)
    match error:
        case ValidationError():
            text = _settings_sentence(error)
        case tomllib.TOMLDecodeError():
            text = f"gridpost.toml cannot be read: {text}"
        case StoreUnavailable() | sa.exc.SQLAlchemyError():
            text = f"the database cannot be used: {text}"
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            text = f"the hub's address is no URL: {text}"
        case OSError() if error.filename and error.strerror:
            text = f"{error.filename}: {error.strerror}"
        case OSError() | HubError() | SchemaFault():
            pass
        case _:
            text = f"internal error, {type(error).__name__}: {text}; set GRIDPOST_TRACEBACK=1 to see where it came from"
    return text


def _settings_sentence(error: ValidationError) -> str:
    faults = [
        f"{'.'.join(map(str, fault['loc'])) or 'settings'}: {fault['msg']}"
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return f"the settings cannot be used: {'; '.join(faults)}"


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
