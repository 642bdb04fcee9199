"""A real server in front of an application, for tests that speak HTTP to it."""

from __future__ import annotations

import socket
import threading

import httpx
import uvicorn
from starlette.types import ASGIApp

from gateway.transport.client_secrets import hash_secret
from gateway.transport.server import ServerSettings, server_config

SECRET = "a secret of the tests"
SECRET_HASH = hash_secret(SECRET)


class RunningServer:
    """An application served by uvicorn on a loopback socket, in a thread."""

    def __init__(self, application: ASGIApp) -> None:
        self._server = uvicorn.Server(server_config(application, ServerSettings(port=0)))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = ("127.0.0.1", int(self._socket.getsockname()[1]))
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()
        self.http = httpx.Client(base_url=self.url, timeout=60)

    def stop(self) -> None:
        self.http.close()
        self._server.should_exit = True
        self._thread.join(120)  # a duty under way is finished first, and a test may have moved the clock by months
        assert not self._thread.is_alive()
        self._socket.close()


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes or says nothing for a while."""
    connection.settimeout(1.0)
    pieces = []
    try:
        while piece := connection.recv(65_536):
            pieces.append(piece)
    except (TimeoutError, ConnectionResetError):
        pass
    return b"".join(pieces)
