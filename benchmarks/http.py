"""Over HTTP on loopback: whole messages a second through a real server, against what must be at least done.

Usage: python -m benchmarks.http [--quick]. Goals: 1000-series messages at least 1.5 x the speed of bare lxml parse +
XSD of the same bytes; durable single series at least 0.30 x of the same server answering without storing. The load
comes from this process over kept-alive connections, bounded in number; it shares the two cores with the server.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import messages
from benchmarks.exchange import Sender, dataset
from benchmarks.floor import interleave, machine_note
from benchmarks.ingest import floor_of
from gateway.config import Settings
from gateway.hub.database import allocate
from gateway.hub.masterdata import registry
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.transport.client_secrets import hash_secret
from gateway.wiring import open_hub

CLIENT, SECRET = "grid", "benchmark-secret-of-the-grid"
CONNECTIONS = 64
POINTS = 8000
SERVE = ("gateway", "serve")
STORELESS = ("benchmarks.storeless",)


def prepare(directory: Path, points: int) -> Settings:
    """A data directory with master data and one client."""
    settings = Settings(data_dir=directory, port=0)
    hub = open_hub(settings)
    with hub.office.database.write() as connection:
        registry.import_set(connection, allocate(connection, 1), dataset(points))
    client = Client(CLIENT, messages.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE, hash_secret(SECRET))
    asyncio.run(hub.register_client(client))
    hub.office.database.close()
    return settings


@contextmanager
def serving(settings: Settings, command: Sequence[str], port: int, workers: int) -> Iterator[int]:
    """A server in a process of its own; stopped at the end."""
    environment = {
        **os.environ,
        "GRIDPOST_DATA_DIR": str(settings.data_dir),
        "GRIDPOST_PORT": str(port),
        "GRIDPOST_WORKERS": str(workers),
    }
    with subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            asyncio.run(_up(port))
            yield port
        finally:
            process.terminate()
            process.wait(30)


async def _up(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
            continue
        writer.close()
        return
    raise TimeoutError("the server did not start")


async def post_all(port: int, bodies: Sequence[bytes], connections: int) -> float:
    """Post every body, several at a time; the seconds it took. Every answer must be 202."""
    token = await _token(port)
    head = (
        "POST /v1.0/cim/notifyvalidatedmeasuredata HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/xml\r\nContent-Length: "
    ).encode()
    waiting = list(reversed(bodies))

    async def work() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        while waiting:
            body = waiting.pop()
            writer.write(head + str(len(body)).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            status, _ = await _answer(reader)
            if status != 202:
                raise RuntimeError(f"answered {status}")
        writer.close()

    before = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(connections)))
    return time.perf_counter() - before


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = 0
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


async def _token(port: int) -> str:
    form = urlencode({"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": SECRET}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /oauth2/v2.0/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: " + str(len(form)).encode() + b"\r\n\r\n" + form
    )
    status, body = await _answer(reader)
    writer.close()
    if status != 200:
        raise RuntimeError(f"no token: {status} {body!r}")
    return str(json.loads(body)["access_token"])


def large(settings: Settings, port: int, workers: int, count: int) -> float:
    """Million values a second in messages of 1000 series."""
    senders = [Sender(1000, 1 + 1000 * number) for number in range(POINTS // 1000)]
    bodies = [senders[number % len(senders)].body() for number in range(count)]
    with serving(settings, SERVE, port, workers):
        return count * 96_000 / asyncio.run(post_all(port, bodies, 4)) / 1e6


def small(settings: Settings, command: Sequence[str], port: int, bodies: Sequence[bytes]) -> float:
    """Single series a second."""
    with serving(settings, command, port, 1):
        return len(bodies) / asyncio.run(post_all(port, bodies, CONNECTIONS))


def main() -> None:
    """Print both ratios with their floors."""
    quick = "--quick" in sys.argv
    count = 1500 if quick else 6000
    print(machine_note())
    with tempfile.TemporaryDirectory(prefix="gridpost-http-") as directory:
        settings = prepare(Path(directory), POINTS)
        floor = floor_of(Sender(1000).body())
        base = 96_000 / interleave({"floor": floor}, 5)["floor"].median / 1e6
        print(f"## 1000 series x 96 over HTTP (floor: lxml parse + XSD of the same bytes, {base:.3f} M values/s)")
        for workers in (1, 2):
            speed = large(settings, 18211 + workers, workers, 8 if quick else 24)
            print(f"{workers} worker(s): {speed:.3f} M values/s, {speed / base:.2f} x floor", flush=True)
        senders = [Sender(1, 1 + number) for number in range(1000)]
        speeds: dict[Sequence[str], list[float]] = {STORELESS: [], SERVE: []}
        for turn in range(3):
            for place, (command, found) in enumerate(speeds.items()):
                bodies = [senders[number % len(senders)].body() for number in range(count)]
                found.append(small(settings, command, 18221 + 2 * turn + place, bodies))
        without, durable = (statistics.median(found) for found in speeds.values())
        print("## 1 series x 96 over HTTP, 64 connections (floor: the same server answering without storing)")
        print(f"without storing {without:.0f} /s, durable {durable:.0f} /s, {durable / without:.2f} x floor")


if __name__ == "__main__":
    main()
