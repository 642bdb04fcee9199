"""Serving a hub: its HTTP application, its duties by the clock, and the processes that carry them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp
from uvicorn.supervisors import Multiprocess

from gateway.config import Settings
from gateway.hub.duties import duties_of
from gateway.hub.exchange import Hub
from gateway.hub.interpreter import settle_interpreter
from gateway.hub.new_ids import new_id
from gateway.hub.ports import StoreUnavailable
from gateway.hub.scheduler import Scheduler
from gateway.transport.application import make_application
from gateway.transport.server import ServerSettings, server_config
from gateway.transport.services import assemble
from gateway.transport.settings import CertificateHeader, ExternalIssuer, TokenSettings, TransportSettings
from gateway.wiring import open_hub

log = logging.getLogger(__name__)

_HANDED_ON = "GRIDPOST_HANDED_ON"
"""Environment variable in which the first process hands its settings to its workers."""


def application(settings: Settings, hub: Hub) -> ASGIApp:
    """The HTTP application over a hub; the hub runs while the application does."""
    transport = TransportSettings(
        tokens=TokenSettings(external=tuple(_issuer(item) for item in settings.external_issuers)),
        certificates=CertificateHeader(settings.certificate_header, settings.trusted_proxies),
        ebix_path=settings.ebix_path,
    )
    services = assemble(hub, transport, settings.data_dir, hub.office.clock.now, new_id)

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        hub.start()
        settle_interpreter()
        duties = asyncio.create_task(_keep_duties(hub))
        try:
            yield
        finally:
            duties.cancel()
            with suppress(asyncio.CancelledError):
                await duties
            await asyncio.to_thread(hub.stop)

    return make_application(services, running)


def serve(settings: Settings) -> None:
    """Serve until told to stop; what an earlier run left unfinished is finished first."""
    hub = open_hub(settings)
    try:
        hub.recover(before=hub.office.clock.micros())
    except StoreUnavailable as error:
        log.warning("what an earlier run left unfinished is taken up later: %s", error)
    where = ServerSettings(host=settings.host, port=settings.port, workers=settings.workers)
    if settings.workers == 1:
        uvicorn.Server(server_config(application(settings, hub), where)).run()
        return
    hub.office.database.close()
    os.environ[_HANDED_ON] = settings.model_dump_json()
    config = server_config("gateway.app:worker", where)
    Multiprocess(config, sockets=[config.bind_socket()]).run()


def worker() -> ASGIApp:
    """The application of one of several worker processes, by the settings handed on to it."""
    settings = Settings.model_validate_json(os.environ[_HANDED_ON])
    return application(settings, open_hub(settings))


async def _keep_duties(hub: Hub) -> None:
    """Ask every second what is due."""
    scheduler = Scheduler(duties_of(hub.office, hub.runner), hub.office.clock.now())
    while True:
        await asyncio.sleep(1)
        await asyncio.to_thread(scheduler.run_due, hub.office.clock.now())


def _issuer(item: dict[str, object]) -> ExternalIssuer:
    keys = str(item["keys"])
    where = keys if keys.startswith("https:") else Path(keys)
    return ExternalIssuer(str(item["name"]), str(item["audience"]), where)
