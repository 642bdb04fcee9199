"""A hub of its own for the demonstration: on loopback, over a directory, with a real server in front of it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from gateway.app import application
from gateway.config import Settings
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.ports import Client, Principal
from gateway.messages.codes import Role
from gateway.transport.client_secrets import hash_secret, new_secret
from gateway.transport.server import ServerSettings, server_config
from gateway.wiring import open_hub

HOST = "127.0.0.1"
PATIENCE = 30.0
"""Seconds the server may take to start or to stop."""


class DemoFailed(Exception):
    """The demonstration cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A party of the market at its desk: who it is, and the credentials of its client."""

    party: str
    name: str
    role: Role
    client_id: str
    secret: str
    further_roles: frozenset[Role] = frozenset()


def demo_settings(data_dir: Path, market: str = "dk") -> Settings:
    """Settings of the demonstration alone: neither the environment nor a file reaches it.

    Bundles close at once, so that nobody has to wait for what they receive.
    """
    return Settings.model_construct(data_dir=data_dir, market=market, profile={"bundling": {"age_seconds": 0}})


@contextmanager
def running(settings: Settings, hub: Hub, port: int) -> Iterator[str]:
    """Serve a hub on loopback; its address. The hub is closed at the end."""
    listener = _listener(port)
    config = server_config(application(settings, hub), ServerSettings(host=HOST, stop_seconds=2))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="demo-hub", daemon=True)
    thread.start()
    try:
        patient_until = time.monotonic() + PATIENCE
        while not server.started:
            if not thread.is_alive() or time.monotonic() > patient_until:
                raise DemoFailed("the hub did not start")
            time.sleep(0.01)
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        listener.close()


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise DemoFailed(f"cannot listen on {HOST} port {port}: {error.strerror}") from error


def is_free(port: int) -> bool:
    """Whether the port can be listened on."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def open_sample_hub(settings: Settings) -> Hub:
    """A hub in an empty directory."""
    if (settings.data_dir / "gridpost.db").exists():
        raise DemoFailed(f"{settings.data_dir} holds a hub already; give the demonstration an empty directory")
    return open_hub(settings)


def furnish(hub: Hub, dataset: MasterDataSet, desks: Sequence[Desk]) -> None:
    """Import a market's master data and register the client of every desk."""
    operator = Principal(hub.office.profile.hub, Role.HUB, "demo")

    async def work() -> None:
        report = await hub.import_master_data(operator, csv_files(dataset))
        if report.findings:
            raise DemoFailed(f"the sample market was refused: {report.findings[0].text}")
        for desk in desks:
            proof = hash_secret(desk.secret)
            client = Client(desk.client_id, desk.party, desk.role, proof, further_roles=desk.further_roles)
            if refused := await hub.register_client(client):
                raise DemoFailed(refused.findings[0].text)

    asyncio.run(work())


def desks_of(parties: Iterable[tuple[str, str, Sequence[Role]]], *, in_all_roles: bool) -> list[Desk]:
    """A desk for every party, in its first role or in all of them; each with a secret of its own."""
    return [
        Desk(
            party,
            name,
            roles[0],
            name.lower().replace(" ", "-"),
            new_secret(),
            frozenset(roles[1:] if in_all_roles else ()),
        )
        for party, name, roles in parties
    ]


def leave_credentials(desks: Iterable[Desk], url: str, data_dir: Path) -> None:
    """A file for each party with what the commands need to speak as it, for its owner's eyes."""
    for desk in desks:
        file = data_dir / f"{desk.client_id}.env"
        file.touch(mode=0o600)
        lines = (("URL", url), ("CLIENT_ID", desk.client_id), ("CLIENT_SECRET", desk.secret))
        file.write_text("".join(f"GRIDPOST_{name}={value}\n" for name, value in lines))
