"""Load profiles of DLMS meters, clear and ciphered, beside gurux-dlms alone against the same simulated meter.

Run by `python -m benchmarks.meters_dlms [--days 35] [--rounds 5]`. The meter runs in a process of its own; both
clients associate, read the columns, ask for all days at once, and release. What is compared is the seconds a client's
own process computes: the wait for the meter is the same for both. Goals: at least 0.7 x of gurux-dlms clear, at least
5 x ciphered (its AES is Python). Ours checks every tag and counter; gurux-dlms 1.0.203 lets a wrong tag pass.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

from gurux_dlms import GXDateTime, GXDLMSClient, GXReplyData
from gurux_dlms.enums import Authentication, InterfaceType, Security
from gurux_dlms.objects import GXDLMSProfileGeneric
from gurux_dlms.secure import GXDLMSSecureClient

from benchmarks.floor import machine_note
from meter_adapters.dlms.acse import Mechanism
from meter_adapters.dlms.adapter import DlmsAdapter
from meter_adapters.dlms.ciphering import Keys
from meter_adapters.dlms.security import DlmsSecurity
from meter_adapters.links.tcp import TcpLink
from meter_adapters.meter_profiles.files import shipped_profile
from meter_adapters.obis import LOAD_PROFILE
from meter_adapters.readings import ProfileBlock
from meter_adapters.simulators.dlms import SimulatedDlmsMeter
from meter_adapters.simulators.dlms_objects import DlmsObjects
from meter_adapters.simulators.dlms_server import ClientRights, MeterSettings
from meter_adapters.simulators.meter import SimulatedMeter

DAY = 86_400
NOW = 1_790_000_200
KEYS = Keys(bytes(range(16)), bytes(range(0xD0, 0xE0)))
CLEAR, CIPHERED = 1, 2


def meter(pipe: Connection, days: int) -> None:
    """The simulated meter's process: tells its port, then serves until it is ended."""

    async def serve() -> None:
        truth = SimulatedMeter(started=NOW // 900 * 900 - (days + 1) * DAY)
        rights = {CLEAR: ClientRights(), CIPHERED: ClientRights(Mechanism.HLS_GMAC, ciphered=True)}
        simulator = SimulatedDlmsMeter(DlmsObjects(truth, lambda: NOW), MeterSettings(rights, KEYS))
        async with simulator.wrapper() as port:
            pipe.send(port)
            await asyncio.Event().wait()

    asyncio.run(serve())


class Counters:
    """Our invocation counters, which only rise, also from one client to the next."""

    value = 0

    def take(self, room: int) -> int:
        """The first of a stretch of counters."""
        taken = self.value
        self.value += room
        return taken


COUNTERS = Counters()


def ours(port: int, days: int, ciphered: bool) -> int:
    """How many rows our adapter reads: instants, statuses and raw values, every answer checked."""
    profile = shipped_profile("dlms")
    facts = profile.dlms.model_copy(update={"client": CIPHERED if ciphered else CLEAR})
    span = profile.load_profile.model_copy(update={"days_per_read": days})
    profile = profile.model_copy(update={"dlms": facts, "load_profile": span})
    security = DlmsSecurity(
        Mechanism.HLS_GMAC if ciphered else Mechanism.NONE, b"", ciphered, KEYS if ciphered else None, chance=bytes
    )
    security.counter.value = COUNTERS.take(100)

    async def read() -> int:
        adapter = DlmsAdapter(TcpLink("127.0.0.1", port), profile, security, clock=lambda: NOW)
        rows = 0
        async for block in adapter.read_profile(LOAD_PROFILE, NOW - days * DAY, NOW):
            assert isinstance(block, ProfileBlock), block
            rows += len(block.rows)
        await adapter.close()
        return rows

    return asyncio.run(read())


class GuruxAlone:
    """gurux-dlms as its own examples use it: its client, a blocking socket, its rows with times."""

    def __init__(self, port: int, ciphered: bool) -> None:
        self._line = socket.create_connection(("127.0.0.1", port))
        self._client: GXDLMSClient
        if not ciphered:
            self._client = GXDLMSClient(True, CLEAR, 1, Authentication.NONE, None, InterfaceType.WRAPPER)
            return
        self._client = GXDLMSSecureClient(True, CIPHERED, 1, Authentication.HIGH_GMAC, None, InterfaceType.WRAPPER)
        ciphering = self._client.ciphering
        ciphering.security = Security.AUTHENTICATION_ENCRYPTION
        ciphering.systemTitle = bytearray(b"GPT\x00\x00\x00\x00\x02")
        ciphering.blockCipherKey = bytearray(KEYS.encryption)
        ciphering.authenticationKey = bytearray(KEYS.authentication or b"")
        ciphering.invocationCounter = COUNTERS.take(100)

    def _ask(self, requests: list[bytearray] | bytearray) -> GXReplyData:
        reply = GXReplyData()
        for request in requests if isinstance(requests, list) else [requests]:
            self._line.sendall(request)
            self._hear(reply)
            while reply.isMoreData():
                self._line.sendall(self._client.receiverReady(reply))
                self._hear(reply)
        return reply

    def _hear(self, reply: GXReplyData) -> None:
        head = self._exactly(8)
        self._client.getData(head + self._exactly(int.from_bytes(head[6:8], "big")), reply)

    def _exactly(self, count: int) -> bytes:
        parts = bytearray()
        while len(parts) < count:
            parts += self._line.recv(count - len(parts))
        return bytes(parts)

    def read(self, days: int) -> int:
        """How many rows it reads, with their times understood."""
        client = self._client
        client.parseAareResponse(self._ask(client.aarqRequest()).data)
        if client.isAuthenticationRequired:
            client.parseApplicationAssociationResponse(self._ask(client.getApplicationAssociationRequest()).data)
        profile = GXDLMSProfileGeneric("1.0.99.1.0.255")
        client.updateValue(profile, 3, self._ask(client.read(profile, 3)).value)
        since, until = (GXDateTime(datetime.fromtimestamp(at, UTC)) for at in (NOW - days * DAY, NOW))
        reply = self._ask(client.readRowsByRange(profile, since, until))
        client.updateValue(profile, 2, reply.value)
        self._line.sendall(client.releaseRequest()[0])
        self._line.close()
        return len(profile.buffer)


def gurux_alone(port: int, days: int, ciphered: bool) -> int:
    """How many rows gurux-dlms reads by itself."""
    return GuruxAlone(port, ciphered).read(days)


def measured(case: Callable[[], int]) -> tuple[float, float, int]:
    """Computing and elapsed seconds of one read, and its rows."""
    cpu, wall = time.process_time(), time.perf_counter()
    rows = case()
    return time.process_time() - cpu, time.perf_counter() - wall, rows


def start_meter(days: int) -> tuple[ForkProcess, int]:
    """Start the meter's process and wait for its port."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=meter, args=(there, days), daemon=True)
    process.start()
    return process, int(here.recv())


def compare(port: int, days: int, rounds: int, ciphered: bool) -> str:
    """Both clients in turn; medians, and ours as a multiple of the floor."""
    cases = {"gurux-dlms alone": gurux_alone, "gridpost": ours}
    took: dict[str, list[tuple[float, float, int]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, read in cases.items():
            took[name].append(measured(lambda read=read: read(port, days, ciphered)))  # type: ignore[misc]
    lines = [f"## {'ciphered (HLS-GMAC, suite 0)' if ciphered else 'clear'}, wrapper, {days} days"]
    floor = statistics.median(cpu for cpu, _, _ in took["gurux-dlms alone"])
    for name, runs in took.items():
        cpu, wall = (statistics.median(run[place] for run in runs) for place in (0, 1))
        rows = {run[2] for run in runs}
        lines.append(
            f"{name:20s} {max(rows):6d} rows  computing {cpu * 1e3:8.1f} ms  elapsed {wall * 1e3:8.1f} ms "
            f"{max(rows) / cpu:10.0f} rows/s {floor / cpu:7.2f} x floor"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=35)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    process, port = start_meter(options.days)
    try:
        print(machine_note())
        for ciphered in (False, True):
            print(compare(port, options.days, options.rounds, ciphered))
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
