"""A server and a file that must stay unvisited."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path


class Listener:
    """A web server on loopback that remembers whether anybody came."""

    def __init__(self) -> None:
        self.visits = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def close(self) -> int:
        """Stop listening and say how many came."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        return self.visits


class Trap:
    """A file that notices being opened: a named pipe, which can be written to only while somebody reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.visits = 0
        os.mkfifo(path)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._closing.wait(0.001):
            try:
                pipe = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:  # nobody reads
                continue
            self.visits += 1
            os.close(pipe)  # lets the reader go on

    def close(self) -> int:
        """Stop watching and say how often the file was opened."""
        self._closing.set()
        self._thread.join()
        return self.visits
