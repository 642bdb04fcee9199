"""`gridpost call`: any call of the neutral API, as one's own client."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.party_commands import DEFAULT_URL, ClientId, Secret, SecretFile, Url, party_client
from gateway.transport.media_types import CSV, WORKBOOK


class Form(StrEnum):
    """In which form series come."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


_ACCEPTED = {Form.JSON: "application/json", Form.CSV: CSV, Form.XLSX: WORKBOOK}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("call")(call)


def call(  # noqa: PLR0913 - one parameter for each option
    method: Annotated[str, typer.Argument(help="GET, POST, PUT or DELETE.")],
    path: Annotated[str, typer.Argument(help="The path behind /api/hub/v1/, with its query: my/points?limit=10")],
    *,
    data: Annotated[str, typer.Option(help="The body, JSON.")] = "",
    form: Annotated[Form, typer.Option("--as", help="In which form series come.")] = Form.JSON,
    save: Annotated[Path | None, typer.Option(help="Write the answer into this file.")] = None,
    url: Url = DEFAULT_URL,
    client_id: ClientId = "",
    secret: Secret = "",
    secret_file: SecretFile = None,
) -> None:
    """Make one call of the API described in openapi.json, and print the answer."""
    with party_client(url, client_id, secret, secret_file) as client:
        answer = client.call(method.upper(), path.removeprefix("/"), data.encode(), _ACCEPTED[form])
    if save is not None:
        save.write_bytes(answer)
        return
    sys.stdout.buffer.write(answer)
    sys.stdout.buffer.flush()
    typer.echo()
