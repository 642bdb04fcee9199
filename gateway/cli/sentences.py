"""One clear sentence for whatever kept a command from running; loaded only when something did."""

from __future__ import annotations

import tomllib

import httpx
import sqlalchemy as sa
from pydantic import ValidationError

from gateway.hub.ports import StoreUnavailable
from gateway.schemas.compiled import SchemaFault
from gateway.transport.client import HubError


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
