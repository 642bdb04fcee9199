"""`gridpost serve`: run the hub of this machine."""

from __future__ import annotations

import logging
import socket
from typing import Annotated

import sqlalchemy as sa
import typer

from gateway.app import serve
from gateway.cli.machine import local_hub
from gateway.cli.options import DatabaseUrl, DataDir, Market, settings_from
from gateway.cli.outcome import COULD_NOT_RUN, CommandError, stop
from gateway.cli.printing import console
from gateway.config import Settings
from gateway.hub import clients
from gateway.hub.tables_masterdata import metering_point


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve_hub)


def serve_hub(  # noqa: PLR0913 - one parameter for each option
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 unless set.")] = None,
    port: Annotated[int | None, typer.Option(help="Port, 0 for any free one; 8080 unless set.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that share the port.")] = None,
    data_dir: DataDir = None,
    database: DatabaseUrl = None,
    market: Market = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the hub: take messages, answer them, deliver them. Works on an empty directory.

    Settings come from these options, from the environment (GRIDPOST_PORT, …) and from gridpost.toml, in this order.
    """
    settings = settings_from(host=host, port=port, workers=workers, data_dir=data_dir, database=database, market=market)
    _start_log(log_level)
    _refuse_taken_port(settings)
    with local_hub(settings) as hub, hub.office.database.read() as connection:
        known = len(clients.every(connection))
        points = connection.execute(sa.select(sa.func.count()).select_from(metering_point)).scalar_one()
    _say_where(settings)
    _say_next(settings, known, points)
    try:
        serve(settings)
    except KeyboardInterrupt:
        typer.echo("Stopped; what was taken is kept.", err=True)
    except SystemExit as ended:
        if ended.code:  # uvicorn has said why in the log
            stop(COULD_NOT_RUN)


def _start_log(level: str) -> None:
    known = logging.getLevelNamesMapping()
    if level.upper() not in known:
        raise CommandError(f"--log-level {level} is none of debug, info, warning, error")
    logging.basicConfig(level=known[level.upper()], format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for chatty in ("alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _refuse_taken_port(settings: Settings) -> None:
    """Say it in a sentence when the port cannot be listened on."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CommandError(f"cannot listen on {settings.host} port {settings.port}: {reason}") from error


def _say_where(settings: Settings) -> None:
    where = settings.database or settings.database_url
    shown = sa.make_url(where).render_as_string(hide_password=True)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{settings.port}" if settings.port else "a free port, named in the log below"
    lines = [f"gridpost serves market {settings.market} on {address}, database {shown}"]
    if settings.workers > 1:
        lines.append(f"{settings.workers} processes share the port")
    for pack in settings.schema_packs:
        lines.append(f"documents are also checked by the schema pack {pack}")
    console().print("\n".join(lines), markup=False)


def _say_next(settings: Settings, clients: int, points: int) -> None:
    at = " --database …" if settings.database else f" --data-dir {settings.data_dir}"
    lines = []
    if not points:
        lines.append(f"No master data yet:   gridpost masterdata import DIR{at}")
    if not clients:
        lines.append(f"No clients yet:       gridpost client add ID --party GLN --role grid-operator{at}")
    lines.append(f"The API, described:   http://{settings.host}:{settings.port}/api/hub/v1/openapi.json")
    lines.append("Stop with Ctrl-C.")
    console().print("\n".join(lines), markup=False)
