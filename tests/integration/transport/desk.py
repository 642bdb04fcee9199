"""A real server in front of a small exchange, with clients of every role."""

from __future__ import annotations

import itertools
import socket
from pathlib import Path
from typing import Any

import httpx

from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.transport.application import make_application
from gateway.transport.services import assemble
from gateway.transport.settings import TransportSettings

from .running_server import SECRET_HASH, RunningServer, read_all
from .small_exchange import SmallExchange
from .small_places import GRID_OPERATOR, HUB_OPERATOR, NOON, OTHER_SUPPLIER, SUPPLIER


class Desk(RunningServer):
    """A running server over a small exchange, with clients of every role and tokens for them."""

    def __init__(self, data_dir: Path, settings: TransportSettings) -> None:
        self.exchange = SmallExchange()
        self.now = NOON
        for role in Role:
            self._register(f"own-{role}", _party(role), role)
            self._register(f"other-{role}", OTHER_SUPPLIER, role)
        ids = itertools.count(1)
        self.services = assemble(self.exchange, settings, data_dir, lambda: self.now, lambda: f"id-{next(ids)}")
        super().__init__(make_application(self.services))

    def _register(self, client_id: str, party: str, role: Role) -> None:
        self.exchange.clients[client_id] = Client(client_id, party, role, SECRET_HASH)

    def token(self, client_id: str) -> str:
        """A token of the built-in issuer, as the token endpoint gives."""
        return self.services.issuer.issue(self.exchange.clients[client_id], self.now, "token-1")

    def bearer(self, client_id: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(client_id)}"}

    def call(self, method: str, path: str, client_id: str, **rest: Any) -> httpx.Response:
        headers = {**self.bearer(client_id), **rest.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **rest)

    def raw(self, request: bytes) -> bytes:
        """Everything the server says to raw bytes until it closes or falls silent."""
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall(request)
            return read_all(connection)


def _party(role: Role) -> str:
    if role is Role.HUB:
        return HUB_OPERATOR
    return GRID_OPERATOR if role in (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE) else SUPPLIER
