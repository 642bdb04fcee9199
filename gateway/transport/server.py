"""uvicorn, set for strangers: limits on headers, patience with slow clients, and no trust in forwarding headers.

The application limits bodies itself; what happens before it sees a request, and after it has answered one, is held
here: headers must be whole in time and size, a request answered early may finish its body only briefly, and an answer
must be read.
"""

from __future__ import annotations

import asyncio
from asyncio import TimerHandle
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0
HEADER_BYTES = 32_768
LINGER_SECONDS = 10.0
WRITE_SECONDS = 60.0


class PatientProtocol(HttpToolsProtocol):
    """HTTP/1.1 on one connection, patient with slow clients but not endlessly."""

    _reads_head = True
    _head_bytes = 0
    _head_timer: TimerHandle | None = None
    _linger_timer: TimerHandle | None = None
    _write_timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Expect a request head soon."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        for timer in (self._head_timer, self._linger_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; a head that grows beyond its limit ends the connection."""
        if self._reads_head:
            self._await_head()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._reads_head and self._head_bytes > HEADER_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's headers are too large.")

    def on_headers_complete(self) -> None:
        """The head is whole: the application takes over."""
        self._reads_head, self._head_bytes = False, 0
        self._head_timer = _cancel(self._head_timer)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole: what follows is another request's head."""
        self._reads_head = True
        self._linger_timer = _cancel(self._linger_timer)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered; a body still under way may end, so that its sender reads the answer, but not endlessly."""
        super().on_response_complete()
        if not self._reads_head and not self.pipeline:
            self._linger_timer = self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def pause_writing(self) -> None:
        """The client does not read; it has some time to."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._write_timer = _cancel(self._write_timer)
        super().resume_writing()

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self.transport.close)


def _cancel(timer: TimerHandle | None) -> TimerHandle | None:
    """Stop a timer; what is left to keep of it is nothing."""
    if timer is not None:
        timer.cancel()
    return None


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where and how the server listens.

    Attributes:
        host: address to listen on; loopback unless said otherwise.
        port: port, 0 for any free one.
        certificate: TLS certificate chain (PEM); without one the server speaks plain HTTP, for behind a proxy.
        key: its private key (PEM).
        workers: processes that share the port.
        connections: most connections and requests at a time; beyond it the answer is 503.
        keep_alive_seconds: how long an idle connection stays.
        stop_seconds: how long requests under way may take to finish when the server stops.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    certificate: Path | None = None
    key: Path | None = None
    workers: int = 1
    connections: int = 1000
    keep_alive_seconds: int = 30
    stop_seconds: int = 30


def server_config(application: ASGIApp | str, settings: ServerSettings) -> uvicorn.Config:
    """Uvicorn's configuration for an application, or for worker processes that make theirs (`module:function`)."""
    return uvicorn.Config(
        application,
        factory=isinstance(application, str),
        workers=settings.workers,
        lifespan="on",
        host=settings.host,
        port=settings.port,
        http=PatientProtocol,
        ws="none",
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        limit_concurrency=settings.connections,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.stop_seconds,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
    )
